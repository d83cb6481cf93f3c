// SPDX-License-Identifier: GPL-2.0
/*
 * Data that a sockmap holds for the application, as with Cilium or Istio: TCP has
 * received it, the application has not read it, and it is not in TCP's own queue. close()
 * then sends a FIN, not a RST, and the verdict must say so, with close() as the trigger.
 *
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW, CAP_BPF; CONFIG_BPF_STREAM_PARSER; a TUN
 * device.
 * Modes: icount
 */
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/fixture.h"

#define DATA 5

static int bpf(int command, union bpf_attr *attr)
{
	return syscall(__NR_bpf, command, attr, sizeof(*attr));
}

/* A stream verdict program that passes everything. */
static int load_pass(void)
{
	static const struct bpf_insn program[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = SK_PASS },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_SK_SKB,
		.insns = (uintptr_t)program,
		.insn_cnt = ARRAY_SIZE(program),
		.license = (uintptr_t)"GPL",
	};

	return bpf(BPF_PROG_LOAD, &attr);
}

static int make_map(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_SOCKMAP,
		.key_size = 4, .value_size = 4, .max_entries = 1,
	};

	return bpf(BPF_MAP_CREATE, &attr);
}

static int make_sockmap(void)
{
	int program = load_pass(), map = make_map();
	union bpf_attr attr = {
		.target_fd = map, .attach_bpf_fd = program,
		.attach_type = BPF_SK_SKB_STREAM_VERDICT,
	};

	if (program < 0 || map < 0 || bpf(BPF_PROG_ATTACH, &attr) < 0)
		return -1;
	return map;
}

static const char *no_sockmap(void)
{
	return make_sockmap() < 0 ? "no sockmap" : NULL;
}

/* From now on a sockmap holds what it receives. */
static void put_into_sockmap(const struct net_end *end)
{
	union bpf_attr attr;
	int key = 0;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = make_sockmap();
	attr.key = (uintptr_t)&key;
	attr.value = (uintptr_t)&end->fd;
	REQUIRE(!bpf(BPF_MAP_UPDATE_ELEM, &attr), "not in the map");
}

/* The server's data is in the sockmap. */
static void make_pair(struct fixture *self, struct net_end *client, struct net_end *server)
{
	net_pair(self->family, client, server);
	put_into_sockmap(server);
	net_send(client, DATA);
	net_await_acked(client);
	usleep(100000);
}

static void check_kernel(void)
{
	CHECK(!records_netstat("TCPAbortOnClose"), "the kernel has reset it");
}

static void passive(struct fixture *self)
{
	struct net_end client, server;

	make_pair(self, &client, &server);
	close(client.fd);
	net_await_state(&server, TCP_CLOSE_WAIT);
	usleep(100000);		/* its FIN is acknowledged */
	close(server.fd);
	check_kernel();
	fixture_leave(self);
	fixture_verdict(self, &server, VERDICT(FOUR_WAY, PEER, PEER));
}

static void active(struct fixture *self)
{
	struct net_end client, server;

	make_pair(self, &client, &server);
	close(server.fd);
	net_await_state(&client, TCP_CLOSE_WAIT);
	usleep(100000);
	close(client.fd);
	check_kernel();
	fixture_leave(self);
	fixture_verdict(self, &server, VERDICT(FOUR_WAY, LOCAL, CLOSE));
}

/*
 * Nothing more happens within close(): its record is written at once, not at the next
 * event.
 */
static void in_fin_wait1(struct fixture *self)
{
	const struct tcp_teardown_record *r = self->records.moments;
	struct net_end end;
	uint32_t u, v;

	peer_connect(&self->peer, &end);
	put_into_sockmap(&end);
	u = end.snd_nxt;
	v = end.rcv_nxt + DATA;
	peer_send(&self->peer, PSH | ACK, end.rcv_nxt, u, DATA);
	peer_expect(&self->peer, ACK, u, v, 0);
	CHECK(!shutdown(end.fd, SHUT_WR), "shutdown");
	peer_expect(&self->peer, FIN | ACK, u, v, 0);
	close(end.fd);
	records_read(&self->records);
	CHECK(self->records.nr_moments == 2 && r[1].kind == TCP_TEARDOWN_CALL &&
	      r[1].what == TCP_TEARDOWN_CLOSE && r[1].unread == DATA,
	      "%u records, kind %u what %u unread %u", self->records.nr_moments, r[1].kind,
	      r[1].what, r[1].unread);
	peer_send(&self->peer, FIN | ACK, v, u + 1, 0);
	peer_expect(&self->peer, ACK, u + 1, v + 1, 0);
	check_kernel();
	fixture_leave(self);
	fixture_verdict(self, &end, VERDICT(THREE_WAY, LOCAL, SHUTDOWN));
}

static const struct testcase testcases[] = {
	TESTCASE("data in a sockmap, the peer closes first", passive, .lacks = no_sockmap),
	TESTCASE("data in a sockmap, closed first", active, .lacks = no_sockmap),
	TESTCASE_WITH_PEER("data in a sockmap, closed in FIN_WAIT1", in_fin_wait1,
			   .lacks = no_sockmap),
};

int main(void)
{
	return testcases_run(testcases, ARRAY_SIZE(testcases));
}
