// SPDX-License-Identifier: GPL-2.0
/*
 * A listener is closed with unaccepted connections in its queue: the kernel aborts them,
 * each with a RST.
 *
 *	queued				client
 *	close of the listener, RST v ack u
 *					CLOSE	> CLOSE
 *
 * Also with unread data, and in CLOSE_WAIT, after the client has closed.
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW.
 */
#include <errno.h>
#include <unistd.h>

#include "lib/fixture.h"

#define UNREAD 100

/* A client, and the listener in whose queue its connection is. */
static int connect_queued(struct fixture *self, struct net_end *client)
{
	struct sockaddr_storage addr;
	uint16_t port;
	int listener = net_listen(self->family, &port);
	socklen_t len = net_loopback(self->family, port, &addr);

	client->fd = socket(net_domain(self->family), SOCK_STREAM, 0);
	REQUIRE(!connect(client->fd, (void *)&addr, len), "no connection");
	net_learn(client);
	return listener;
}

/* No process has its socket: its id is that of the first record. */
static struct net_end queued_of(struct fixture *self, const struct net_end *client)
{
	struct net_end queued = {
		.local = client->peer, .peer = client->local, .domain = client->domain,
		.snd_nxt = client->rcv_nxt, .rcv_nxt = client->snd_nxt,
	};
	const struct fact *r;
	unsigned int i;

	net_settle();
	records_read(&self->records);
	for (i = 0; i < self->records.nr && !queued.cookie; i++) {
		r = &self->records.records[i];
		if (net_place_is(&queued.local, r->local, r->local_port))
			queued.cookie = r->cookie;
	}
	CHECK(queued.cookie && queued.cookie != client->cookie, "no record of it");
	return queued;
}

static void expect_queued(struct fixture *self, const struct net_end *end,
			  uint32_t unread)
{
	uint32_t v = end->snd_nxt, u = end->rcv_nxt;

	EXPECT_ROWS(self, end,
		    WANT_CALL(LISTENER, ESTABLISHED, v, u, .unread = unread),
		    WANT_STATE(ESTABLISHED, CLOSE, v, u),
		    WANT_RESET(SENT, RST | ACK, CLOSE, v, u, REASON(TCP_STATE)));
	fixture_verdict(self, end, VERDICT(RESET_SENT, LOCAL, LISTENER));
}

static void expect_client(struct fixture *self, const struct net_end *end)
{
	uint32_t u = end->snd_nxt, v = end->rcv_nxt;

	EXPECT_ROWS(self, end, ROWS_RESET_RECEIVED(u, v));
	fixture_verdict(self, end, VERDICT(RESET_RECEIVED, PEER, PEER, .no_owner = true));
}

static void close_listener(struct fixture *self, unsigned int unread)
{
	struct net_end client, queued;
	int listener = connect_queued(self, &client);

	if (unread) {
		net_send(&client, unread);
		net_await_acked(&client);
		net_learn_numbers(&client);
	}
	close(listener);
	net_expect_error(&client, ECONNRESET);
	close(client.fd);
	queued = queued_of(self, &client);
	expect_queued(self, &queued, unread);
	expect_client(self, &client);
}

static void established(struct fixture *self)
{
	close_listener(self, 0);
}

static void with_data(struct fixture *self)
{
	close_listener(self, UNREAD);
}

static void expect_close_wait(struct fixture *self, const struct net_end *end)
{
	uint32_t v = end->snd_nxt, u = end->rcv_nxt;

	EXPECT_ROWS(self, end,
		    ROWS_PEER_FIN(v, u),
		    WANT_CALL(LISTENER, CLOSE_WAIT, v, u + 1),
		    WANT_STATE(CLOSE_WAIT, CLOSE, v, u + 1),
		    WANT_RESET(SENT, RST | ACK, CLOSE, v, u + 1, REASON(TCP_STATE)));
	fixture_verdict(self, end, VERDICT(RESET_SENT, PEER, LISTENER));
}

/* An orphan in FIN_WAIT2 by then. */
static void close_wait(struct fixture *self)
{
	struct net_end client, queued;
	int listener = connect_queued(self, &client);

	close(client.fd);
	fixture_await(self, &client, 6);
	close(listener);
	fixture_await(self, &client, 9);
	queued = queued_of(self, &client);
	expect_close_wait(self, &queued);
	fixture_verdict(self, &client, VERDICT(RESET_RECEIVED, LOCAL, PEER));
}

static const struct testcase testcases[] = {
	TESTCASE("the listener of a queued connection closes", established),
	TESTCASE("the same, with data unread", with_data),
	TESTCASE("the same, in CLOSE_WAIT", close_wait),
};

int main(void)
{
	return testcases_run(testcases, ARRAY_SIZE(testcases));
}
