// SPDX-License-Identifier: GPL-2.0
/*
 * Four waves, seen from both ends. One end closes, the other follows when the
 * first FIN has been acknowledged on its own:
 *
 *	closer				other
 *	close, FIN u ack v		FIN_WAIT1	> CLOSE_WAIT
 *	ACK v ack u+1			FIN_WAIT2	< (delayed)
 *	FIN w ack u+1			TIME_WAIT	< close, LAST_ACK
 *	ACK u+1 ack w+1					> CLOSE
 *
 * With close() the closer is an orphan and FIN_WAIT2 is a minisock's; with
 * shutdown() the full socket waits there, and the minisock is born in TIME_WAIT.
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW.
 */
#include <unistd.h>

#include "lib/stage.h"

/* The full socket's last transition is told as the minisock's first. */
static void expect_shut_down(struct stage *stage, const struct net_end *end)
{
	uint32_t u = end->snd_nxt, v = end->rcv_nxt;

	EXPECT_ROWS(stage, end,
		    ROWS_SHUT_WR(u, v),
		    ROWS_FIN_ACKED(u, v),
		    ROWS_FIN_IN_FIN_WAIT2(u, v),
		    WANT_CALL(CLOSE, CLOSE, u + 1, v + 1));
}

static void expect_other(struct stage *stage, const struct net_end *end)
{
	uint32_t w = end->snd_nxt, u = end->rcv_nxt;

	EXPECT_ROWS(stage, end, ROWS_PASSIVE_CLOSE(w, u));
}

static void client_first(struct stage *stage)
{
	struct net_end client, server;

	net_pair(stage->family, &client, &server);
	stage_four_waves(stage, &client, &server);
}

static void server_first(struct stage *stage)
{
	struct net_end client, server;

	net_pair(stage->family, &client, &server);
	stage_four_waves(stage, &server, &client);
}

static void data_first(struct stage *stage)
{
	struct net_end client, server;

	net_pair(stage->family, &client, &server);
	net_send(&client, 100);
	net_receive(&server, 100);
	net_send(&server, 30000);
	net_receive(&client, 30000);
	net_await_acked(&client);
	net_await_acked(&server);
	net_learn_numbers(&client);
	net_learn_numbers(&server);
	stage_four_waves(stage, &client, &server);
}

static void by_shutdown(struct stage *stage)
{
	struct net_end client, server;

	net_pair(stage->family, &client, &server);
	CHECK(!shutdown(client.fd, SHUT_WR), "shutdown");
	net_expect_eof(&server);
	net_await_state(&client, TCP_FIN_WAIT2);
	close(server.fd);
	net_expect_eof(&client);
	close(client.fd);
	expect_shut_down(stage, &client);
	expect_other(stage, &server);
	stage_leave(stage);
	stage_verdict(stage, &client, VERDICT(FOUR_WAY, LOCAL, SHUTDOWN));
	stage_verdict(stage, &server, VERDICT(FOUR_WAY, PEER, PEER));
}

/* The test's own way to know a socket's numbers leaves no trace. */
static void numbers_are_silent(struct stage *stage)
{
	struct net_end client, server;
	unsigned int before;

	net_pair(stage->family, &client, &server);
	capture_read(&stage->capture);
	before = stage->capture.nr;
	net_learn(&client);
	net_learn(&server);
	net_settle();
	capture_read(&stage->capture);
	CHECK(stage->capture.nr == before, "%u segments more", stage->capture.nr - before);
	CHECK(client.snd_nxt == server.rcv_nxt && server.snd_nxt == client.rcv_nxt,
	      "the ends do not agree");
	records_read(&stage->records);
	CHECK(!stage->records.nr, "%u records", stage->records.nr);
	close(client.fd);
	close(server.fd);
}

static const struct scene scenes[] = {
	SCENE("the client closes first", client_first),
	SCENE("the server closes first", server_first),
	SCENE("data both ways, then the client closes", data_first),
	SCENE("shutdown, FIN_WAIT2 as a full socket", by_shutdown),
	SCENE("numbers are learnt without a segment or a record", numbers_are_silent),
};

int main(void)
{
	return stage_run(scenes, ARRAY_SIZE(scenes));
}
