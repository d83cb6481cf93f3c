// SPDX-License-Identifier: GPL-2.0
/*
 * SOCK_DESTROY, as by ss -K: another process ends the connection. In some states the
 * kernel sends the peer a RST:
 *
 *	ESTABLISHED, FIN_WAIT1, FIN_WAIT2 (a full socket), CLOSE_WAIT
 *		RST snd_nxt ack rcv_nxt		CLOSE	>
 *	CLOSING, LAST_ACK, FIN_WAIT2 (a minisock)
 *		nothing				CLOSE
 *
 * The killer is not recorded as the owner. For TIME_WAIT see timewait_gone.
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW; a TUN device; tcp_diag.
 */
#include <errno.h>
#include <unistd.h>

#include "lib/diag.h"
#include "lib/life.h"

#define DATA 100

static void established(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	peer_connect(&self->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	diag_destroy(self->family, &end);
	peer_expect(&self->peer, RST | ACK, u, v, 0);
	net_expect_error(&end, ECONNABORTED);
	close(end.fd);
	EXPECT_ROWS(self, &end,
		    WANT_CALL(ABORT, ESTABLISHED, u, v),
		    WANT_RESET(SENT, RST | ACK, ESTABLISHED, u, v, REASON(TCP_STATE)),
		    WANT_STATE(ESTABLISHED, CLOSE, u, v),
		    WANT_CALL(CLOSE, CLOSE, u, v));
	fixture_verdict(self, &end, VERDICT(RESET_SENT, LOCAL, KILL, .no_owner = true));
}

static void close_wait(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	peer_connect(&self->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	peer_send(&self->peer, FIN | ACK, v, u, 0);
	peer_expect(&self->peer, ACK, u, v + 1, 0);
	diag_destroy(self->family, &end);
	peer_expect(&self->peer, RST | ACK, u, v + 1, 0);
	close(end.fd);
	EXPECT_ROWS(self, &end,
		    ROWS_PEER_FIN(u, v),
		    WANT_CALL(ABORT, CLOSE_WAIT, u, v + 1),
		    WANT_RESET(SENT, RST | ACK, CLOSE_WAIT, u, v + 1, REASON(TCP_STATE)),
		    WANT_STATE(CLOSE_WAIT, CLOSE, u, v + 1),
		    WANT_CALL(CLOSE, CLOSE, u, v + 1));
	fixture_verdict(self, &end, VERDICT(RESET_SENT, PEER, KILL, .no_owner = true));
}

/* An orphan whose FIN was not acknowledged. */
static void fin_wait1(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	peer_connect(&self->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	close(end.fd);
	peer_expect(&self->peer, FIN | ACK, u, v, 0);
	diag_destroy(self->family, &end);
	peer_expect(&self->peer, RST | ACK, u + 1, v, 0);
	EXPECT_ROWS(self, &end,
		    ROWS_CLOSE(u, v),
		    WANT_CALL(ABORT, FIN_WAIT1, u + 1, v),
		    WANT_RESET(SENT, RST | ACK, FIN_WAIT1, u + 1, v, REASON(TCP_STATE)),
		    WANT_STATE(FIN_WAIT1, CLOSE, u + 1, v));
	fixture_verdict(self, &end, VERDICT(RESET_SENT, LOCAL, KILL));
}

static void fin_wait2(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	peer_connect(&self->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	peer_half_close(&self->peer, &end);
	diag_destroy(self->family, &end);
	peer_expect(&self->peer, RST | ACK, u + 1, v, 0);
	close(end.fd);
	EXPECT_ROWS(self, &end,
		    ROWS_SHUT_WR(u, v),
		    ROWS_FIN_ACKED(u, v),
		    WANT_CALL(ABORT, FIN_WAIT2, u + 1, v),
		    WANT_RESET(SENT, RST | ACK, FIN_WAIT2, u + 1, v, REASON(TCP_STATE)),
		    WANT_STATE(FIN_WAIT2, CLOSE, u + 1, v),
		    WANT_CALL(CLOSE, CLOSE, u + 1, v));
	fixture_verdict(self, &end, VERDICT(RESET_SENT, LOCAL, KILL));
}

static void minisock(struct fixture *self)
{
	struct net_end end;
	struct life life = life_fin_wait2(self, &end);
	uint32_t u = end.snd_nxt, v = end.rcv_nxt;
	const struct want want[] = {
		WANT_STATE(FIN_WAIT2, CLOSE, u + 1, v, BY_MINISOCK),
		WANT_TIMEWAIT(KILLED, FIN_WAIT2, u + 1, v),
	};

	diag_destroy(self->family, &end);
	life_expect(self, &end, &life, want, ARRAY_SIZE(want));
	life_counted(TCP_TEARDOWN_TW_KILLED);
	fixture_verdict(self, &end, VERDICT(ABORTED, LOCAL, KILL));
}

static void closing(struct fixture *self)
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
	diag_destroy(self->family, &end);
	EXPECT_ROWS(self, &end,
		    ROWS_CLOSE(u, v),
		    WANT_SEGMENT(RCV, FIN | ACK, FIN_WAIT1, v, u),
		    WANT_STATE(FIN_WAIT1, CLOSING, u + 1, v + 1),
		    WANT_CALL(ABORT, CLOSING, u + 1, v + 1),
		    WANT_STATE(CLOSING, CLOSE, u + 1, v + 1));
	fixture_verdict(self, &end, VERDICT(ABORTED, BOTH, KILL));
}

static void last_ack(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	peer_connect(&self->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	peer_send(&self->peer, FIN | ACK, v, u, 0);
	peer_expect(&self->peer, ACK, u, v + 1, 0);
	close(end.fd);
	peer_expect(&self->peer, FIN | ACK, u, v + 1, 0);
	diag_destroy(self->family, &end);
	EXPECT_ROWS(self, &end,
		    ROWS_PEER_FIN(u, v),
		    ROWS_CLOSE_AFTER_PEER(u, v),
		    WANT_CALL(ABORT, LAST_ACK, u + 1, v + 1),
		    WANT_STATE(LAST_ACK, CLOSE, u + 1, v + 1));
	fixture_verdict(self, &end, VERDICT(ABORTED, PEER, KILL));
}

/* The FIN waits behind a closed window; no RST is sent. */
static void last_ack_unsent(struct fixture *self)
{
	struct net_end end;
	uint32_t w, u;

	self->peer.window = 0;
	peer_connect(&self->peer, &end);
	w = end.snd_nxt;
	u = end.rcv_nxt;
	peer_send(&self->peer, FIN | ACK, u, w, 0);
	peer_expect(&self->peer, ACK, w, u + 1, 0);
	net_send(&end, DATA);
	close(end.fd);
	diag_destroy(self->family, &end);
	EXPECT_ROWS(self, &end,
		    ROWS_PEER_FIN(w, u),
		    WANT_CALL(CLOSE, CLOSE_WAIT, w, u + 1, .unsent = DATA),
		    WANT_STATE(CLOSE_WAIT, LAST_ACK, w, u + 1),
		    WANT_SEGMENT(QUEUE, FIN | ACK, LAST_ACK, w + DATA, u + 1, .unsent = DATA),
		    WANT_CALL(ABORT, LAST_ACK, w, u + 1, .unsent = DATA + 1),
		    WANT_STATE(LAST_ACK, CLOSE, w, u + 1));
	fixture_verdict(self, &end, VERDICT(ABORTED, PEER, KILL,
					    .flags = TCP_TEARDOWN_F_FIN_UNSENT));
}

static const struct testcase testcases[] = {
	TESTCASE_WITH_PEER("SOCK_DESTROY in ESTABLISHED", established),
	TESTCASE_WITH_PEER("SOCK_DESTROY in CLOSE_WAIT", close_wait),
	TESTCASE_WITH_PEER("SOCK_DESTROY in FIN_WAIT1", fin_wait1, .lacks = diag_lacks_orphans),
	TESTCASE_WITH_PEER("SOCK_DESTROY in FIN_WAIT2", fin_wait2),
	TESTCASE_WITH_PEER("SOCK_DESTROY in an orphan's FIN_WAIT2", minisock,
			   .lacks = diag_lacks_minisocks),
	TESTCASE_WITH_PEER("SOCK_DESTROY in CLOSING", closing, .lacks = diag_lacks_orphans),
	TESTCASE_WITH_PEER("SOCK_DESTROY in LAST_ACK", last_ack, .lacks = diag_lacks_orphans),
	TESTCASE_WITH_PEER("SOCK_DESTROY in LAST_ACK, the FIN unsent", last_ack_unsent,
			   .lacks = diag_lacks_orphans),
};

int main(void)
{
	if (!diag_possible())
		ktap_skip_all("no tcp_diag that can kill");
	return testcases_run(testcases, ARRAY_SIZE(testcases));
}
