// SPDX-License-Identifier: GPL-2.0
/*
 * The last ACK of a handshake creates a socket that can't be completed, because there is
 * no longer a route to the peer.
 *
 *	request				peer
 *	SYN-ACK						>
 *						<	ACK
 *	a child, SYN_RECV > CLOSE
 *						<	ACK again
 *	a child, ESTABLISHED
 *
 * The kernel discards the child, and the request waits for the next segment: no
 * connection has ended, so nothing is recorded or counted. With tcp_abort_on_overflow a
 * RST ends the request, though the accept queue was not full.
 *
 * IPv4 creates the child and then looks up its route; IPv6 looks up the route first, and
 * creates no child. For a listener that closes meanwhile see handshake_race.
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW; a TUN device.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <unistd.h>

#include "lib/fixture.h"

#define TOS 0x10
#define SNMP "/proc/self/net/snmp"

struct route_request {
	struct nlmsghdr head;
	struct rtmsg route;
	struct rtattr attr;
	uint8_t peer[16];
};

/*
 * An unreachable route to the peer. For IPv4 it applies to the listener's TOS only, so
 * that the peer's segments, and a RST in answer, are routed as before.
 */
static void unreachable(const struct fixture *self, uint16_t type)
{
	bool ipv6 = self->family == NET_IPV6;
	unsigned int len = ipv6 ? 16 : 4;
	struct route_request request = {
		.head = {
			.nlmsg_type = type,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE,
		},
		.route = {
			.rtm_family = ipv6 ? AF_INET6 : AF_INET,
			.rtm_dst_len = len * 8,
			.rtm_tos = ipv6 ? 0 : TOS,
			.rtm_table = RT_TABLE_MAIN,
			.rtm_protocol = RTPROT_STATIC,
			.rtm_type = RTN_UNREACHABLE,
		},
		.attr = { .rta_type = RTA_DST, .rta_len = RTA_LENGTH(len) },
	};
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	struct {
		struct nlmsghdr head;
		struct nlmsgerr error;
	} reply;

	memcpy(request.peer, self->peer.self.addr + 16 - len, len);
	request.head.nlmsg_len = NLMSG_LENGTH(sizeof(request.route)) + RTA_SPACE(len);
	REQUIRE(fd >= 0 && send(fd, &request, request.head.nlmsg_len, 0) > 0 &&
		recv(fd, &reply, sizeof(reply), 0) >= (ssize_t)sizeof(reply.head) + 4 &&
		!reply.error.error, "no route");
	close(fd);
}

static int listen_with_tos(struct fixture *self)
{
	int listener = peer_listen(&self->peer, 0), tos = TOS;

	REQUIRE(!setsockopt(listener, IPPROTO_IP, IP_TOS, &tos, sizeof(tos)), "IP_TOS");
	return listener;
}

/* Return: the number that acknowledges the SYN-ACK. */
static uint32_t shake(struct fixture *self)
{
	struct segment reply;

	peer_send(&self->peer, SYN, PEER_ISS, 0, 0);
	do
		REQUIRE(peer_read(&self->peer, &reply, 0), "no answer to the SYN");
	while (reply.flags != (SYN | ACK));
	return reply.seq + 1;
}

/* The kernel's counters: was there a child, and did it fail? */
static void check_failed(const struct fixture *self, unsigned int times)
{
	long children = self->family == NET_IPV6 ? 0 : times;

	CHECK(records_netstat("ListenDrops") == times, "%llu drops",
	      records_netstat("ListenDrops"));
	CHECK(!records_netstat("ListenOverflows"), "the accept queue was full");
	CHECK(net_mib(SNMP, "Tcp:", "PassiveOpens") == children, "%ld children",
	      net_mib(SNMP, "Tcp:", "PassiveOpens"));
	CHECK(net_mib(SNMP, "Tcp:", "AttemptFails") == children, "%ld failed",
	      net_mib(SNMP, "Tcp:", "AttemptFails"));
}

static void check_no_end(struct fixture *self)
{
	CHECK(!self->records.nr_ends, "%u ends", self->records.nr_ends);
	CHECK(!records_counter("first=none") && !records_counter("first=local") &&
	      !records_counter("first=peer") && !records_counter("first=both"),
	      "an end is counted");
	CHECK(!records_counter("SYN_RECV>CLOSE"), "a transition is counted");
}

/* Send so many last ACKs, which all fail. Return: their number. */
static uint32_t fail(struct fixture *self, unsigned int times, unsigned int len)
{
	uint32_t ack = shake(self);
	unsigned int i;

	unreachable(self, RTM_NEWROUTE);
	for (i = 0; i < times; i++)
		peer_send(&self->peer, ACK, PEER_ISS + 1, ack, len);
	net_settle();
	records_read(&self->records);
	check_failed(self, times);
	check_no_end(self);
	return ack;
}

static void expect_nothing(struct fixture *self)
{
	CHECK(!self->records.nr_moments, "%u records", self->records.nr_moments);
	CHECK(!records_counter("rst_sent_in_reply"), "a RST");
}

/* The peer closes first; of all that has happened, only this ends a connection. */
static void close_orderly(struct fixture *self, const struct net_end *end)
{
	uint32_t u = end->rcv_nxt, v = end->snd_nxt;
	const struct want want[] = {
		ROWS_PASSIVE_CLOSE(v, u),
	};

	peer_send(&self->peer, FIN | ACK, u, v, 0);
	net_await_state(end, TCP_CLOSE_WAIT);
	close(end->fd);
	peer_send(&self->peer, ACK, u + 1, v + 1, 0);
	fixture_await(self, end, ARRAY_SIZE(want));
	fixture_expect(self, end, want, ARRAY_SIZE(want));
	fixture_verdict(self, end, VERDICT(THREE_WAY, PEER, PEER));
	CHECK(self->records.nr_ends == 1, "%u ends", self->records.nr_ends);
	CHECK(records_counter("first=peer") == 1 && !records_counter("first=none") &&
	      !records_counter("first=local"), "another end is counted");
	CHECK(!records_counter("SYN_RECV>CLOSE"), "a transition is counted");
}

static void fail_and_connect(struct fixture *self, unsigned int times, unsigned int len)
{
	int listener = listen_with_tos(self);
	uint32_t ack = fail(self, times, len);
	struct net_end end = { };

	expect_nothing(self);
	unreachable(self, RTM_DELROUTE);
	peer_send(&self->peer, ACK, PEER_ISS + 1, ack, len);
	end.fd = accept(listener, NULL, NULL);
	REQUIRE(end.fd >= 0, "no connection accepted");
	if (len)
		net_receive(&end, len);
	net_learn(&end);
	close(listener);
	close_orderly(self, &end);
}

static void once(struct fixture *self)
{
	fail_and_connect(self, 1, 0);
}

static void again_and_again(struct fixture *self)
{
	fail_and_connect(self, 3, 0);
}

static void with_data(struct fixture *self)
{
	fail_and_connect(self, 1, 100);
}

/* The request is removed, and nothing of the connection is left. */
static void listener_closes(struct fixture *self)
{
	int listener = listen_with_tos(self);

	fail(self, 1, 0);
	close(listener);
	net_settle();
	records_read(&self->records);
	expect_nothing(self);
	check_no_end(self);
}

static void expect_reply(struct fixture *self)
{
	const struct tcp_teardown_record *r = self->records.moments;

	if (!CHECK(self->records.nr_moments == 1, "%u records", self->records.nr_moments))
		return;
	CHECK(r->kind == TCP_TEARDOWN_RESET && r->what == TCP_TEARDOWN_RST_REPLY,
	      "kind %u what %u", r->kind, r->what);
	CHECK(r->old_state == TCP_SYN_RECV && r->reason == TCP_TEARDOWN_REASON_INVALID_SYN,
	      "state %u reason %u", r->old_state, r->reason);
	CHECK(!(r->flags & TCP_TEARDOWN_F_QUEUE_FULL) && !r->cookie, "flags 0x%x id %llx",
	      r->flags, r->cookie);
	CHECK(!records_counter("rst_for_full_accept_queue"), "a queue is counted as full");
}

/* With IPv6 the RST has no route either. */
static void abort_on_overflow(struct fixture *self)
{
	int listener = listen_with_tos(self);
	uint32_t ack;

	if (self->family != NET_IPV6)
		net_sysctl("ipv4/tcp_abort_on_overflow", "1");
	ack = fail(self, 1, 0);
	if (self->family == NET_IPV6) {
		expect_nothing(self);
	} else {
		peer_expect(&self->peer, RST, ack, 0, 0);
		expect_reply(self);
	}
	close(listener);
}

static const struct testcase testcases[] = {
	TESTCASE_WITH_PEER("a child has no route", once),
	TESTCASE_WITH_PEER("the same, three times", again_and_again),
	TESTCASE_WITH_PEER("the same, data with the ACK", with_data),
	TESTCASE_WITH_PEER("the same, and the listener closes", listener_closes),
	TESTCASE_WITH_PEER("the same, with tcp_abort_on_overflow", abort_on_overflow),
};

int main(void)
{
	return testcases_run(testcases, ARRAY_SIZE(testcases));
}
