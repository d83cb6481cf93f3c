// SPDX-License-Identifier: GPL-2.0
/*
 * Segments that end a minisock early.
 *
 *	RST in TIME_WAIT	ends it, unless tcp_rfc1337 is set
 *	RST in FIN_WAIT2	ends it
 *	SYN with a higher number in TIME_WAIT, and a listener: a new connection
 *	data in FIN_WAIT2	answered with RST u+1, because the socket is closed
 *	SYN in FIN_WAIT2	the same
 *
 * Each case changes its own counter in /proc/net/tcp_teardown/summary, and no other.
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW; a TUN device.
 */
#include <unistd.h>

#include "lib/life.h"

#define DATA 10
#define LATER 100000		/* how far a new SYN's number is ahead */

static void reset_time_wait(struct fixture *self)
{
	struct net_end end;
	struct life life = life_time_wait(self, &end);
	uint32_t u = end.snd_nxt, v = end.rcv_nxt;
	const struct want want[] = {
		WANT_SEGMENT(RCV, RST, TIME_WAIT, v + 1, 0, BY_MINISOCK),
		WANT_STATE(TIME_WAIT, CLOSE, u + 1, v + 1, BY_MINISOCK),
		WANT_TIMEWAIT(RESET, TIME_WAIT, u + 1, v + 1),
	};

	net_sysctl("ipv4/tcp_rfc1337", "0");
	peer_send(&self->peer, RST, v + 1, 0, 0);
	life_expect(self, &end, &life, want, ARRAY_SIZE(want));
	life_counted(TCP_TEARDOWN_TW_RESET);
	fixture_verdict(self, &end, VERDICT(THREE_WAY, LOCAL, CLOSE));
}

/* The minisock still exists: it acknowledges the repeated FIN. */
static void reset_rfc1337(struct fixture *self)
{
	struct net_end end;
	struct life life = life_time_wait(self, &end);
	uint32_t u = end.snd_nxt, v = end.rcv_nxt;
	const struct want want[] = {
		WANT_SEGMENT(RCV, RST, TIME_WAIT, v + 1, 0, BY_MINISOCK),
		WANT_SEGMENT(RCV_DUP, FIN | ACK, TIME_WAIT, v, u + 1, BY_MINISOCK),
		WANT_TIMEWAIT(REARMED, TIME_WAIT, u + 1, v + 1, .timeout_ms = 60000),
	};

	net_sysctl("ipv4/tcp_rfc1337", "1");
	peer_send(&self->peer, RST, v + 1, 0, 0);
	peer_send(&self->peer, FIN | ACK, v, u + 1, 0);
	peer_expect(&self->peer, ACK, u + 1, v + 1, 0);
	life_expect(self, &end, &life, want, ARRAY_SIZE(want));
	life_counted(0);
	fixture_leave(self);
	fixture_verdict(self, &end, VERDICT(THREE_WAY, LOCAL, CLOSE));
}

static void reset_fin_wait2(struct fixture *self)
{
	struct net_end end;
	struct life life = life_fin_wait2(self, &end);
	uint32_t u = end.snd_nxt, v = end.rcv_nxt;
	const struct want want[] = {
		WANT_SEGMENT(RCV, RST | ACK, FIN_WAIT2, v, u + 1, BY_MINISOCK),
		WANT_STATE(FIN_WAIT2, CLOSE, u + 1, v, BY_MINISOCK),
		WANT_TIMEWAIT(RESET, FIN_WAIT2, u + 1, v),
	};

	peer_send(&self->peer, RST | ACK, v, u + 1, 0);
	life_expect(self, &end, &life, want, ARRAY_SIZE(want));
	life_counted(TCP_TEARDOWN_TW_RESET);
	fixture_verdict(self, &end, VERDICT(RESET_RECEIVED, LOCAL, PEER));
}

static void reopened(struct fixture *self)
{
	struct net_end end, next = { };
	struct life life = life_time_wait(self, &end);
	uint32_t u = end.snd_nxt, v = end.rcv_nxt, seq = v + LATER;
	int listener = peer_listen(&self->peer, end.local.port);
	struct segment reply;
	const struct want want[] = {
		WANT_SEGMENT(RCV_OOO, SYN, TIME_WAIT, seq, 0, BY_MINISOCK),
		WANT_STATE(TIME_WAIT, CLOSE, u + 1, v + 1, BY_MINISOCK),
		WANT_TIMEWAIT(REOPENED, TIME_WAIT, u + 1, v + 1),
	};

	peer_send(&self->peer, SYN, seq, 0, 0);
	REQUIRE(peer_read(&self->peer, &reply, 0) && reply.flags == (SYN | ACK) &&
		reply.ack == seq + 1, "no answer to the SYN");
	peer_send(&self->peer, ACK, seq + 1, reply.seq + 1, 0);
	next.fd = accept(listener, NULL, NULL);
	net_learn(&next);
	CHECK(next.cookie != end.cookie && next.local.port == end.local.port,
	      "not another connection with the same ports");
	net_abort(next.fd);
	close(listener);
	life_expect(self, &end, &life, want, ARRAY_SIZE(want));
	life_counted(TCP_TEARDOWN_TW_REOPENED);
	fixture_verdict(self, &end, VERDICT(THREE_WAY, LOCAL, CLOSE));
	fixture_verdict(self, &next, VERDICT(RESET_SENT, LOCAL, LINGER));
}

static void answered(struct fixture *self, uint8_t flags, uint32_t ack, unsigned int len)
{
	struct net_end end;
	struct life life = life_fin_wait2(self, &end);
	uint32_t u = end.snd_nxt, v = end.rcv_nxt;
	uint32_t seen = ack ? u + 1 : 0;
	const struct want want[] = {
		WANT_SEGMENT(RCV, flags, FIN_WAIT2, v, seen, BY_MINISOCK, .len = len),
		WANT_STATE(FIN_WAIT2, CLOSE, u + 1, v, BY_MINISOCK),
		WANT_TIMEWAIT(ANSWERED, FIN_WAIT2, u + 1, v),
		{ .kind = FACT_RESET, .what = TCP_TEARDOWN_RST_REPLY,
		  .old = TCP_FIN_WAIT2, .new = TCP_FIN_WAIT2, .minisock = true,
		  .flags = ack ? RST : RST | ACK, .seq = seen, .ack = ack ? 0 : v + 1,
		  REASON(TCP_TIMEWAIT_SOCKET) },
	};

	peer_send(&self->peer, flags, v, seen, len);
	peer_expect(&self->peer, want[3].flags, want[3].seq, want[3].ack, 0);
	life_expect(self, &end, &life, want, ARRAY_SIZE(want));
	life_counted(TCP_TEARDOWN_TW_ANSWERED);
	fixture_verdict(self, &end, VERDICT(RESET_SENT, LOCAL, DATA));
}

static void answered_data(struct fixture *self)
{
	answered(self, PSH | ACK, 1, DATA);
}

static void answered_syn(struct fixture *self)
{
	answered(self, SYN, 0, 0);
}

static const struct testcase testcases[] = {
	TESTCASE_WITH_PEER("RST ends TIME_WAIT", reset_time_wait),
	TESTCASE_WITH_PEER("RST does not end TIME_WAIT with tcp_rfc1337", reset_rfc1337),
	TESTCASE_WITH_PEER("RST ends an orphan's FIN_WAIT2", reset_fin_wait2),
	TESTCASE_WITH_PEER("SYN reopens TIME_WAIT", reopened),
	TESTCASE_WITH_PEER("data for an orphan's FIN_WAIT2 is answered with RST", answered_data),
	TESTCASE_WITH_PEER("SYN for an orphan's FIN_WAIT2 is answered with RST", answered_syn),
};

int main(void)
{
	return testcases_run(testcases, ARRAY_SIZE(testcases));
}
