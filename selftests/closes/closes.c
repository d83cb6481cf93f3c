// SPDX-License-Identifier: GPL-2.0
/*
 * The kinds of close. In all of them u is our next sequence number, v the peer's; the
 * test plays the peer, so that each number is known beforehand.
 */
#include <assert.h>
#include <unistd.h>

#include "closes.h"

#define DATA 10

static void four_way_here(struct run *run)
{
	struct net_end end;
	uint32_t u, v;

	close_fin_wait2(run, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	peer_send(&run->peer, FIN | ACK, v, u + 1, 0);
	peer_expect(&run->peer, ACK, u + 1, v + 1, 0);
	expect_fin_in_fin_wait2(run, &end);
	expect_netns_gone(run, &end, TCP_TIME_WAIT, u + 1, v + 1);
	run_expect_verdict(run, &end, VERDICT(FOUR_WAY, LOCAL, CLOSE));
}

static void four_way_there(struct run *run)
{
	struct net_end end;
	uint32_t u, v;

	peer_connect(&run->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	peer_send(&run->peer, FIN | ACK, v, u, 0);
	peer_expect(&run->peer, ACK, u, v + 1, 0);
	close(end.fd);
	peer_expect(&run->peer, FIN | ACK, u, v + 1, 0);
	peer_send(&run->peer, ACK, v + 1, u + 1, 0);
	expect_passive_close(run, &end);
	run_expect_verdict(run, &end, VERDICT(FOUR_WAY, PEER, PEER));
}

static void loopback(struct run *run)
{
	struct net_end client, server;

	close_pair(run, &client, &server);
	expect_netns_gone(run, &client, TCP_TIME_WAIT, client.snd_nxt + 1,
			  client.rcv_nxt + 1);
}

static void three_way(struct run *run)
{
	struct net_end end;

	close_time_wait(run, &end);
	expect_netns_gone(run, &end, TCP_TIME_WAIT, end.snd_nxt + 1, end.rcv_nxt + 1);
	run_expect_verdict(run, &end, VERDICT(THREE_WAY, LOCAL, CLOSE));
}

static void simultaneous(struct run *run)
{
	struct net_end end;
	uint32_t u, v;

	peer_connect(&run->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	close(end.fd);
	peer_expect(&run->peer, FIN | ACK, u, v, 0);
	peer_send(&run->peer, FIN | ACK, v, u, 0);
	peer_expect(&run->peer, ACK, u + 1, v + 1, 0);
	peer_send(&run->peer, ACK, v + 1, u + 1, 0);
	expect_active_close(run, &end);
	EXPECT(run, &end,
	       WANT_SEGMENT(RCV, FIN | ACK, FIN_WAIT1, v, u),
	       WANT_SEGMENT(ACK, ACK, FIN_WAIT1, u + 1, v + 1),
	       WANT_STATE(FIN_WAIT1, CLOSING, u + 1, v + 1),
	       WANT_SEGMENT(RCV, ACK, CLOSING, v + 1, u + 1));
	expect_born(run, &end, TCP_CLOSING);
	expect_netns_gone(run, &end, TCP_TIME_WAIT, u + 1, v + 1);
	run_expect_verdict(run, &end, VERDICT(SIMULTANEOUS, BOTH, CLOSE));
}

/* One direction is shut down; data may follow; then the peer's FIN. */
static void shut(struct run *run, int how, uint8_t call, unsigned int data)
{
	struct net_end end;
	uint32_t u, v, w;

	peer_connect(&run->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	w = v + data;
	CHECK(!shutdown(end.fd, how), "shutdown");
	peer_expect(&run->peer, FIN | ACK, u, v, 0);
	peer_send(&run->peer, ACK, v, u + 1, 0);
	struct want want[] = {
		WANT_CALL(SHUT_WR, ESTABLISHED, u, v),
		WANT_STATE(ESTABLISHED, FIN_WAIT1, u, v),
		WANT_SEGMENT(QUEUE, FIN | ACK, FIN_WAIT1, u, v),
		WANT_SEGMENT(RCV, ACK, FIN_WAIT1, v, u + 1),
		WANT_STATE(FIN_WAIT1, FIN_WAIT2, u + 1, v),
	};
	want[0].what = call;
	run_expect(run, &end, want, ARRAY_SIZE(want));
	if (data) {
		peer_send(&run->peer, PSH | ACK, v, u + 1, data);
		peer_expect(&run->peer, ACK, u + 1, w, 0);
		net_receive(&end, data);
		/* The data itself is only counted: see half_closed_data. */
		EXPECT(run, &end, WANT_SEGMENT(ACK, ACK, FIN_WAIT2, u + 1, w));
	}
	peer_send(&run->peer, FIN | ACK, w, u + 1, 0);
	peer_expect(&run->peer, ACK, u + 1, w + 1, 0);
	close(end.fd);
	EXPECT(run, &end,
	       WANT_SEGMENT(RCV, FIN | ACK, FIN_WAIT2, w, u + 1),
	       WANT_SEGMENT(ACK, ACK, FIN_WAIT2, u + 1, w + 1),
	       WANT_STATE(FIN_WAIT2, TIME_WAIT, u + 1, w + 1, BY_MINISOCK),
	       WANT_TIMEWAIT(BORN, TIME_WAIT, u + 1, w + 1),
	       WANT_CALL(CLOSE, CLOSE, u + 1, w + 1));
	expect_netns_gone(run, &end, TCP_TIME_WAIT, u + 1, w + 1);
	run_expect_verdict(run, &end, VERDICT(FOUR_WAY, LOCAL, SHUTDOWN, .bytes = data));
}

static void half_close(struct run *run)
{
	shut(run, SHUT_WR, TCP_TEARDOWN_SHUT_WR, DATA);
}

static void shut_both(struct run *run)
{
	shut(run, SHUT_RDWR, TCP_TEARDOWN_SHUT_RDWR, 0);
}

/* The FIN is retransmitted once, or more often on a busy host. */
static void fin_resent(struct run *run)
{
	struct segment again = { };
	struct net_end end;
	uint32_t u, v, tries = 0;

	run->expects_resends = true;
	peer_connect(&run->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	close(end.fd);
	peer_expect(&run->peer, FIN | ACK, u, v, 0);
	REQUIRE(peer_read(&run->peer, &again, 0) && again.flags == (FIN | ACK) &&
		again.seq == u, "the FIN is not sent again");
	peer_send(&run->peer, FIN | ACK, v, u + 1, 0);
	expect_active_close(run, &end);
	do {
		EXPECT(run, &end, WANT_SEGMENT(RESEND, FIN | ACK, FIN_WAIT1, u, v,
					       .tries = ++tries));
		REQUIRE(peer_read(&run->peer, &again, 0), "the FIN is not acknowledged");
	} while (again.flags & FIN);
	expect_fin_in_fin_wait1(run, &end);
	expect_born(run, &end, TCP_FIN_WAIT2);
	expect_netns_gone(run, &end, TCP_TIME_WAIT, u + 1, v + 1);
	run_expect_verdict(run, &end, VERDICT(THREE_WAY, LOCAL, CLOSE));
}

#define LOOPBACK(name_, make_) { .name = (name_), .make = (make_) }
#define PEER(name_, make_) { .name = (name_), .make = (make_), .peer = true }

const struct close_kind close_kinds[] = {
	/* Starts first and is judged last; the others run in between. */
	{ .name = "TIME_WAIT, until its timer ends it", .make = time_wait_expired,
	  .peer = true, .seconds = 60 },
	PEER("closed here first, in four waves", four_way_here),
	PEER("closed there first, in four waves", four_way_there),
	LOOPBACK("both ends here, over loopback", loopback),
	PEER("in three waves", three_way),
	PEER("both at once", simultaneous),
	PEER("half close, data, then closed", half_close),
	PEER("shutdown of both directions", shut_both),
	PEER("the FIN is lost and sent again", fin_resent),
	PEER("close with data unread: RST sent", reset_unread),
	PEER("SO_LINGER 0: RST sent", reset_linger0),
	PEER("connect(AF_UNSPEC): RST sent", reset_disconnect),
	PEER("listener closed before accept(): RST sent", reset_listener),
	PEER("data after close: RST sent in reply", reset_data_after_close),
	PEER("killed by SOCK_DESTROY (ss -K)", reset_killed),
	PEER("RST received", reset_received),
	PEER("RST received in CLOSE_WAIT", reset_in_close_wait),
	PEER("connect refused", connect_refused),
	PEER("segments for nobody: RST sent in reply", reset_nobody),
	PEER("FIN_WAIT2 of an orphan, until its timer ends it", fin_wait2_expired),
	PEER("FIN_WAIT2 of an orphan, ended by a RST", fin_wait2_reset),
	PEER("FIN_WAIT2 of an orphan, data: RST sent in reply", fin_wait2_answered),
	PEER("FIN_WAIT2 of an orphan, its namespace goes", fin_wait2_netns),
	PEER("TIME_WAIT, the FIN comes again", time_wait_rearmed),
	PEER("TIME_WAIT, ended by a RST", time_wait_reset),
	PEER("TIME_WAIT, reopened by a SYN", time_wait_reopened),
	LOOPBACK("TIME_WAIT, its ports reused by connect()", time_wait_reused),
	PEER("TIME_WAIT, killed by SOCK_DESTROY (ss -K)", time_wait_killed),
	PEER("TIME_WAIT refused (tcp_max_tw_buckets)", time_wait_refused),
};

const unsigned int nr_close_kinds = ARRAY_SIZE(close_kinds);
static_assert(ARRAY_SIZE(close_kinds) <= CLOSE_KINDS_MAX, "more than main.c has room for");
