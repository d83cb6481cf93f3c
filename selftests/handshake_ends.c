// SPDX-License-Identifier: GPL-2.0
/*
 * The last ACK of a handshake makes a socket that can't be completed: there is no route
 * to the peer any more.
 *
 *	request				peer
 *	SYN-ACK						>
 *						<	ACK
 *	a child, SYN_RECV > CLOSE
 *						<	ACK again
 *	a child, ESTABLISHED
 *
 * The child is thrown away and the request waits for the next segment: no connection has
 * ended, so there is no record and no counter of it. With tcp_abort_on_overflow a RST
 * ends the request; the accept queue was not full.
 *
 * IPv4 makes the child and looks for its route then; IPv6 does it the other way round,
 * and makes none. That the listener closes meanwhile: see handshake_race.
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW; a TUN device.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <unistd.h>

#include "lib/stage.h"

#define TOS 0x10
#define SNMP "/proc/self/net/snmp"

struct route_request {
	struct nlmsghdr head;
	struct rtmsg route;
	struct rtattr attr;
	uint8_t peer[16];
};

/*
 * A route that says that the peer is unreachable. That of IPv4 is for the listener's TOS
 * alone, so what the peer sends, and a RST in answer, is routed as before.
 */
static void unreachable(const struct stage *stage, uint16_t type)
{
	bool ipv6 = stage->family == NET_IPV6;
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

	memcpy(request.peer, stage->peer.self.addr + 16 - len, len);
	request.head.nlmsg_len = NLMSG_LENGTH(sizeof(request.route)) + RTA_SPACE(len);
	REQUIRE(fd >= 0 && send(fd, &request, request.head.nlmsg_len, 0) > 0 &&
		recv(fd, &reply, sizeof(reply), 0) >= (ssize_t)sizeof(reply.head) + 4 &&
		!reply.error.error, "no route");
	close(fd);
}

static int listen_with_tos(struct stage *stage)
{
	int listener = peer_listen(&stage->peer, 0), tos = TOS;

	REQUIRE(!setsockopt(listener, IPPROTO_IP, IP_TOS, &tos, sizeof(tos)), "IP_TOS");
	return listener;
}

/* Return: the number that acknowledges the SYN-ACK. */
static uint32_t shake(struct stage *stage)
{
	struct segment reply;

	peer_send(&stage->peer, SYN, PEER_ISS, 0, 0);
	do
		REQUIRE(peer_read(&stage->peer, &reply, 0), "no answer to the SYN");
	while (reply.flags != (SYN | ACK));
	return reply.seq + 1;
}

/* The kernel's own figures: was there a child, and did it fail? */
static void check_failed(const struct stage *stage, unsigned int times)
{
	long children = stage->family == NET_IPV6 ? 0 : times;

	CHECK(records_netstat("ListenDrops") == times, "%llu drops",
	      records_netstat("ListenDrops"));
	CHECK(!records_netstat("ListenOverflows"), "the accept queue was full");
	CHECK(net_mib(SNMP, "Tcp:", "PassiveOpens") == children, "%ld children",
	      net_mib(SNMP, "Tcp:", "PassiveOpens"));
	CHECK(net_mib(SNMP, "Tcp:", "AttemptFails") == children, "%ld failed",
	      net_mib(SNMP, "Tcp:", "AttemptFails"));
}

static void check_no_end(struct stage *stage)
{
	CHECK(!stage->records.nr_ends, "%u ends", stage->records.nr_ends);
	CHECK(!records_counter("first=none") && !records_counter("first=local") &&
	      !records_counter("first=peer") && !records_counter("first=both"),
	      "an end is counted");
	CHECK(!records_counter("SYN_RECV>CLOSE"), "a transition is counted");
}

/* So many last ACKs are in vain. Return: the number of them. */
static uint32_t fail(struct stage *stage, unsigned int times, unsigned int len)
{
	uint32_t ack = shake(stage);
	unsigned int i;

	unreachable(stage, RTM_NEWROUTE);
	for (i = 0; i < times; i++)
		peer_send(&stage->peer, ACK, PEER_ISS + 1, ack, len);
	net_settle();
	records_read(&stage->records);
	check_failed(stage, times);
	check_no_end(stage);
	return ack;
}

static void expect_nothing(struct stage *stage)
{
	CHECK(!stage->records.nr_moments, "%u records", stage->records.nr_moments);
	CHECK(!records_counter("rst_sent_in_reply"), "a RST");
}

/* The peer closes first; of all that has been, this alone is an end. */
static void close_orderly(struct stage *stage, const struct net_end *end)
{
	uint32_t u = end->rcv_nxt, v = end->snd_nxt;
	const struct want want[] = {
		ROWS_PASSIVE_CLOSE(v, u),
	};

	peer_send(&stage->peer, FIN | ACK, u, v, 0);
	net_await_state(end, TCP_CLOSE_WAIT);
	close(end->fd);
	peer_send(&stage->peer, ACK, u + 1, v + 1, 0);
	stage_await(stage, end, ARRAY_SIZE(want));
	stage_expect(stage, end, want, ARRAY_SIZE(want));
	stage_verdict(stage, end, VERDICT(THREE_WAY, PEER, PEER));
	CHECK(stage->records.nr_ends == 1, "%u ends", stage->records.nr_ends);
	CHECK(records_counter("first=peer") == 1 && !records_counter("first=none") &&
	      !records_counter("first=local"), "another end is counted");
	CHECK(!records_counter("SYN_RECV>CLOSE"), "a transition is counted");
}

static void fail_and_connect(struct stage *stage, unsigned int times, unsigned int len)
{
	int listener = listen_with_tos(stage);
	uint32_t ack = fail(stage, times, len);
	struct net_end end = { };

	expect_nothing(stage);
	unreachable(stage, RTM_DELROUTE);
	peer_send(&stage->peer, ACK, PEER_ISS + 1, ack, len);
	end.fd = accept(listener, NULL, NULL);
	REQUIRE(end.fd >= 0, "no connection accepted");
	if (len)
		net_receive(&end, len);
	net_learn(&end);
	close(listener);
	close_orderly(stage, &end);
}

static void once(struct stage *stage)
{
	fail_and_connect(stage, 1, 0);
}

static void again_and_again(struct stage *stage)
{
	fail_and_connect(stage, 3, 0);
}

static void with_data(struct stage *stage)
{
	fail_and_connect(stage, 1, 100);
}

/* The request goes, and with it all that there was. */
static void listener_closes(struct stage *stage)
{
	int listener = listen_with_tos(stage);

	fail(stage, 1, 0);
	close(listener);
	net_settle();
	records_read(&stage->records);
	expect_nothing(stage);
	check_no_end(stage);
}

static void expect_reply(struct stage *stage)
{
	const struct tcp_teardown_record *r = stage->records.moments;

	if (!CHECK(stage->records.nr_moments == 1, "%u records", stage->records.nr_moments))
		return;
	CHECK(r->kind == TCP_TEARDOWN_RESET && r->what == TCP_TEARDOWN_RST_REPLY,
	      "kind %u what %u", r->kind, r->what);
	CHECK(r->old_state == TCP_SYN_RECV && r->reason == TCP_TEARDOWN_REASON_INVALID_SYN,
	      "state %u reason %u", r->old_state, r->reason);
	CHECK(!(r->flags & TCP_TEARDOWN_F_QUEUE_FULL) && !r->cookie, "flags 0x%x id %llx",
	      r->flags, r->cookie);
	CHECK(!records_counter("rst_for_full_accept_queue"), "a queue is counted as full");
}

/* Of IPv6 the RST has no route either. */
static void abort_on_overflow(struct stage *stage)
{
	int listener = listen_with_tos(stage);
	uint32_t ack;

	if (stage->family != NET_IPV6)
		net_sysctl("ipv4/tcp_abort_on_overflow", "1");
	ack = fail(stage, 1, 0);
	if (stage->family == NET_IPV6) {
		expect_nothing(stage);
	} else {
		peer_expect(&stage->peer, RST, ack, 0, 0);
		expect_reply(stage);
	}
	close(listener);
}

static const struct scene scenes[] = {
	SCENE_WITH_PEER("a child has no route", once),
	SCENE_WITH_PEER("the same, three times", again_and_again),
	SCENE_WITH_PEER("the same, data with the ACK", with_data),
	SCENE_WITH_PEER("the same, and the listener closes", listener_closes),
	SCENE_WITH_PEER("the same, with tcp_abort_on_overflow", abort_on_overflow),
};

int main(void)
{
	return stage_run(scenes, ARRAY_SIZE(scenes));
}
