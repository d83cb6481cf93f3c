// SPDX-License-Identifier: GPL-2.0
#include "late.h"

#include <arpa/inet.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ktap.h"
#include "net.h"

/* Up to 5.16 a program has no other loops than those that the verifier can follow. */
#define LOOKS 4000
#define NAPS 25		/* between two looks, each a reading of the clock */
#define PACKET_NAPS 1000

#define INSN(code_, dst, src, off_, imm_) \
	{ .code = (code_), .dst_reg = (dst), .src_reg = (src), .off = (off_), .imm = (imm_) }

static int filter = -1;
static volatile uint32_t *segments;

static int bpf(int command, union bpf_attr *attr)
{
	return syscall(__NR_bpf, command, attr, sizeof(*attr));
}

/* One figure: how many segments have come to the filter. */
static int make_map(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = sizeof(*segments),
		.value_size = sizeof(*segments),
		.max_entries = 1,
		.map_flags = BPF_F_MMAPABLE,
	};

	return bpf(BPF_MAP_CREATE, &attr);
}

static int load(const struct bpf_insn *program, unsigned int len)
{
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
		.insns = (uintptr_t)program,
		.insn_cnt = len,
		.license = (uintptr_t)"GPL",
	};

	return bpf(BPF_PROG_LOAD, &attr);
}

static int load_filter(int map)
{
	const struct bpf_insn program[] = {
		INSN(BPF_LDX | BPF_DW | BPF_MEM, 6, 1, offsetof(struct __sk_buff, sk), 0),
		INSN(BPF_LD | BPF_DW | BPF_IMM, 1, BPF_PSEUDO_MAP_VALUE, 0, map),
		INSN(0, 0, 0, 0, 0),
		INSN(BPF_LDX | BPF_W | BPF_MEM, 2, 1, 0, 0),
		INSN(BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, 1),
		INSN(BPF_STX | BPF_W | BPF_MEM, 1, 2, 0, 0),
		INSN(BPF_JMP | BPF_JEQ | BPF_K, 6, 0, 9, 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 7, 0, 0, LOOKS),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 8, 0, 0, NAPS),		/* look */
		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_ktime_get_ns),	/* nap */
		INSN(BPF_ALU64 | BPF_SUB | BPF_K, 8, 0, 0, 1),
		INSN(BPF_JMP | BPF_JNE | BPF_K, 8, 0, -3, 0),			/* to nap */
		INSN(BPF_LDX | BPF_W | BPF_MEM, 2, 6, offsetof(struct bpf_sock, state), 0),
		INSN(BPF_JMP | BPF_JNE | BPF_K, 2, 0, 2, TCP_LISTEN),
		INSN(BPF_ALU64 | BPF_SUB | BPF_K, 7, 0, 0, 1),
		INSN(BPF_JMP | BPF_JNE | BPF_K, 7, 0, -8, 0),			/* to look */
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0xffff),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};

	return load(program, ARRAY_SIZE(program));
}

const char *late_lacks(void)
{
	int map;

	if (filter >= 0)
		return NULL;
	map = make_map();
	if (map < 0)
		return "no BPF map";
	segments = mmap(NULL, getpagesize(), PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);
	filter = load_filter(map);
	return filter < 0 || segments == MAP_FAILED ? "no such BPF program" : NULL;
}

void late_attach(int listener)
{
	*segments = 0;
	REQUIRE(!setsockopt(listener, SOL_SOCKET, SO_ATTACH_BPF, &filter, sizeof(filter)),
		"no filter");
}

uint32_t late_segments(void)
{
	return *segments;
}

/* It takes no packet, late. */
int late_slow_down(void)
{
	static const struct bpf_insn program[] = {
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 8, 0, 0, PACKET_NAPS),
		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_ktime_get_ns),	/* nap */
		INSN(BPF_ALU64 | BPF_SUB | BPF_K, 8, 0, 0, 1),
		INSN(BPF_JMP | BPF_JNE | BPF_K, 8, 0, -3, 0),			/* to nap */
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
	int drop = load(program, ARRAY_SIZE(program));

	REQUIRE(fd >= 0 && drop >= 0 &&
		!setsockopt(fd, SOL_SOCKET, SO_ATTACH_BPF, &drop, sizeof(drop)), "no tap");
	close(drop);
	return fd;
}
