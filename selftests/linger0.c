// SPDX-License-Identifier: GPL-2.0
/*
 * close() with SO_LINGER on and 0 seconds: a RST, in any state.
 *
 *	closer				other
 *	close, RST u ack v		CLOSE	> CLOSE
 *
 * In the second case the closer is in CLOSE_WAIT.
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW.
 */
#include <errno.h>
#include <unistd.h>

#include "lib/fixture.h"

static void expect_closer(struct fixture *self, const struct net_end *end)
{
	uint32_t u = end->snd_nxt, v = end->rcv_nxt;

	EXPECT_ROWS(self, end,
		    WANT_CALL(CLOSE, ESTABLISHED, u, v, .linger = true),
		    WANT_STATE(ESTABLISHED, CLOSE, u, v),
		    WANT_RESET(SENT, RST | ACK, CLOSE, u, v, REASON(TCP_STATE)));
}

static void expect_other(struct fixture *self, const struct net_end *end)
{
	uint32_t v = end->snd_nxt, u = end->rcv_nxt;

	EXPECT_ROWS(self, end, ROWS_RESET_RECEIVED(v, u));
}

static void established(struct fixture *self)
{
	struct net_end closer, other;

	net_pair(self->family, &closer, &other);
	net_abort(closer.fd);
	net_expect_error(&other, ECONNRESET);
	close(other.fd);
	expect_closer(self, &closer);
	expect_other(self, &other);
	fixture_verdict(self, &closer, VERDICT(RESET_SENT, LOCAL, LINGER));
	fixture_verdict(self, &other, VERDICT(RESET_RECEIVED, PEER, PEER, .no_owner = true));
}

static void expect_late_closer(struct fixture *self, const struct net_end *end)
{
	uint32_t u = end->snd_nxt, v = end->rcv_nxt;

	EXPECT_ROWS(self, end,
		    ROWS_PEER_FIN(u, v),
		    WANT_CALL(CLOSE, CLOSE_WAIT, u, v + 1, .linger = true),
		    WANT_STATE(CLOSE_WAIT, CLOSE, u, v + 1),
		    WANT_RESET(SENT, RST | ACK, CLOSE, u, v + 1, REASON(TCP_STATE)));
}

/* An orphan: its minisock takes the RST. */
static void expect_orphan(struct fixture *self, const struct net_end *end)
{
	uint32_t v = end->snd_nxt, u = end->rcv_nxt;

	EXPECT_ROWS(self, end,
		    ROWS_CLOSE_TO_MINISOCK(v, u),
		    WANT_SEGMENT(RCV, RST | ACK, FIN_WAIT2, u, v + 1, BY_MINISOCK),
		    WANT_STATE(FIN_WAIT2, CLOSE, v + 1, u, BY_MINISOCK),
		    WANT_TIMEWAIT(RESET, FIN_WAIT2, v + 1, u));
}

static void close_wait(struct fixture *self)
{
	struct net_end closer, other;

	net_pair(self->family, &closer, &other);
	close(other.fd);
	net_await_state(&closer, TCP_CLOSE_WAIT);
	fixture_await(self, &other, 6);
	net_abort(closer.fd);
	expect_late_closer(self, &closer);
	expect_orphan(self, &other);
	fixture_verdict(self, &closer, VERDICT(RESET_SENT, PEER, LINGER));
	fixture_verdict(self, &other, VERDICT(RESET_RECEIVED, LOCAL, PEER));
}

static const struct testcase testcases[] = {
	TESTCASE("SO_LINGER 0 in ESTABLISHED", established),
	TESTCASE("SO_LINGER 0 in CLOSE_WAIT, against an orphan", close_wait),
};

int main(void)
{
	return testcases_run(testcases, ARRAY_SIZE(testcases));
}
