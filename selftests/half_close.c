// SPDX-License-Identifier: GPL-2.0
/*
 * Half-close: one end shuts down its direction; the other keeps sending, then closes.
 *
 *	client				server
 *	shutdown, FIN u ack v		FIN_WAIT1	> CLOSE_WAIT
 *	ACK v ack u+1			FIN_WAIT2	< (delayed)
 *	data v, 1000 bytes		FIN_WAIT2	<
 *	ACK u+1 ack v+1000				> CLOSE_WAIT
 *	... twice more ...
 *	FIN w ack u+1, w = v+3000	TIME_WAIT	< close, LAST_ACK
 *	ACK u+1 ack w+1					> CLOSE
 *
 * Both verdicts have the bytes and the time between the second wave and the third, here
 * some seconds. shutdown(SHUT_RD) sends nothing; shutdown(SHUT_RDWR) is a half-close that
 * accepts no data.
 *
 * With half_closed_data 0, the default, the data segments are counted and not recorded,
 * because they would fill the ring.
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW.
 */
#include <unistd.h>

#include "lib/files.h"
#include "lib/fixture.h"

#define CHUNK 1000
#define CHUNKS 3
#define PAUSE_S 5
#define STREAM (2 * 1024 * 1024)
#define STREAM_CHUNK (64 * 1024)

static void expect_client(struct fixture *self, const struct net_end *end)
{
	uint32_t u = end->snd_nxt, v = end->rcv_nxt, w = v + CHUNKS * CHUNK;

	EXPECT_ROWS(self, end,
		    ROWS_SHUT_WR(u, v),
		    ROWS_FIN_ACKED(u, v),
		    WANT_SEGMENT(RCV, PSH | ACK, FIN_WAIT2, v, u + 1, .len = CHUNK),
		    WANT_SEGMENT(RCV, PSH | ACK, FIN_WAIT2, v + CHUNK, u + 1, .len = CHUNK),
		    WANT_SEGMENT(RCV, PSH | ACK, FIN_WAIT2, v + 2 * CHUNK, u + 1, .len = CHUNK),
		    ROWS_FIN_IN_FIN_WAIT2(u, w),
		    WANT_CALL(CLOSE, CLOSE, u + 1, w + 1));
}

static void expect_server(struct fixture *self, const struct net_end *end)
{
	uint32_t v = end->snd_nxt, u = end->rcv_nxt, w = v + CHUNKS * CHUNK;

	EXPECT_ROWS(self, end,
		    ROWS_PEER_FIN(v, u),
		    WANT_SEGMENT(RCV, ACK, CLOSE_WAIT, u + 1, v + CHUNK),
		    WANT_SEGMENT(RCV, ACK, CLOSE_WAIT, u + 1, v + 2 * CHUNK),
		    WANT_SEGMENT(RCV, ACK, CLOSE_WAIT, u + 1, w),
		    ROWS_CLOSE_AFTER_PEER(w, u),
		    ROWS_LAST_ACK(w, u));
}

static void half_close(struct fixture *self)
{
	struct net_end client, server;
	int i;

	net_pair(self->family, &client, &server);
	CHECK(!shutdown(client.fd, SHUT_WR), "shutdown");
	net_expect_eof(&server);
	net_await_state(&client, TCP_FIN_WAIT2);
	for (i = 0; i < CHUNKS; i++) {
		net_send(&server, CHUNK);
		net_receive(&client, CHUNK);
		net_await_acked(&server);
	}
	close(server.fd);
	net_expect_eof(&client);
	close(client.fd);
	expect_client(self, &client);
	expect_server(self, &server);
	fixture_leave(self);
	fixture_verdict(self, &client, VERDICT(FOUR_WAY, LOCAL, SHUTDOWN,
					       .bytes = CHUNKS * CHUNK));
	fixture_verdict(self, &server, VERDICT(FOUR_WAY, PEER, PEER,
					       .bytes = CHUNKS * CHUNK));
}

static void expect_stream_client(struct fixture *self, const struct net_end *end)
{
	uint32_t u = end->snd_nxt, v = end->rcv_nxt, w = v + STREAM;

	EXPECT_ROWS(self, end,
		    ROWS_SHUT_WR(u, v),
		    ROWS_FIN_ACKED(u, v),
		    ROWS_FIN_IN_FIN_WAIT2(u, w),
		    WANT_CALL(CLOSE, CLOSE, u + 1, w + 1));
}

static void expect_stream_server(struct fixture *self, const struct net_end *end)
{
	uint32_t v = end->snd_nxt, u = end->rcv_nxt, w = v + STREAM;

	EXPECT_ROWS(self, end,
		    ROWS_PEER_FIN(v, u),
		    ROWS_CLOSE_AFTER_PEER(w, u),
		    ROWS_LAST_ACK(w, u));
}

/*
 * Segments received in FIN_WAIT2 and in CLOSE_WAIT: all except the two FINs and their
 * ACKs.
 */
static void expect_stream_counted(struct fixture *self, unsigned int before)
{
	unsigned long long counted = records_counter("half_closed_segments_received");
	unsigned int came;

	capture_read(&self->capture);
	came = capture_count(&self->capture, false, 0) - before;
	CHECK(counted == came - 4, "%llu counted, %u captured",
	      counted, came);
	CHECK(counted > STREAM / STREAM_CHUNK, "only %llu", counted);
}

static void stream(struct fixture *self)
{
	struct net_end client, server;
	unsigned int before, done;

	files_set("half_closed_data", 0);
	net_pair(self->family, &client, &server);
	capture_read(&self->capture);
	before = capture_count(&self->capture, false, 0);
	CHECK(!shutdown(client.fd, SHUT_WR), "shutdown");
	net_expect_eof(&server);
	net_await_state(&client, TCP_FIN_WAIT2);
	for (done = 0; done < STREAM; done += STREAM_CHUNK) {
		net_send(&server, STREAM_CHUNK);
		net_receive(&client, STREAM_CHUNK);
		net_await_acked(&server);
	}
	close(server.fd);
	net_expect_eof(&client);
	close(client.fd);
	expect_stream_client(self, &client);
	expect_stream_server(self, &server);
	expect_stream_counted(self, before);
	fixture_leave(self);
	fixture_verdict(self, &client, VERDICT(FOUR_WAY, LOCAL, SHUTDOWN, .bytes = STREAM));
	fixture_verdict(self, &server, VERDICT(FOUR_WAY, PEER, PEER, .bytes = STREAM));
	files_set("half_closed_data", 1);
}

/* The time from wave 2 to wave 3, as in the verdict. */
static void expect_pause(struct fixture *self, const struct net_end *end,
			 unsigned int slot)
{
	const struct fact *r;
	unsigned int i;

	for (i = 0; i < self->records.nr_ends; i++) {
		r = &self->records.ends[i];
		if (r->cookie == end->cookie)
			CHECK(r->end.spent[slot] / 1000000000 == PAUSE_S, "%llu ns, not %u s",
			      r->end.spent[slot], PAUSE_S);
	}
}

static void expect_shut(struct fixture *self, const struct net_end *end, uint8_t call)
{
	uint32_t u = end->snd_nxt, v = end->rcv_nxt;
	struct want want[] = {
		ROWS_SHUT_WR(u, v),
		ROWS_FIN_ACKED(u, v),
		ROWS_FIN_IN_FIN_WAIT2(u, v),
		WANT_CALL(CLOSE, CLOSE, u + 1, v + 1),
	};

	want[0].what = call;
	fixture_expect(self, end, want, ARRAY_SIZE(want));
}

static void shut(struct fixture *self, int how, uint8_t call)
{
	struct net_end client, server;

	net_pair(self->family, &client, &server);
	CHECK(!shutdown(client.fd, how), "shutdown");
	net_expect_eof(&server);
	net_await_state(&client, TCP_FIN_WAIT2);
	sleep(PAUSE_S);
	close(server.fd);
	net_await_state(&client, TCP_CLOSE);
	close(client.fd);
	expect_shut(self, &client, call);
	fixture_leave(self);
	fixture_verdict(self, &client, VERDICT(FOUR_WAY, LOCAL, SHUTDOWN));
	fixture_verdict(self, &server, VERDICT(FOUR_WAY, PEER, PEER));
	expect_pause(self, &client, TCP_TEARDOWN_SPENT_FIN_WAIT2);
	expect_pause(self, &server, TCP_TEARDOWN_SPENT_CLOSE_WAIT);
}

static void shut_wr(struct fixture *self)
{
	shut(self, SHUT_WR, TCP_TEARDOWN_SHUT_WR);
}

static void shut_rdwr(struct fixture *self)
{
	shut(self, SHUT_RDWR, TCP_TEARDOWN_SHUT_RDWR);
}

/* Nothing is sent, and the state stays; the close is as usual. */
static void shut_rd(struct fixture *self)
{
	struct net_end client, server;
	uint32_t u, v;

	net_pair(self->family, &client, &server);
	u = client.snd_nxt;
	v = client.rcv_nxt;
	CHECK(!shutdown(client.fd, SHUT_RD), "shutdown");
	net_expect_eof(&client);
	close(client.fd);
	net_expect_eof(&server);
	fixture_await(self, &client, 7);
	close(server.fd);
	EXPECT_ROWS(self, &client,
		    WANT_CALL(SHUT_RD, ESTABLISHED, u, v),
		    ROWS_ACTIVE_CLOSE(u, v));
	fixture_leave(self);
	fixture_verdict(self, &client, VERDICT(FOUR_WAY, LOCAL, CLOSE));
	fixture_verdict(self, &server, VERDICT(FOUR_WAY, PEER, PEER));
}

static const struct testcase testcases[] = {
	TESTCASE("half-close, data the other way, close", half_close),
	TESTCASE("half-close, 2 MiB the other way, which are counted alone", stream),
	TESTCASE("half-close, nothing for some seconds, close", shut_wr),
	TESTCASE("shutdown of both directions", shut_rdwr),
	TESTCASE("shutdown of the receiving direction", shut_rd),
};

int main(void)
{
	return testcases_run(testcases, ARRAY_SIZE(testcases));
}
