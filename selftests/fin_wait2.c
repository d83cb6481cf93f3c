// SPDX-License-Identifier: GPL-2.0
/*
 * FIN_WAIT2 as a full socket, and how it ends.
 *
 *	shutdown()		as long as the application keeps the socket
 *	... then close()	a minisock, tcp_fin_timeout from then
 *	tcp_fin_timeout 100	an orphan waits 40 s as a full socket, then 40 s as
 *				a minisock: the kernel takes 60 s off, once
 *	TCP_LINGER2		of that socket, instead of tcp_fin_timeout
 *	TCP_LINGER2 below 0	no FIN_WAIT2 for an orphan: a RST when the FIN is
 *				acknowledged, or at once if it already is
 *	SO_LINGER		close() waits until the FIN is acknowledged; the
 *				orphan's minisock is created when close() ends
 *	tcp_max_tw_buckets 0	no minisock; the full socket is closed
 *
 * The kernel's timer wheel is late by up to an eighth of a timeout.
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW; a TUN device; time that is
 * skipped while nothing happens.
 */
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/life.h"

#define LONG_S 3600
#define LINGER_S 5
#define LINGER2_S 5
#define FIN_TIMEOUT_S 100
#define MAX_MINISOCK_S 60	/* TCP_TIMEWAIT_LEN */

/* A timer may be set in the middle of a jiffy. */
static bool is_late_by_wheel(uint64_t ns, double timeout_s)
{
	double seconds = ns / 1e9;

	return CHECK(seconds > timeout_s - 0.011 && seconds < timeout_s * 9 / 8 + 0.1,
		     "%f s, not %f", seconds, timeout_s);
}

static const struct fact *nth(struct fixture *self, const struct net_end *end, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < self->records.nr; i++)
		if (self->records.records[i].cookie == end->cookie && !--n)
			return &self->records.records[i];
	REQUIRE(false, "no such record");
	return NULL;
}

static void expect_between(struct fixture *self, const struct net_end *end,
			   unsigned int from, unsigned int to, double timeout_s)
{
	is_late_by_wheel(nth(self, end, to)->time - nth(self, end, from)->time, timeout_s);
}

static void half_close(struct fixture *self, struct net_end *end)
{
	peer_connect(&self->peer, end);
	peer_half_close(&self->peer, end);
	net_await_state(end, TCP_FIN_WAIT2);
}

static void close_first(struct fixture *self, struct net_end *end)
{
	peer_connect(&self->peer, end);
	close(end->fd);
	peer_expect(&self->peer, FIN | ACK, end->snd_nxt, end->rcv_nxt, 0);
	peer_send(&self->peer, ACK, end->rcv_nxt, end->snd_nxt + 1, 0);
}

/* The five records that all cases begin with, then these. */
static void expect_then(struct fixture *self, const struct net_end *end, uint8_t call,
			const struct want *then, unsigned int nr)
{
	uint32_t u = end->snd_nxt, v = end->rcv_nxt;
	const struct want begin[] = {
		ROWS_CLOSE(u, v),
		ROWS_FIN_ACKED(u, v),
	};
	struct want want[16];

	memcpy(want, begin, sizeof(begin));
	want[0].what = call;
	memcpy(want + ARRAY_SIZE(begin), then, nr * sizeof(*then));
	fixture_expect(self, end, want, ARRAY_SIZE(begin) + nr);
}

static void live(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	half_close(self, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	sleep(LONG_S);
	net_await_state(&end, TCP_FIN_WAIT2);
	peer_send(&self->peer, FIN | ACK, v, u + 1, 0);
	peer_expect(&self->peer, ACK, u + 1, v + 1, 0);
	net_expect_eof(&end);
	close(end.fd);
	const struct want want[] = {
		ROWS_FIN_IN_FIN_WAIT2(u, v),
		WANT_CALL(CLOSE, CLOSE, u + 1, v + 1),
	};

	expect_then(self, &end, TCP_TEARDOWN_SHUT_WR, want, ARRAY_SIZE(want));
	CHECK(nth(self, &end, 7)->state.spent / 1000000000 >= LONG_S, "too short");
	fixture_leave(self);
	fixture_verdict(self, &end, VERDICT(FOUR_WAY, LOCAL, SHUTDOWN));
}

static void live_then_close(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	net_sysctl("ipv4/tcp_fin_timeout", "8");
	half_close(self, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	close(end.fd);
	fixture_verdict(self, &end, VERDICT(FIN_WAIT2_EXPIRED, LOCAL, FIN_TIMEOUT));
	const struct want want[] = {
		WANT_CALL(CLOSE, FIN_WAIT2, u + 1, v),
		WANT_TIMEWAIT(BORN, FIN_WAIT2, u + 1, v),
		WANT_STATE(FIN_WAIT2, CLOSE, u + 1, v, BY_MINISOCK),
		WANT_TIMEWAIT(EXPIRED, FIN_WAIT2, u + 1, v),
	};

	expect_then(self, &end, TCP_TEARDOWN_SHUT_WR, want, ARRAY_SIZE(want));
	expect_between(self, &end, 7, 8, 8);
}

static void fin_timeout(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	net_sysctl("ipv4/tcp_fin_timeout", "100");
	close_first(self, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	fixture_verdict(self, &end, VERDICT(FIN_WAIT2_EXPIRED, LOCAL, FIN_TIMEOUT));
	const struct want want[] = {
		WANT_TIMEWAIT(BORN, FIN_WAIT2, u + 1, v),
		WANT_STATE(FIN_WAIT2, CLOSE, u + 1, v, BY_MINISOCK),
		WANT_TIMEWAIT(EXPIRED, FIN_WAIT2, u + 1, v),
	};

	expect_then(self, &end, TCP_TEARDOWN_CLOSE, want, ARRAY_SIZE(want));
	expect_between(self, &end, 5, 6, FIN_TIMEOUT_S - MAX_MINISOCK_S);
	expect_between(self, &end, 6, 7, FIN_TIMEOUT_S - MAX_MINISOCK_S);
}

/* The FIN arrives while it is a full socket. */
static void fin_for_orphan(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	net_sysctl("ipv4/tcp_fin_timeout", "100");
	close_first(self, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	peer_send(&self->peer, FIN | ACK, v, u + 1, 0);
	peer_expect(&self->peer, ACK, u + 1, v + 1, 0);
	const struct want want[] = {
		ROWS_FIN_IN_FIN_WAIT2(u, v),
	};

	expect_then(self, &end, TCP_TEARDOWN_CLOSE, want, ARRAY_SIZE(want));
	fixture_leave(self);
	fixture_verdict(self, &end, VERDICT(FOUR_WAY, LOCAL, CLOSE));
}

static void set_linger2(const struct net_end *end, int seconds)
{
	CHECK(!setsockopt(end->fd, IPPROTO_TCP, TCP_LINGER2, &seconds, sizeof(seconds)),
	      "TCP_LINGER2");
}

static void linger2(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	half_close(self, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	set_linger2(&end, LINGER2_S);
	close(end.fd);
	fixture_verdict(self, &end, VERDICT(FIN_WAIT2_EXPIRED, LOCAL, FIN_TIMEOUT));
	const struct want want[] = {
		WANT_CALL(CLOSE, FIN_WAIT2, u + 1, v),
		WANT_TIMEWAIT(BORN, FIN_WAIT2, u + 1, v),
		WANT_STATE(FIN_WAIT2, CLOSE, u + 1, v, BY_MINISOCK),
		WANT_TIMEWAIT(EXPIRED, FIN_WAIT2, u + 1, v),
	};

	expect_then(self, &end, TCP_TEARDOWN_SHUT_WR, want, ARRAY_SIZE(want));
	expect_between(self, &end, 7, 8, LINGER2_S);
}

static void no_linger2(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	half_close(self, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	set_linger2(&end, -1);
	close(end.fd);
	peer_expect(&self->peer, RST | ACK, u + 1, v, 0);
	const struct want want[] = {
		WANT_CALL(CLOSE, FIN_WAIT2, u + 1, v),
		WANT_STATE(FIN_WAIT2, CLOSE, u + 1, v),
		WANT_RESET(SENT, RST | ACK, CLOSE, u + 1, v,
			   REASON(TCP_ABORT_ON_LINGER)),
	};

	expect_then(self, &end, TCP_TEARDOWN_SHUT_WR, want, ARRAY_SIZE(want));
	fixture_verdict(self, &end, VERDICT(RESET_SENT, LOCAL, LINGER2));
}

/* The RST answers the ACK. */
static void no_linger2_orphan(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	peer_connect(&self->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	set_linger2(&end, -1);
	close(end.fd);
	peer_expect(&self->peer, FIN | ACK, u, v, 0);
	peer_send(&self->peer, ACK, v, u + 1, 0);
	peer_expect(&self->peer, RST, u + 1, 0, 0);
	const struct want want[] = {
		WANT_STATE(FIN_WAIT2, CLOSE, u + 1, v),
		WANT_RESET(REPLY, RST, CLOSE, u + 1, 0, REASON(TCP_ABORT_ON_DATA)),
	};

	expect_then(self, &end, TCP_TEARDOWN_CLOSE, want, ARRAY_SIZE(want));
	fixture_verdict(self, &end, VERDICT(RESET_SENT, LOCAL, LINGER2));
}

/* In a child, while the test is in close(), which must be the last reference. */
static pid_t answer_fin(struct fixture *self, const struct net_end *end)
{
	int ready[2];
	pid_t pid;
	char byte;

	REQUIRE(!pipe(ready), "no pipe");
	pid = fork();
	if (!pid) {
		close(end->fd);
		close(ready[0]);
		close(ready[1]);
		peer_expect(&self->peer, FIN | ACK, end->snd_nxt, end->rcv_nxt, 0);
		peer_send(&self->peer, ACK, end->rcv_nxt, end->snd_nxt + 1, 0);
		_exit(ktap_case_failed());
	}
	REQUIRE(pid > 0, "no child");
	close(ready[1]);
	CHECK(!read(ready[0], &byte, 1), "not the end");
	close(ready[0]);
	return pid;
}

/* It ends no earlier than close(), which has waited for the ACK. */
static void lingering(struct fixture *self)
{
	const struct linger linger = { .l_onoff = 1, .l_linger = LINGER_S };
	struct net_end end;
	uint32_t u, v;
	int status;
	pid_t pid;

	peer_connect(&self->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	CHECK(!setsockopt(end.fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)),
	      "SO_LINGER");
	pid = answer_fin(self, &end);
	close(end.fd);
	CHECK(waitpid(pid, &status, 0) == pid && !status, "no answer");
	fixture_verdict(self, &end, VERDICT(FIN_WAIT2_EXPIRED, LOCAL, FIN_TIMEOUT));
	EXPECT_ROWS(self, &end,
		    WANT_CALL(CLOSE, ESTABLISHED, u, v, .linger = true, .linger_s = LINGER_S),
		    WANT_STATE(ESTABLISHED, FIN_WAIT1, u, v),
		    WANT_SEGMENT(QUEUE, FIN | ACK, FIN_WAIT1, u, v),
		    ROWS_FIN_ACKED(u, v),
		    WANT_TIMEWAIT(BORN, FIN_WAIT2, u + 1, v),
		    WANT_STATE(FIN_WAIT2, CLOSE, u + 1, v, BY_MINISOCK),
		    WANT_TIMEWAIT(EXPIRED, FIN_WAIT2, u + 1, v));
}

static void refused(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	net_sysctl("ipv4/tcp_max_tw_buckets", "0");
	half_close(self, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	close(end.fd);
	const struct want want[] = {
		WANT_CALL(CLOSE, FIN_WAIT2, u + 1, v),
		WANT_REFUSED(FIN_WAIT2, u + 1, v),
		WANT_STATE(FIN_WAIT2, CLOSE, u + 1, v),
	};

	expect_then(self, &end, TCP_TEARDOWN_SHUT_WR, want, ARRAY_SIZE(want));
	life_counted(TCP_TEARDOWN_TW_REFUSED);
	fixture_verdict(self, &end, VERDICT(ORPHAN_KILLED, LOCAL, MEMORY));
}

static const struct testcase testcases[] = {
	TESTCASE_WITH_PEER("FIN_WAIT2 lasts as long as its owner likes", live),
	TESTCASE_WITH_PEER("close in FIN_WAIT2, and no FIN comes", live_then_close),
	TESTCASE_WITH_PEER("tcp_fin_timeout above 60 s", fin_timeout),
	TESTCASE_WITH_PEER("tcp_fin_timeout above 60 s, and a FIN comes", fin_for_orphan),
	TESTCASE_WITH_PEER("TCP_LINGER2 instead of tcp_fin_timeout", linger2),
	TESTCASE_WITH_PEER("TCP_LINGER2 below 0, close in FIN_WAIT2", no_linger2),
	TESTCASE_WITH_PEER("TCP_LINGER2 below 0, close in ESTABLISHED", no_linger2_orphan),
	TESTCASE_WITH_PEER("close waits for the ACK with SO_LINGER", lingering),
	TESTCASE_WITH_PEER("close in FIN_WAIT2 without a bucket", refused),
};

int main(void)
{
	fixture_needs_icount();
	return testcases_run(testcases, ARRAY_SIZE(testcases));
}
