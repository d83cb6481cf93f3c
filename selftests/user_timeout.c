// SPDX-License-Identifier: GPL-2.0
/*
 * Data that the peer does not acknowledge, until the kernel gives the connection up,
 * without a segment: by TCP_USER_TIMEOUT, or after the number of tries.
 *
 *	kernel				peer
 *	data u, 100 bytes				> (lost)
 *	... again and again
 *					CLOSE
 *
 * In FIN_WAIT1 the FIN is not acknowledged; behind a closed window it was never sent.
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW; a TUN device; time that is
 * skipped while nothing happens.
 */
#include <errno.h>
#include <unistd.h>

#include "lib/tries.h"

#define DATA 100
#define TIMEOUT_MS 3000

static void set_timeout(const struct net_end *end, unsigned int ms)
{
	CHECK(!setsockopt(end->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms)),
	      "TCP_USER_TIMEOUT");
}

static void expect_data_lost(struct fixture *self, const struct net_end *end)
{
	uint32_t u = end->snd_nxt, v = end->rcv_nxt;
	const struct want want[] = {
		WANT_STATE(ESTABLISHED, CLOSE, u + DATA, v),
		WANT_CALL(CLOSE, CLOSE, u + DATA, v),
	};

	net_send(end, DATA);
	net_expect_error(end, ETIMEDOUT);
	close(end->fd);
	fixture_expect(self, end, want, ARRAY_SIZE(want));
}

static void data_in_flight(struct fixture *self)
{
	struct net_end end;

	peer_connect(&self->peer, &end);
	set_timeout(&end, TIMEOUT_MS);
	expect_data_lost(self, &end);
	fixture_verdict(self, &end, VERDICT(TIMED_OUT, NONE, USER_TIMEOUT, .no_owner = true));
}

static void retries(struct fixture *self)
{
	struct net_end end;

	net_sysctl("ipv4/tcp_retries2", "3");
	peer_connect(&self->peer, &end);
	expect_data_lost(self, &end);
	fixture_verdict(self, &end, VERDICT(TIMED_OUT, NONE, RETRIES, .no_owner = true));
}

/* Not an orphan: the application still waits for the peer's FIN. */
static void fin_in_flight(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	peer_connect(&self->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	set_timeout(&end, TIMEOUT_MS);
	CHECK(!shutdown(end.fd, SHUT_WR), "shutdown");
	net_expect_error(&end, ETIMEDOUT);
	close(end.fd);
	const struct want first[] = {
		ROWS_SHUT_WR(u, v),
	}, last[] = {
		WANT_STATE(FIN_WAIT1, CLOSE, u + 1, v),
		WANT_CALL(CLOSE, CLOSE, u + 1, v),
	};
	const struct tries tries = {
		first, ARRAY_SIZE(first), WANT_SEGMENT(RESEND, FIN | ACK, FIN_WAIT1, u, v),
		last, ARRAY_SIZE(last),
	};

	tries_expect(self, &end, &tries, 2);
	fixture_verdict(self, &end, VERDICT(TIMED_OUT, LOCAL, USER_TIMEOUT));
}

/* The peer's window is closed, and it answers no probe. */
static void fin_unsent(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	self->peer.window = 0;
	peer_connect(&self->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	set_timeout(&end, TIMEOUT_MS);
	net_send(&end, DATA);
	CHECK(!shutdown(end.fd, SHUT_WR), "shutdown");
	net_await_state(&end, TCP_CLOSE);
	net_expect_error(&end, ETIMEDOUT);
	close(end.fd);
	EXPECT_ROWS(self, &end,
		    WANT_CALL(SHUT_WR, ESTABLISHED, u, v, .unsent = DATA),
		    WANT_STATE(ESTABLISHED, FIN_WAIT1, u, v),
		    WANT_SEGMENT(QUEUE, FIN | ACK, FIN_WAIT1, u + DATA, v, .unsent = DATA),
		    WANT_STATE(FIN_WAIT1, CLOSE, u, v),
		    WANT_CALL(CLOSE, CLOSE, u, v, .unsent = DATA + 1));
	fixture_verdict(self, &end, VERDICT(TIMED_OUT, LOCAL, USER_TIMEOUT,
					    .flags = TCP_TEARDOWN_F_FIN_UNSENT));
}

static const struct testcase testcases[] = {
	TESTCASE_WITH_PEER("TCP_USER_TIMEOUT with data in flight", data_in_flight),
	TESTCASE_WITH_PEER("tcp_retries2 with data in flight", retries),
	TESTCASE_WITH_PEER("TCP_USER_TIMEOUT with the FIN in flight", fin_in_flight),
	TESTCASE_WITH_PEER("TCP_USER_TIMEOUT with the FIN unsent", fin_unsent),
};

int main(void)
{
	fixture_needs_icount();
	return testcases_run(testcases, ARRAY_SIZE(testcases));
}
