// SPDX-License-Identifier: GPL-2.0
/*
 * SO_KEEPALIVE detects a dead peer: after unanswered probes the kernel sends a RST and
 * ends the connection, in any state that waits for the peer.
 *
 *	kernel				peer
 *	nothing for TCP_KEEPIDLE
 *	ACK u-1 ack v, a probe				> (lost)
 *	... TCP_KEEPCNT in all
 *	RST u ack v			CLOSE		>
 *
 * If TCP_USER_TIMEOUT is set, it is the limit, not the number of probes.
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW; a TUN device; time that is
 * skipped while nothing happens.
 */
#include <unistd.h>

#include "lib/fixture.h"

#define IDLE_S 10
#define INTERVAL_S 5
#define PROBES 3
#define USER_TIMEOUT_MS 12000	/* after the first probe, before the second */

static void set(const struct net_end *end, int level, int option, int value)
{
	CHECK(!setsockopt(end->fd, level, option, &value, sizeof(value)), "option %d",
	      option);
}

static void keep_alive(const struct net_end *end)
{
	set(end, IPPROTO_TCP, TCP_KEEPIDLE, IDLE_S);
	set(end, IPPROTO_TCP, TCP_KEEPINTVL, INTERVAL_S);
	set(end, IPPROTO_TCP, TCP_KEEPCNT, PROBES);
	set(end, SOL_SOCKET, SO_KEEPALIVE, 1);
}

/* Until the kernel gives up; seq and ack are the RST's. */
static void expect_probes(struct fixture *self, const struct net_end *end,
			  unsigned int probes, uint32_t seq, uint32_t ack)
{
	unsigned int i;

	for (i = 0; i < probes; i++)
		peer_expect(&self->peer, ACK, seq - 1, ack, 0);
	peer_expect(&self->peer, RST | ACK, seq, ack, 0);
	net_await_state(end, TCP_CLOSE);
	close(end->fd);
}

static void expect_established(struct fixture *self, const struct net_end *end)
{
	uint32_t u = end->snd_nxt, v = end->rcv_nxt;

	EXPECT_ROWS(self, end,
		    WANT_RESET(SENT, RST | ACK, ESTABLISHED, u, v,
			       REASON(TCP_KEEPALIVE_TIMEOUT)),
		    WANT_STATE(ESTABLISHED, CLOSE, u, v),
		    WANT_CALL(CLOSE, CLOSE, u, v));
}

static void established(struct fixture *self)
{
	struct net_end end;

	peer_connect(&self->peer, &end);
	keep_alive(&end);
	expect_probes(self, &end, PROBES, end.snd_nxt, end.rcv_nxt);
	expect_established(self, &end);
	fixture_verdict(self, &end, VERDICT(TIMED_OUT, NONE, KEEPALIVE, .no_owner = true));
}

static void user_timeout(struct fixture *self)
{
	struct net_end end;

	peer_connect(&self->peer, &end);
	keep_alive(&end);
	set(&end, IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT_MS);
	expect_probes(self, &end, 1, end.snd_nxt, end.rcv_nxt);
	expect_established(self, &end);
	fixture_verdict(self, &end, VERDICT(TIMED_OUT, NONE, USER_TIMEOUT, .no_owner = true));
}

/* The application forgot to close. */
static void close_wait(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	peer_connect(&self->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	keep_alive(&end);
	peer_send(&self->peer, FIN | ACK, v, u, 0);
	peer_expect(&self->peer, ACK, u, v + 1, 0);
	net_expect_eof(&end);
	expect_probes(self, &end, PROBES, u, v + 1);
	EXPECT_ROWS(self, &end,
		    ROWS_PEER_FIN(u, v),
		    WANT_RESET(SENT, RST | ACK, CLOSE_WAIT, u, v + 1,
			       REASON(TCP_KEEPALIVE_TIMEOUT)),
		    WANT_STATE(CLOSE_WAIT, CLOSE, u, v + 1),
		    WANT_CALL(CLOSE, CLOSE, u, v + 1));
	fixture_verdict(self, &end, VERDICT(TIMED_OUT, PEER, KEEPALIVE, .no_owner = true));
}

static void fin_wait2(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	peer_connect(&self->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	keep_alive(&end);
	peer_half_close(&self->peer, &end);
	expect_probes(self, &end, PROBES, u + 1, v);
	EXPECT_ROWS(self, &end,
		    ROWS_SHUT_WR(u, v),
		    ROWS_FIN_ACKED(u, v),
		    WANT_RESET(SENT, RST | ACK, FIN_WAIT2, u + 1, v,
			       REASON(TCP_KEEPALIVE_TIMEOUT)),
		    WANT_STATE(FIN_WAIT2, CLOSE, u + 1, v),
		    WANT_CALL(CLOSE, CLOSE, u + 1, v));
	fixture_verdict(self, &end, VERDICT(TIMED_OUT, LOCAL, KEEPALIVE));
}

static const struct testcase testcases[] = {
	TESTCASE_WITH_PEER("keepalive fails in ESTABLISHED", established),
	TESTCASE_WITH_PEER("keepalive fails in CLOSE_WAIT", close_wait),
	TESTCASE_WITH_PEER("keepalive fails in FIN_WAIT2", fin_wait2),
	TESTCASE_WITH_PEER("keepalive with TCP_USER_TIMEOUT", user_timeout),
};

int main(void)
{
	fixture_needs_icount();
	return testcases_run(testcases, ARRAY_SIZE(testcases));
}
