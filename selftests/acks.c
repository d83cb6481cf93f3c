// SPDX-License-Identifier: GPL-2.0
/*
 * ACKs that a closing socket and a minisock send, recorded by the hook group acks. u and
 * v are the next sequence numbers of the kernel and of the peer.
 *
 *	state			segment		answer
 *	ESTABLISHED		data		ACK, not recorded
 *	FIN_WAIT1, orphan	FIN v ack u	ACK u+1 ack v+1, then CLOSING
 *	FIN_WAIT1, orphan	FIN v ack u+1	ACK u+1 ack v+1, in FIN_WAIT2, then TIME_WAIT
 *	TIME_WAIT		the same again	ACK u+1 ack v+1
 *	FIN_WAIT2, minisock	FIN v ack u+1	ACK u+1 ack v+1, in TIME_WAIT
 *	FIN_WAIT2, minisock	ahead of it all	ACK u+1 ack v
 *	FIN_WAIT2, minisock	data		RST u+1, which is no ACK
 *	ESTABLISHED		FIN v ack u	ACK u ack v+1, delayed, in CLOSE_WAIT
 *	the same, closed at once		FIN u ack v+1, not recorded as an ACK
 *
 * Without the group, which is off by default, no ACK is recorded.
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW; a TUN device.
 */
#include <unistd.h>

#include "lib/group.h"
#include "lib/life.h"

#define DATA 10
#define AHEAD 1000000

/* CHECK that so many ACKs are recorded, and that the capture has no others. */
static void expect_acks(struct fixture *self, unsigned int untold)
{
	const struct fact *r = self->records.records;
	unsigned int i, seen = 0, told = 0;

	for (i = 0; i < self->records.nr; i++)
		told += r[i].kind == FACT_SEGMENT && r[i].what == TCP_TEARDOWN_SEG_ACK;
	capture_read(&self->capture);
	for (i = 0; i < self->capture.nr; i++)
		seen += self->capture.segments[i].out &&
			self->capture.segments[i].flags == ACK;
	CHECK(told + untold == seen, "%u ACKs are recorded, %u not, %u are captured", told,
	      untold, seen);
}

static void established(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	peer_connect(&self->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	peer_send(&self->peer, ACK, v, u, DATA);
	peer_expect(&self->peer, ACK, u, v + DATA, 0);
	net_receive(&end, DATA);
	net_abort(end.fd);
	EXPECT_ROWS(self, &end,
		    WANT_CALL(CLOSE, ESTABLISHED, u, v + DATA, .linger = true),
		    WANT_STATE(ESTABLISHED, CLOSE, u, v + DATA),
		    WANT_RESET(SENT, RST | ACK, CLOSE, u, v + DATA, REASON(TCP_STATE)));
	expect_acks(self, 1);
}

static void closing(struct fixture *self)
{
	struct net_end end;
	struct life life = life_fin_wait1(self, &end, 0);
	uint32_t u = end.snd_nxt, v = end.rcv_nxt;
	const struct want want[] = {
		WANT_SEGMENT(RCV, FIN | ACK, FIN_WAIT1, v, u),
		WANT_STATE(FIN_WAIT1, CLOSING, u + 1, v + 1),
		/* Before the transition, which is in the record of its segment. */
		WANT_SEGMENT(ACK, ACK, FIN_WAIT1, u + 1, v + 1),
	};

	peer_send(&self->peer, FIN | ACK, v, u, 0);
	peer_expect(&self->peer, ACK, u + 1, v + 1, 0);
	life_expect(self, &end, &life, want, ARRAY_SIZE(want));
	expect_acks(self, 0);
}

static void time_wait(struct fixture *self)
{
	struct net_end end;
	struct life life = life_fin_wait1(self, &end, 0);
	uint32_t u = end.snd_nxt, v = end.rcv_nxt;
	const struct want want[] = {
		WANT_SEGMENT(RCV, FIN | ACK, FIN_WAIT1, v, u + 1),
		WANT_STATE(FIN_WAIT1, FIN_WAIT2, u + 1, v),
		WANT_SEGMENT(ACK, ACK, FIN_WAIT2, u + 1, v + 1),
		ROWS_TIME_WAIT(u, v),
		WANT_SEGMENT(RCV_DUP, FIN | ACK, TIME_WAIT, v, u + 1, BY_MINISOCK),
		WANT_TIMEWAIT(REARMED, TIME_WAIT, u + 1, v + 1, .timeout_ms = 60000),
		WANT_SEGMENT(ACK, ACK, TIME_WAIT, u + 1, v + 1, BY_MINISOCK),
	};

	peer_send(&self->peer, FIN | ACK, v, u + 1, 0);
	peer_expect(&self->peer, ACK, u + 1, v + 1, 0);
	fixture_await(self, &end, 8);
	peer_send(&self->peer, FIN | ACK, v, u + 1, 0);
	peer_expect(&self->peer, ACK, u + 1, v + 1, 0);
	life_expect(self, &end, &life, want, ARRAY_SIZE(want));
	expect_acks(self, 0);
}

static void fin_wait2(struct fixture *self)
{
	struct net_end end;
	struct life life = life_fin_wait2(self, &end);
	uint32_t u = end.snd_nxt, v = end.rcv_nxt;
	const struct want want[] = {
		WANT_SEGMENT(RCV_OOO, ACK, FIN_WAIT2, v + AHEAD, u + 1, BY_MINISOCK, .len = DATA),
		WANT_SEGMENT(ACK, ACK, FIN_WAIT2, u + 1, v, BY_MINISOCK),
		ROWS_MINISOCK_FIN(u, v),
		WANT_SEGMENT(ACK, ACK, TIME_WAIT, u + 1, v + 1, BY_MINISOCK),
	};

	peer_send(&self->peer, ACK, v + AHEAD, u + 1, DATA);
	peer_expect(&self->peer, ACK, u + 1, v, 0);
	peer_send(&self->peer, FIN | ACK, v, u + 1, 0);
	peer_expect(&self->peer, ACK, u + 1, v + 1, 0);
	life_expect(self, &end, &life, want, ARRAY_SIZE(want));
	expect_acks(self, 0);
}

static void reset(struct fixture *self)
{
	struct net_end end;
	struct life life = life_fin_wait2(self, &end);
	uint32_t u = end.snd_nxt, v = end.rcv_nxt;
	const struct want want[] = {
		WANT_SEGMENT(RCV, ACK, FIN_WAIT2, v, u + 1, BY_MINISOCK, .len = DATA),
		WANT_STATE(FIN_WAIT2, CLOSE, u + 1, v, BY_MINISOCK),
		WANT_TIMEWAIT(ANSWERED, FIN_WAIT2, u + 1, v),
		WANT_RESET(REPLY, RST, FIN_WAIT2, u + 1, 0, BY_MINISOCK,
			   REASON(TCP_TIMEWAIT_SOCKET)),
	};

	peer_send(&self->peer, ACK, v, u + 1, DATA);
	peer_expect(&self->peer, RST, u + 1, 0, 0);
	life_expect(self, &end, &life, want, ARRAY_SIZE(want));
	expect_acks(self, 0);
}

static void close_wait(struct fixture *self, bool on)
{
	struct net_end end;
	uint32_t u, v;

	peer_connect(&self->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	peer_send(&self->peer, FIN | ACK, v, u, 0);
	peer_expect(&self->peer, ACK, u, v + 1, 0);
	const struct want want[] = {
		ROWS_PEER_FIN(u, v),
		WANT_SEGMENT(ACK, ACK, CLOSE_WAIT, u, v + 1),
	};

	fixture_expect(self, &end, want, ARRAY_SIZE(want) - !on);
	expect_acks(self, !on);
	close(end.fd);
	peer_expect(&self->peer, FIN | ACK, u, v + 1, 0);
	peer_send(&self->peer, ACK, v + 1, u + 1, 0);
	fixture_await(self, &end, 8 - !on);
}

static void delayed(struct fixture *self)
{
	close_wait(self, true);
}

static void group_off(struct fixture *self)
{
	group_set("-acks");
	close_wait(self, false);
	group_set("+acks");
}

static void piggybacked(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	peer_connect(&self->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	peer_send(&self->peer, FIN | ACK, v, u, 0);
	close(end.fd);
	peer_expect(&self->peer, FIN | ACK, u, v + 1, 0);
	EXPECT_ROWS(self, &end,
		    ROWS_PEER_FIN(u, v),
		    ROWS_CLOSE_AFTER_PEER(u, v));
	expect_acks(self, 0);
}

static const struct testcase testcases[] = {
	TESTCASE_WITH_PEER("an ACK of data in ESTABLISHED is not recorded", established),
	TESTCASE_WITH_PEER("ACK of a FIN in FIN_WAIT1", closing),
	TESTCASE_WITH_PEER("ACK of a FIN in FIN_WAIT2, and again in TIME_WAIT", time_wait),
	TESTCASE_WITH_PEER("ACKs of an orphan's FIN_WAIT2", fin_wait2),
	TESTCASE_WITH_PEER("RST of an orphan's FIN_WAIT2 is no ACK", reset),
	TESTCASE_WITH_PEER("delayed ACK of a FIN in CLOSE_WAIT", delayed),
	TESTCASE_WITH_PEER("ACK that goes with a FIN", piggybacked),
	TESTCASE_WITH_PEER("no ACK is recorded while the group is off", group_off),
};

int main(void)
{
	return group_run("acks", 3, testcases, ARRAY_SIZE(testcases));
}
