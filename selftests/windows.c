// SPDX-License-Identifier: GPL-2.0
/*
 * What the records say of windows is what a header can say.
 *
 *	own windows, in bytes: no more than 65535 << scale, although the kernel reckons
 *		with more, where windows are not scaled; and what our FIN then offers
 *	the peer's, as on the wire, with the scale that goes for it: none for a SYN in
 *		any state, nor where none was agreed upon; else that of the handshake,
 *		for a minisock as well
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW; a TUN device.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/files.h"
#include "lib/stage.h"

#define SCALE 7
#define SEGMENT 1400
#define SEGMENTS 200
#define LOW_WATER 400000	/* it makes room for twice as much, at once */
#define WINDOW_MAX 65535
#define REPAIR_WINDOW 29	/* TCP_REPAIR_WINDOW of linux/tcp.h */

static bool is_received(const struct tcp_teardown_record *r)
{
	return (r->kind == TCP_TEARDOWN_SEGMENT && r->what <= TCP_TEARDOWN_SEG_RCV_OOO) ||
	       (r->kind == TCP_TEARDOWN_RESET && r->what == TCP_TEARDOWN_RST_RECEIVED);
}

static struct segment drain(struct stage *stage)
{
	struct segment segment, last = { };

	net_settle();
	while (peer_try_read(&stage->peer, &segment))
		last = segment;
	return last;
}

/* What the kernel has promised, as it reckons; none of this goes out. */
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

/* Until the kernel reckons with more than a header can say. */
static void widen(struct stage *stage, struct net_end *end)
{
	int low = LOW_WATER, one = 1, i;

	REQUIRE(!setsockopt(end->fd, SOL_SOCKET, SO_RCVLOWAT, &low, sizeof(low)) &&
		!setsockopt(end->fd, SOL_SOCKET, SO_RCVLOWAT, &one, sizeof(one)), "SO_RCVLOWAT");
	for (i = 0; i < SEGMENTS && reckoned_window(end) <= WINDOW_MAX; i++) {
		peer_send(&stage->peer, PSH | ACK, end->rcv_nxt, end->snd_nxt, SEGMENT);
		net_receive(end, SEGMENT);
		end->rcv_nxt += SEGMENT;
		drain(stage);
	}
	CHECK(reckoned_window(end) > WINDOW_MAX, "it reckons with %u", reckoned_window(end));
}

/* Of all records those that tell of our window. */
static void check_own(struct stage *stage, const struct net_end *end, uint8_t scale)
{
	const struct tcp_teardown_record *r;
	unsigned int i, nr = 0;

	records_read(&stage->records);
	for (i = 0; i < stage->records.nr_moments; i++) {
		r = &stage->records.moments[i];
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
 * The FIN offers what the record of close() says, or as much more as a scale makes of it:
 * a window that is not a multiple is rounded up.
 */
static void check_fin(struct stage *stage, const struct net_end *end, const struct segment *fin)
{
	const struct tcp_teardown_record *r;
	unsigned int i;

	for (i = 0; i < stage->records.nr_moments; i++) {
		r = &stage->records.moments[i];
		if (r->cookie == end->cookie && r->flags & TCP_TEARDOWN_F_FIN_QUEUED)
			CHECK((r->window + (1 << r->wscale) - 1) >> r->wscale == fin->window,
			      "win %u, the FIN has %u", r->window, fin->window);
	}
}

/* CHECK the peer's windows: all on the wire are that. @scales: of each segment, '0' + n */
static void check_peers(struct stage *stage, const struct net_end *end, const char *scales)
{
	const struct tcp_teardown_record *r;
	char seen[32] = "";
	unsigned int i, nr = 0;

	net_settle();
	records_read(&stage->records);
	for (i = 0; i < stage->records.nr_moments && nr < sizeof(seen) - 1; i++) {
		r = &stage->records.moments[i];
		if (r->cookie != end->cookie || !is_received(r))
			continue;
		CHECK(r->window == (r->tcp_flags & RST ? 0 : stage->peer.window), "win %u",
		      r->window);
		seen[nr++] = '0' + r->wscale;
	}
	CHECK(!strcmp(seen, scales), "scales %s, not %s", seen, scales);
}

static void never_scaled(struct stage *stage)
{
	struct net_end end;
	struct segment fin;

	peer_connect(&stage->peer, &end);
	widen(stage, &end);
	close(end.fd);
	fin = drain(stage);
	peer_send(&stage->peer, ACK, end.rcv_nxt, end.snd_nxt + 1, 0);
	drain(stage);
	peer_send(&stage->peer, FIN | ACK, end.rcv_nxt, end.snd_nxt + 1, 0);
	check_peers(stage, &end, "00");
	check_fin(stage, &end, &fin);
	stage_leave(stage);
	stage_verdict(stage, &end, VERDICT(FOUR_WAY, LOCAL, CLOSE));
	check_own(stage, &end, 0);
}

static void never_scaled_peer_first(struct stage *stage)
{
	struct net_end end;
	struct segment fin;

	peer_connect(&stage->peer, &end);
	widen(stage, &end);
	peer_send(&stage->peer, FIN | ACK, end.rcv_nxt, end.snd_nxt, 0);
	peer_expect(&stage->peer, ACK, end.snd_nxt, end.rcv_nxt + 1, 0);
	close(end.fd);
	fin = drain(stage);
	peer_send(&stage->peer, ACK, end.rcv_nxt + 1, end.snd_nxt + 1, 0);
	check_peers(stage, &end, "00");
	check_fin(stage, &end, &fin);
	check_own(stage, &end, 0);
	stage_verdict(stage, &end, VERDICT(FOUR_WAY, PEER, PEER));
}

/* What the kernel has chosen for its own windows, as its SYN-ACK says. */
static void connect_scaled(struct stage *stage, struct net_end *end)
{
	stage->peer.wscale = SCALE;
	peer_connect(&stage->peer, end);
}

static uint8_t own_scale(const struct net_end *end)
{
	struct tcp_info info = { };
	socklen_t len = sizeof(info);

	REQUIRE(!getsockopt(end->fd, IPPROTO_TCP, TCP_INFO, &info, &len), "no TCP_INFO");
	CHECK(info.tcpi_snd_wscale == SCALE, "the peer's scale is %u", info.tcpi_snd_wscale);
	return info.tcpi_rcv_wscale;
}

static void scaled(struct stage *stage)
{
	struct net_end end;
	struct segment fin;
	uint8_t scale;

	connect_scaled(stage, &end);
	scale = own_scale(&end);
	CHECK(scale, "windows are not scaled");
	close(end.fd);
	fin = drain(stage);
	peer_send(&stage->peer, ACK, end.rcv_nxt, end.snd_nxt + 1, 0);
	drain(stage);
	peer_send(&stage->peer, FIN | ACK, end.rcv_nxt, end.snd_nxt + 1, 0);
	peer_expect(&stage->peer, ACK, end.snd_nxt + 1, end.rcv_nxt + 1, 0);
	peer_send(&stage->peer, ACK, end.rcv_nxt + 1, end.snd_nxt + 1, 0);
	check_peers(stage, &end, "777");
	check_fin(stage, &end, &fin);
	stage_leave(stage);
	stage_verdict(stage, &end, VERDICT(FOUR_WAY, LOCAL, CLOSE));
	check_own(stage, &end, scale);
}

/* A SYN where it is not expected, in each state, beside a segment without. */
static void send_both(struct stage *stage, uint32_t seq, uint32_t ack)
{
	peer_send(&stage->peer, SYN | ACK, seq, ack, 0);
	peer_send(&stage->peer, SYN, seq, 0, 0);
	peer_send(&stage->peer, ACK, seq, ack, 0);
	drain(stage);
}

static void syn_peer_first(struct stage *stage)
{
	struct net_end end;
	uint32_t u, v;

	connect_scaled(stage, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	files_set("half_closed_data", 1);
	peer_send(&stage->peer, FIN | ACK, v, u, 0);
	drain(stage);
	send_both(stage, v + 1, u);
	close(end.fd);
	drain(stage);
	send_both(stage, v + 1, u);
	peer_send(&stage->peer, ACK, v + 1, u + 1, 0);
	check_peers(stage, &end, "70070077");
	files_set("half_closed_data", 0);
	stage_verdict(stage, &end, VERDICT(FOUR_WAY, PEER, PEER));
}

static void syn_own_first(struct stage *stage)
{
	struct net_end end;
	uint32_t u, v;

	connect_scaled(stage, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	files_set("half_closed_data", 1);
	CHECK(!shutdown(end.fd, SHUT_WR), "shutdown");
	drain(stage);
	send_both(stage, v, u);
	peer_send(&stage->peer, ACK, v, u + 1, 0);
	net_await_state(&end, TCP_FIN_WAIT2);
	send_both(stage, v, u + 1);
	peer_send(&stage->peer, FIN | ACK, v, u + 1, 0);
	drain(stage);
	close(end.fd);
	/* Not beyond RCV.NXT: so it is an old one. */
	send_both(stage, v - 10, u + 1);
	check_peers(stage, &end, "00770077007");
	files_set("half_closed_data", 0);
	stage_leave(stage);
	stage_verdict(stage, &end, VERDICT(FOUR_WAY, LOCAL, SHUTDOWN));
}

/* A SYN that opens a new connection is the end of the minisock. */
static void syn_reopens(struct stage *stage)
{
	struct net_end end;
	uint32_t u, v;
	int listener;

	stage->peer.wscale = SCALE;
	listener = peer_listen(&stage->peer, 0);
	peer_accept(&stage->peer, listener, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	close(end.fd);
	drain(stage);
	peer_send(&stage->peer, FIN | ACK, v, u + 1, 0);
	drain(stage);
	peer_send(&stage->peer, SYN, v + 1000, 0, 0);
	drain(stage);
	CHECK(records_counter("minisock_reopened_by_syn") == 1, "not reopened");
	check_peers(stage, &end, "70");
	stage_verdict(stage, &end, VERDICT(THREE_WAY, LOCAL, CLOSE));
	close(listener);
}

static const struct scene scenes[] = {
	SCENE_WITH_PEER("windows that are not scaled", never_scaled),
	SCENE_WITH_PEER("windows that are not scaled, the peer first", never_scaled_peer_first),
	SCENE_WITH_PEER("windows that are scaled", scaled),
	SCENE_WITH_PEER("SYNs in CLOSE_WAIT and LAST_ACK", syn_peer_first),
	SCENE_WITH_PEER("SYNs in FIN_WAIT1, FIN_WAIT2 and TIME_WAIT", syn_own_first),
	SCENE_WITH_PEER("a SYN that reopens", syn_reopens),
};

int main(void)
{
	return stage_run(scenes, ARRAY_SIZE(scenes));
}
