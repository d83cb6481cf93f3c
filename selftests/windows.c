// SPDX-License-Identifier: GPL-2.0
/*
 * Windows in the records are windows that a TCP header can hold.
 *
 *	own windows, in bytes: at most 65535 << scale, though the kernel may have a larger
 *		one internally if windows are not scaled; and the window of our FIN
 *	the peer's, as on the wire, with the scale that applies: none for a SYN in
 *		any state, or without window scaling; otherwise that of the handshake,
 *		for a minisock, too
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW; a TUN device.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/files.h"
#include "lib/fixture.h"

#define SCALE 7
#define SEGMENT 1400
#define SEGMENTS 200
#define LOW_WATER 400000	/* doubles the receive buffer at once */
#define WINDOW_MAX 65535
#define REPAIR_WINDOW 29	/* TCP_REPAIR_WINDOW of linux/tcp.h */

static bool is_received(const struct tcp_teardown_record *r)
{
	return (r->kind == TCP_TEARDOWN_SEGMENT && r->what <= TCP_TEARDOWN_SEG_RCV_OOO) ||
	       (r->kind == TCP_TEARDOWN_RESET && r->what == TCP_TEARDOWN_RST_RECEIVED);
}

static struct segment drain(struct fixture *self)
{
	struct segment segment, last = { };

	net_settle();
	while (peer_try_read(&self->peer, &segment))
		last = segment;
	return last;
}

/* The kernel's own receive window; this sends nothing. */
static uint32_t reckoned_window(const struct net_end *end)
{
	int on = TCP_REPAIR_ON, off = TCP_REPAIR_OFF_NO_WP;
	uint32_t window[5] = { };	/* struct tcp_repair_window: rcv_wnd is the 4th */
	socklen_t len = sizeof(window);

	REQUIRE(!setsockopt(end->fd, IPPROTO_TCP, TCP_REPAIR, &on, sizeof(on)) &&
		!getsockopt(end->fd, IPPROTO_TCP, REPAIR_WINDOW, window, &len) &&
		!setsockopt(end->fd, IPPROTO_TCP, TCP_REPAIR, &off, sizeof(off)),
		"no TCP_REPAIR_WINDOW");
	return window[3];
}

/* Receive until the kernel's window is larger than a header can hold. */
static void widen(struct fixture *self, struct net_end *end)
{
	int low = LOW_WATER, one = 1, i;

	REQUIRE(!setsockopt(end->fd, SOL_SOCKET, SO_RCVLOWAT, &low, sizeof(low)) &&
		!setsockopt(end->fd, SOL_SOCKET, SO_RCVLOWAT, &one, sizeof(one)), "SO_RCVLOWAT");
	for (i = 0; i < SEGMENTS && reckoned_window(end) <= WINDOW_MAX; i++) {
		peer_send(&self->peer, PSH | ACK, end->rcv_nxt, end->snd_nxt, SEGMENT);
		net_receive(end, SEGMENT);
		end->rcv_nxt += SEGMENT;
		drain(self);
	}
	CHECK(reckoned_window(end) > WINDOW_MAX, "it reckons with %u", reckoned_window(end));
}

/* The records that have our window. */
static void check_own(struct fixture *self, const struct net_end *end, uint8_t scale)
{
	const struct tcp_teardown_record *r;
	unsigned int i, nr = 0;

	records_read(&self->records);
	for (i = 0; i < self->records.nr_moments; i++) {
		r = &self->records.moments[i];
		if (r->cookie != end->cookie || is_received(r))
			continue;
		nr++;
		CHECK(r->window && r->window <= (uint32_t)WINDOW_MAX << scale, "win %u",
		      r->window);
		CHECK(r->wscale == scale, "wscale %u", r->wscale);
	}
	CHECK(nr, "no record of our own");
}

/*
 * The FIN offers the window in the record of close(), rounded up to a multiple of the
 * scale.
 */
static void check_fin(struct fixture *self, const struct net_end *end, const struct segment *fin)
{
	const struct tcp_teardown_record *r;
	unsigned int i;

	for (i = 0; i < self->records.nr_moments; i++) {
		r = &self->records.moments[i];
		if (r->cookie == end->cookie && r->flags & TCP_TEARDOWN_F_FIN_QUEUED)
			CHECK((r->window + (1 << r->wscale) - 1) >> r->wscale == fin->window,
			      "win %u, the FIN has %u", r->window, fin->window);
	}
}

/*
 * CHECK the peer's windows: each on the wire has this value. @scales: of each segment,
 * '0' + n
 */
static void check_peers(struct fixture *self, const struct net_end *end, const char *scales)
{
	const struct tcp_teardown_record *r;
	char seen[32] = "";
	unsigned int i, nr = 0;

	net_settle();
	records_read(&self->records);
	for (i = 0; i < self->records.nr_moments && nr < sizeof(seen) - 1; i++) {
		r = &self->records.moments[i];
		if (r->cookie != end->cookie || !is_received(r))
			continue;
		CHECK(r->window == (r->tcp_flags & RST ? 0 : self->peer.window), "win %u",
		      r->window);
		seen[nr++] = '0' + r->wscale;
	}
	CHECK(!strcmp(seen, scales), "scales %s, not %s", seen, scales);
}

static void never_scaled(struct fixture *self)
{
	struct net_end end;
	struct segment fin;

	peer_connect(&self->peer, &end);
	widen(self, &end);
	close(end.fd);
	fin = drain(self);
	peer_send(&self->peer, ACK, end.rcv_nxt, end.snd_nxt + 1, 0);
	drain(self);
	peer_send(&self->peer, FIN | ACK, end.rcv_nxt, end.snd_nxt + 1, 0);
	check_peers(self, &end, "00");
	check_fin(self, &end, &fin);
	fixture_leave(self);
	fixture_verdict(self, &end, VERDICT(FOUR_WAY, LOCAL, CLOSE));
	check_own(self, &end, 0);
}

static void never_scaled_peer_first(struct fixture *self)
{
	struct net_end end;
	struct segment fin;

	peer_connect(&self->peer, &end);
	widen(self, &end);
	peer_send(&self->peer, FIN | ACK, end.rcv_nxt, end.snd_nxt, 0);
	peer_expect(&self->peer, ACK, end.snd_nxt, end.rcv_nxt + 1, 0);
	close(end.fd);
	fin = drain(self);
	peer_send(&self->peer, ACK, end.rcv_nxt + 1, end.snd_nxt + 1, 0);
	check_peers(self, &end, "00");
	check_fin(self, &end, &fin);
	check_own(self, &end, 0);
	fixture_verdict(self, &end, VERDICT(FOUR_WAY, PEER, PEER));
}

/* The scale of the kernel's own windows, from its SYN-ACK. */
static void connect_scaled(struct fixture *self, struct net_end *end)
{
	self->peer.wscale = SCALE;
	peer_connect(&self->peer, end);
}

static uint8_t own_scale(const struct net_end *end)
{
	struct tcp_info info = { };
	socklen_t len = sizeof(info);

	REQUIRE(!getsockopt(end->fd, IPPROTO_TCP, TCP_INFO, &info, &len), "no TCP_INFO");
	CHECK(info.tcpi_snd_wscale == SCALE, "the peer's scale is %u", info.tcpi_snd_wscale);
	return info.tcpi_rcv_wscale;
}

static void scaled(struct fixture *self)
{
	struct net_end end;
	struct segment fin;
	uint8_t scale;

	connect_scaled(self, &end);
	scale = own_scale(&end);
	CHECK(scale, "windows are not scaled");
	close(end.fd);
	fin = drain(self);
	peer_send(&self->peer, ACK, end.rcv_nxt, end.snd_nxt + 1, 0);
	drain(self);
	peer_send(&self->peer, FIN | ACK, end.rcv_nxt, end.snd_nxt + 1, 0);
	peer_expect(&self->peer, ACK, end.snd_nxt + 1, end.rcv_nxt + 1, 0);
	peer_send(&self->peer, ACK, end.rcv_nxt + 1, end.snd_nxt + 1, 0);
	check_peers(self, &end, "777");
	check_fin(self, &end, &fin);
	fixture_leave(self);
	fixture_verdict(self, &end, VERDICT(FOUR_WAY, LOCAL, CLOSE));
	check_own(self, &end, scale);
}

/* An unexpected SYN in each state, and a segment without SYN. */
static void send_both(struct fixture *self, uint32_t seq, uint32_t ack)
{
	peer_send(&self->peer, SYN | ACK, seq, ack, 0);
	peer_send(&self->peer, SYN, seq, 0, 0);
	peer_send(&self->peer, ACK, seq, ack, 0);
	drain(self);
}

static void syn_peer_first(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	connect_scaled(self, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	files_set("half_closed_data", 1);
	peer_send(&self->peer, FIN | ACK, v, u, 0);
	drain(self);
	send_both(self, v + 1, u);
	close(end.fd);
	drain(self);
	send_both(self, v + 1, u);
	peer_send(&self->peer, ACK, v + 1, u + 1, 0);
	check_peers(self, &end, "70070077");
	files_set("half_closed_data", 0);
	fixture_verdict(self, &end, VERDICT(FOUR_WAY, PEER, PEER));
}

static void syn_own_first(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	connect_scaled(self, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	files_set("half_closed_data", 1);
	CHECK(!shutdown(end.fd, SHUT_WR), "shutdown");
	drain(self);
	send_both(self, v, u);
	peer_send(&self->peer, ACK, v, u + 1, 0);
	net_await_state(&end, TCP_FIN_WAIT2);
	send_both(self, v, u + 1);
	peer_send(&self->peer, FIN | ACK, v, u + 1, 0);
	drain(self);
	close(end.fd);
	/* Not beyond RCV.NXT, so it is an old one. */
	send_both(self, v - 10, u + 1);
	check_peers(self, &end, "00770077007");
	files_set("half_closed_data", 0);
	fixture_leave(self);
	fixture_verdict(self, &end, VERDICT(FOUR_WAY, LOCAL, SHUTDOWN));
}

/* A SYN that opens a new connection ends the minisock. */
static void syn_reopens(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;
	int listener;

	self->peer.wscale = SCALE;
	listener = peer_listen(&self->peer, 0);
	peer_accept(&self->peer, listener, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	close(end.fd);
	drain(self);
	peer_send(&self->peer, FIN | ACK, v, u + 1, 0);
	drain(self);
	peer_send(&self->peer, SYN, v + 1000, 0, 0);
	drain(self);
	CHECK(records_counter("minisock_reopened_by_syn") == 1, "not reopened");
	check_peers(self, &end, "70");
	fixture_verdict(self, &end, VERDICT(THREE_WAY, LOCAL, CLOSE));
	close(listener);
}

static const struct testcase testcases[] = {
	TESTCASE_WITH_PEER("windows that are not scaled", never_scaled),
	TESTCASE_WITH_PEER("windows that are not scaled, the peer first", never_scaled_peer_first),
	TESTCASE_WITH_PEER("windows that are scaled", scaled),
	TESTCASE_WITH_PEER("SYNs in CLOSE_WAIT and LAST_ACK", syn_peer_first),
	TESTCASE_WITH_PEER("SYNs in FIN_WAIT1, FIN_WAIT2 and TIME_WAIT", syn_own_first),
	TESTCASE_WITH_PEER("a SYN that reopens", syn_reopens),
};

int main(void)
{
	return testcases_run(testcases, ARRAY_SIZE(testcases));
}
