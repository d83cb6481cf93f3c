// SPDX-License-Identifier: GPL-2.0
/*
 * close() with data unread: not a FIN but a RST (RFC 2525, section 2.17).
 *
 *	closer				other
 *	data, 777 bytes, stays unread		<
 *	close, RST u ack v		CLOSE	> CLOSE
 *
 * In the second case the other end has shut down, so that a FIN follows the unread data;
 * it is in FIN_WAIT2 when the RST arrives.
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW.
 */
#include <errno.h>
#include <unistd.h>

#include "lib/fixture.h"

#define UNREAD 777

static void expect_closer(struct fixture *self, const struct net_end *end)
{
	uint32_t u = end->snd_nxt, v = end->rcv_nxt;

	EXPECT_ROWS(self, end,
		    WANT_CALL(CLOSE, ESTABLISHED, u, v, .unread = UNREAD),
		    WANT_STATE(ESTABLISHED, CLOSE, u, v),
		    WANT_RESET(SENT, RST | ACK, CLOSE, u, v, REASON(TCP_ABORT_ON_CLOSE)));
}

static void expect_other(struct fixture *self, const struct net_end *end)
{
	uint32_t v = end->snd_nxt, u = end->rcv_nxt;

	EXPECT_ROWS(self, end, ROWS_RESET_RECEIVED(v, u));
}

/* One end with so many unread bytes, all of them acknowledged. */
static void make_unread(struct fixture *self, struct net_end *closer,
			struct net_end *other)
{
	net_pair(self->family, closer, other);
	net_send(other, UNREAD);
	net_await_unread(closer, UNREAD);
	net_await_acked(other);
	net_learn_numbers(closer);
	net_learn_numbers(other);
}

static void established(struct fixture *self)
{
	struct net_end closer, other;

	make_unread(self, &closer, &other);
	close(closer.fd);
	net_expect_error(&other, ECONNRESET);
	close(other.fd);
	expect_closer(self, &closer);
	expect_other(self, &other);
	fixture_verdict(self, &closer, VERDICT(RESET_SENT, LOCAL, UNREAD));
	fixture_verdict(self, &other, VERDICT(RESET_RECEIVED, PEER, PEER, .no_owner = true));
}

static void expect_late_closer(struct fixture *self, const struct net_end *end)
{
	uint32_t u = end->snd_nxt, v = end->rcv_nxt;

	EXPECT_ROWS(self, end,
		    ROWS_PEER_FIN(u, v),
		    WANT_CALL(CLOSE, CLOSE_WAIT, u, v + 1, .unread = UNREAD),
		    WANT_STATE(CLOSE_WAIT, CLOSE, u, v + 1),
		    WANT_RESET(SENT, RST | ACK, CLOSE, u, v + 1,
			       REASON(TCP_ABORT_ON_CLOSE)));
}

static void expect_first(struct fixture *self, const struct net_end *end)
{
	uint32_t v = end->snd_nxt, u = end->rcv_nxt;

	EXPECT_ROWS(self, end,
		    ROWS_SHUT_WR(v, u),
		    ROWS_FIN_ACKED(v, u),
		    WANT_SEGMENT(RCV, RST | ACK, FIN_WAIT2, u, v + 1),
		    WANT_RESET(RECEIVED, RST | ACK, FIN_WAIT2, u, v + 1),
		    WANT_STATE(FIN_WAIT2, CLOSE, v + 1, u),
		    WANT_CALL(CLOSE, CLOSE, v + 1, u));
}

static void close_wait(struct fixture *self)
{
	struct net_end closer, other;

	make_unread(self, &closer, &other);
	CHECK(!shutdown(other.fd, SHUT_WR), "shutdown");
	net_await_state(&closer, TCP_CLOSE_WAIT);
	net_await_state(&other, TCP_FIN_WAIT2);
	close(closer.fd);
	net_expect_error(&other, ECONNRESET);
	close(other.fd);
	expect_late_closer(self, &closer);
	expect_first(self, &other);
	fixture_verdict(self, &closer, VERDICT(RESET_SENT, PEER, UNREAD));
	fixture_verdict(self, &other, VERDICT(RESET_RECEIVED, LOCAL, PEER));
}

static const struct testcase testcases[] = {
	TESTCASE("close with data unread", established),
	TESTCASE("close with data and a FIN unread", close_wait),
};

int main(void)
{
	return testcases_run(testcases, ARRAY_SIZE(testcases));
}
