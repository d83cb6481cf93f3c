// SPDX-License-Identifier: GPL-2.0
/*
 * A FIN that is not acknowledged is retransmitted.
 *
 *	kernel				peer
 *	close, FIN u ack v		FIN_WAIT1	> (lost)
 *	FIN u ack v, try 1				> (lost)
 *	FIN u ack v, try 2				> (lost)
 *	...
 *
 * Ends when the kernel gives the orphan up (tcp_orphan_retries), without a RST, or when
 * the third try arrives; for the first and for the second closer.
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW; a TUN device; time that is
 * skipped while nothing happens.
 */
#include <string.h>
#include <unistd.h>

#include "lib/fixture.h"

#define TRIES 3
#define WANT_MAX 32

/* A list that grows with the retransmissions. */
struct wants {
	unsigned int nr;
	struct want list[WANT_MAX];
};

static void add(struct wants *wants, const struct want *more, unsigned int nr)
{
	REQUIRE(wants->nr + nr <= WANT_MAX, "%u more are too many", nr);
	memcpy(wants->list + wants->nr, more, nr * sizeof(*more));
	wants->nr += nr;
}

static void add_tries(struct wants *wants, const struct want *resend, unsigned int nr)
{
	struct want want = *resend;

	for (want.tries = 1; want.tries <= nr; want.tries++)
		add(wants, &want, 1);
}

static void add_close(struct wants *wants, uint32_t u, uint32_t v, unsigned int tries)
{
	const struct want resend = WANT_SEGMENT(RESEND, FIN | ACK, FIN_WAIT1, u, v);
	const struct want close[] = {
		ROWS_CLOSE(u, v),
	};

	add(wants, close, ARRAY_SIZE(close));
	add_tries(wants, &resend, tries);
}

static void given_up(struct fixture *self)
{
	struct wants wants = { };
	unsigned int tries = 0;
	struct segment segment;
	struct net_end end;

	net_sysctl("ipv4/tcp_orphan_retries", "4");
	peer_connect(&self->peer, &end);
	close(end.fd);
	peer_expect(&self->peer, FIN | ACK, end.snd_nxt, end.rcv_nxt, 0);
	while (peer_read(&self->peer, &segment, 150)) {
		CHECK(segment.flags == (FIN | ACK) && segment.seq == end.snd_nxt,
		      "not the FIN");
		tries++;
	}
	CHECK(tries >= 4, "only %u tries", tries);
	add_close(&wants, end.snd_nxt, end.rcv_nxt, tries);
	add(&wants, &(struct want)WANT_STATE(FIN_WAIT1, CLOSE, end.snd_nxt + 1,
					     end.rcv_nxt), 1);
	records_expect(&self->records, &end, wants.list, wants.nr);
	fixture_verdict(self, &end, VERDICT(TIMED_OUT, LOCAL, RETRIES));
}

static void hear_third(struct fixture *self, uint32_t seq, uint32_t ack)
{
	unsigned int i;

	for (i = 0; i < 1 + TRIES; i++)
		peer_expect(&self->peer, FIN | ACK, seq, ack, 0);
	peer_send(&self->peer, ACK, ack, seq + 1, 0);
}

static void expect_active(struct fixture *self, const struct net_end *end)
{
	uint32_t u = end->snd_nxt, v = end->rcv_nxt;
	const struct want rest[] = {
		ROWS_FIN_ACKED(u, v),
		WANT_TIMEWAIT(BORN, FIN_WAIT2, u + 1, v),
	};
	struct wants wants = { };

	add_close(&wants, u, v, TRIES);
	add(&wants, rest, ARRAY_SIZE(rest));
	records_expect(&self->records, end, wants.list, wants.nr);
}

static void active(struct fixture *self)
{
	struct net_end end;

	peer_connect(&self->peer, &end);
	close(end.fd);
	hear_third(self, end.snd_nxt, end.rcv_nxt);
	expect_active(self, &end);
	fixture_leave(self);
	fixture_verdict(self, &end, VERDICT(ABORTED, LOCAL, NETNS));
}

static void expect_passive(struct fixture *self, const struct net_end *end)
{
	uint32_t w = end->snd_nxt, u = end->rcv_nxt;
	const struct want resend = WANT_SEGMENT(RESEND, FIN | ACK, LAST_ACK, w, u + 1);
	const struct want first[] = {
		ROWS_PEER_FIN(w, u),
		ROWS_CLOSE_AFTER_PEER(w, u),
	}, rest[] = {
		ROWS_LAST_ACK(w, u),
	};
	struct wants wants = { };

	add(&wants, first, ARRAY_SIZE(first));
	add_tries(&wants, &resend, TRIES);
	add(&wants, rest, ARRAY_SIZE(rest));
	records_expect(&self->records, end, wants.list, wants.nr);
}

static void passive(struct fixture *self)
{
	struct net_end end;

	peer_connect(&self->peer, &end);
	peer_send(&self->peer, FIN | ACK, end.rcv_nxt, end.snd_nxt, 0);
	peer_expect(&self->peer, ACK, end.snd_nxt, end.rcv_nxt + 1, 0);
	close(end.fd);
	hear_third(self, end.snd_nxt, end.rcv_nxt + 1);
	expect_passive(self, &end);
	fixture_verdict(self, &end, VERDICT(FOUR_WAY, PEER, PEER));
}

static const struct testcase testcases[] = {
	TESTCASE_WITH_PEER("the peer never answers the FIN", given_up),
	TESTCASE_WITH_PEER("the third try is heard, in FIN_WAIT1", active),
	TESTCASE_WITH_PEER("the third try is heard, in LAST_ACK", passive),
};

int main(void)
{
	fixture_needs_icount();
	return testcases_run(testcases, ARRAY_SIZE(testcases));
}
