// SPDX-License-Identifier: GPL-2.0
/*
 * Four waves, seen from both ends. One end closes; the other closes after it has
 * acknowledged the first FIN:
 *
 *	closer				other
 *	close, FIN u ack v		FIN_WAIT1	> CLOSE_WAIT
 *	ACK v ack u+1			FIN_WAIT2	< (delayed)
 *	FIN w ack u+1			TIME_WAIT	< close, LAST_ACK
 *	ACK u+1 ack w+1					> CLOSE
 *
 * With close() the closer is an orphan and a minisock waits in FIN_WAIT2; with shutdown()
 * the full socket waits there, and the minisock is created in TIME_WAIT.
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW.
 */
#include <unistd.h>

#include "lib/fixture.h"

/* The full socket's last transition is recorded as the minisock's first. */
static void expect_shut_down(struct fixture *self, const struct net_end *end)
{
	uint32_t u = end->snd_nxt, v = end->rcv_nxt;

	EXPECT_ROWS(self, end,
		    ROWS_SHUT_WR(u, v),
		    ROWS_FIN_ACKED(u, v),
		    ROWS_FIN_IN_FIN_WAIT2(u, v),
		    WANT_CALL(CLOSE, CLOSE, u + 1, v + 1));
}

static void expect_other(struct fixture *self, const struct net_end *end)
{
	uint32_t w = end->snd_nxt, u = end->rcv_nxt;

	EXPECT_ROWS(self, end, ROWS_PASSIVE_CLOSE(w, u));
}

static void client_first(struct fixture *self)
{
	struct net_end client, server;

	net_pair(self->family, &client, &server);
	fixture_four_waves(self, &client, &server);
}

static void server_first(struct fixture *self)
{
	struct net_end client, server;

	net_pair(self->family, &client, &server);
	fixture_four_waves(self, &server, &client);
}

static void data_first(struct fixture *self)
{
	struct net_end client, server;

	net_pair(self->family, &client, &server);
	net_send(&client, 100);
	net_receive(&server, 100);
	net_send(&server, 30000);
	net_receive(&client, 30000);
	net_await_acked(&client);
	net_await_acked(&server);
	net_learn_numbers(&client);
	net_learn_numbers(&server);
	fixture_four_waves(self, &client, &server);
}

static void by_shutdown(struct fixture *self)
{
	struct net_end client, server;

	net_pair(self->family, &client, &server);
	CHECK(!shutdown(client.fd, SHUT_WR), "shutdown");
	net_expect_eof(&server);
	net_await_state(&client, TCP_FIN_WAIT2);
	close(server.fd);
	net_expect_eof(&client);
	close(client.fd);
	expect_shut_down(self, &client);
	expect_other(self, &server);
	fixture_leave(self);
	fixture_verdict(self, &client, VERDICT(FOUR_WAY, LOCAL, SHUTDOWN));
	fixture_verdict(self, &server, VERDICT(FOUR_WAY, PEER, PEER));
}

/* Reading a socket's sequence numbers by TCP_REPAIR makes no record. */
static void numbers_are_silent(struct fixture *self)
{
	struct net_end client, server;
	unsigned int before;

	net_pair(self->family, &client, &server);
	capture_read(&self->capture);
	before = self->capture.nr;
	net_learn(&client);
	net_learn(&server);
	net_settle();
	capture_read(&self->capture);
	CHECK(self->capture.nr == before, "%u segments more", self->capture.nr - before);
	CHECK(client.snd_nxt == server.rcv_nxt && server.snd_nxt == client.rcv_nxt,
	      "the ends do not agree");
	records_read(&self->records);
	CHECK(!self->records.nr, "%u records", self->records.nr);
	close(client.fd);
	close(server.fd);
}

static const struct testcase testcases[] = {
	TESTCASE("the client closes first", client_first),
	TESTCASE("the server closes first", server_first),
	TESTCASE("data both ways, then the client closes", data_first),
	TESTCASE("shutdown, FIN_WAIT2 as a full socket", by_shutdown),
	TESTCASE("numbers are learnt without a segment or a record", numbers_are_silent),
};

int main(void)
{
	return testcases_run(testcases, ARRAY_SIZE(testcases));
}
