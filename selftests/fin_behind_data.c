// SPDX-License-Identifier: GPL-2.0
/*
 * FINs and the data before them: the FIN is on the last segment, or queued behind more
 * data than may be sent now. The first record says that the FIN is queued. If the module
 * learns later that the FIN has been sent, another record says so; the verdict says if it
 * never was.
 *
 *	corked			data and FIN leave in one segment
 *	received		data and FIN come in one segment
 *	slow start		two flights of data before the FIN
 *	a full flight		all data has been sent, the FIN may have to wait
 *	a closed window		and a RST arrives: the FIN was never sent
 *	... and a FIN arrives	CLOSING, though our FIN is still unsent
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW; a TUN device.
 */
#include <unistd.h>

#include "lib/fixture.h"

#define DATA 100
/* The peer has no options; the initial window is 10 segments, RFC 6928. */
#define FLIGHT_IPV4 (10 * 536)
#define FLIGHT_IPV6 (10 * 1220)
#define WINDOW 65535

static void corked(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;
	int on = 1;

	peer_connect(&self->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	CHECK(!setsockopt(end.fd, IPPROTO_TCP, TCP_CORK, &on, sizeof(on)), "TCP_CORK");
	net_send(&end, DATA);
	close(end.fd);
	peer_expect(&self->peer, FIN | ACK, u, v, DATA);
	peer_send(&self->peer, ACK, v, u + DATA + 1, 0);
	peer_send(&self->peer, FIN | ACK, v, u + DATA + 1, 0);
	peer_expect(&self->peer, ACK, u + DATA + 1, v + 1, 0);
	EXPECT_ROWS(self, &end,
		    WANT_CALL(CLOSE, ESTABLISHED, u, v, .unsent = DATA),
		    WANT_STATE(ESTABLISHED, FIN_WAIT1, u, v),
		    WANT_SEGMENT(QUEUE, FIN | ACK, FIN_WAIT1, u + DATA, v, .unsent = DATA),
		    WANT_SEGMENT(LEFT, FIN | ACK, FIN_WAIT1, u + DATA, v),
		    ROWS_FIN_ACKED(u + DATA, v),
		    WANT_TIMEWAIT(BORN, FIN_WAIT2, u + DATA + 1, v),
		    ROWS_MINISOCK_FIN(u + DATA, v));
	fixture_leave(self);
	fixture_verdict(self, &end, VERDICT(FOUR_WAY, LOCAL, CLOSE));
}

static void received(struct fixture *self)
{
	struct net_end end;
	uint32_t w, u;

	peer_connect(&self->peer, &end);
	w = end.snd_nxt;
	u = end.rcv_nxt;
	peer_send(&self->peer, FIN | PSH | ACK, u, w, DATA);
	peer_expect(&self->peer, ACK, w, u + DATA + 1, 0);
	net_receive(&end, DATA);
	net_expect_eof(&end);
	close(end.fd);
	peer_expect(&self->peer, FIN | ACK, w, u + DATA + 1, 0);
	peer_send(&self->peer, ACK, u + DATA + 1, w + 1, 0);
	EXPECT_ROWS(self, &end,
		    WANT_SEGMENT(RCV, FIN | PSH | ACK, ESTABLISHED, u, w, .len = DATA),
		    WANT_STATE(ESTABLISHED, CLOSE_WAIT, w, u + DATA + 1),
		    ROWS_CLOSE_AFTER_PEER(w, u + DATA),
		    ROWS_LAST_ACK(w, u + DATA));
	fixture_verdict(self, &end, VERDICT(FOUR_WAY, PEER, PEER));
}

/* The kernel's segments up to that number, with or without the FIN. */
static void read_until(struct fixture *self, uint32_t seq, bool fin)
{
	struct segment s = { };

	do {
		if (!CHECK(peer_read(&self->peer, &s, 0), "nothing came"))
			return;
		CHECK(!(s.flags & FIN) == !(fin && s.seq + s.len == seq), "a FIN at %u",
		      s.seq + s.len);
	} while (s.seq + s.len != seq);
}

/*
 * The first flight is 10 segments, the second 20; the last ACK does not acknowledge the
 * FIN.
 */
static void slow_start(struct fixture *self)
{
	unsigned int flight = self->family == NET_IPV6 ? FLIGHT_IPV6 : FLIGHT_IPV4;
	uint32_t u, v, first, second, fin, bytes = 4 * flight;
	int room = 1 << 20;
	struct net_end end;

	self->peer.window = WINDOW;
	peer_connect(&self->peer, &end);
	CHECK(!setsockopt(end.fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)),
	      "SO_SNDBUFFORCE");
	u = end.snd_nxt;
	v = end.rcv_nxt;
	first = u + flight;
	second = first + 2 * flight;
	fin = u + bytes;
	net_send(&end, bytes);
	close(end.fd);
	read_until(self, first, false);
	peer_send(&self->peer, ACK, v, first, 0);
	read_until(self, second, false);
	peer_send(&self->peer, ACK, v, second, 0);
	read_until(self, fin, true);
	peer_send(&self->peer, ACK, v, fin, 0);
	peer_send(&self->peer, FIN | ACK, v, fin + 1, 0);
	peer_expect(&self->peer, ACK, fin + 1, v + 1, 0);
	EXPECT_ROWS(self, &end,
		    WANT_CALL(CLOSE, ESTABLISHED, first, v, .unsent = bytes - flight),
		    WANT_STATE(ESTABLISHED, FIN_WAIT1, first, v),
		    WANT_SEGMENT(QUEUE, FIN | ACK, FIN_WAIT1, fin, v,
				 .unsent = bytes - flight),
		    WANT_SEGMENT(RCV, ACK, FIN_WAIT1, v, first),
		    WANT_SEGMENT(RCV, ACK, FIN_WAIT1, v, second),
		    WANT_SEGMENT(LEFT, FIN | ACK, FIN_WAIT1, fin, v),
		    WANT_SEGMENT(RCV, ACK, FIN_WAIT1, v, fin),
		    ROWS_FIN_ACKED_BY_FIN(fin, v));
	fixture_leave(self);
	fixture_verdict(self, &end, VERDICT(THREE_WAY, LOCAL, CLOSE));
}

/* 6.1 lets the FIN pass the congestion window, 6.12 does not. */
static void full_flight(struct fixture *self)
{
	unsigned int flight = self->family == NET_IPV6 ? FLIGHT_IPV6 : FLIGHT_IPV4;
	struct segment s = { };
	struct net_end end;
	uint32_t u, v, fin;
	bool left;

	self->peer.window = WINDOW;
	peer_connect(&self->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	fin = u + flight;
	net_send(&end, flight);
	close(end.fd);
	read_until(self, fin, false);
	capture_read(&self->capture);
	left = capture_count(&self->capture, true, FIN);
	peer_send(&self->peer, ACK, v, fin, 0);
	while (peer_read(&self->peer, &s, 0) && !(s.flags & FIN))
		;
	CHECK(s.seq == fin && !s.len, "another FIN");
	peer_send(&self->peer, ACK, v, fin + 1, 0);
	const struct want told = WANT_SEGMENT(LEFT, FIN | ACK, FIN_WAIT1, fin, v);
	const struct want acked = WANT_SEGMENT(RCV, ACK, FIN_WAIT1, v, fin);
	const struct want all_acked = WANT_SEGMENT(RCV, ACK, FIN_WAIT1, v, fin + 1);

	EXPECT_ROWS(self, &end,
		    ROWS_CLOSE(fin, v),
		    left ? told : acked,
		    left ? acked : told,
		    all_acked,
		    WANT_STATE(FIN_WAIT1, FIN_WAIT2, fin + 1, v),
		    WANT_TIMEWAIT(BORN, FIN_WAIT2, fin + 1, v));
	fixture_leave(self);
	fixture_verdict(self, &end, VERDICT(ABORTED, LOCAL, NETNS));
}

/* A closed window, data, and a FIN that can't be sent. */
static void close_behind_window(struct fixture *self, struct net_end *end)
{
	struct segment probe;

	self->peer.window = 0;
	peer_connect(&self->peer, end);
	net_send(end, DATA);
	close(end->fd);
	fixture_await(self, end, 3);
	CHECK(peer_read(&self->peer, &probe, 0) && probe.seq == end->snd_nxt - 1 &&
	      !probe.len, "no probe of the window");
}

static void never_left(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	close_behind_window(self, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	peer_send(&self->peer, RST | ACK, v, u, 0);
	EXPECT_ROWS(self, &end,
		    WANT_CALL(CLOSE, ESTABLISHED, u, v, .unsent = DATA),
		    WANT_STATE(ESTABLISHED, FIN_WAIT1, u, v),
		    WANT_SEGMENT(QUEUE, FIN | ACK, FIN_WAIT1, u + DATA, v, .unsent = DATA),
		    WANT_SEGMENT(RCV, RST | ACK, FIN_WAIT1, v, u),
		    WANT_RESET(RECEIVED, RST | ACK, FIN_WAIT1, v, u),
		    WANT_STATE(FIN_WAIT1, CLOSE, u, v));
	fixture_verdict(self, &end, VERDICT(RESET_RECEIVED, LOCAL, PEER,
					    .flags = TCP_TEARDOWN_F_FIN_UNSENT));
}

/* Any earlier segment is a window probe, or an answer without data. */
static void expect_data_with_fin(struct fixture *self, uint32_t seq)
{
	struct segment s = { };

	do {
		if (!CHECK(peer_read(&self->peer, &s, 0), "nothing came"))
			return;
	} while (!s.len);
	CHECK(s.seq == seq && s.len == DATA && s.flags & FIN, "not data and FIN");
}

static void crossed(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	close_behind_window(self, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	peer_send(&self->peer, FIN | ACK, v, u, 0);
	fixture_await(self, &end, 5);
	self->peer.window = PEER_WINDOW;
	peer_send(&self->peer, ACK, v + 1, u, 0);
	expect_data_with_fin(self, u);
	peer_send(&self->peer, ACK, v + 1, u + DATA + 1, 0);
	EXPECT_ROWS(self, &end,
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
	fixture_leave(self);
	fixture_verdict(self, &end, VERDICT(SIMULTANEOUS, BOTH, CLOSE));
}

static const struct testcase testcases[] = {
	TESTCASE_WITH_PEER("data and FIN in one segment", corked),
	TESTCASE_WITH_PEER("data and FIN in one segment, received", received),
	TESTCASE_WITH_PEER("a FIN behind two flights of data", slow_start),
	TESTCASE_WITH_PEER("a FIN behind a full flight", full_flight),
	TESTCASE_WITH_PEER("a FIN that never left, and a RST", never_left),
	TESTCASE_WITH_PEER("a FIN that has to wait, and the peer's comes", crossed),
};

int main(void)
{
	return testcases_run(testcases, ARRAY_SIZE(testcases));
}
