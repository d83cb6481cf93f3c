// SPDX-License-Identifier: GPL-2.0
/*
 * Minisocks that their timer ends.
 *
 *	TIME_WAIT after four waves, over after 60 s
 *	FIN_WAIT2 of an orphan, whose peer never closes, over after tcp_fin_timeout
 *	TIME_WAIT in which the peer repeats its FIN after 30 s: acknowledged
 *	again, and 60 s from then
 *
 * The kernel's timer wheel is late by up to an eighth of a timeout.
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW; a TUN device; time that is
 * skipped while nothing happens.
 */
#include <unistd.h>

#include "lib/fixture.h"

#define TIMEWAIT_S 60
#define FIN_TIMEOUT_S 8
#define LATER_S 30

/* A timer may be set in the middle of a jiffy. */
static bool is_late_by_wheel(uint64_t ns, double timeout_s)
{
	double seconds = ns / 1e9;

	return CHECK(seconds > timeout_s - 0.011 &&
		     seconds < timeout_s * 9 / 8 + 0.1, "%f s, not %f", seconds, timeout_s);
}

/* The last two records: the time in the last state, and the age. */
static void expect_lived(struct fixture *self, const struct net_end *end,
			 unsigned int nr, double timeout_s)
{
	const struct fact *r, *state = NULL, *born = NULL;
	unsigned int i;

	records_await(&self->records, end->cookie, nr, 2 * timeout_s);
	for (i = 0; i < self->records.nr; i++) {
		r = &self->records.records[i];
		if (r->cookie != end->cookie)
			continue;
		if (r->kind == FACT_STATE)
			state = r;
		if (r->kind == FACT_TIMEWAIT && r->what == TCP_TEARDOWN_TW_BORN)
			born = r;
	}
	r = records_last(&self->records, end->cookie);
	if (!CHECK(state && born && r->kind == FACT_TIMEWAIT, "no life"))
		return;
	is_late_by_wheel(state->state.spent, timeout_s);
	CHECK(r->timewait.age == r->time - born->time, "age %llu, not %llu",
	      r->timewait.age, r->time - born->time);
}

static void expect_time_wait(struct fixture *self, const struct net_end *end)
{
	uint32_t u = end->snd_nxt, v = end->rcv_nxt;
	const struct want want[] = {
		ROWS_ACTIVE_CLOSE(u, v),
		WANT_STATE(TIME_WAIT, CLOSE, u + 1, v + 1, BY_MINISOCK),
		WANT_TIMEWAIT(EXPIRED, TIME_WAIT, u + 1, v + 1),
	};

	expect_lived(self, end, ARRAY_SIZE(want), TIMEWAIT_S);
	fixture_expect(self, end, want, ARRAY_SIZE(want));
}

static void time_wait(struct fixture *self)
{
	struct net_end client, server;

	net_pair(self->family, &client, &server);
	close(client.fd);
	net_expect_eof(&server);
	fixture_await(self, &client, 6);
	close(server.fd);
	expect_time_wait(self, &client);
	fixture_verdict(self, &client, VERDICT(FOUR_WAY, LOCAL, CLOSE));
	fixture_verdict(self, &server, VERDICT(FOUR_WAY, PEER, PEER));
}

static void expect_fin_wait2(struct fixture *self, const struct net_end *end)
{
	uint32_t u = end->snd_nxt, v = end->rcv_nxt;
	const struct want want[] = {
		ROWS_CLOSE_TO_MINISOCK(u, v),
		WANT_STATE(FIN_WAIT2, CLOSE, u + 1, v, BY_MINISOCK),
		WANT_TIMEWAIT(EXPIRED, FIN_WAIT2, u + 1, v),
	};

	expect_lived(self, end, ARRAY_SIZE(want), FIN_TIMEOUT_S);
	fixture_expect(self, end, want, ARRAY_SIZE(want));
}

static void fin_wait2(struct fixture *self)
{
	struct net_end end;

	net_sysctl("ipv4/tcp_fin_timeout", "8");
	peer_connect(&self->peer, &end);
	close(end.fd);
	peer_expect(&self->peer, FIN | ACK, end.snd_nxt, end.rcv_nxt, 0);
	peer_send(&self->peer, ACK, end.rcv_nxt, end.snd_nxt + 1, 0);
	expect_fin_wait2(self, &end);
	fixture_verdict(self, &end, VERDICT(FIN_WAIT2_EXPIRED, LOCAL, FIN_TIMEOUT));
}

static void expect_rearmed(struct fixture *self, const struct net_end *end)
{
	uint32_t u = end->snd_nxt, v = end->rcv_nxt;
	const struct want want[] = {
		ROWS_ACTIVE_CLOSE_THREE(u, v),
		WANT_SEGMENT(RCV_DUP, FIN | ACK, TIME_WAIT, v, u + 1, BY_MINISOCK),
		WANT_TIMEWAIT(REARMED, TIME_WAIT, u + 1, v + 1,
			      .timeout_ms = TIMEWAIT_S * 1000),
		WANT_STATE(TIME_WAIT, CLOSE, u + 1, v + 1, BY_MINISOCK),
		WANT_TIMEWAIT(EXPIRED, TIME_WAIT, u + 1, v + 1),
	};

	expect_lived(self, end, ARRAY_SIZE(want), LATER_S + TIMEWAIT_S);
	fixture_expect(self, end, want, ARRAY_SIZE(want));
}

static void rearmed(struct fixture *self)
{
	struct net_end end;

	peer_connect(&self->peer, &end);
	close(end.fd);
	peer_expect(&self->peer, FIN | ACK, end.snd_nxt, end.rcv_nxt, 0);
	peer_send(&self->peer, FIN | ACK, end.rcv_nxt, end.snd_nxt + 1, 0);
	peer_expect(&self->peer, ACK, end.snd_nxt + 1, end.rcv_nxt + 1, 0);
	sleep(LATER_S);
	peer_send(&self->peer, FIN | ACK, end.rcv_nxt, end.snd_nxt + 1, 0);
	peer_expect(&self->peer, ACK, end.snd_nxt + 1, end.rcv_nxt + 1, 0);
	expect_rearmed(self, &end);
	fixture_verdict(self, &end, VERDICT(THREE_WAY, LOCAL, CLOSE));
}

static const struct testcase testcases[] = {
	TESTCASE("TIME_WAIT lasts 60 s", time_wait),
	TESTCASE_WITH_PEER("an orphan's FIN_WAIT2 lasts tcp_fin_timeout", fin_wait2),
	TESTCASE_WITH_PEER("a FIN that comes again re-arms TIME_WAIT", rearmed),
};

int main(void)
{
	fixture_needs_icount();
	return testcases_run(testcases, ARRAY_SIZE(testcases));
}
