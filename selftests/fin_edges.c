// SPDX-License-Identifier: GPL-2.0
/*
 * Special cases of FINs.
 *
 *	behind unsent data	queued at u+300, sent when the window opens
 *	beyond a hole		recorded once, when the hole is filled
 *	in a segment that is merged into unread data: its sequence number is right
 *	the same, after the receive queue was collapsed and has lost the headers
 *	twice			a duplicate in CLOSE_WAIT and LAST_ACK
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW; a TUN device.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/fixture.h"

#define UNSENT 300		/* one segment */
#define GAP 10
#define FIRST 10
#define SECOND 20
#define REPLY 5
#define BYTES_MAX 400

static void expect_fins(unsigned long long received, unsigned long long again,
			unsigned long long out_of_order)
{
	unsigned long long seen[] = {
		records_counter("fin_received"), records_counter("fin_received_again"),
		records_counter("fin_received_out_of_order"),
	};

	CHECK(seen[0] == received && seen[1] == again && seen[2] == out_of_order,
	      "FINs received %llu, again %llu, out of order %llu", seen[0], seen[1],
	      seen[2]);
}

/* The kernel's answers so far; each acknowledges at most max. */
static void drain(struct fixture *self, uint32_t max)
{
	struct segment segment;

	while (peer_try_read(&self->peer, &segment))
		CHECK((int32_t)(segment.ack - max) <= 0, "acknowledges %u", segment.ack);
}

/* The same, until one acknowledges max: the last ACK may be a delayed one. */
static void await_ack(struct fixture *self, uint32_t max)
{
	struct segment segment;

	do {
		if (!CHECK(peer_read(&self->peer, &segment, 0), "%u not acknowledged", max))
			return;
		CHECK((int32_t)(segment.ack - max) <= 0, "acknowledges %u", segment.ack);
	} while (segment.ack != max);
}

/*
 * The FIN has come, and opens[]; the kernel's end closes at w, its FIN acknowledging v.
 */
static void close_passive(struct fixture *self, const struct net_end *end,
			  const struct want *opens, unsigned int nr, uint32_t w, uint32_t v)
{
	const struct want last_ack[] = {
		WANT_CALL(CLOSE, CLOSE_WAIT, w, v),
		WANT_STATE(CLOSE_WAIT, LAST_ACK, w, v),
		WANT_SEGMENT(QUEUE, FIN | ACK, LAST_ACK, w, v),
		WANT_SEGMENT(RCV, ACK, LAST_ACK, v, w + 1),
		WANT_STATE(LAST_ACK, CLOSE, w + 1, v),
	};
	struct want want[16];

	memcpy(want, opens, nr * sizeof(*want));
	memcpy(want + nr, last_ack, sizeof(last_ack));
	net_expect_eof(end);
	close(end->fd);
	peer_expect(&self->peer, FIN | ACK, w, v, 0);
	peer_send(&self->peer, ACK, v, w + 1, 0);
	fixture_expect(self, end, want, nr + ARRAY_SIZE(last_ack));
	fixture_verdict(self, end, VERDICT(FOUR_WAY, PEER, PEER));
}

/* Any earlier segment is a window probe, without payload. */
static void expect_after_probes(struct fixture *self, uint8_t flags, uint32_t seq,
				uint32_t ack, unsigned int len, uint32_t probe)
{
	struct segment s;

	do {
		if (!CHECK(peer_read(&self->peer, &s, 0), "nothing came"))
			return;
	} while (s.seq == probe && !s.len && !(s.flags & FIN));
	CHECK((s.flags & ~PSH) == flags && s.seq == seq && s.ack == ack && s.len == len,
	      "flags %x seq %u ack %u len %u", s.flags, s.seq, s.ack, s.len);
}

static void behind_unsent(struct fixture *self)
{
	struct segment probe;
	struct net_end end;
	uint32_t u, v;

	self->peer.window = 0;
	peer_connect(&self->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	net_send(&end, UNSENT);
	close(end.fd);
	fixture_await(self, &end, 3);
	CHECK(peer_read(&self->peer, &probe, 0) && probe.seq == u - 1 && !probe.len,
	      "no probe of the window");
	capture_read(&self->capture);
	CHECK(!capture_count(&self->capture, true, FIN), "the FIN has left");

	self->peer.window = PEER_WINDOW;
	peer_send(&self->peer, ACK, v, u, 0);
	expect_after_probes(self, FIN | ACK, u, v, UNSENT, u - 1);
	peer_send(&self->peer, ACK, v, u + UNSENT + 1, 0);
	EXPECT_ROWS(self, &end,
		    WANT_CALL(CLOSE, ESTABLISHED, u, v, .unsent = UNSENT),
		    WANT_STATE(ESTABLISHED, FIN_WAIT1, u, v),
		    WANT_SEGMENT(QUEUE, FIN | ACK, FIN_WAIT1, u + UNSENT, v, .unsent = UNSENT),
		    WANT_SEGMENT(RCV, ACK, FIN_WAIT1, v, u),
		    WANT_SEGMENT(LEFT, FIN | ACK, FIN_WAIT1, u + UNSENT, v),
		    ROWS_FIN_ACKED(u + UNSENT, v),
		    WANT_TIMEWAIT(BORN, FIN_WAIT2, u + UNSENT + 1, v));
	fixture_leave(self);
	fixture_verdict(self, &end, VERDICT(ABORTED, LOCAL, NETNS));
}

/* In ESTABLISHED; nothing is recorded before the hole is filled. */
static void beyond_hole(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	peer_connect(&self->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	peer_send(&self->peer, FIN | ACK, v + GAP, u, 0);
	peer_expect(&self->peer, ACK, u, v, 0);
	records_read(&self->records);
	CHECK(!self->records.nr, "%u records too early", self->records.nr);
	expect_fins(0, 0, 0);
	peer_send(&self->peer, PSH | ACK, v, u, GAP);
	peer_expect(&self->peer, ACK, u, v + GAP + 1, 0);
	const struct want want[] = {
		ROWS_PEER_FIN(u, v + GAP),
	};

	net_receive(&end, GAP);
	close_passive(self, &end, want, ARRAY_SIZE(want), u, v + GAP + 1);
	expect_fins(1, 0, 0);
}

static void beyond_hole_fin_wait2(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v, w;

	peer_connect(&self->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	w = v + GAP;
	shutdown(end.fd, SHUT_WR);
	peer_expect(&self->peer, FIN | ACK, u, v, 0);
	peer_send(&self->peer, ACK, v, u + 1, 0);
	peer_send(&self->peer, FIN | ACK, w, u + 1, 0);
	peer_expect(&self->peer, ACK, u + 1, v, 0);
	expect_fins(0, 0, 1);
	peer_send(&self->peer, PSH | ACK, v, u + 1, GAP);
	peer_expect(&self->peer, ACK, u + 1, w + 1, 0);
	net_receive(&end, GAP);
	net_expect_eof(&end);
	close(end.fd);
	EXPECT_ROWS(self, &end,
		    ROWS_SHUT_WR(u, v),
		    ROWS_FIN_ACKED(u, v),
		    WANT_SEGMENT(RCV_OOO, FIN | ACK, FIN_WAIT2, w, u + 1),
		    WANT_SEGMENT(RCV, PSH | ACK, FIN_WAIT2, v, u + 1, .len = GAP),
		    ROWS_TIME_WAIT(u, w),
		    WANT_CALL(CLOSE, CLOSE, u + 1, w + 1));
	expect_fins(1, 0, 1);
	fixture_leave(self);
	fixture_verdict(self, &end, VERDICT(FOUR_WAY, LOCAL, SHUTDOWN, .bytes = GAP));
}

/*
 * Unread data, then the FIN with so many bytes and a later acknowledgment. The kernel
 * does not merge into a packet that the capture still holds.
 */
static void merged(struct fixture *self, unsigned int len)
{
	uint8_t flags = FIN | ACK | (len ? PSH : 0);
	struct net_end end;
	uint32_t u, v, w;

	peer_connect(&self->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	w = v + FIRST + len;
	peer_send(&self->peer, PSH | ACK, v, u, FIRST);
	peer_expect(&self->peer, ACK, u, v + FIRST, 0);
	net_send(&end, REPLY);
	peer_expect(&self->peer, ACK, u, v + FIRST, REPLY);
	capture_read(&self->capture);
	peer_send(&self->peer, flags, v + FIRST, u + REPLY, len);
	peer_expect(&self->peer, ACK, u + REPLY, w + 1, 0);
	const struct want want[] = {
		WANT_SEGMENT(RCV, FIN | ACK, ESTABLISHED, v + FIRST, u + REPLY,
			     .len = len, INFERRED),
		WANT_STATE(ESTABLISHED, CLOSE_WAIT, u + REPLY, w + 1),
	};

	net_receive(&end, FIRST + len);
	close_passive(self, &end, want, ARRAY_SIZE(want), u + REPLY, w + 1);
	expect_fins(1, 0, 0);
}

static void merged_with_data(struct fixture *self)
{
	merged(self, SECOND);
}

static void merged_bare(struct fixture *self)
{
	merged(self, 0);
}

/* How many packets the namespace has collapsed so far: TcpExt's TCPRcvCollapsed. */
static bool collapsed(void)
{
	return records_netstat("TCPRcvCollapsed");
}

/* Bytes one by one, and a buffer too small for as many packets. */
static void collapsed_queue(struct fixture *self)
{
	uint32_t u, v, bytes = 0;
	struct net_end end;
	int size = 1;

	peer_connect(&self->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	setsockopt(end.fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	do {
		peer_send(&self->peer, PSH | ACK, v + bytes++, u, 1);
		drain(self, v + bytes);
	} while (!collapsed() && bytes < BYTES_MAX);
	CHECK(collapsed(), "%u packets, and nothing was collapsed", bytes);
	net_await_unread(&end, bytes);
	peer_send(&self->peer, FIN | ACK, v + bytes, u, 0);
	fixture_await(self, &end, 2);
	await_ack(self, v + bytes + 1);
	const struct want want[] = {
		WANT_SEGMENT(RCV, FIN | ACK, ESTABLISHED, v + bytes, u, INFERRED),
		WANT_STATE(ESTABLISHED, CLOSE_WAIT, u, v + bytes + 1),
	};

	net_receive(&end, bytes);
	drain(self, v + bytes + 1);
	close_passive(self, &end, want, ARRAY_SIZE(want), u, v + bytes + 1);
	expect_fins(1, 0, 0);
}

static void twice(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	peer_connect(&self->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	peer_send(&self->peer, FIN | ACK, v, u, 0);
	peer_expect(&self->peer, ACK, u, v + 1, 0);
	peer_send(&self->peer, FIN | ACK, v, u, 0);
	peer_expect(&self->peer, ACK, u, v + 1, 0);
	close(end.fd);
	peer_expect(&self->peer, FIN | ACK, u, v + 1, 0);
	peer_send(&self->peer, FIN | ACK, v, u, 0);
	peer_expect(&self->peer, ACK, u + 1, v + 1, 0);
	peer_send(&self->peer, ACK, v + 1, u + 1, 0);
	EXPECT_ROWS(self, &end,
		    ROWS_PEER_FIN(u, v),
		    WANT_SEGMENT(RCV_DUP, FIN | ACK, CLOSE_WAIT, v, u),
		    ROWS_CLOSE_AFTER_PEER(u, v),
		    WANT_SEGMENT(RCV_DUP, FIN | ACK, LAST_ACK, v, u),
		    ROWS_LAST_ACK(u, v));
	expect_fins(1, 2, 0);
	fixture_verdict(self, &end, VERDICT(FOUR_WAY, PEER, PEER));
}

static const struct testcase testcases[] = {
	TESTCASE_WITH_PEER("a FIN behind unsent data", behind_unsent),
	TESTCASE_WITH_PEER("a FIN beyond a hole", beyond_hole),
	TESTCASE_WITH_PEER("a FIN beyond a hole, in FIN_WAIT2", beyond_hole_fin_wait2),
	TESTCASE_WITH_PEER("data and FIN merged into unread data", merged_with_data),
	TESTCASE_WITH_PEER("a FIN merged into unread data", merged_bare),
	TESTCASE_WITH_PEER("a FIN behind a collapsed queue", collapsed_queue),
	TESTCASE_WITH_PEER("FINs again in CLOSE_WAIT and LAST_ACK", twice),
};

int main(void)
{
	return testcases_run(testcases, ARRAY_SIZE(testcases));
}
