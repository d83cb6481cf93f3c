// SPDX-License-Identifier: GPL-2.0
/*
 * connect() with AF_UNSPEC, which aborts the connection and keeps the socket: a RST, in
 * any state.
 *
 *	one that disconnects		other
 *	disconnect, RST u ack v		CLOSE	> CLOSE
 *
 * Also in CLOSE_WAIT, after the other end's FIN, and in FIN_WAIT2, after its own FIN,
 * which occupies a sequence number: the RST has u+1.
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW.
 */
#include <errno.h>
#include <unistd.h>

#include "lib/fixture.h"

/* The socket may connect again, so its later close() ends no connection. */
static void disconnect(const struct net_end *end)
{
	const struct sockaddr none = { .sa_family = AF_UNSPEC };

	CHECK(!connect(end->fd, &none, sizeof(none)), "disconnect");
	close(end->fd);
}

static void expect_established(struct fixture *self, const struct net_end *end)
{
	uint32_t u = end->snd_nxt, v = end->rcv_nxt;

	EXPECT_ROWS(self, end,
		    WANT_CALL(DISCONNECT, ESTABLISHED, u, v),
		    WANT_STATE(ESTABLISHED, CLOSE, u, v),
		    WANT_RESET(SENT, RST | ACK, CLOSE, u, v, REASON(TCP_STATE)));
	fixture_verdict(self, end, VERDICT(RESET_SENT, LOCAL, DISCONNECT));
}

static void expect_other(struct fixture *self, const struct net_end *end)
{
	uint32_t v = end->snd_nxt, u = end->rcv_nxt;

	EXPECT_ROWS(self, end, ROWS_RESET_RECEIVED(v, u));
	fixture_verdict(self, end, VERDICT(RESET_RECEIVED, PEER, PEER, .no_owner = true));
}

static void established(struct fixture *self)
{
	struct net_end one, other;

	net_pair(self->family, &one, &other);
	disconnect(&one);
	net_expect_error(&other, ECONNRESET);
	close(other.fd);
	expect_established(self, &one);
	expect_other(self, &other);
}

static void expect_close_wait(struct fixture *self, const struct net_end *end)
{
	uint32_t u = end->snd_nxt, v = end->rcv_nxt;

	EXPECT_ROWS(self, end,
		    ROWS_PEER_FIN(u, v),
		    WANT_CALL(DISCONNECT, CLOSE_WAIT, u, v + 1),
		    WANT_STATE(CLOSE_WAIT, CLOSE, u, v + 1),
		    WANT_RESET(SENT, RST | ACK, CLOSE, u, v + 1, REASON(TCP_STATE)));
	fixture_verdict(self, end, VERDICT(RESET_SENT, PEER, DISCONNECT));
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
	fixture_verdict(self, end, VERDICT(RESET_RECEIVED, LOCAL, PEER));
}

static void close_wait(struct fixture *self)
{
	struct net_end one, other;

	net_pair(self->family, &one, &other);
	close(other.fd);
	net_await_state(&one, TCP_CLOSE_WAIT);
	fixture_await(self, &other, 6);
	disconnect(&one);
	expect_close_wait(self, &one);
	expect_orphan(self, &other);
}

static void expect_fin_wait2(struct fixture *self, const struct net_end *end)
{
	uint32_t u = end->snd_nxt, v = end->rcv_nxt;

	EXPECT_ROWS(self, end,
		    ROWS_SHUT_WR(u, v),
		    ROWS_FIN_ACKED(u, v),
		    WANT_CALL(DISCONNECT, FIN_WAIT2, u + 1, v),
		    WANT_STATE(FIN_WAIT2, CLOSE, u + 1, v),
		    WANT_RESET(SENT, RST | ACK, CLOSE, u + 1, v, REASON(TCP_STATE)));
	fixture_verdict(self, end, VERDICT(RESET_SENT, LOCAL, DISCONNECT));
}

static void expect_reset_in_close_wait(struct fixture *self, const struct net_end *end)
{
	uint32_t v = end->snd_nxt, u = end->rcv_nxt;

	EXPECT_ROWS(self, end,
		    ROWS_PEER_FIN(v, u),
		    WANT_SEGMENT(RCV, RST | ACK, CLOSE_WAIT, u + 1, v),
		    WANT_RESET(RECEIVED, RST | ACK, CLOSE_WAIT, u + 1, v),
		    WANT_STATE(CLOSE_WAIT, CLOSE, v, u + 1),
		    WANT_CALL(CLOSE, CLOSE, v, u + 1));
	fixture_verdict(self, end, VERDICT(RESET_RECEIVED, PEER, PEER, .no_owner = true));
}

static void fin_wait2(struct fixture *self)
{
	struct net_end one, other;

	net_pair(self->family, &one, &other);
	CHECK(!shutdown(one.fd, SHUT_WR), "shutdown");
	net_await_state(&other, TCP_CLOSE_WAIT);
	net_await_state(&one, TCP_FIN_WAIT2);
	disconnect(&one);
	net_await_state(&other, TCP_CLOSE);
	close(other.fd);
	expect_fin_wait2(self, &one);
	expect_reset_in_close_wait(self, &other);
}

static const struct testcase testcases[] = {
	TESTCASE("disconnect in ESTABLISHED", established),
	TESTCASE("disconnect in CLOSE_WAIT, against an orphan", close_wait),
	TESTCASE("disconnect in FIN_WAIT2", fin_wait2),
};

int main(void)
{
	return testcases_run(testcases, ARRAY_SIZE(testcases));
}
