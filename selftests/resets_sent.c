// SPDX-License-Identifier: GPL-2.0
/*
 * A RST sent in each state of a connection, and its reason. u and v are the next sequence
 * numbers of the kernel and of the peer.
 *
 *	SYN_SENT, a SYN,ACK of no SYN
 *		RST seq of that ACK			TCP_INVALID_ACK_SEQUENCE
 *	SYN_RECV (crossed SYNs), an ACK beyond SND.NXT
 *		RST seq of that ACK			TCP_ACK_UNSENT_DATA
 *	SYN_RECV (crossed SYNs), an ACK before the SYN
 *		RST seq of that ACK			TCP_TOO_OLD_ACK
 *	ESTABLISHED, a SYN in the window
 *		ACK u ack v, no RST
 *	ESTABLISHED, SOCK_DESTROY
 *		RST u ack v				TCP_STATE
 *	ESTABLISHED, keepalive without an answer
 *		RST u ack v				TCP_KEEPALIVE_TIMEOUT
 *	ESTABLISHED, close with linger 0, data unsent
 *		RST u ack v				TCP_STATE
 *	FIN_WAIT1 of an orphan, data
 *		RST u					TCP_ABORT_ON_DATA
 *	FIN_WAIT1 of an orphan, TCP_LINGER2 -1, ACK of the FIN
 *		RST u+1					TCP_ABORT_ON_DATA
 *	FIN_WAIT1, closed now or before, one orphan too many
 *		RST u+1 ack v				TCP_ABORT_ON_MEMORY
 *	FIN_WAIT2 of an orphan, full socket, data
 *		RST u+1					TCP_ABORT_ON_DATA
 *	FIN_WAIT2 of an orphan, full socket, too late for a minisock
 *		RST u+1 ack v				TCP_STATE
 *	FIN_WAIT2, TCP_LINGER2 -1, close
 *		RST u+1 ack v				TCP_ABORT_ON_LINGER
 *	CLOSING, CLOSE_WAIT, LAST_ACK, data over the FIN
 *		RST u					TCP_ABORT_ON_DATA
 *	LAST_ACK, FIN unsent, close with linger 0
 *		RST u ack v+1				TCP_DISCONNECT_WITH_DATA
 *	TIME_WAIT, data
 *		ACK u+1 ack v+1, no RST
 *
 * For TCP_ABORT_ON_CLOSE, TCP_STATE and TCP_TIMEWAIT_SOCKET see unread.c, linger0.c and
 * timewait_endings.c. When TCP answers data for a closed socket, or aborts in close(),
 * the socket is in CLOSE before the RST is sent; the transition before it has the state.
 *
 * Each case changes its own counter in /proc/net/tcp_teardown/summary.
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW; a TUN device; tcp_diag; to start in
 * the first network namespace.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/diag.h"
#include "lib/life.h"

#define DATA 10

/* CHECK the records that follow the setup, and that there was one such RST. */
static void expect(struct fixture *self, const struct net_end *end, struct life *life,
		   const struct want *want, unsigned int nr, const char *reason)
{
	char counter[64];

	life_expect(self, end, life, want, nr);
	snprintf(counter, sizeof(counter), "rst_sent_for_%s", reason);
	CHECK(records_counter(counter) == 1, "%s is not 1", counter);
}

static void set_tcp(const struct net_end *end, int option, int value)
{
	CHECK(!setsockopt(end->fd, IPPROTO_TCP, option, &value, sizeof(value)),
	      "option %d", option);
}

static void syn_sent(struct fixture *self)
{
	struct life life = { };
	struct net_end end;
	uint32_t iss;

	peer_await_connect(&self->peer, &end);
	iss = end.snd_nxt - 1;
	peer_send(&self->peer, SYN | ACK, PEER_ISS, iss, 0);
	peer_expect(&self->peer, RST, iss, 0, 0);
	close(end.fd);
	const struct want want[] = {
		WANT_RESET(REPLY, RST, SYN_SENT, iss, 0, REASON(TCP_INVALID_ACK_SEQUENCE)),
		WANT_CALL(CLOSE, SYN_SENT, iss + 1, 0),
		WANT_STATE(SYN_SENT, CLOSE, iss + 1, 0),
	};

	expect(self, &end, &life, want, ARRAY_SIZE(want), "TCP_INVALID_ACK_SEQUENCE");
}

/* The peer's SYN crosses the kernel's; then comes an ACK that is so far off. */
static void crossed(struct fixture *self, int off, uint16_t reason, const char *word)
{
	struct life life = { };
	struct net_end end;
	uint32_t iss;

	peer_await_connect(&self->peer, &end);
	iss = end.snd_nxt - 1;
	peer_send(&self->peer, SYN, PEER_ISS, 0, 0);
	peer_expect(&self->peer, SYN | ACK, iss, PEER_ISS + 1, 0);
	peer_send(&self->peer, ACK, PEER_ISS + 1, iss + off, 0);
	peer_expect(&self->peer, RST, iss + off, 0, 0);
	net_abort(end.fd);
	peer_expect(&self->peer, RST | ACK, iss + 1, PEER_ISS + 1, 0);
	const struct want want[] = {
		WANT_RESET(REPLY, RST, SYN_RECV, iss + off, 0, .reason = reason),
		WANT_CALL(CLOSE, SYN_RECV, iss + 1, PEER_ISS + 1, .linger = true),
		WANT_STATE(SYN_RECV, CLOSE, iss + 1, PEER_ISS + 1),
		WANT_RESET(SENT, RST | ACK, CLOSE, iss + 1, PEER_ISS + 1, REASON(TCP_STATE)),
	};

	expect(self, &end, &life, want, ARRAY_SIZE(want), word);
}

static void crossed_unsent(struct fixture *self)
{
	crossed(self, 2, TCP_TEARDOWN_REASON_TCP_ACK_UNSENT_DATA,
		"TCP_ACK_UNSENT_DATA");
}

static void crossed_old(struct fixture *self)
{
	crossed(self, -1, TCP_TEARDOWN_REASON_TCP_TOO_OLD_ACK,
		"TCP_TOO_OLD_ACK");
}

/* A SYN in the window only causes a challenge ACK; then ss -K. */
static void established(struct fixture *self)
{
	struct life life = { };
	struct net_end end;
	uint32_t u, v;

	peer_connect(&self->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	peer_send(&self->peer, SYN, v, 0, 0);
	peer_expect(&self->peer, ACK, u, v, 0);
	diag_destroy(self->family, &end);
	peer_expect(&self->peer, RST | ACK, u, v, 0);
	net_expect_error(&end, ECONNABORTED);
	close(end.fd);
	const struct want want[] = {
		WANT_CALL(ABORT, ESTABLISHED, u, v),
		WANT_RESET(SENT, RST | ACK, ESTABLISHED, u, v, REASON(TCP_STATE)),
		WANT_STATE(ESTABLISHED, CLOSE, u, v),
		WANT_CALL(CLOSE, CLOSE, u, v),
	};

	expect(self, &end, &life, want, ARRAY_SIZE(want), "TCP_STATE");
}

/* The kernel's probes have the sequence number before u. */
static void keepalive(struct fixture *self)
{
	struct life life = { };
	struct net_end end;
	uint32_t u, v;
	int on = 1;

	peer_connect(&self->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	set_tcp(&end, TCP_KEEPIDLE, 1);
	set_tcp(&end, TCP_KEEPINTVL, 1);
	set_tcp(&end, TCP_KEEPCNT, 2);
	CHECK(!setsockopt(end.fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)), "SO_KEEPALIVE");
	peer_expect(&self->peer, ACK, u - 1, v, 0);
	peer_expect(&self->peer, ACK, u - 1, v, 0);
	peer_expect(&self->peer, RST | ACK, u, v, 0);
	net_expect_error(&end, ETIMEDOUT);
	close(end.fd);
	const struct want want[] = {
		WANT_RESET(SENT, RST | ACK, ESTABLISHED, u, v, REASON(TCP_KEEPALIVE_TIMEOUT)),
		WANT_STATE(ESTABLISHED, CLOSE, u, v),
		WANT_CALL(CLOSE, CLOSE, u, v),
	};

	expect(self, &end, &life, want, ARRAY_SIZE(want), "TCP_KEEPALIVE_TIMEOUT");
}

/* A window of 0, and data that waits for it to open. */
static void connect_unsent(struct fixture *self, struct net_end *end)
{
	self->peer.window = 0;
	peer_connect(&self->peer, end);
	net_send(end, DATA);
}

static void established_unsent(struct fixture *self)
{
	struct life life = { };
	struct net_end end;
	uint32_t u, v;

	connect_unsent(self, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	net_abort(end.fd);
	peer_expect(&self->peer, RST | ACK, u, v, 0);
	const struct want want[] = {
		WANT_CALL(CLOSE, ESTABLISHED, u, v, .unsent = DATA, .linger = true),
		WANT_STATE(ESTABLISHED, CLOSE, u, v),
		WANT_RESET(SENT, RST | ACK, CLOSE, u, v, REASON(TCP_STATE)),
	};

	expect(self, &end, &life, want, ARRAY_SIZE(want), "TCP_STATE");
}

static void fin_wait1_data(struct fixture *self)
{
	struct net_end end;
	struct life life = life_fin_wait1(self, &end, 0);
	uint32_t u = end.snd_nxt, v = end.rcv_nxt;

	peer_send(&self->peer, ACK, v, u, DATA);
	peer_expect(&self->peer, RST, u, 0, 0);
	const struct want want[] = {
		WANT_SEGMENT(RCV, ACK, FIN_WAIT1, v, u, .len = DATA),
		WANT_STATE(FIN_WAIT1, CLOSE, u + 1, v),
		WANT_RESET(REPLY, RST, CLOSE, u, 0, REASON(TCP_ABORT_ON_DATA)),
	};

	expect(self, &end, &life, want, ARRAY_SIZE(want), "TCP_ABORT_ON_DATA");
}

static void fin_wait1_linger2(struct fixture *self)
{
	struct net_end end;
	struct life life = life_fin_wait1(self, &end, -1);
	uint32_t u = end.snd_nxt, v = end.rcv_nxt;

	peer_send(&self->peer, ACK, v, u + 1, 0);
	peer_expect(&self->peer, RST, u + 1, 0, 0);
	const struct want want[] = {
		ROWS_FIN_ACKED(u, v),
		WANT_STATE(FIN_WAIT2, CLOSE, u + 1, v),
		WANT_RESET(REPLY, RST, CLOSE, u + 1, 0, REASON(TCP_ABORT_ON_DATA)),
	};

	expect(self, &end, &life, want, ARRAY_SIZE(want), "TCP_ABORT_ON_DATA");
}

/* With a timeout above 60 s the full socket waits first. */
static void fin_wait2_data(struct fixture *self)
{
	struct net_end end;
	struct life life = life_fin_wait1(self, &end, 90);
	uint32_t u = end.snd_nxt, v = end.rcv_nxt;

	peer_send(&self->peer, ACK, v, u + 1, 0);
	fixture_await(self, &end, 5);
	peer_send(&self->peer, ACK, v, u + 1, DATA);
	peer_expect(&self->peer, RST, u + 1, 0, 0);
	const struct want want[] = {
		ROWS_FIN_ACKED(u, v),
		WANT_SEGMENT(RCV, ACK, FIN_WAIT2, v, u + 1, .len = DATA),
		WANT_STATE(FIN_WAIT2, CLOSE, u + 1, v),
		WANT_RESET(REPLY, RST, CLOSE, u + 1, 0, REASON(TCP_ABORT_ON_DATA)),
	};

	expect(self, &end, &life, want, ARRAY_SIZE(want), "TCP_ABORT_ON_DATA");
}

/* After the first 30 s of 90, only 60 s are allowed, of which none are left. */
static void fin_wait2_late(struct fixture *self)
{
	struct net_end end;
	struct life life;
	uint32_t u, v;

	net_sysctl("ipv4/tcp_fin_timeout", "90");
	life = life_fin_wait1(self, &end, 0);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	peer_send(&self->peer, ACK, v, u + 1, 0);
	fixture_await(self, &end, 5);
	net_sysctl("ipv4/tcp_fin_timeout", "60");
	peer_expect(&self->peer, RST | ACK, u + 1, v, 0);
	const struct want want[] = {
		ROWS_FIN_ACKED(u, v),
		WANT_RESET(SENT, RST | ACK, FIN_WAIT2, u + 1, v, REASON(TCP_STATE)),
		WANT_STATE(FIN_WAIT2, CLOSE, u + 1, v),
	};

	expect(self, &end, &life, want, ARRAY_SIZE(want), "TCP_STATE");
}

static void fin_wait2_linger2(struct fixture *self)
{
	struct life life = { };
	struct net_end end;
	uint32_t u, v;

	peer_connect(&self->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	set_tcp(&end, TCP_LINGER2, -1);
	peer_half_close(&self->peer, &end);
	fixture_await(self, &end, 5);
	close(end.fd);
	peer_expect(&self->peer, RST | ACK, u + 1, v, 0);
	const struct want want[] = {
		ROWS_SHUT_WR(u, v),
		ROWS_FIN_ACKED(u, v),
		WANT_CALL(CLOSE, FIN_WAIT2, u + 1, v),
		WANT_STATE(FIN_WAIT2, CLOSE, u + 1, v),
		WANT_RESET(SENT, RST | ACK, CLOSE, u + 1, v, REASON(TCP_ABORT_ON_LINGER)),
	};

	expect(self, &end, &life, want, ARRAY_SIZE(want), "TCP_ABORT_ON_LINGER");
}

/*
 * An orphan that stays. The kernel counts orphans ten times a second, if it is not idle.
 */
static void make_orphan(struct fixture *self)
{
	struct net_end orphan;
	double counted;

	life_fin_wait1(self, &orphan, 90);
	peer_send(&self->peer, ACK, orphan.rcv_nxt, orphan.snd_nxt + 1, 0);
	fixture_await(self, &orphan, 5);
	sleep(1);
	counted = net_now() + 0.02;
	while (net_now() < counted)
		;
}

/* The limit is global; it is only in the initial namespace. */
static int max_orphans_fd;
static char max_orphans[16];

static void limit_orphans(const char *limit)
{
	CHECK(pwrite(max_orphans_fd, limit, strlen(limit), 0) > 0, "tcp_max_orphans");
}

static void memory_close(struct fixture *self)
{
	struct net_end end;
	struct life life;
	uint32_t u, v;

	make_orphan(self);
	limit_orphans("0");
	life = life_fin_wait1(self, &end, 0);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	peer_expect(&self->peer, RST | ACK, u + 1, v, 0);
	limit_orphans(max_orphans);
	const struct want want[] = {
		WANT_STATE(FIN_WAIT1, CLOSE, u + 1, v),
		WANT_RESET(SENT, RST | ACK, CLOSE, u + 1, v, REASON(TCP_ABORT_ON_MEMORY)),
	};

	expect(self, &end, &life, want, ARRAY_SIZE(want), "TCP_ABORT_ON_MEMORY");
}

/* At the FIN's retransmission. */
static void memory_timer(struct fixture *self)
{
	struct net_end end;
	struct life life;
	uint32_t u, v;

	make_orphan(self);
	life = life_fin_wait1(self, &end, 0);
	limit_orphans("0");
	u = end.snd_nxt;
	v = end.rcv_nxt;
	peer_expect(&self->peer, RST | ACK, u + 1, v, 0);
	limit_orphans(max_orphans);
	const struct want want[] = {
		WANT_RESET(SENT, RST | ACK, FIN_WAIT1, u + 1, v, REASON(TCP_ABORT_ON_MEMORY)),
		WANT_STATE(FIN_WAIT1, CLOSE, u + 1, v),
	};

	expect(self, &end, &life, want, ARRAY_SIZE(want), "TCP_ABORT_ON_MEMORY");
}

static void closing(struct fixture *self)
{
	struct net_end end;
	struct life life = life_fin_wait1(self, &end, 0);
	uint32_t u = end.snd_nxt, v = end.rcv_nxt;

	peer_send(&self->peer, FIN | ACK, v, u, 0);
	peer_expect(&self->peer, ACK, u + 1, v + 1, 0);
	peer_send(&self->peer, ACK, v, u, DATA);
	peer_expect(&self->peer, RST, u, 0, 0);
	const struct want want[] = {
		WANT_SEGMENT(RCV, FIN | ACK, FIN_WAIT1, v, u),
		WANT_STATE(FIN_WAIT1, CLOSING, u + 1, v + 1),
		WANT_SEGMENT(RCV, ACK, CLOSING, v, u, .len = DATA),
		WANT_STATE(CLOSING, CLOSE, u + 1, v + 1),
		WANT_RESET(REPLY, RST, CLOSE, u, 0, REASON(TCP_ABORT_ON_DATA)),
	};

	expect(self, &end, &life, want, ARRAY_SIZE(want), "TCP_ABORT_ON_DATA");
}

static void close_wait(struct fixture *self)
{
	struct life life = { };
	struct net_end end;
	uint32_t u, v;

	peer_connect(&self->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	peer_send(&self->peer, FIN | ACK, v, u, 0);
	peer_expect(&self->peer, ACK, u, v + 1, 0);
	peer_send(&self->peer, ACK, v, u, DATA);
	peer_expect(&self->peer, RST, u, 0, 0);
	close(end.fd);
	const struct want want[] = {
		ROWS_PEER_FIN(u, v),
		WANT_SEGMENT(RCV, ACK, CLOSE_WAIT, v, u, .len = DATA),
		WANT_STATE(CLOSE_WAIT, CLOSE, u, v + 1),
		WANT_RESET(REPLY, RST, CLOSE, u, 0, REASON(TCP_ABORT_ON_DATA)),
		WANT_CALL(CLOSE, CLOSE, u, v + 1),
	};

	expect(self, &end, &life, want, ARRAY_SIZE(want), "TCP_ABORT_ON_DATA");
}

static void last_ack(struct fixture *self)
{
	struct life life = { };
	struct net_end end;
	uint32_t u, v;

	peer_connect(&self->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	peer_send(&self->peer, FIN | ACK, v, u, 0);
	peer_expect(&self->peer, ACK, u, v + 1, 0);
	close(end.fd);
	peer_expect(&self->peer, FIN | ACK, u, v + 1, 0);
	peer_send(&self->peer, ACK, v, u, DATA);
	peer_expect(&self->peer, RST, u, 0, 0);
	const struct want want[] = {
		ROWS_PEER_FIN(u, v),
		ROWS_CLOSE_AFTER_PEER(u, v),
		WANT_SEGMENT(RCV, ACK, LAST_ACK, v, u, .len = DATA),
		WANT_STATE(LAST_ACK, CLOSE, u + 1, v + 1),
		WANT_RESET(REPLY, RST, CLOSE, u, 0, REASON(TCP_ABORT_ON_DATA)),
	};

	expect(self, &end, &life, want, ARRAY_SIZE(want), "TCP_ABORT_ON_DATA");
}

static void last_ack_unsent(struct fixture *self)
{
	struct life life = { };
	struct net_end end;
	uint32_t u, v;

	connect_unsent(self, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	peer_send(&self->peer, FIN | ACK, v, u, 0);
	fixture_await(self, &end, 2);
	CHECK(!shutdown(end.fd, SHUT_WR), "shutdown");
	net_abort(end.fd);
	const struct want want[] = {
		ROWS_PEER_FIN(u, v),
		WANT_CALL(SHUT_WR, CLOSE_WAIT, u, v + 1, .unsent = DATA),
		WANT_STATE(CLOSE_WAIT, LAST_ACK, u, v + 1),
		WANT_SEGMENT(QUEUE, FIN | ACK, LAST_ACK, u + DATA, v + 1, .unsent = DATA),
		WANT_CALL(CLOSE, LAST_ACK, u, v + 1, .unsent = DATA + 1, .linger = true),
		WANT_STATE(LAST_ACK, CLOSE, u, v + 1),
		WANT_RESET(SENT, RST | ACK, CLOSE, u, v + 1,
			   REASON(TCP_DISCONNECT_WITH_DATA)),
	};

	expect(self, &end, &life, want, ARRAY_SIZE(want), "TCP_DISCONNECT_WITH_DATA");
}

static void time_wait(struct fixture *self)
{
	struct net_end end;
	struct life life = life_time_wait(self, &end);
	uint32_t u = end.snd_nxt, v = end.rcv_nxt;
	const struct want want[] = {
		WANT_SEGMENT(RCV, ACK, TIME_WAIT, v + 1, u + 1, BY_MINISOCK, .len = DATA),
		WANT_TIMEWAIT(REARMED, TIME_WAIT, u + 1, v + 1, .timeout_ms = 60000),
	};

	peer_send(&self->peer, ACK, v + 1, u + 1, DATA);
	peer_expect(&self->peer, ACK, u + 1, v + 1, 0);
	life_expect(self, &end, &life, want, ARRAY_SIZE(want));
	CHECK(!records_counter("rst_sent") && !records_counter("rst_sent_in_reply"),
	      "a RST was counted");
}

static const struct testcase testcases[] = {
	TESTCASE_WITH_PEER("SYN_SENT, an ACK of no SYN", syn_sent),
	TESTCASE_WITH_PEER("SYN_RECV, an ACK beyond SND.NXT", crossed_unsent),
	TESTCASE_WITH_PEER("SYN_RECV, an ACK before the SYN", crossed_old),
	TESTCASE_WITH_PEER("ESTABLISHED, a SYN, and SOCK_DESTROY", established),
	TESTCASE_WITH_PEER("ESTABLISHED, keepalive without an answer", keepalive),
	TESTCASE_WITH_PEER("ESTABLISHED, SO_LINGER 0 with data unsent", established_unsent),
	TESTCASE_WITH_PEER("FIN_WAIT1, data for an orphan", fin_wait1_data),
	TESTCASE_WITH_PEER("FIN_WAIT1, the FIN acknowledged, TCP_LINGER2 -1", fin_wait1_linger2),
	TESTCASE_WITH_PEER("FIN_WAIT2, data for an orphan", fin_wait2_data),
	TESTCASE_WITH_PEER("FIN_WAIT2, too late for a minisock", fin_wait2_late),
	TESTCASE_WITH_PEER("FIN_WAIT2, close with TCP_LINGER2 -1", fin_wait2_linger2),
	TESTCASE_WITH_PEER("FIN_WAIT1, too many orphans, close", memory_close),
	TESTCASE_WITH_PEER("FIN_WAIT1, too many orphans, time-out", memory_timer),
	TESTCASE_WITH_PEER("CLOSING, data over the FIN", closing),
	TESTCASE_WITH_PEER("CLOSE_WAIT, data over the FIN", close_wait),
	TESTCASE_WITH_PEER("LAST_ACK, data over the FIN", last_ack),
	TESTCASE_WITH_PEER("LAST_ACK, SO_LINGER 0 with the FIN unsent", last_ack_unsent),
	TESTCASE_WITH_PEER("TIME_WAIT, data is answered with ACK", time_wait),
};

int main(void)
{
	max_orphans_fd = open("/proc/sys/net/ipv4/tcp_max_orphans", O_RDWR);
	if (max_orphans_fd < 0 || read(max_orphans_fd, max_orphans, sizeof(max_orphans) - 1) < 1)
		ktap_skip_all("not in the first network namespace");
	if (!diag_possible())
		ktap_skip_all("no tcp_diag that can kill");
	return testcases_run(testcases, ARRAY_SIZE(testcases));
}
