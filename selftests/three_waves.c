// SPDX-License-Identifier: GPL-2.0
/*
 * Three waves: the other end closes before it has acknowledged the first FIN,
 * and its own FIN carries that ACK.
 *
 *	closer				other
 *	close, FIN u ack v		FIN_WAIT1	> CLOSE_WAIT
 *	FIN v ack u+1			FIN_WAIT2,	< close, LAST_ACK
 *					TIME_WAIT
 *	ACK u+1 ack v+1					> CLOSE
 *
 * The closer passes through FIN_WAIT2 within one segment, and there is no
 * minisock before TIME_WAIT, though it is an orphan.
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW; a TUN device.
 */
#include <unistd.h>

#include "lib/fixture.h"

/* The delayed ACK is sent after 40 ms; a machine may be slower than that. */
#define ATTEMPTS 20

static void expect_closer(struct fixture *self, const struct net_end *end)
{
	uint32_t u = end->snd_nxt, v = end->rcv_nxt;

	EXPECT_ROWS(self, end, ROWS_ACTIVE_CLOSE_THREE(u, v));
}

static void expect_shut_down(struct fixture *self, const struct net_end *end)
{
	uint32_t u = end->snd_nxt, v = end->rcv_nxt;

	EXPECT_ROWS(self, end,
		    ROWS_SHUT_WR(u, v),
		    ROWS_FIN_ACKED_BY_FIN(u, v),
		    WANT_CALL(CLOSE, CLOSE, u + 1, v + 1));
}

static void expect_other(struct fixture *self, const struct net_end *end)
{
	uint32_t v = end->snd_nxt, u = end->rcv_nxt;

	EXPECT_ROWS(self, end, ROWS_PASSIVE_CLOSE(v, u));
}

/* Whether that end acknowledged the FIN u before it sent its own FIN. */
static bool acked_apart(struct fixture *self, const struct net_end *end)
{
	const struct segment *s;
	unsigned int i;

	capture_read(&self->capture);
	for (i = 0; i < self->capture.nr; i++) {
		s = &self->capture.segments[i];
		if (s->out && s->flags == ACK && s->ack == end->rcv_nxt + 1 &&
		    net_place_is(&s->from, end->local.addr, end->local.port))
			return true;
	}
	return false;
}

/* One attempt; whether it made three waves. */
static bool both_close(struct fixture *self, struct net_end *client,
		       struct net_end *server)
{
	net_pair(self->family, client, server);
	close(client->fd);
	net_await_state(server, TCP_CLOSE_WAIT);
	close(server->fd);
	fixture_await(self, server, 7);
	return !acked_apart(self, server);
}

/*
 * The records of a failed attempt are ignored: an ACK and a FIN that race to one socket
 * are not the subject of this test.
 */
static void over_loopback(struct fixture *self)
{
	struct net_end client, server;
	int attempt = 0;

	while (!both_close(self, &client, &server)) {
		REQUIRE(++attempt < ATTEMPTS, "never three waves");
		fixture_again(self);
	}
	expect_closer(self, &client);
	expect_other(self, &server);
	fixture_leave(self);
	fixture_verdict(self, &client, VERDICT(THREE_WAY, LOCAL, CLOSE));
	fixture_verdict(self, &server, VERDICT(THREE_WAY, PEER, PEER));
}

static void three_waves(struct fixture *self, const struct net_end *end)
{
	uint32_t u = end->snd_nxt, v = end->rcv_nxt;

	peer_expect(&self->peer, FIN | ACK, u, v, 0);
	peer_send(&self->peer, FIN | ACK, v, u + 1, 0);
	peer_expect(&self->peer, ACK, u + 1, v + 1, 0);
}

static void with_peer(struct fixture *self)
{
	struct net_end end;

	peer_connect(&self->peer, &end);
	close(end.fd);
	three_waves(self, &end);
	expect_closer(self, &end);
	fixture_leave(self);
	fixture_verdict(self, &end, VERDICT(THREE_WAY, LOCAL, CLOSE));
}

static void by_shutdown(struct fixture *self)
{
	struct net_end end;

	peer_connect(&self->peer, &end);
	CHECK(!shutdown(end.fd, SHUT_WR), "shutdown");
	three_waves(self, &end);
	net_expect_eof(&end);
	close(end.fd);
	expect_shut_down(self, &end);
	fixture_leave(self);
	fixture_verdict(self, &end, VERDICT(THREE_WAY, LOCAL, SHUTDOWN));
}

static const struct testcase testcases[] = {
	TESTCASE("both ends close at once, over loopback", over_loopback),
	TESTCASE_WITH_PEER("the peer answers with FIN and ACK in one", with_peer),
	TESTCASE_WITH_PEER("the same, after shutdown", by_shutdown),
};

int main(void)
{
	return testcases_run(testcases, ARRAY_SIZE(testcases));
}
