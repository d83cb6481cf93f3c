// SPDX-License-Identifier: GPL-2.0
/*
 * The module is loaded while connections close. It adopts each at its next event, flags
 * it as adopted, and judges by what it has seen.
 *
 *	adopted in	next event			verdict
 *	CLOSE_WAIT	close()				four waves, the peer first
 *	FIN_WAIT1	ACK of the FIN			four waves, first closer unknown
 *	FIN_WAIT2	FIN, to the full socket		the same
 *	FIN_WAIT2	FIN, to the minisock		the same
 *	CLOSING		ACK of the FIN			simultaneous
 *	LAST_ACK	ACK of the FIN, the last	orderly, the peer first
 *	TIME_WAIT	FIN again			orderly; nothing else is known
 *
 * In FIN_WAIT1, CLOSING and LAST_ACK the FIN waits behind a closed window, so that it is
 * not retransmitted meanwhile.
 *
 * Modes: icount
 * Needs: the module, which it unloads and loads again (TT_MODULE, TT_ARGS);
 * CAP_NET_ADMIN, CAP_NET_RAW, CAP_SYS_MODULE; a TUN device.
 */
#include <string.h>
#include <unistd.h>

#include "lib/files.h"
#include "lib/listed.h"
#include "lib/fixture.h"
#include "lib/module.h"

#define DATA 300
#define ADOPTED .adopted = true

static void unload(struct fixture *self)
{
	records_stop(&self->records);
	REQUIRE(!module_unload(), "not unloaded");
}

static void load(struct fixture *self)
{
	REQUIRE(!module_load(""), "not loaded");
	records_start(&self->records);
	capture_read(&self->capture);
	self->capture.nr = 0;
}

static void expect_listed(const struct net_end *end)
{
	struct listed listed = listed_of(end->cookie);

	CHECK(!strcmp(listed.seen, "adopted"), "seen %s", listed.seen);
}

static void close_wait(struct fixture *self)
{
	struct net_end end;
	uint32_t w, u;

	unload(self);
	peer_connect(&self->peer, &end);
	w = end.snd_nxt;
	u = end.rcv_nxt;
	peer_send(&self->peer, FIN | ACK, u, w, 0);
	peer_expect(&self->peer, ACK, w, u + 1, 0);
	load(self);
	close(end.fd);
	expect_listed(&end);
	peer_expect(&self->peer, FIN | ACK, w, u + 1, 0);
	peer_send(&self->peer, ACK, u + 1, w + 1, 0);
	EXPECT_ROWS(self, &end,
		    WANT_CALL(CLOSE, CLOSE_WAIT, w, u + 1),
		    WANT_STATE(CLOSE_WAIT, LAST_ACK, w, u + 1, ADOPTED),
		    WANT_SEGMENT(QUEUE, FIN | ACK, LAST_ACK, w, u + 1),
		    WANT_SEGMENT(RCV, ACK, LAST_ACK, u + 1, w + 1),
		    WANT_STATE(LAST_ACK, CLOSE, w + 1, u + 1, ADOPTED));
	fixture_verdict(self, &end, VERDICT(FOUR_WAY, PEER, PEER,
					    .flags = TCP_TEARDOWN_F_ADOPTED));
}

/* The FIN was queued before the module was loaded: it has no record. */
static void overlook_fin(struct fixture *self)
{
	unsigned int i;

	capture_read(&self->capture);
	CHECK(capture_count(&self->capture, true, FIN) == 1, "not one FIN");
	for (i = 0; i < self->capture.nr; i++)
		if (self->capture.segments[i].out && self->capture.segments[i].flags & FIN)
			self->capture.segments[i].claimed = -1;
}

/* Any earlier segment is a window probe, or an answer without data. */
static void open_window(struct fixture *self, const struct net_end *end, uint32_t ack)
{
	struct segment s = { };

	self->peer.window = PEER_WINDOW;
	peer_send(&self->peer, ACK, ack, end->snd_nxt, 0);
	do {
		if (!CHECK(peer_read(&self->peer, &s, 0), "nothing came"))
			return;
	} while (!s.len);
	CHECK(s.seq == end->snd_nxt && s.len == DATA && s.flags & FIN, "not data and FIN");
	overlook_fin(self);
	peer_send(&self->peer, ACK, ack, end->snd_nxt + DATA + 1, 0);
}

static void connect_closed(struct fixture *self, struct net_end *end)
{
	unload(self);
	self->peer.window = 0;
	peer_connect(&self->peer, end);
	net_send(end, DATA);
}

/* An active close, from the creation of the minisock on. */
static void expect_active(struct fixture *self, const struct net_end *end,
			  const struct want *want, unsigned int nr)
{
	fixture_expect(self, end, want, nr);
	expect_listed(end);
	fixture_leave(self);
	fixture_verdict(self, end, VERDICT(FOUR_WAY, LOCAL, UNKNOWN, .no_owner = true,
					   .flags = TCP_TEARDOWN_F_ADOPTED));
}

static void fin_wait1(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	connect_closed(self, &end);
	close(end.fd);
	load(self);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	open_window(self, &end, v);
	peer_send(&self->peer, FIN | ACK, v, u + DATA + 1, 0);
	peer_expect(&self->peer, ACK, u + DATA + 1, v + 1, 0);
	const struct want want[] = {
		WANT_SEGMENT(RCV, ACK, FIN_WAIT1, v, u),
		WANT_SEGMENT(RCV, ACK, FIN_WAIT1, v, u + DATA + 1),
		WANT_STATE(FIN_WAIT1, FIN_WAIT2, u + DATA + 1, v, ADOPTED),
		WANT_TIMEWAIT(BORN, FIN_WAIT2, u + DATA + 1, v),
		WANT_SEGMENT(RCV, FIN | ACK, FIN_WAIT2, v, u + DATA + 1, BY_MINISOCK),
		WANT_STATE(FIN_WAIT2, TIME_WAIT, u + DATA + 1, v + 1, BY_MINISOCK, ADOPTED),
	};

	expect_active(self, &end, want, ARRAY_SIZE(want));
}

/* The FIN is sent and acknowledged before the load, the peer's FIN comes after it. */
static void fin_wait2(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	unload(self);
	peer_connect(&self->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	peer_half_close(&self->peer, &end);
	net_await_state(&end, TCP_FIN_WAIT2);
	load(self);
	peer_send(&self->peer, FIN | ACK, v, u + 1, 0);
	peer_expect(&self->peer, ACK, u + 1, v + 1, 0);
	close(end.fd);
	const struct want want[] = {
		WANT_SEGMENT(RCV, FIN | ACK, FIN_WAIT2, v, u + 1),
		WANT_STATE(FIN_WAIT2, TIME_WAIT, u + 1, v + 1, BY_MINISOCK, ADOPTED),
		WANT_TIMEWAIT(BORN, TIME_WAIT, u + 1, v + 1),
		WANT_CALL(CLOSE, CLOSE, u + 1, v + 1),
	};

	expect_active(self, &end, want, ARRAY_SIZE(want));
}

static void minisock(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	unload(self);
	peer_connect(&self->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	close(end.fd);
	peer_expect(&self->peer, FIN | ACK, u, v, 0);
	peer_send(&self->peer, ACK, v, u + 1, 0);
	load(self);
	peer_send(&self->peer, FIN | ACK, v, u + 1, 0);
	peer_expect(&self->peer, ACK, u + 1, v + 1, 0);
	const struct want want[] = {
		WANT_SEGMENT(RCV, FIN | ACK, FIN_WAIT2, v, u + 1, BY_MINISOCK),
		WANT_STATE(FIN_WAIT2, TIME_WAIT, u + 1, v + 1, BY_MINISOCK, ADOPTED),
	};

	expect_active(self, &end, want, ARRAY_SIZE(want));
}

static void closing(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	connect_closed(self, &end);
	close(end.fd);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	peer_send(&self->peer, FIN | ACK, v, u, 0);
	load(self);
	open_window(self, &end, v + 1);
	EXPECT_ROWS(self, &end,
		    WANT_SEGMENT(RCV, ACK, CLOSING, v + 1, u),
		    WANT_SEGMENT(RCV, ACK, CLOSING, v + 1, u + DATA + 1),
		    WANT_STATE(CLOSING, TIME_WAIT, u + DATA + 1, v + 1, BY_MINISOCK, ADOPTED),
		    WANT_TIMEWAIT(BORN, TIME_WAIT, u + DATA + 1, v + 1));
	expect_listed(&end);
	fixture_leave(self);
	fixture_verdict(self, &end, VERDICT(SIMULTANEOUS, BOTH, UNKNOWN, .no_owner = true,
					    .flags = TCP_TEARDOWN_F_ADOPTED));
}

static void last_ack(struct fixture *self)
{
	struct net_end end;
	uint32_t w, u;

	connect_closed(self, &end);
	w = end.snd_nxt;
	u = end.rcv_nxt;
	peer_send(&self->peer, FIN | ACK, u, w, 0);
	net_await_state(&end, TCP_CLOSE_WAIT);
	close(end.fd);
	load(self);
	open_window(self, &end, u + 1);
	EXPECT_ROWS(self, &end,
		    WANT_SEGMENT(RCV, ACK, LAST_ACK, u + 1, w),
		    WANT_SEGMENT(RCV, ACK, LAST_ACK, u + 1, w + DATA + 1),
		    WANT_STATE(LAST_ACK, CLOSE, w + DATA + 1, u + 1, ADOPTED));
	fixture_verdict(self, &end, VERDICT(ORDERLY, PEER, PEER, .no_owner = true,
					    .flags = TCP_TEARDOWN_F_ADOPTED));
}

static void time_wait(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	unload(self);
	peer_connect(&self->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	close(end.fd);
	peer_expect(&self->peer, FIN | ACK, u, v, 0);
	peer_send(&self->peer, FIN | ACK, v, u + 1, 0);
	peer_expect(&self->peer, ACK, u + 1, v + 1, 0);
	load(self);
	peer_send(&self->peer, FIN | ACK, v, u + 1, 0);
	peer_expect(&self->peer, ACK, u + 1, v + 1, 0);
	expect_listed(&end);
	fixture_leave(self);
	fixture_verdict(self, &end, VERDICT(ORDERLY, NONE, UNKNOWN, .no_owner = true,
					    .flags = TCP_TEARDOWN_F_ADOPTED));
	EXPECT_ROWS(self, &end,
		    WANT_SEGMENT(RCV_DUP, FIN | ACK, TIME_WAIT, v, u + 1, BY_MINISOCK),
		    WANT_TIMEWAIT(REARMED, TIME_WAIT, u + 1, v + 1, .timeout_ms = 60000),
		    WANT_STATE(TIME_WAIT, CLOSE, u + 1, v + 1, BY_MINISOCK, ADOPTED),
		    WANT_TIMEWAIT(NETNS, TIME_WAIT, u + 1, v + 1));
}

static const struct testcase testcases[] = {
	TESTCASE_WITH_PEER("adopted in CLOSE_WAIT", close_wait),
	TESTCASE_WITH_PEER("adopted in FIN_WAIT1", fin_wait1),
	TESTCASE_WITH_PEER("adopted in FIN_WAIT2", fin_wait2),
	TESTCASE_WITH_PEER("adopted in FIN_WAIT2, a minisock", minisock),
	TESTCASE_WITH_PEER("adopted in CLOSING", closing),
	TESTCASE_WITH_PEER("adopted in LAST_ACK", last_ack),
	TESTCASE_WITH_PEER("adopted in TIME_WAIT", time_wait),
};

int main(void)
{
	module_read();
	return testcases_run(testcases, ARRAY_SIZE(testcases));
}
