// SPDX-License-Identifier: GPL-2.0
/*
 * A RST received in each state of a connection. u and v are the next sequence numbers of
 * the kernel and of the peer; the RST has exactly the expected number.
 *
 *	state			RST
 *	LISTEN			s		ignored
 *	SYN_SENT		0 ack u
 *	SYN_RECV, a request	s+1		not recorded: there is no socket
 *	SYN_RECV, crossed SYNs	v
 *	ESTABLISHED		v+1		ignored: answered with ACK u ack v
 *	ESTABLISHED		v
 *	FIN_WAIT1, orphan	v ack u
 *	FIN_WAIT2		v ack u+1
 *	FIN_WAIT2, orphan, full	v ack u+1
 *	CLOSING			v+1 ack u
 *	CLOSE_WAIT		v+1 ack u
 *	LAST_ACK		v+1 ack u
 *
 * For those that a minisock receives see timewait_endings.c. Each case changes its own
 * counter in /proc/net/tcp_teardown/summary.
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW; a TUN device.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/life.h"

/* CHECK the records that follow the setup, and that there was one such RST. */
static void expect(struct fixture *self, const struct net_end *end, struct life *life,
		   const struct want *want, unsigned int nr, const char *state)
{
	char counter[64];

	life_expect(self, end, life, want, nr);
	snprintf(counter, sizeof(counter), "rst_received_in_%s", state);
	CHECK(records_counter(counter) == 1 && records_counter("rst_received") == 1,
	      "%s is not 1", counter);
}

static void expect_none(struct fixture *self)
{
	net_settle();
	records_read(&self->records);
	CHECK(!self->records.nr && !records_counter("rst_received"), "a RST is recorded");
	fixture_excuse(self, false, RST);
}

static void listening(struct fixture *self)
{
	int listener = peer_listen(&self->peer, 0);

	peer_send(&self->peer, RST, PEER_ISS, 0, 0);
	expect_none(self);
	close(listener);
}

static void request(struct fixture *self)
{
	int listener = peer_listen(&self->peer, 0);
	struct segment reply;

	peer_send(&self->peer, SYN, PEER_ISS, 0, 0);
	REQUIRE(peer_read(&self->peer, &reply, 0) && reply.flags == (SYN | ACK),
		"no answer to the SYN");
	peer_send(&self->peer, RST, PEER_ISS + 1, 0, 0);
	expect_none(self);
	close(listener);
}

static void syn_sent(struct fixture *self)
{
	struct life life = { };
	struct net_end end;
	uint32_t u;

	peer_await_connect(&self->peer, &end);
	u = end.snd_nxt;
	peer_send(&self->peer, RST | ACK, 0, u, 0);
	net_expect_error(&end, ECONNREFUSED);
	close(end.fd);
	const struct want want[] = {
		WANT_RESET(RECEIVED, RST | ACK, SYN_SENT, 0, u),
		WANT_STATE(SYN_SENT, CLOSE, u, 0),
		WANT_CALL(CLOSE, CLOSE, u, 0),
	};

	expect(self, &end, &life, want, ARRAY_SIZE(want), "SYN_SENT");
}

static void syn_recv(struct fixture *self)
{
	uint32_t u, v = PEER_ISS + 1;
	struct life life = { };
	struct net_end end;

	peer_await_connect(&self->peer, &end);
	u = end.snd_nxt;
	peer_send(&self->peer, SYN, PEER_ISS, 0, 0);
	peer_expect(&self->peer, SYN | ACK, u - 1, v, 0);
	peer_send(&self->peer, RST, v, 0, 0);
	net_expect_error(&end, ECONNRESET);
	close(end.fd);
	const struct want want[] = {
		WANT_RESET(RECEIVED, RST, SYN_RECV, v, 0),
		WANT_STATE(SYN_RECV, CLOSE, u, v),
		WANT_CALL(CLOSE, CLOSE, u, v),
	};

	expect(self, &end, &life, want, ARRAY_SIZE(want), "SYN_RECV");
}

static void established_ahead(struct fixture *self)
{
	struct net_end end;

	peer_connect(&self->peer, &end);
	peer_send(&self->peer, RST, end.rcv_nxt + 1, 0, 0);
	peer_expect(&self->peer, ACK, end.snd_nxt, end.rcv_nxt, 0);
	expect_none(self);
	net_abort(end.fd);
	fixture_await(self, &end, 3);
}

static void established(struct fixture *self)
{
	struct life life = { };
	struct net_end end;
	uint32_t u, v;

	peer_connect(&self->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	peer_send(&self->peer, RST, v, 0, 0);
	net_expect_error(&end, ECONNRESET);
	close(end.fd);
	const struct want want[] = {
		WANT_RESET(RECEIVED, RST, ESTABLISHED, v, 0),
		WANT_STATE(ESTABLISHED, CLOSE, u, v),
		WANT_CALL(CLOSE, CLOSE, u, v),
	};

	expect(self, &end, &life, want, ARRAY_SIZE(want), "ESTABLISHED");
}

static void fin_wait1(struct fixture *self)
{
	struct net_end end;
	struct life life = life_fin_wait1(self, &end, 0);
	uint32_t u = end.snd_nxt, v = end.rcv_nxt;

	peer_send(&self->peer, RST | ACK, v, u, 0);
	const struct want want[] = {
		WANT_SEGMENT(RCV, RST | ACK, FIN_WAIT1, v, u),
		WANT_RESET(RECEIVED, RST | ACK, FIN_WAIT1, v, u),
		WANT_STATE(FIN_WAIT1, CLOSE, u + 1, v),
	};

	expect(self, &end, &life, want, ARRAY_SIZE(want), "FIN_WAIT1");
}

static void fin_wait2(struct fixture *self)
{
	struct life life = { };
	struct net_end end;
	uint32_t u, v;

	peer_connect(&self->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	peer_half_close(&self->peer, &end);
	fixture_await(self, &end, 5);
	peer_send(&self->peer, RST | ACK, v, u + 1, 0);
	net_expect_error(&end, ECONNRESET);
	close(end.fd);
	const struct want want[] = {
		ROWS_SHUT_WR(u, v),
		ROWS_FIN_ACKED(u, v),
		WANT_SEGMENT(RCV, RST | ACK, FIN_WAIT2, v, u + 1),
		WANT_RESET(RECEIVED, RST | ACK, FIN_WAIT2, v, u + 1),
		WANT_STATE(FIN_WAIT2, CLOSE, u + 1, v),
		WANT_CALL(CLOSE, CLOSE, u + 1, v),
	};

	expect(self, &end, &life, want, ARRAY_SIZE(want), "FIN_WAIT2");
}

/* With a timeout above 60 s the full socket waits first for what exceeds 60 s. */
static void fin_wait2_orphan(struct fixture *self)
{
	struct net_end end;
	struct life life = life_fin_wait1(self, &end, 90);
	uint32_t u = end.snd_nxt, v = end.rcv_nxt;

	peer_send(&self->peer, ACK, v, u + 1, 0);
	fixture_await(self, &end, 5);
	peer_send(&self->peer, RST | ACK, v, u + 1, 0);
	const struct want want[] = {
		ROWS_FIN_ACKED(u, v),
		WANT_SEGMENT(RCV, RST | ACK, FIN_WAIT2, v, u + 1),
		WANT_RESET(RECEIVED, RST | ACK, FIN_WAIT2, v, u + 1),
		WANT_STATE(FIN_WAIT2, CLOSE, u + 1, v),
	};

	expect(self, &end, &life, want, ARRAY_SIZE(want), "FIN_WAIT2");
}

static void closing(struct fixture *self)
{
	struct net_end end;
	struct life life = life_fin_wait1(self, &end, 0);
	uint32_t u = end.snd_nxt, v = end.rcv_nxt;

	peer_send(&self->peer, FIN | ACK, v, u, 0);
	peer_expect(&self->peer, ACK, u + 1, v + 1, 0);
	peer_send(&self->peer, RST | ACK, v + 1, u, 0);
	const struct want want[] = {
		WANT_SEGMENT(RCV, FIN | ACK, FIN_WAIT1, v, u),
		WANT_STATE(FIN_WAIT1, CLOSING, u + 1, v + 1),
		WANT_SEGMENT(RCV, RST | ACK, CLOSING, v + 1, u),
		WANT_RESET(RECEIVED, RST | ACK, CLOSING, v + 1, u),
		WANT_STATE(CLOSING, CLOSE, u + 1, v + 1),
	};

	expect(self, &end, &life, want, ARRAY_SIZE(want), "CLOSING");
}

/* The peer's end has closed: FIN v ack u. */
static void close_second(struct fixture *self, struct net_end *end)
{
	peer_connect(&self->peer, end);
	peer_send(&self->peer, FIN | ACK, end->rcv_nxt, end->snd_nxt, 0);
	peer_expect(&self->peer, ACK, end->snd_nxt, end->rcv_nxt + 1, 0);
}

static void close_wait(struct fixture *self)
{
	struct life life = { };
	struct net_end end;
	uint32_t u, v;

	close_second(self, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	peer_send(&self->peer, RST | ACK, v + 1, u, 0);
	fixture_await(self, &end, 5);
	close(end.fd);
	const struct want want[] = {
		ROWS_PEER_FIN(u, v),
		WANT_SEGMENT(RCV, RST | ACK, CLOSE_WAIT, v + 1, u),
		WANT_RESET(RECEIVED, RST | ACK, CLOSE_WAIT, v + 1, u),
		WANT_STATE(CLOSE_WAIT, CLOSE, u, v + 1),
		WANT_CALL(CLOSE, CLOSE, u, v + 1),
	};

	expect(self, &end, &life, want, ARRAY_SIZE(want), "CLOSE_WAIT");
}

static void last_ack(struct fixture *self)
{
	struct life life = { };
	struct net_end end;
	uint32_t u, v;

	close_second(self, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	close(end.fd);
	peer_expect(&self->peer, FIN | ACK, u, v + 1, 0);
	peer_send(&self->peer, RST | ACK, v + 1, u, 0);
	const struct want want[] = {
		ROWS_PEER_FIN(u, v),
		ROWS_CLOSE_AFTER_PEER(u, v),
		WANT_SEGMENT(RCV, RST | ACK, LAST_ACK, v + 1, u),
		WANT_RESET(RECEIVED, RST | ACK, LAST_ACK, v + 1, u),
		WANT_STATE(LAST_ACK, CLOSE, u + 1, v + 1),
	};

	expect(self, &end, &life, want, ARRAY_SIZE(want), "LAST_ACK");
}

static const struct testcase testcases[] = {
	TESTCASE_WITH_PEER("RST to a listener", listening),
	TESTCASE_WITH_PEER("RST in SYN_SENT", syn_sent),
	TESTCASE_WITH_PEER("RST for a request", request),
	TESTCASE_WITH_PEER("RST in SYN_RECV after crossed SYNs", syn_recv),
	TESTCASE_WITH_PEER("RST ahead of RCV.NXT in ESTABLISHED", established_ahead),
	TESTCASE_WITH_PEER("RST in ESTABLISHED", established),
	TESTCASE_WITH_PEER("RST in FIN_WAIT1", fin_wait1),
	TESTCASE_WITH_PEER("RST in FIN_WAIT2", fin_wait2),
	TESTCASE_WITH_PEER("RST in an orphan's FIN_WAIT2", fin_wait2_orphan),
	TESTCASE_WITH_PEER("RST in CLOSING", closing),
	TESTCASE_WITH_PEER("RST in CLOSE_WAIT", close_wait),
	TESTCASE_WITH_PEER("RST in LAST_ACK", last_ack),
};

int main(void)
{
	return testcases_run(testcases, ARRAY_SIZE(testcases));
}
