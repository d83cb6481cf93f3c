// SPDX-License-Identifier: GPL-2.0
/*
 * Segments that TCP refuses are marked in their records, and change neither the verdict
 * nor the counts of duplicates.
 *
 *	a FIN with an old timestamp (PAWS, RFC 7323), with SYN, beyond the window, with
 *	an ACK of data that was never sent, without ACK
 *		in FIN_WAIT1, acknowledging ours; then the ACK, and later the FIN: four
 *		waves; in FIN_WAIT2, in CLOSE_WAIT, LAST_ACK, and for minisocks
 *	an old FIN, in FIN_WAIT1, FIN_WAIT2, CLOSE_WAIT, TIME_WAIT: not a duplicate
 *		of the peer's FIN; only a true duplicate counts
 *	a RST that is not at RCV.NXT, in each of these (RFC 5961); after the FIN;
 *		with an old timestamp; with tcp_rfc1337
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW; a TUN device.
 */
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/fixture.h"

#define NOW 1000000		/* the peer's clock */
#define LONG_AGO 1000
#define BEYOND 1000000		/* any window here */

/* A connection with timestamps. */
static void begin(struct fixture *self, struct net_end *end)
{
	self->peer.tsval = NOW;
	peer_connect(&self->peer, end);
}

/* With an old timestamp. */
static void send_old(struct fixture *self, uint8_t flags, uint32_t seq, uint32_t ack)
{
	self->peer.tsval = LONG_AGO;
	peer_send(&self->peer, flags, seq, ack, 0);
	self->peer.tsval = NOW;
}

/* The kernel's answer, if any. */
static void drain(struct fixture *self)
{
	struct segment segment;

	net_settle();
	while (peer_try_read(&self->peer, &segment))
		CHECK(!(segment.flags & RST), "a RST");
}

static bool is_received(const struct tcp_teardown_record *r)
{
	return (r->kind == TCP_TEARDOWN_SEGMENT && r->what <= TCP_TEARDOWN_SEG_RCV_OOO) ||
	       (r->kind == TCP_TEARDOWN_RESET && r->what == TCP_TEARDOWN_RST_RECEIVED);
}

/*
 * CHECK the received segments, in order: 'R' refused, '!' a RST that ends it, '.'
 * accepted.
 */
static void expect_marks(struct fixture *self, const struct net_end *end, const char *want)
{
	const struct tcp_teardown_record *r;
	char marks[64] = "";
	unsigned int i, nr = 0;

	net_settle();
	records_read(&self->records);
	for (i = 0; i < self->records.nr_moments && nr < sizeof(marks) - 1; i++) {
		r = &self->records.moments[i];
		if (r->cookie != end->cookie || !is_received(r))
			continue;
		marks[nr++] = r->flags & TCP_TEARDOWN_F_REFUSED ? 'R' :
			      r->kind == TCP_TEARDOWN_RESET ? '!' : '.';
	}
	CHECK(!strcmp(marks, want), "received: %s, not %s", marks, want);
}

/* CHECK the verdict, and how often the peer's FIN was repeated. */
static void expect_end(struct fixture *self, const struct net_end *end,
		       const struct verdict *verdict, unsigned int again)
{
	unsigned int i;

	CHECK(records_counter("fin_received_again") == again, "fin_received_again: %llu",
	      records_counter("fin_received_again"));
	fixture_leave(self);
	fixture_verdict(self, end, verdict);
	for (i = 0; i < self->records.nr_ends; i++)
		if (self->records.ends[i].cookie == end->cookie)
			CHECK(self->records.ends[i].end.fins_again == again, "fins_again %u",
			      self->records.ends[i].end.fins_again);
}

/* --- a FIN with the ACK of ours, in FIN_WAIT1 --------------------------------------- */

static void to_fin_wait1(struct fixture *self, struct net_end *end)
{
	begin(self, end);
	close(end->fd);
	peer_expect(&self->peer, FIN | ACK, end->snd_nxt, end->rcv_nxt, 0);
}

/* The ACK by itself, and later the FIN: four waves. */
static void four_waves(struct fixture *self, const struct net_end *end)
{
	uint32_t u = end->snd_nxt, v = end->rcv_nxt;

	drain(self);
	peer_send(&self->peer, ACK, v, u + 1, 0);
	net_settle();
	CHECK(records_counter("minisock_born_in_fin_wait2") == 1, "no FIN_WAIT2");
	peer_send(&self->peer, FIN | ACK, v, u + 1, 0);
	peer_expect(&self->peer, ACK, u + 1, v + 1, 0);
	expect_marks(self, end, "R..");
	expect_end(self, end, VERDICT(FOUR_WAY, LOCAL, CLOSE), 0);
}

static void paws(struct fixture *self)
{
	struct net_end end;

	to_fin_wait1(self, &end);
	send_old(self, FIN | ACK, end.rcv_nxt, end.snd_nxt + 1);
	four_waves(self, &end);
}

static void with_syn(struct fixture *self)
{
	struct net_end end;

	to_fin_wait1(self, &end);
	peer_send(&self->peer, SYN | FIN | ACK, end.rcv_nxt, end.snd_nxt + 1, 0);
	four_waves(self, &end);
}

static void beyond_window(struct fixture *self)
{
	struct net_end end;

	to_fin_wait1(self, &end);
	peer_send(&self->peer, FIN | ACK, end.rcv_nxt + BEYOND, end.snd_nxt + 1, 0);
	net_settle();
	CHECK(!records_counter("fin_received_out_of_order"), "out of order: %llu",
	      records_counter("fin_received_out_of_order"));
	four_waves(self, &end);
}

static void before_window(struct fixture *self)
{
	struct net_end end;

	to_fin_wait1(self, &end);
	peer_send(&self->peer, FIN | ACK, end.rcv_nxt - 10, end.snd_nxt + 1, 0);
	four_waves(self, &end);
}

static void acks_unsent(struct fixture *self)
{
	struct net_end end;

	to_fin_wait1(self, &end);
	peer_send(&self->peer, FIN | ACK, end.rcv_nxt, end.snd_nxt + 100, 0);
	four_waves(self, &end);
}

static void without_ack(struct fixture *self)
{
	struct net_end end;

	to_fin_wait1(self, &end);
	peer_send(&self->peer, FIN, end.rcv_nxt, 0, 0);
	four_waves(self, &end);
}

/* Not refused: its ACK is accepted, its FIN is old. */
static void fin_of_before(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	begin(self, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	CHECK(!shutdown(end.fd, SHUT_WR), "shutdown");
	peer_expect(&self->peer, FIN | ACK, u, v, 0);
	peer_send(&self->peer, FIN | ACK, v - 1, u + 1, 0);
	net_await_state(&end, TCP_FIN_WAIT2);
	drain(self);
	peer_send(&self->peer, FIN | ACK, v - 1, u + 1, 0);
	drain(self);
	peer_send(&self->peer, FIN | ACK, v, u + 1, 0);
	peer_expect(&self->peer, ACK, u + 1, v + 1, 0);
	close(end.fd);
	expect_marks(self, &end, "...");
	expect_end(self, &end, VERDICT(FOUR_WAY, LOCAL, SHUTDOWN), 0);
}

/* --- in other states ------------------------------------------------------------------ */

/* Refused segments of all kinds, around RCV.NXT. */
#define REFUSED_MARKS "RRRRRR"

static void send_refused(struct fixture *self, uint32_t nxt, uint32_t ack)
{
	send_old(self, FIN | ACK, nxt, ack);
	peer_send(&self->peer, SYN | FIN | ACK, nxt, ack, 0);
	peer_send(&self->peer, FIN | ACK, nxt + BEYOND, ack, 0);
	peer_send(&self->peer, FIN | ACK, nxt - 10, ack, 0);
	peer_send(&self->peer, RST, nxt + 5, 0, 0);
	peer_send(&self->peer, RST, nxt + BEYOND, 0, 0);
	drain(self);
}

static void in_fin_wait2(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	begin(self, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	peer_half_close(&self->peer, &end);
	net_await_state(&end, TCP_FIN_WAIT2);
	send_refused(self, v, u + 1);
	net_await_state(&end, TCP_FIN_WAIT2);
	peer_send(&self->peer, FIN | ACK, v, u + 1, 0);
	peer_expect(&self->peer, ACK, u + 1, v + 1, 0);
	close(end.fd);
	expect_marks(self, &end, "." REFUSED_MARKS ".");
	expect_end(self, &end, VERDICT(FOUR_WAY, LOCAL, SHUTDOWN), 0);
}

/* The peer's FIN and ours; the peer's FIN again, once in each state. */
static void in_close_wait(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	begin(self, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	peer_send(&self->peer, FIN | ACK, v, u, 0);
	peer_expect(&self->peer, ACK, u, v + 1, 0);
	send_refused(self, v + 1, u);
	send_old(self, FIN | ACK, v, u);
	peer_send(&self->peer, FIN | ACK, v, u, 0);
	drain(self);
	net_await_state(&end, TCP_CLOSE_WAIT);
	close(end.fd);
	peer_expect(&self->peer, FIN | ACK, u, v + 1, 0);
	send_refused(self, v + 1, u);
	send_old(self, FIN | ACK, v, u + 1);
	peer_send(&self->peer, FIN | ACK, v, u, 0);
	drain(self);
	peer_send(&self->peer, ACK, v + 1, u + 1, 0);
	fixture_await(self, &end, 2 + 8 + 3 + 8 + 2);
	expect_marks(self, &end, "." REFUSED_MARKS "R." REFUSED_MARKS "R..");
	expect_end(self, &end, VERDICT(FOUR_WAY, PEER, PEER), 2);
}

/* A minisock accepts a RST beyond RCV.NXT, and a SYN that is not old. */
static void minisock_in_fin_wait2(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	to_fin_wait1(self, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	peer_send(&self->peer, ACK, v, u + 1, 0);
	net_settle();
	send_old(self, FIN | ACK, v, u + 1);
	send_old(self, RST, v, 0);
	peer_send(&self->peer, FIN | ACK, v + BEYOND, u + 1, 0);
	peer_send(&self->peer, FIN | ACK, v - 10, u + 1, 0);
	peer_send(&self->peer, RST, v + BEYOND, 0, 0);
	peer_send(&self->peer, FIN | ACK, v - 1, u + 1, 0);
	drain(self);
	peer_send(&self->peer, FIN | ACK, v, u + 1, 0);
	peer_expect(&self->peer, ACK, u + 1, v + 1, 0);
	expect_marks(self, &end, ".RRRRR..");
	expect_end(self, &end, VERDICT(FOUR_WAY, LOCAL, CLOSE), 0);
}

static void in_time_wait(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	to_fin_wait1(self, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	peer_send(&self->peer, FIN | ACK, v, u + 1, 0);
	peer_expect(&self->peer, ACK, u + 1, v + 1, 0);
	send_old(self, FIN | ACK, v, u + 1);
	send_old(self, RST, v + 1, 0);
	peer_send(&self->peer, RST, v + 5, 0, 0);
	peer_send(&self->peer, FIN | ACK, v - 10, u + 1, 0);
	peer_send(&self->peer, SYN | FIN | ACK, v - 20, u + 1, 0);
	peer_send(&self->peer, FIN | ACK, v, u + 1, 0);
	drain(self);
	CHECK(!records_counter("minisock_reset"), "a minisock was reset");
	expect_marks(self, &end, ".RRR...");
	expect_end(self, &end, VERDICT(THREE_WAY, LOCAL, CLOSE), 1);
}

static void rfc1337(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	net_sysctl("ipv4/tcp_rfc1337", "1");
	to_fin_wait1(self, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	peer_send(&self->peer, FIN | ACK, v, u + 1, 0);
	peer_expect(&self->peer, ACK, u + 1, v + 1, 0);
	peer_send(&self->peer, RST, v + 1, 0, 0);
	drain(self);
	CHECK(!records_counter("minisock_reset"), "a minisock was reset");
	expect_marks(self, &end, ".R");
	expect_end(self, &end, VERDICT(THREE_WAY, LOCAL, CLOSE), 0);
}

/*
 * --- a RST after refused segments
 * --------------------------------------------------------
 */

static void rst_in_fin_wait1(struct fixture *self)
{
	struct net_end end;

	to_fin_wait1(self, &end);
	peer_send(&self->peer, RST, end.rcv_nxt + 5, 0, 0);
	peer_send(&self->peer, RST, end.rcv_nxt - 1, 0, 0);
	drain(self);
	peer_send(&self->peer, RST, end.rcv_nxt, 0, 0);
	net_settle();
	expect_marks(self, &end, "RR!");
	CHECK(records_counter("rst_received") == 1, "rst_received: %llu",
	      records_counter("rst_received"));
	expect_end(self, &end, VERDICT(RESET_RECEIVED, LOCAL, PEER), 0);
}

/* With the FIN's own number; TCP does not refuse it for an old timestamp. */
static void rst_in_close_wait(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	begin(self, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	peer_send(&self->peer, FIN | ACK, v, u, 0);
	peer_expect(&self->peer, ACK, u, v + 1, 0);
	peer_send(&self->peer, RST, v - 1, 0, 0);
	drain(self);
	send_old(self, RST, v, 0);
	net_settle();
	close(end.fd);
	expect_marks(self, &end, ".R!");
	expect_end(self, &end, VERDICT(RESET_RECEIVED, PEER, PEER, .no_owner = true), 0);
}

static const struct testcase testcases[] = {
	TESTCASE_WITH_PEER("FIN_WAIT1: a FIN that PAWS refuses", paws),
	TESTCASE_WITH_PEER("FIN_WAIT1: a FIN with SYN", with_syn),
	TESTCASE_WITH_PEER("FIN_WAIT1: a FIN beyond the window", beyond_window),
	TESTCASE_WITH_PEER("FIN_WAIT1: a FIN before the window", before_window),
	TESTCASE_WITH_PEER("FIN_WAIT1: a FIN that acknowledges too much", acks_unsent),
	TESTCASE_WITH_PEER("FIN_WAIT1: a FIN without ACK", without_ack),
	TESTCASE_WITH_PEER("FIN_WAIT1, FIN_WAIT2: an old FIN", fin_of_before),
	TESTCASE_WITH_PEER("FIN_WAIT2: refused FINs and RSTs", in_fin_wait2),
	TESTCASE_WITH_PEER("CLOSE_WAIT, LAST_ACK: refused FINs and RSTs", in_close_wait),
	TESTCASE_WITH_PEER("a minisock in FIN_WAIT2", minisock_in_fin_wait2),
	TESTCASE_WITH_PEER("TIME_WAIT: FINs of all kinds, refused RSTs", in_time_wait),
	TESTCASE_WITH_PEER("TIME_WAIT: a RST with tcp_rfc1337", rfc1337),
	TESTCASE_WITH_PEER("FIN_WAIT1: refused RSTs, and one that is not", rst_in_fin_wait1),
	TESTCASE_WITH_PEER("CLOSE_WAIT: a RST that follows the FIN, old", rst_in_close_wait),
};

int main(void)
{
	return testcases_run(testcases, ARRAY_SIZE(testcases));
}
