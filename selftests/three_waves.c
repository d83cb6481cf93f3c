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

#include "lib/stage.h"

/* The delayed ACK leaves after 40 ms; a machine may be slower than that. */
#define ATTEMPTS 20

static void expect_closer(struct stage *stage, const struct net_end *end)
{
	uint32_t u = end->snd_nxt, v = end->rcv_nxt;

	EXPECT_ROWS(stage, end, ROWS_ACTIVE_CLOSE_THREE(u, v));
}

static void expect_shut_down(struct stage *stage, const struct net_end *end)
{
	uint32_t u = end->snd_nxt, v = end->rcv_nxt;

	EXPECT_ROWS(stage, end,
		    ROWS_SHUT_WR(u, v),
		    ROWS_FIN_ACKED_BY_FIN(u, v),
		    WANT_CALL(CLOSE, CLOSE, u + 1, v + 1));
}

static void expect_other(struct stage *stage, const struct net_end *end)
{
	uint32_t v = end->snd_nxt, u = end->rcv_nxt;

	EXPECT_ROWS(stage, end, ROWS_PASSIVE_CLOSE(v, u));
}

/* Whether that end acknowledged the FIN u before it sent its own. */
static bool acked_apart(struct stage *stage, const struct net_end *end)
{
	const struct segment *s;
	unsigned int i;

	capture_read(&stage->capture);
	for (i = 0; i < stage->capture.nr; i++) {
		s = &stage->capture.segments[i];
		if (s->out && s->flags == ACK && s->ack == end->rcv_nxt + 1 &&
		    net_place_is(&s->from, end->local.addr, end->local.port))
			return true;
	}
	return false;
}

/* One attempt; whether it made three waves. */
static bool both_close(struct stage *stage, struct net_end *client,
		       struct net_end *server)
{
	net_pair(stage->family, client, server);
	close(client->fd);
	net_await_state(server, TCP_CLOSE_WAIT);
	close(server->fd);
	stage_await(stage, server, 7);
	return !acked_apart(stage, server);
}

/*
 * What a failed attempt left is not looked at: an ACK and a FIN that race each
 * other to one socket are not what is shown here.
 */
static void over_loopback(struct stage *stage)
{
	struct net_end client, server;
	int attempt = 0;

	while (!both_close(stage, &client, &server)) {
		REQUIRE(++attempt < ATTEMPTS, "never three waves");
		stage_again(stage);
	}
	expect_closer(stage, &client);
	expect_other(stage, &server);
	stage_leave(stage);
	stage_verdict(stage, &client, VERDICT(THREE_WAY, LOCAL, CLOSE));
	stage_verdict(stage, &server, VERDICT(THREE_WAY, PEER, PEER));
}

static void three_waves(struct stage *stage, const struct net_end *end)
{
	uint32_t u = end->snd_nxt, v = end->rcv_nxt;

	peer_expect(&stage->peer, FIN | ACK, u, v, 0);
	peer_send(&stage->peer, FIN | ACK, v, u + 1, 0);
	peer_expect(&stage->peer, ACK, u + 1, v + 1, 0);
}

static void with_peer(struct stage *stage)
{
	struct net_end end;

	peer_connect(&stage->peer, &end);
	close(end.fd);
	three_waves(stage, &end);
	expect_closer(stage, &end);
	stage_leave(stage);
	stage_verdict(stage, &end, VERDICT(THREE_WAY, LOCAL, CLOSE));
}

static void by_shutdown(struct stage *stage)
{
	struct net_end end;

	peer_connect(&stage->peer, &end);
	CHECK(!shutdown(end.fd, SHUT_WR), "shutdown");
	three_waves(stage, &end);
	net_expect_eof(&end);
	close(end.fd);
	expect_shut_down(stage, &end);
	stage_leave(stage);
	stage_verdict(stage, &end, VERDICT(THREE_WAY, LOCAL, SHUTDOWN));
}

static const struct scene scenes[] = {
	SCENE("both ends close at once, over loopback", over_loopback),
	SCENE_WITH_PEER("the peer answers with FIN and ACK in one", with_peer),
	SCENE_WITH_PEER("the same, after shutdown", by_shutdown),
};

int main(void)
{
	return stage_run(scenes, ARRAY_SIZE(scenes));
}
