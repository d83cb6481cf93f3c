// SPDX-License-Identifier: GPL-2.0
/*
 * Data for a socket that its application has closed: TCP answers with a RST, which ends
 * the connection (RFC 1122, section 4.2.2.13).
 *
 *	kernel				peer
 *	close, FIN u ack v		FIN_WAIT1	>
 *	data v ack u			CLOSE		<
 *	RST u						>
 *
 * If the data acknowledges the FIN, the socket passes through FIN_WAIT2. It stays there
 * as a full socket if tcp_fin_timeout is above 60 s, or after shutdown() of both
 * directions. For the minisock see timewait_endings.
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW; a TUN device.
 */
#include <unistd.h>

#include "lib/fixture.h"

#define DATA 10

static void fin_wait1(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	peer_connect(&self->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	close(end.fd);
	peer_expect(&self->peer, FIN | ACK, u, v, 0);
	peer_send(&self->peer, PSH | ACK, v, u, DATA);
	peer_expect(&self->peer, RST, u, 0, 0);
	EXPECT_ROWS(self, &end,
		    ROWS_CLOSE(u, v),
		    WANT_SEGMENT(RCV, PSH | ACK, FIN_WAIT1, v, u, .len = DATA),
		    WANT_STATE(FIN_WAIT1, CLOSE, u + 1, v),
		    WANT_RESET(REPLY, RST, CLOSE, u, 0, REASON(TCP_ABORT_ON_DATA)));
	fixture_verdict(self, &end, VERDICT(RESET_SENT, LOCAL, DATA));
}

static void with_ack(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	peer_connect(&self->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	close(end.fd);
	peer_expect(&self->peer, FIN | ACK, u, v, 0);
	peer_send(&self->peer, PSH | ACK, v, u + 1, DATA);
	peer_expect(&self->peer, RST, u + 1, 0, 0);
	EXPECT_ROWS(self, &end,
		    ROWS_CLOSE(u, v),
		    WANT_SEGMENT(RCV, PSH | ACK, FIN_WAIT1, v, u + 1, .len = DATA),
		    WANT_STATE(FIN_WAIT1, FIN_WAIT2, u + 1, v),
		    WANT_STATE(FIN_WAIT2, CLOSE, u + 1, v),
		    WANT_RESET(REPLY, RST, CLOSE, u + 1, 0, REASON(TCP_ABORT_ON_DATA)));
	fixture_verdict(self, &end, VERDICT(RESET_SENT, LOCAL, DATA));
}

/* The FIN is acknowledged; then data arrives. */
static void fin_then_data(struct fixture *self, const struct net_end *end)
{
	uint32_t u = end->snd_nxt, v = end->rcv_nxt;

	peer_expect(&self->peer, FIN | ACK, u, v, 0);
	peer_send(&self->peer, ACK, v, u + 1, 0);
	peer_send(&self->peer, PSH | ACK, v, u + 1, DATA);
	peer_expect(&self->peer, RST, u + 1, 0, 0);
}

static void orphan_fin_wait2(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	net_sysctl("ipv4/tcp_fin_timeout", "100");
	peer_connect(&self->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	close(end.fd);
	fin_then_data(self, &end);
	EXPECT_ROWS(self, &end,
		    ROWS_CLOSE(u, v),
		    ROWS_FIN_ACKED(u, v),
		    WANT_SEGMENT(RCV, PSH | ACK, FIN_WAIT2, v, u + 1, .len = DATA),
		    WANT_STATE(FIN_WAIT2, CLOSE, u + 1, v),
		    WANT_RESET(REPLY, RST, CLOSE, u + 1, 0, REASON(TCP_ABORT_ON_DATA)));
	fixture_verdict(self, &end, VERDICT(RESET_SENT, LOCAL, DATA));
}

static void shutdown_both(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	peer_connect(&self->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	CHECK(!shutdown(end.fd, SHUT_RDWR), "shutdown");
	fin_then_data(self, &end);
	close(end.fd);
	EXPECT_ROWS(self, &end,
		    WANT_CALL(SHUT_RDWR, ESTABLISHED, u, v),
		    WANT_STATE(ESTABLISHED, FIN_WAIT1, u, v),
		    WANT_SEGMENT(QUEUE, FIN | ACK, FIN_WAIT1, u, v),
		    ROWS_FIN_ACKED(u, v),
		    WANT_SEGMENT(RCV, PSH | ACK, FIN_WAIT2, v, u + 1, .len = DATA),
		    WANT_STATE(FIN_WAIT2, CLOSE, u + 1, v),
		    WANT_RESET(REPLY, RST, CLOSE, u + 1, 0, REASON(TCP_ABORT_ON_DATA)),
		    WANT_CALL(CLOSE, CLOSE, u + 1, v));
	fixture_verdict(self, &end, VERDICT(RESET_SENT, LOCAL, DATA));
}

static const struct testcase testcases[] = {
	TESTCASE_WITH_PEER("data after close, in FIN_WAIT1", fin_wait1),
	TESTCASE_WITH_PEER("data after close, with the ACK of the FIN", with_ack),
	TESTCASE_WITH_PEER("data after close, in an orphan's FIN_WAIT2", orphan_fin_wait2),
	TESTCASE_WITH_PEER("data after shutdown of both directions", shutdown_both),
};

int main(void)
{
	return testcases_run(testcases, ARRAY_SIZE(testcases));
}
