// SPDX-License-Identifier: GPL-2.0
/*
 * Simultaneous close: the FINs cross.
 *
 *	kernel				peer
 *	close, FIN u ack v		FIN_WAIT1	>
 *	FIN v ack u			CLOSING		<
 *	ACK u+1 ack v+1					>
 *	ACK v+1 ack u+1			TIME_WAIT	<
 *
 * In the second case the peer loses the ACK of its FIN and sends the FIN again; the
 * kernel acknowledges it and stays in CLOSING.
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW; a TUN device.
 */
#include <unistd.h>

#include "lib/fixture.h"

static void cross(struct fixture *self, struct net_end *end)
{
	uint32_t u, v;

	peer_connect(&self->peer, end);
	u = end->snd_nxt;
	v = end->rcv_nxt;
	close(end->fd);
	peer_expect(&self->peer, FIN | ACK, u, v, 0);
	peer_send(&self->peer, FIN | ACK, v, u, 0);
	peer_expect(&self->peer, ACK, u + 1, v + 1, 0);
}

static void expect_crossing(struct fixture *self, const struct net_end *end)
{
	uint32_t u = end->snd_nxt, v = end->rcv_nxt;

	EXPECT_ROWS(self, end,
		    ROWS_CLOSE(u, v),
		    WANT_SEGMENT(RCV, FIN | ACK, FIN_WAIT1, v, u),
		    WANT_STATE(FIN_WAIT1, CLOSING, u + 1, v + 1),
		    WANT_SEGMENT(RCV, ACK, CLOSING, v + 1, u + 1),
		    WANT_STATE(CLOSING, TIME_WAIT, u + 1, v + 1, BY_MINISOCK),
		    WANT_TIMEWAIT(BORN, TIME_WAIT, u + 1, v + 1));
}

static void crossing(struct fixture *self)
{
	struct net_end end;

	cross(self, &end);
	peer_send(&self->peer, ACK, end.rcv_nxt + 1, end.snd_nxt + 1, 0);
	expect_crossing(self, &end);
	fixture_leave(self);
	fixture_verdict(self, &end, VERDICT(SIMULTANEOUS, BOTH, CLOSE));
}

static void expect_again(struct fixture *self, const struct net_end *end)
{
	uint32_t u = end->snd_nxt, v = end->rcv_nxt;

	EXPECT_ROWS(self, end,
		    ROWS_CLOSE(u, v),
		    WANT_SEGMENT(RCV, FIN | ACK, FIN_WAIT1, v, u),
		    WANT_STATE(FIN_WAIT1, CLOSING, u + 1, v + 1),
		    WANT_SEGMENT(RCV_DUP, FIN | ACK, CLOSING, v, u),
		    WANT_SEGMENT(RCV, ACK, CLOSING, v + 1, u + 1),
		    WANT_STATE(CLOSING, TIME_WAIT, u + 1, v + 1, BY_MINISOCK),
		    WANT_TIMEWAIT(BORN, TIME_WAIT, u + 1, v + 1));
}

static void again(struct fixture *self)
{
	struct net_end end;

	cross(self, &end);
	peer_send(&self->peer, FIN | ACK, end.rcv_nxt, end.snd_nxt, 0);
	peer_expect(&self->peer, ACK, end.snd_nxt + 1, end.rcv_nxt + 1, 0);
	peer_send(&self->peer, ACK, end.rcv_nxt + 1, end.snd_nxt + 1, 0);
	expect_again(self, &end);
	fixture_leave(self);
	fixture_verdict(self, &end, VERDICT(SIMULTANEOUS, BOTH, CLOSE));
}

static const struct testcase testcases[] = {
	TESTCASE_WITH_PEER("the FINs cross", crossing),
	TESTCASE_WITH_PEER("the FINs cross, the peer's comes twice", again),
};

int main(void)
{
	return testcases_run(testcases, ARRAY_SIZE(testcases));
}
