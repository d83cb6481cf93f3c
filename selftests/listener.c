// SPDX-License-Identifier: GPL-2.0
/*
 * A listener is closed with connections in its queue that nobody has accepted:
 * the kernel gives them up, each with a RST.
 *
 *	queued				client
 *	close of the listener, RST v ack u
 *					CLOSE	> CLOSE
 *
 * Also with data that nobody has read, and in CLOSE_WAIT, when the client has
 * closed before.
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW.
 */
#include <errno.h>
#include <unistd.h>

#include "lib/stage.h"

#define UNREAD 100

/* A client, and the listener in whose queue its connection is. */
static int connect_queued(struct stage *stage, struct net_end *client)
{
	struct sockaddr_storage addr;
	uint16_t port;
	int listener = net_listen(stage->family, &port);
	socklen_t len = net_loopback(stage->family, port, &addr);

	client->fd = socket(net_domain(stage->family), SOCK_STREAM, 0);
	REQUIRE(!connect(client->fd, (void *)&addr, len), "no connection");
	net_learn(client);
	return listener;
}

/* Nobody has its socket: its id is what the first record says. */
static struct net_end queued_of(struct stage *stage, const struct net_end *client)
{
	struct net_end queued = {
		.local = client->peer, .peer = client->local, .domain = client->domain,
		.snd_nxt = client->rcv_nxt, .rcv_nxt = client->snd_nxt,
	};
	const struct fact *r;
	unsigned int i;

	net_settle();
	records_read(&stage->records);
	for (i = 0; i < stage->records.nr && !queued.cookie; i++) {
		r = &stage->records.records[i];
		if (net_place_is(&queued.local, r->local, r->local_port))
			queued.cookie = r->cookie;
	}
	CHECK(queued.cookie && queued.cookie != client->cookie, "no record of it");
	return queued;
}

static void expect_queued(struct stage *stage, const struct net_end *end,
			  uint32_t unread)
{
	uint32_t v = end->snd_nxt, u = end->rcv_nxt;

	EXPECT_ROWS(stage, end,
		    WANT_CALL(LISTENER, ESTABLISHED, v, u, .unread = unread),
		    WANT_STATE(ESTABLISHED, CLOSE, v, u),
		    WANT_RESET(SENT, RST | ACK, CLOSE, v, u, REASON(TCP_STATE)));
	stage_verdict(stage, end, VERDICT(RESET_SENT, LOCAL, LISTENER));
}

static void expect_client(struct stage *stage, const struct net_end *end)
{
	uint32_t u = end->snd_nxt, v = end->rcv_nxt;

	EXPECT_ROWS(stage, end, ROWS_RESET_RECEIVED(u, v));
	stage_verdict(stage, end, VERDICT(RESET_RECEIVED, PEER, PEER, .no_owner = true));
}

static void close_listener(struct stage *stage, unsigned int unread)
{
	struct net_end client, queued;
	int listener = connect_queued(stage, &client);

	if (unread) {
		net_send(&client, unread);
		net_await_acked(&client);
		net_learn_numbers(&client);
	}
	close(listener);
	net_expect_error(&client, ECONNRESET);
	close(client.fd);
	queued = queued_of(stage, &client);
	expect_queued(stage, &queued, unread);
	expect_client(stage, &client);
}

static void established(struct stage *stage)
{
	close_listener(stage, 0);
}

static void with_data(struct stage *stage)
{
	close_listener(stage, UNREAD);
}

static void expect_close_wait(struct stage *stage, const struct net_end *end)
{
	uint32_t v = end->snd_nxt, u = end->rcv_nxt;

	EXPECT_ROWS(stage, end,
		    ROWS_PEER_FIN(v, u),
		    WANT_CALL(LISTENER, CLOSE_WAIT, v, u + 1),
		    WANT_STATE(CLOSE_WAIT, CLOSE, v, u + 1),
		    WANT_RESET(SENT, RST | ACK, CLOSE, v, u + 1, REASON(TCP_STATE)));
	stage_verdict(stage, end, VERDICT(RESET_SENT, PEER, LISTENER));
}

/* An orphan in FIN_WAIT2 by then. */
static void close_wait(struct stage *stage)
{
	struct net_end client, queued;
	int listener = connect_queued(stage, &client);

	close(client.fd);
	stage_await(stage, &client, 6);
	close(listener);
	stage_await(stage, &client, 9);
	queued = queued_of(stage, &client);
	expect_close_wait(stage, &queued);
	stage_verdict(stage, &client, VERDICT(RESET_RECEIVED, LOCAL, PEER));
}

static const struct scene scenes[] = {
	SCENE("the listener of a queued connection closes", established),
	SCENE("the same, with data unread", with_data),
	SCENE("the same, in CLOSE_WAIT", close_wait),
};

int main(void)
{
	return stage_run(scenes, ARRAY_SIZE(scenes));
}
