// SPDX-License-Identifier: GPL-2.0
/*
 * The last ACK of a handshake arrives, and the listener closes before the child is
 * created.
 *
 *	listener			peer
 *	SYN-ACK						>
 *						<	ACK
 *	close, LISTEN > CLOSE
 *	a child, SYN_RECV > CLOSE
 *
 * While close() aborts other unaccepted connections, the listener still has its port: the
 * child is completed, nobody can accept it, and the listener resets it. The record names
 * no closer, because the ACK arrives in a softirq, or, with a TUN device, within another
 * process's write(). The listener loses its port at the end of close(); if the kernel
 * chose the port, at the beginning. From then on the child can't be completed, and no
 * connection has ended.
 *
 * A socket filter on the listener delays the ACK until the listener closes; another one
 * delays each RST to the unaccepted connections. The kernel's counters say whether there
 * was a child, and how far it got.
 *
 * Modes: smp
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW, CAP_BPF; a TUN device; two CPUs.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/fixture.h"
#include "lib/crosscheck.h"

/* --- a socket filter that lets segments wait --------------------------------------- */

/* Up to 5.16 a program can only have loops that the verifier can follow. */
#define LOOKS 4000
#define NAPS 25		/* readings of the clock between two looks at the map */
#define PACKET_NAPS 1000

#define INSN(code_, dst, src, off_, imm_) \
	{ .code = (code_), .dst_reg = (dst), .src_reg = (src), .off = (off_), .imm = (imm_) }

static int filter = -1;
static volatile uint32_t *segments;

static int bpf(int command, union bpf_attr *attr)
{
	return syscall(__NR_bpf, command, attr, sizeof(*attr));
}

/* One counter: how many segments have reached the filter. */
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

/* What the kernel lacks for it, or NULL. */
static const char *late_lacks(void)
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

/* Attach it; no segment has reached it yet. */
static void late_attach(int listener)
{
	*segments = 0;
	REQUIRE(!setsockopt(listener, SOL_SOCKET, SO_ATTACH_BPF, &filter, sizeof(filter)),
		"no filter");
}

/* How many segments have reached it since. */
static uint32_t late_segments(void)
{
	return *segments;
}

/*
 * Until the descriptor is closed, each packet in the caller's namespace takes some tenths
 * of a millisecond longer, out or in. The socket receives none of them.
 */
static int late_slow_down(void)
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

/* --- the race --------------------------------------------------------------------- */

#define PORT 5000
#define TURNS 150
#define HITS 3
#define QUEUED 12
#define SNMP "/proc/self/net/snmp"

static const char *lacks(void)
{
	return sysconf(_SC_NPROCESSORS_ONLN) < 2 ? "one CPU" : late_lacks();
}

/* The result of the last ACK, by the kernel's counters. */
enum outcome {
	NO_CHILD,	/* the listener was closed before */
	LATE,		/* a child that was ESTABLISHED */
	RESET,		/* one that nobody could accept */
	FAILED,		/* one that could not be completed */
	OUTCOMES
};

struct figures {
	long children, failed, reset;
};

static struct figures figures_now(void)
{
	return (struct figures){
		.children = net_mib(SNMP, "Tcp:", "PassiveOpens"),
		.failed = net_mib(SNMP, "Tcp:", "AttemptFails"),
		.reset = net_mib(SNMP, "Tcp:", "EstabResets"),
	};
}

/* @resets: how many others in ESTABLISHED have been reset */
static enum outcome outcome_since(const struct figures *old, unsigned int resets)
{
	const struct figures now = figures_now();

	if (now.children == old->children)
		return NO_CHILD;
	if (now.failed != old->failed)
		return FAILED;
	return now.reset - old->reset == resets ? RESET : LATE;
}

/* A listener, the connections in its queue, and the process that closes it. */
struct race {
	unsigned int nr_queued;
	int listener, queued[QUEUED];
	uint32_t segments;	/* the last ACK's number at the filter */
	pthread_t thread;
};

static void *close_in_time(void *arg)
{
	const double deadline = net_now() + NET_PATIENCE_S;
	struct race *race = arg;

	while (late_segments() < race->segments && net_now() < deadline)
		;
	close(race->listener);
	return NULL;
}

static void begin(struct race *race)
{
	late_attach(race->listener);
	REQUIRE(!pthread_create(&race->thread, NULL, close_in_time, race), "no thread");
}

/* Return: the number that acknowledges the SYN-ACK. */
static uint32_t shake(struct fixture *self)
{
	struct segment reply;

	self->peer.self.port++;
	peer_send(&self->peer, SYN, PEER_ISS, 0, 0);
	do
		REQUIRE(peer_read(&self->peer, &reply, 0), "no answer to the SYN");
	while (reply.flags != (SYN | ACK) || reply.to.port != self->peer.self.port);
	return reply.seq + 1;
}

/* The ACK arrives during a write(). */
static enum outcome by_peer(struct fixture *self, struct race *race, uint16_t port)
{
	struct figures old;
	unsigned int i;
	uint32_t ack;

	race->listener = peer_listen(&self->peer, port);
	REQUIRE(!listen(race->listener, QUEUED), "listen");
	for (i = 0; i < race->nr_queued; i++)
		peer_send(&self->peer, ACK, PEER_ISS + 1, shake(self), 0);
	ack = shake(self);
	old = figures_now();
	race->segments = 1;
	begin(race);
	peer_send(&self->peer, ACK, PEER_ISS + 1, ack, 0);
	pthread_join(race->thread, NULL);
	net_settle();
	return outcome_since(&old, race->nr_queued);
}

static int listen_on_loopback(struct fixture *self, uint16_t *port)
{
	struct sockaddr_storage addr;
	socklen_t len = net_loopback(self->family, *port, &addr);
	int fd = socket(net_domain(self->family), SOCK_STREAM, 0);

	REQUIRE(!bind(fd, (void *)&addr, len) && !listen(fd, QUEUED) &&
		!getsockname(fd, (void *)&addr, &len), "no listener");
	*port = net_place_of(&addr).port;
	return fd;
}

static int connect_to(struct fixture *self, uint16_t port)
{
	struct sockaddr_storage addr;
	socklen_t len = net_loopback(self->family, port, &addr);
	int fd = socket(net_domain(self->family), SOCK_STREAM, 0);

	/* The RST may have arrived already. */
	REQUIRE(!connect(fd, (void *)&addr, len) || errno == ECONNRESET, "no connection");
	return fd;
}

/* Its RST has arrived, or nothing will. */
static void close_client(struct fixture *self, int fd, enum outcome outcome)
{
	struct net_wait wait = { };
	struct tcp_info info = { };
	socklen_t len = sizeof(info);

	if (outcome != FAILED)
		do
			getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len);
		while (info.tcpi_state != TCP_CLOSE && CHECK(net_wait(&wait), "no RST"));
	close(fd);
	/* Nothing answers its FIN. */
	if (outcome == FAILED) {
		net_settle();
		fixture_excuse(self, false, FIN);
	}
}

/* In a softirq; the filter has had the SYN, too. */
static enum outcome by_loopback(struct fixture *self, struct race *race, uint16_t port)
{
	struct net_wait wait = { .patience = 2 };
	enum outcome outcome;
	struct figures old;
	unsigned int i;
	int client;

	race->listener = listen_on_loopback(self, &port);
	for (i = 0; i < race->nr_queued; i++)
		race->queued[i] = connect_to(self, port);
	net_settle();
	old = figures_now();
	race->segments = 2;
	begin(race);
	client = connect_to(self, port);
	pthread_join(race->thread, NULL);
	for (i = 0; i < race->nr_queued; i++)
		close_client(self, race->queued[i], RESET);
	net_settle();
	/* Each client was ESTABLISHED, too. */
	while ((outcome = outcome_since(&old, 2 * race->nr_queued + 1)) == NO_CHILD &&
	       net_wait(&wait))
		;
	close_client(self, client, outcome);
	net_settle();
	return outcome_since(&old, 2 * race->nr_queued + 1);
}

static void check_end(const struct fact *r)
{
	CHECK(r->what == TCP_TEARDOWN_RESET_SENT &&
	      r->end.set_off == TCP_TEARDOWN_BY_LISTENER &&
	      r->end.first == TCP_TEARDOWN_FIRST_LOCAL, "how %u, set off by %u, first %u",
	      r->what, r->end.set_off, r->end.first);
	CHECK(!r->end.pid && !r->end.comm[0], "pid %u", r->end.pid);
}

/* Of the child in SYN_RECV: one end and its RST, if it was complete; else nothing. */
static void check_child(struct records *records, enum outcome outcome)
{
	unsigned int i, ends = 0, calls = 0, states = 0, resets = 0;
	uint64_t cookie = 0;
	const struct fact *r;

	for (i = 0; i < records->nr_ends; i++) {
		r = &records->ends[i];
		if (r->old_state != TCP_SYN_RECV)
			continue;
		ends++;
		cookie = r->cookie;
		check_end(r);
	}
	for (i = 0; i < records->nr; i++) {
		r = &records->records[i];
		calls += r->kind == FACT_CALL && r->cookie == cookie;
		states += r->old_state == TCP_SYN_RECV;
		resets += r->kind == FACT_RESET && r->what == TCP_TEARDOWN_RST_SENT &&
			  r->cookie == cookie;
	}
	CHECK(ends == (outcome == RESET), "%u ends, outcome %u", ends, outcome);
	CHECK(states == ends && resets == ends && !calls,
	      "%u records in SYN_RECV, %u RSTs, %u calls, outcome %u", states, resets, calls,
	      outcome);
}

/* Clean up what this round has left. */
static void check_turn(struct fixture *self, enum outcome outcome)
{
	const char *interface = self->peer.fd >= 0 ? PEER_INTERFACE : "lo";

	net_settle();
	records_read(&self->records);
	check_child(&self->records, outcome);
	verdict_all(&self->records);
	capture_stop(&self->capture);
	crosscheck(&self->capture, &self->records);
	records_stop(&self->records);
	capture_start(&self->capture, interface);
	records_start(&self->records);
}

static void race(struct fixture *self, enum outcome wanted, struct race race,
		 enum outcome (*run)(struct fixture *self, struct race *race, uint16_t port))
{
	unsigned int turn, count[OUTCOMES] = { };
	int slow = late_slow_down();
	enum outcome outcome;

	for (turn = 0; turn < TURNS && count[wanted] < HITS; turn++) {
		outcome = run(self, &race, wanted == RESET ? PORT + turn : 0);
		count[outcome]++;
		check_turn(self, outcome);
	}
	close(slow);
	ktap_note("%u without a child, %u late, %u reset, %u failed", count[NO_CHILD], count[LATE],
		  count[RESET], count[FAILED]);
	CHECK(count[wanted], "the listener never closed in time");
	CHECK(records_counter("SYN_RECV>CLOSE") == count[RESET],
	      "%llu transitions are counted", records_counter("SYN_RECV>CLOSE"));
}

static void reset_by_peer(struct fixture *self)
{
	race(self, RESET, (struct race){ .nr_queued = QUEUED }, by_peer);
}

static void failed_by_peer(struct fixture *self)
{
	race(self, FAILED, (struct race){ }, by_peer);
}

static void reset_by_loopback(struct fixture *self)
{
	race(self, RESET, (struct race){ .nr_queued = QUEUED }, by_loopback);
}

static void failed_by_loopback(struct fixture *self)
{
	race(self, FAILED, (struct race){ }, by_loopback);
}

static const struct testcase testcases[] = {
	TESTCASE_WITH_PEER("the listener closes as the last ACK comes", reset_by_peer,
			   .lacks = lacks),
	TESTCASE_WITH_PEER("the same, and its port is gone", failed_by_peer, .lacks = lacks),
	TESTCASE("the listener closes as the last ACK comes in a softirq", reset_by_loopback,
		 .lacks = lacks),
	TESTCASE("the same in a softirq, and its port is gone", failed_by_loopback,
		 .lacks = lacks),
};

int main(void)
{
	return testcases_run(testcases, ARRAY_SIZE(testcases));
}
