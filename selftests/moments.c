// SPDX-License-Identifier: GPL-2.0
/*
 * One moment, one record: what happens within one call into the kernel is in one record.
 *
 * Shows, for the common closes, each record and no other: close() with its transition and
 * its FIN; a segment with the transition that it causes, and with the minisock that it
 * creates or ends; a FIN with the ACK of ours, which is one segment, with both of its
 * transitions; the verdict in the record that ends the connection; a RST by itself.
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW; a TUN device.
 */
#include <errno.h>
#include <unistd.h>

#include "lib/life.h"
#include "lib/fixture.h"

#define TIMEWAIT_S 60

/* A record without its sequence numbers, which other tests check. */
struct moment {
	uint8_t kind, what, old, new, timewait, how;
	uint32_t flags;
};

#define FLAGS (TCP_TEARDOWN_F_FIN_QUEUED | TCP_TEARDOWN_F_MINISOCK)

#define MOMENT(kind_, what_, from, to, ...)				\
	{ .kind = TCP_TEARDOWN_##kind_, .what = TCP_TEARDOWN_##what_,	\
	  .old = TCP_##from, .new = TCP_##to, ##__VA_ARGS__ }
#define QUEUED .flags = TCP_TEARDOWN_F_FIN_QUEUED
#define MINISOCK .flags = TCP_TEARDOWN_F_MINISOCK
/* In kind TIMEWAIT it is as what is. */
#define BORN .timewait = TCP_TEARDOWN_TW_BORN
#define HOW(how_) .how = TCP_TEARDOWN_##how_

static unsigned int count(const struct records *records, uint64_t cookie)
{
	unsigned int i, nr = 0;

	for (i = 0; i < records->nr_moments; i++)
		nr += records->moments[i].cookie == cookie;
	return nr;
}

static void check(const struct tcp_teardown_record *r, const struct moment *m,
		  unsigned int nr)
{
	const uint8_t timewait = m->kind == TCP_TEARDOWN_TIMEWAIT ? m->what : m->timewait;

	CHECK(r->kind == m->kind && r->what == m->what && r->old_state == m->old &&
	      r->new_state == m->new && r->timewait == timewait && r->how == m->how &&
	      (r->flags & FLAGS) == m->flags,
	      "record %u: kind %u what %u %u>%u timewait %u how %u flags 0x%x, not %u %u %u>%u %u %u 0x%x",
	      nr, r->kind, r->what, r->old_state, r->new_state, r->timewait, r->how, r->flags,
	      m->kind, m->what, m->old, m->new, timewait, m->how, m->flags);
}

static void expect(struct fixture *self, const struct net_end *end,
		   const struct moment *moments, unsigned int nr)
{
	struct records *records = &self->records;
	struct net_wait wait = { .patience = 2 * TIMEWAIT_S };
	unsigned int i, found = 0;

	do
		records_read(records);
	while (count(records, end->cookie) < nr && net_wait(&wait));
	net_settle();
	records_read(records);
	for (i = 0; i < records->nr_moments; i++) {
		if (records->moments[i].cookie != end->cookie)
			continue;
		if (found < nr)
			check(&records->moments[i], &moments[found], found);
		found++;
	}
	CHECK(found == nr, "%u records, not %u", found, nr);
}

#define EXPECT(self, end, ...) do {					\
	const struct moment moments_[] = { __VA_ARGS__ };		\
	expect(self, end, moments_, ARRAY_SIZE(moments_));		\
} while (0)

/* The other end of those that are closed in four waves. */
static void expect_passive(struct fixture *self, const struct net_end *end)
{
	EXPECT(self, end,
	       MOMENT(SEGMENT, SEG_RCV, ESTABLISHED, CLOSE_WAIT),
	       MOMENT(CALL, CLOSE, CLOSE_WAIT, LAST_ACK, QUEUED),
	       MOMENT(SEGMENT, SEG_RCV, LAST_ACK, CLOSE, HOW(FOUR_WAY)));
}

/* An orphan: wave 2 makes it a minisock, which receives wave 3. */
static void four_waves(struct fixture *self)
{
	struct net_end client, server;

	net_pair(self->family, &client, &server);
	close(client.fd);
	net_expect_eof(&server);
	fixture_await(self, &client, 6);
	close(server.fd);
	fixture_await(self, &client, 8);
	fixture_leave(self);
	EXPECT(self, &client,
	       MOMENT(CALL, CLOSE, ESTABLISHED, FIN_WAIT1, QUEUED),
	       MOMENT(SEGMENT, SEG_RCV, FIN_WAIT1, FIN_WAIT2, BORN),
	       MOMENT(SEGMENT, SEG_RCV, FIN_WAIT2, TIME_WAIT, MINISOCK),
	       MOMENT(TIMEWAIT, TW_NETNS, TIME_WAIT, CLOSE, MINISOCK, HOW(FOUR_WAY)));
	expect_passive(self, &server);
}

/* The full socket receives wave 3, and a minisock replaces it. */
static void four_waves_by_shutdown(struct fixture *self)
{
	struct net_end client, server;

	net_pair(self->family, &client, &server);
	shutdown(client.fd, SHUT_WR);
	net_await_state(&client, TCP_FIN_WAIT2);
	close(server.fd);
	net_await_state(&client, TCP_CLOSE);
	close(client.fd);
	fixture_leave(self);
	EXPECT(self, &client,
	       MOMENT(CALL, SHUT_WR, ESTABLISHED, FIN_WAIT1, QUEUED),
	       MOMENT(SEGMENT, SEG_RCV, FIN_WAIT1, FIN_WAIT2),
	       MOMENT(SEGMENT, SEG_RCV, FIN_WAIT2, TIME_WAIT, BORN),
	       MOMENT(CALL, CLOSE, CLOSE, CLOSE),
	       MOMENT(TIMEWAIT, TW_NETNS, TIME_WAIT, CLOSE, MINISOCK, HOW(FOUR_WAY)));
	expect_passive(self, &server);
}

/* One segment causes two transitions. */
static void three_waves(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	peer_connect(&self->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	shutdown(end.fd, SHUT_WR);
	peer_expect(&self->peer, FIN | ACK, u, v, 0);
	peer_send(&self->peer, FIN | ACK, v, u + 1, 0);
	peer_expect(&self->peer, ACK, u + 1, v + 1, 0);
	close(end.fd);
	fixture_leave(self);
	EXPECT(self, &end,
	       MOMENT(CALL, SHUT_WR, ESTABLISHED, FIN_WAIT1, QUEUED),
	       MOMENT(SEGMENT, SEG_RCV, FIN_WAIT1, FIN_WAIT2),
	       MOMENT(TIMEWAIT, TW_BORN, FIN_WAIT2, TIME_WAIT, MINISOCK),
	       MOMENT(CALL, CLOSE, CLOSE, CLOSE),
	       MOMENT(TIMEWAIT, TW_NETNS, TIME_WAIT, CLOSE, MINISOCK, HOW(THREE_WAY)));
}

static void simultaneous(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	peer_connect(&self->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	close(end.fd);
	peer_expect(&self->peer, FIN | ACK, u, v, 0);
	peer_send(&self->peer, FIN | ACK, v, u, 0);
	peer_expect(&self->peer, ACK, u + 1, v + 1, 0);
	peer_send(&self->peer, ACK, v + 1, u + 1, 0);
	fixture_await(self, &end, 8);
	fixture_leave(self);
	EXPECT(self, &end,
	       MOMENT(CALL, CLOSE, ESTABLISHED, FIN_WAIT1, QUEUED),
	       MOMENT(SEGMENT, SEG_RCV, FIN_WAIT1, CLOSING),
	       MOMENT(SEGMENT, SEG_RCV, CLOSING, TIME_WAIT, BORN),
	       MOMENT(TIMEWAIT, TW_NETNS, TIME_WAIT, CLOSE, MINISOCK, HOW(SIMULTANEOUS)));
}

/* RST and verdict are recorded once, whichever end sends the RST. */
static void expect_reset(struct fixture *self, const struct net_end *sender,
			 const struct net_end *receiver)
{
	EXPECT(self, sender,
	       MOMENT(CALL, CLOSE, ESTABLISHED, CLOSE, HOW(RESET_SENT)),
	       MOMENT(RESET, RST_SENT, CLOSE, CLOSE));
	EXPECT(self, receiver,
	       MOMENT(RESET, RST_RECEIVED, ESTABLISHED, CLOSE, HOW(RESET_RECEIVED)),
	       MOMENT(CALL, CLOSE, CLOSE, CLOSE));
}

static void unread(struct fixture *self)
{
	struct net_end client, server;

	net_pair(self->family, &client, &server);
	net_send(&server, 100);
	net_await_unread(&client, 100);
	close(client.fd);
	net_expect_error(&server, ECONNRESET);
	close(server.fd);
	expect_reset(self, &client, &server);
}

static void linger0(struct fixture *self)
{
	struct net_end client, server;

	net_pair(self->family, &client, &server);
	net_abort(client.fd);
	net_expect_error(&server, ECONNRESET);
	close(server.fd);
	expect_reset(self, &client, &server);
}

static void reset_while_closing(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	peer_connect(&self->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	peer_send(&self->peer, FIN | ACK, v, u, 0);
	net_await_state(&end, TCP_CLOSE_WAIT);
	peer_send(&self->peer, RST | ACK, v + 1, u, 0);
	net_await_state(&end, TCP_CLOSE);
	close(end.fd);
	EXPECT(self, &end,
	       MOMENT(SEGMENT, SEG_RCV, ESTABLISHED, CLOSE_WAIT),
	       MOMENT(RESET, RST_RECEIVED, CLOSE_WAIT, CLOSE, HOW(RESET_RECEIVED)),
	       MOMENT(CALL, CLOSE, CLOSE, CLOSE));
}

static void time_wait_expires(struct fixture *self)
{
	struct net_end end;

	life_time_wait(self, &end);
	EXPECT(self, &end,
	       MOMENT(CALL, CLOSE, ESTABLISHED, FIN_WAIT1, QUEUED),
	       MOMENT(SEGMENT, SEG_RCV, FIN_WAIT1, FIN_WAIT2),
	       MOMENT(TIMEWAIT, TW_BORN, FIN_WAIT2, TIME_WAIT, MINISOCK),
	       MOMENT(TIMEWAIT, TW_EXPIRED, TIME_WAIT, CLOSE, MINISOCK, HOW(THREE_WAY)));
}

static void time_wait_is_reset(struct fixture *self)
{
	struct net_end end;

	life_time_wait(self, &end);
	peer_send(&self->peer, RST, end.rcv_nxt + 1, 0, 0);
	EXPECT(self, &end,
	       MOMENT(CALL, CLOSE, ESTABLISHED, FIN_WAIT1, QUEUED),
	       MOMENT(SEGMENT, SEG_RCV, FIN_WAIT1, FIN_WAIT2),
	       MOMENT(TIMEWAIT, TW_BORN, FIN_WAIT2, TIME_WAIT, MINISOCK),
	       MOMENT(SEGMENT, SEG_RCV, TIME_WAIT, CLOSE, MINISOCK,
		      .timewait = TCP_TEARDOWN_TW_RESET, HOW(THREE_WAY)));
}

static void fin_wait2_expires(struct fixture *self)
{
	struct net_end end;

	net_sysctl("ipv4/tcp_fin_timeout", "7");
	life_fin_wait2(self, &end);
	EXPECT(self, &end,
	       MOMENT(CALL, CLOSE, ESTABLISHED, FIN_WAIT1, QUEUED),
	       MOMENT(SEGMENT, SEG_RCV, FIN_WAIT1, FIN_WAIT2, BORN),
	       MOMENT(TIMEWAIT, TW_EXPIRED, FIN_WAIT2, CLOSE, MINISOCK,
		      HOW(FIN_WAIT2_EXPIRED)));
}

int main(void)
{
	static const struct testcase testcases[] = {
		TESTCASE("four waves by close()", four_waves),
		TESTCASE("four waves by shutdown()", four_waves_by_shutdown),
		TESTCASE_WITH_PEER("three waves", three_waves),
		TESTCASE_WITH_PEER("simultaneous", simultaneous),
		TESTCASE("close() with unread data", unread),
		TESTCASE("SO_LINGER 0", linger0),
		TESTCASE_WITH_PEER("RST in CLOSE_WAIT", reset_while_closing),
		TESTCASE_WITH_PEER("TIME_WAIT expires", time_wait_expires),
		TESTCASE_WITH_PEER("TIME_WAIT is reset", time_wait_is_reset),
		TESTCASE_WITH_PEER("FIN_WAIT2 expires", fin_wait2_expires),
	};

	fixture_needs_icount();
	return testcases_run(testcases, ARRAY_SIZE(testcases));
}
