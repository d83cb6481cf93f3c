// SPDX-License-Identifier: GPL-2.0
/*
 * A peer with a closed window that answers each probe.
 *
 *	kernel				peer
 *	close; the FIN can't be sent
 *	probe						>
 *						<	ACK, window 0
 *	... for minutes
 *	CLOSE
 *
 * The kernel gives an orphan up although its peer answers. A socket that an application
 * holds waits for ever, or until TCP_USER_TIMEOUT. Without answers the number of probes
 * ends it. The window may also be closed while data is in flight.
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW; a TUN device; time that is
 * skipped while nothing happens.
 */
#include <errno.h>
#include <unistd.h>

#include "lib/fixture.h"

#define DATA 100
#define HOUR_MS 3600000

static void set_user_timeout(const struct net_end *end, int ms)
{
	CHECK(!setsockopt(end->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms)),
	      "TCP_USER_TIMEOUT");
}

/*
 * Answer each segment without acknowledging more, until none comes for so many seconds.
 * Return: how many.
 */
static unsigned int answer(struct fixture *self, const struct net_end *end,
			   unsigned int most)
{
	struct segment segment;
	unsigned int nr;

	for (nr = 0; nr < most && peer_read(&self->peer, &segment, 150); nr++)
		peer_send(&self->peer, ACK, end->rcv_nxt, end->snd_nxt, 0);
	return nr;
}

static void connect_closed(struct fixture *self, struct net_end *end)
{
	self->peer.window = 0;
	peer_connect(&self->peer, end);
	net_send(end, DATA);
}

static void orphan(struct fixture *self)
{
	struct net_end end;

	connect_closed(self, &end);
	close(end.fd);
	CHECK(answer(self, &end, 50) > 3, "too few probes");
	fixture_verdict(self, &end, VERDICT(TIMED_OUT, LOCAL, CLOSED_WINDOW,
					    .flags = TCP_TEARDOWN_F_FIN_UNSENT));
}

static void last_ack(struct fixture *self)
{
	struct net_end end;

	connect_closed(self, &end);
	peer_send(&self->peer, FIN | ACK, end.rcv_nxt, end.snd_nxt, 0);
	end.rcv_nxt++;
	net_await_state(&end, TCP_CLOSE_WAIT);
	close(end.fd);
	CHECK(answer(self, &end, 50) > 3, "too few segments");
	fixture_verdict(self, &end, VERDICT(TIMED_OUT, PEER, CLOSED_WINDOW,
					    .flags = TCP_TEARDOWN_F_FIN_UNSENT));
}

/* Probes are answered for some time, and then no more. */
static void orphan_left_alone(struct fixture *self)
{
	struct net_end end;

	net_sysctl("ipv4/tcp_orphan_retries", "4");
	connect_closed(self, &end);
	close(end.fd);
	CHECK(answer(self, &end, 2) == 2, "no probes");
	fixture_verdict(self, &end, VERDICT(TIMED_OUT, LOCAL, RETRIES,
					    .flags = TCP_TEARDOWN_F_FIN_UNSENT));
}

static void orphan_with_limit(struct fixture *self)
{
	struct net_end end;

	connect_closed(self, &end);
	set_user_timeout(&end, 10000);
	close(end.fd);
	CHECK(answer(self, &end, 50) > 3, "too few probes");
	fixture_verdict(self, &end, VERDICT(TIMED_OUT, LOCAL, USER_TIMEOUT,
					    .flags = TCP_TEARDOWN_F_FIN_UNSENT));
}

/* Data is in flight when the window closes. */
static void shrunk(struct fixture *self)
{
	struct net_end end;

	peer_connect(&self->peer, &end);
	net_send(&end, DATA);
	close(end.fd);
	self->peer.window = 0;
	end.snd_nxt += DATA / 2;
	CHECK(answer(self, &end, 50) > 3, "too few segments");
	fixture_verdict(self, &end, VERDICT(TIMED_OUT, LOCAL, CLOSED_WINDOW));
}

static void held(struct fixture *self)
{
	struct net_end end;

	net_sysctl("ipv4/tcp_retries2", "3");
	connect_closed(self, &end);
	CHECK(answer(self, &end, 20) == 20, "it was given up");
	net_await_state(&end, TCP_ESTABLISHED);
	records_read(&self->records);
	CHECK(!self->records.nr_ends, "it has ended");
}

static void held_unanswered(struct fixture *self)
{
	struct net_end end;

	net_sysctl("ipv4/tcp_retries2", "3");
	connect_closed(self, &end);
	set_user_timeout(&end, HOUR_MS);
	net_await_state(&end, TCP_CLOSE);
	net_expect_error(&end, ETIMEDOUT);
	close(end.fd);
	fixture_verdict(self, &end, VERDICT(TIMED_OUT, NONE, RETRIES, .no_owner = true));
}

static void held_with_limit(struct fixture *self)
{
	struct net_end end;

	connect_closed(self, &end);
	set_user_timeout(&end, 10000);
	CHECK(answer(self, &end, 50) > 3, "too few probes");
	net_expect_error(&end, ETIMEDOUT);
	close(end.fd);
	fixture_verdict(self, &end, VERDICT(TIMED_OUT, NONE, USER_TIMEOUT, .no_owner = true));
}

static const struct testcase testcases[] = {
	TESTCASE_WITH_PEER("an orphan's probes are answered", orphan),
	TESTCASE_WITH_PEER("the same in LAST_ACK", last_ack),
	TESTCASE_WITH_PEER("an orphan's probes are answered no more", orphan_left_alone),
	TESTCASE_WITH_PEER("an orphan with TCP_USER_TIMEOUT", orphan_with_limit),
	TESTCASE_WITH_PEER("the window closes over an orphan's data", shrunk),
	TESTCASE_WITH_PEER("probes that are answered end nothing else", held),
	TESTCASE_WITH_PEER("tries before TCP_USER_TIMEOUT", held_unanswered),
	TESTCASE_WITH_PEER("TCP_USER_TIMEOUT, probes answered", held_with_limit),
};

int main(void)
{
	fixture_needs_icount();
	return testcases_run(testcases, ARRAY_SIZE(testcases));
}
