// SPDX-License-Identifier: GPL-2.0
/* Records that many kinds of close share; u is our next sequence number, v the peer's. */
#include "closes.h"

void expect_active_close(struct run *run, const struct net_end *end)
{
	uint32_t u = end->snd_nxt, v = end->rcv_nxt;

	EXPECT(run, end,
	       WANT_CALL(CLOSE, ESTABLISHED, u, v),
	       WANT_STATE(ESTABLISHED, FIN_WAIT1, u, v),
	       WANT_SEGMENT(QUEUE, FIN | ACK, FIN_WAIT1, u, v));
}

void expect_fin_wait2(struct run *run, const struct net_end *end)
{
	uint32_t u = end->snd_nxt, v = end->rcv_nxt;

	expect_active_close(run, end);
	EXPECT(run, end,
	       WANT_SEGMENT(RCV, ACK, FIN_WAIT1, v, u + 1),
	       WANT_STATE(FIN_WAIT1, FIN_WAIT2, u + 1, v),
	       WANT_TIMEWAIT(BORN, FIN_WAIT2, u + 1, v));
}

void expect_fin_in_fin_wait2(struct run *run, const struct net_end *end)
{
	uint32_t u = end->snd_nxt, v = end->rcv_nxt;

	EXPECT(run, end,
	       WANT_SEGMENT(RCV, FIN | ACK, FIN_WAIT2, v, u + 1, BY_MINISOCK),
	       WANT_STATE(FIN_WAIT2, TIME_WAIT, u + 1, v + 1, BY_MINISOCK),
	       WANT_SEGMENT(ACK, ACK, TIME_WAIT, u + 1, v + 1, BY_MINISOCK));
}

void expect_fin_in_fin_wait1(struct run *run, const struct net_end *end)
{
	uint32_t u = end->snd_nxt, v = end->rcv_nxt;

	EXPECT(run, end,
	       WANT_SEGMENT(RCV, FIN | ACK, FIN_WAIT1, v, u + 1),
	       WANT_STATE(FIN_WAIT1, FIN_WAIT2, u + 1, v),
	       WANT_SEGMENT(ACK, ACK, FIN_WAIT2, u + 1, v + 1));
}

void expect_born(struct run *run, const struct net_end *end, uint8_t from)
{
	uint32_t u = end->snd_nxt, v = end->rcv_nxt;
	struct want want[] = {
		WANT_STATE(FIN_WAIT2, TIME_WAIT, u + 1, v + 1, BY_MINISOCK),
		WANT_TIMEWAIT(BORN, TIME_WAIT, u + 1, v + 1),
	};

	want[0].old = from;
	run_expect(run, end, want, ARRAY_SIZE(want));
}

void expect_time_wait(struct run *run, const struct net_end *end)
{
	expect_active_close(run, end);
	expect_fin_in_fin_wait1(run, end);
	expect_born(run, end, TCP_FIN_WAIT2);
}

void expect_passive(struct run *run, const struct net_end *end)
{
	uint32_t u = end->snd_nxt, v = end->rcv_nxt;

	EXPECT(run, end,
	       WANT_SEGMENT(RCV, FIN | ACK, ESTABLISHED, v, u),
	       WANT_STATE(ESTABLISHED, CLOSE_WAIT, u, v + 1),
	       WANT_SEGMENT(ACK, ACK, CLOSE_WAIT, u, v + 1));
}

void expect_passive_close(struct run *run, const struct net_end *end)
{
	uint32_t u = end->snd_nxt, v = end->rcv_nxt;

	expect_passive(run, end);
	EXPECT(run, end,
	       WANT_CALL(CLOSE, CLOSE_WAIT, u, v + 1),
	       WANT_STATE(CLOSE_WAIT, LAST_ACK, u, v + 1),
	       WANT_SEGMENT(QUEUE, FIN | ACK, LAST_ACK, u, v + 1),
	       WANT_SEGMENT(RCV, ACK, LAST_ACK, v + 1, u + 1),
	       WANT_STATE(LAST_ACK, CLOSE, u + 1, v + 1));
}

void expect_abort(struct run *run, const struct net_end *end)
{
	uint32_t u = end->snd_nxt, v = end->rcv_nxt;

	EXPECT(run, end,
	       WANT_CALL(CLOSE, ESTABLISHED, u, v, .linger = true),
	       WANT_STATE(ESTABLISHED, CLOSE, u, v),
	       WANT_RESET(SENT, RST | ACK, CLOSE, u, v, REASON(TCP_STATE)));
	run_expect_verdict(run, end, VERDICT(RESET_SENT, LOCAL, LINGER));
}

void expect_netns_gone(struct run *run, const struct net_end *end, uint8_t state,
		       uint32_t seq, uint32_t ack)
{
	struct want want[] = {
		WANT_STATE(TIME_WAIT, CLOSE, seq, ack, BY_MINISOCK),
		WANT_TIMEWAIT(NETNS, TIME_WAIT, seq, ack),
	};

	want[0].old = state;
	want[1].old = state;
	want[1].new = state;
	run_expect(run, end, want, ARRAY_SIZE(want));
}
