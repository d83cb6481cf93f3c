// SPDX-License-Identifier: GPL-2.0
/*
 * FINs and the data before them: on the last segment, or behind more than may
 * leave now. A FIN is queued when it is asked for; when that it has left is found
 * out afterwards, that is told, too, and a FIN that never left is known as such.
 *
 *	corked			data and FIN leave in one segment
 *	received		data and FIN come in one segment
 *	slow start		two flights of data before the FIN
 *	a full flight		all data has left, the FIN may have to wait
 *	a closed window		and a RST comes: the FIN never left
 *	... and a FIN comes	CLOSING, though ours is still to leave
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW; a TUN device.
 */
#include <unistd.h>

#include "lib/stage.h"

#define DATA 100
/* The peer has no options; the initial window is 10 segments, RFC 6928. */
#define FLIGHT_IPV4 (10 * 536)
#define FLIGHT_IPV6 (10 * 1220)
#define WINDOW 65535

static void corked(struct stage *stage)
{
	struct net_end end;
	uint32_t u, v;
	int on = 1;

	peer_connect(&stage->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	CHECK(!setsockopt(end.fd, IPPROTO_TCP, TCP_CORK, &on, sizeof(on)), "TCP_CORK");
	net_send(&end, DATA);
	close(end.fd);
	peer_expect(&stage->peer, FIN | ACK, u, v, DATA);
	peer_send(&stage->peer, ACK, v, u + DATA + 1, 0);
	peer_send(&stage->peer, FIN | ACK, v, u + DATA + 1, 0);
	peer_expect(&stage->peer, ACK, u + DATA + 1, v + 1, 0);
	EXPECT_ROWS(stage, &end,
		    WANT_CALL(CLOSE, ESTABLISHED, u, v, .unsent = DATA),
		    WANT_STATE(ESTABLISHED, FIN_WAIT1, u, v),
		    WANT_SEGMENT(QUEUE, FIN | ACK, FIN_WAIT1, u + DATA, v, .unsent = DATA),
		    WANT_SEGMENT(LEFT, FIN | ACK, FIN_WAIT1, u + DATA, v),
		    ROWS_FIN_ACKED(u + DATA, v),
		    WANT_TIMEWAIT(BORN, FIN_WAIT2, u + DATA + 1, v),
		    ROWS_MINISOCK_FIN(u + DATA, v));
	stage_leave(stage);
	stage_verdict(stage, &end, VERDICT(FOUR_WAY, LOCAL, CLOSE));
}

static void received(struct stage *stage)
{
	struct net_end end;
	uint32_t w, u;

	peer_connect(&stage->peer, &end);
	w = end.snd_nxt;
	u = end.rcv_nxt;
	peer_send(&stage->peer, FIN | PSH | ACK, u, w, DATA);
	peer_expect(&stage->peer, ACK, w, u + DATA + 1, 0);
	net_receive(&end, DATA);
	net_expect_eof(&end);
	close(end.fd);
	peer_expect(&stage->peer, FIN | ACK, w, u + DATA + 1, 0);
	peer_send(&stage->peer, ACK, u + DATA + 1, w + 1, 0);
	EXPECT_ROWS(stage, &end,
		    WANT_SEGMENT(RCV, FIN | PSH | ACK, ESTABLISHED, u, w, .len = DATA),
		    WANT_STATE(ESTABLISHED, CLOSE_WAIT, w, u + DATA + 1),
		    ROWS_CLOSE_AFTER_PEER(w, u + DATA),
		    ROWS_LAST_ACK(w, u + DATA));
	stage_verdict(stage, &end, VERDICT(FOUR_WAY, PEER, PEER));
}

/* The kernel's segments up to that number, the FIN with it or not. */
static void read_until(struct stage *stage, uint32_t seq, bool fin)
{
	struct segment s = { };

	do {
		if (!CHECK(peer_read(&stage->peer, &s, 0), "nothing came"))
			return;
		CHECK(!(s.flags & FIN) == !(fin && s.seq + s.len == seq), "a FIN at %u",
		      s.seq + s.len);
	} while (s.seq + s.len != seq);
}

/* The first flight is 10 segments, the second 20; the last ACK leaves out the FIN. */
static void slow_start(struct stage *stage)
{
	unsigned int flight = stage->family == NET_IPV6 ? FLIGHT_IPV6 : FLIGHT_IPV4;
	uint32_t u, v, first, second, fin, bytes = 4 * flight;
	int room = 1 << 20;
	struct net_end end;

	stage->peer.window = WINDOW;
	peer_connect(&stage->peer, &end);
	CHECK(!setsockopt(end.fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)),
	      "SO_SNDBUFFORCE");
	u = end.snd_nxt;
	v = end.rcv_nxt;
	first = u + flight;
	second = first + 2 * flight;
	fin = u + bytes;
	net_send(&end, bytes);
	close(end.fd);
	read_until(stage, first, false);
	peer_send(&stage->peer, ACK, v, first, 0);
	read_until(stage, second, false);
	peer_send(&stage->peer, ACK, v, second, 0);
	read_until(stage, fin, true);
	peer_send(&stage->peer, ACK, v, fin, 0);
	peer_send(&stage->peer, FIN | ACK, v, fin + 1, 0);
	peer_expect(&stage->peer, ACK, fin + 1, v + 1, 0);
	EXPECT_ROWS(stage, &end,
		    WANT_CALL(CLOSE, ESTABLISHED, first, v, .unsent = bytes - flight),
		    WANT_STATE(ESTABLISHED, FIN_WAIT1, first, v),
		    WANT_SEGMENT(QUEUE, FIN | ACK, FIN_WAIT1, fin, v,
				 .unsent = bytes - flight),
		    WANT_SEGMENT(RCV, ACK, FIN_WAIT1, v, first),
		    WANT_SEGMENT(RCV, ACK, FIN_WAIT1, v, second),
		    WANT_SEGMENT(LEFT, FIN | ACK, FIN_WAIT1, fin, v),
		    WANT_SEGMENT(RCV, ACK, FIN_WAIT1, v, fin),
		    ROWS_FIN_ACKED_BY_FIN(fin, v));
	stage_leave(stage);
	stage_verdict(stage, &end, VERDICT(THREE_WAY, LOCAL, CLOSE));
}

/* 6.1 lets the FIN pass the congestion window, 6.12 does not. */
static void full_flight(struct stage *stage)
{
	unsigned int flight = stage->family == NET_IPV6 ? FLIGHT_IPV6 : FLIGHT_IPV4;
	struct segment s = { };
	struct net_end end;
	uint32_t u, v, fin;
	bool left;

	stage->peer.window = WINDOW;
	peer_connect(&stage->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	fin = u + flight;
	net_send(&end, flight);
	close(end.fd);
	read_until(stage, fin, false);
	capture_read(&stage->capture);
	left = capture_count(&stage->capture, true, FIN);
	peer_send(&stage->peer, ACK, v, fin, 0);
	while (peer_read(&stage->peer, &s, 0) && !(s.flags & FIN))
		;
	CHECK(s.seq == fin && !s.len, "another FIN");
	peer_send(&stage->peer, ACK, v, fin + 1, 0);
	const struct want told = WANT_SEGMENT(LEFT, FIN | ACK, FIN_WAIT1, fin, v);
	const struct want acked = WANT_SEGMENT(RCV, ACK, FIN_WAIT1, v, fin);
	const struct want all_acked = WANT_SEGMENT(RCV, ACK, FIN_WAIT1, v, fin + 1);

	EXPECT_ROWS(stage, &end,
		    ROWS_CLOSE(fin, v),
		    left ? told : acked,
		    left ? acked : told,
		    all_acked,
		    WANT_STATE(FIN_WAIT1, FIN_WAIT2, fin + 1, v),
		    WANT_TIMEWAIT(BORN, FIN_WAIT2, fin + 1, v));
	stage_leave(stage);
	stage_verdict(stage, &end, VERDICT(ABORTED, LOCAL, NETNS));
}

/* A closed window, data, and a FIN that can't leave. */
static void close_behind_window(struct stage *stage, struct net_end *end)
{
	struct segment probe;

	stage->peer.window = 0;
	peer_connect(&stage->peer, end);
	net_send(end, DATA);
	close(end->fd);
	stage_await(stage, end, 3);
	CHECK(peer_read(&stage->peer, &probe, 0) && probe.seq == end->snd_nxt - 1 &&
	      !probe.len, "no probe of the window");
}

static void never_left(struct stage *stage)
{
	struct net_end end;
	uint32_t u, v;

	close_behind_window(stage, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	peer_send(&stage->peer, RST | ACK, v, u, 0);
	EXPECT_ROWS(stage, &end,
		    WANT_CALL(CLOSE, ESTABLISHED, u, v, .unsent = DATA),
		    WANT_STATE(ESTABLISHED, FIN_WAIT1, u, v),
		    WANT_SEGMENT(QUEUE, FIN | ACK, FIN_WAIT1, u + DATA, v, .unsent = DATA),
		    WANT_SEGMENT(RCV, RST | ACK, FIN_WAIT1, v, u),
		    WANT_RESET(RECEIVED, RST | ACK, FIN_WAIT1, v, u),
		    WANT_STATE(FIN_WAIT1, CLOSE, u, v));
	stage_verdict(stage, &end, VERDICT(RESET_RECEIVED, LOCAL, PEER,
					   .flags = TCP_TEARDOWN_F_FIN_UNSENT));
}

/* Whatever comes before is a probe of the window, or an answer without data. */
static void expect_data_with_fin(struct stage *stage, uint32_t seq)
{
	struct segment s = { };

	do {
		if (!CHECK(peer_read(&stage->peer, &s, 0), "nothing came"))
			return;
	} while (!s.len);
	CHECK(s.seq == seq && s.len == DATA && s.flags & FIN, "not data and FIN");
}

static void crossed(struct stage *stage)
{
	struct net_end end;
	uint32_t u, v;

	close_behind_window(stage, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	peer_send(&stage->peer, FIN | ACK, v, u, 0);
	stage_await(stage, &end, 5);
	stage->peer.window = PEER_WINDOW;
	peer_send(&stage->peer, ACK, v + 1, u, 0);
	expect_data_with_fin(stage, u);
	peer_send(&stage->peer, ACK, v + 1, u + DATA + 1, 0);
	EXPECT_ROWS(stage, &end,
		    WANT_CALL(CLOSE, ESTABLISHED, u, v, .unsent = DATA),
		    WANT_STATE(ESTABLISHED, FIN_WAIT1, u, v),
		    WANT_SEGMENT(QUEUE, FIN | ACK, FIN_WAIT1, u + DATA, v, .unsent = DATA),
		    WANT_SEGMENT(RCV, FIN | ACK, FIN_WAIT1, v, u),
		    WANT_STATE(FIN_WAIT1, CLOSING, u, v + 1),
		    WANT_SEGMENT(RCV, ACK, CLOSING, v + 1, u),
		    WANT_SEGMENT(LEFT, FIN | ACK, CLOSING, u + DATA, v + 1),
		    WANT_SEGMENT(RCV, ACK, CLOSING, v + 1, u + DATA + 1),
		    WANT_STATE(CLOSING, TIME_WAIT, u + DATA + 1, v + 1, BY_MINISOCK),
		    WANT_TIMEWAIT(BORN, TIME_WAIT, u + DATA + 1, v + 1));
	stage_leave(stage);
	stage_verdict(stage, &end, VERDICT(SIMULTANEOUS, BOTH, CLOSE));
}

static const struct scene scenes[] = {
	SCENE_WITH_PEER("data and FIN in one segment", corked),
	SCENE_WITH_PEER("data and FIN in one segment, received", received),
	SCENE_WITH_PEER("a FIN behind two flights of data", slow_start),
	SCENE_WITH_PEER("a FIN behind a full flight", full_flight),
	SCENE_WITH_PEER("a FIN that never left, and a RST", never_left),
	SCENE_WITH_PEER("a FIN that has to wait, and the peer's comes", crossed),
};

int main(void)
{
	return stage_run(scenes, ARRAY_SIZE(scenes));
}
