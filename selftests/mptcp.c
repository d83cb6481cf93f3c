// SPDX-License-Identifier: GPL-2.0
/*
 * An MPTCP connection ends; its subflow is a TCP connection, and ends as one. The
 * data stream is closed first, by options; then a worker of the kernel shuts the
 * subflow down and closes it, on each side.
 *
 *	client's subflow		server's subflow
 *	FIN u ack v			FIN_WAIT1	> CLOSE_WAIT
 *	ACK u+1 ack v					> (DATA_ACK)
 *	FIN v ack u+1			FIN_WAIT2,	< LAST_ACK
 *					TIME_WAIT
 *	ACK u+1 ack v+1					> CLOSE
 *
 * The worker is a kernel thread: the owner is unknown, but the trigger is close(). With
 * unread data close() resets the subflow.
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW; a kernel with MPTCP.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/mptcp.h"
#include "lib/fixture.h"

#define DATA 10

/*
 * The end of the subflow: no process has its TCP socket, but it has the addresses of the
 * test's socket.
 */
static struct net_end subflow_of(const struct net_end *end)
{
	struct net_end subflow = { };
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);

	REQUIRE(!getsockname(end->fd, (void *)&addr, &len), "no own address");
	subflow.local = net_place_of(&addr);
	subflow.domain = addr.ss_family;
	len = sizeof(addr);
	REQUIRE(!getpeername(end->fd, (void *)&addr, &len), "no address of the peer");
	subflow.peer = net_place_of(&addr);
	return subflow;
}

/*
 * Its sequence numbers, from the first segment that it sends with that flag; FIN or RST.
 */
static void learn_numbers(struct fixture *self, struct net_end *subflow, uint8_t flag)
{
	const struct segment *s = NULL;
	unsigned int i;

	capture_read(&self->capture);
	for (i = 0; i < self->capture.nr && !s; i++) {
		s = &self->capture.segments[i];
		if (!s->out || !(s->flags & flag) ||
		    !net_place_is(&s->from, subflow->local.addr, subflow->local.port))
			s = NULL;
	}
	REQUIRE(s, "it has sent no such segment");
	subflow->snd_nxt = s->seq;
	subflow->rcv_nxt = s->ack;
}

/* Its id, from its records, without those of calls, whose thread can't be foretold. */
static void take_in(struct fixture *self, struct net_end *subflow)
{
	struct fact *r;
	unsigned int i, nr = 0;

	net_settle();
	records_read(&self->records);
	for (i = 0; i < self->records.nr; i++) {
		r = &self->records.records[i];
		if (net_place_is(&subflow->local, r->local, r->local_port))
			subflow->cookie = r->cookie;
		if (r->kind != FACT_CALL)
			self->records.records[nr++] = *r;
	}
	self->records.nr = nr;
	REQUIRE(subflow->cookie, "no record of it");
}

static void expect_closer(struct fixture *self, const struct net_end *end)
{
	uint32_t u = end->snd_nxt, v = end->rcv_nxt;

	EXPECT_ROWS(self, end,
		    WANT_STATE(ESTABLISHED, FIN_WAIT1, u, v),
		    WANT_SEGMENT(QUEUE, FIN | ACK, FIN_WAIT1, u, v),
		    ROWS_FIN_ACKED_BY_FIN(u, v));
}

static void expect_other(struct fixture *self, const struct net_end *end)
{
	uint32_t w = end->snd_nxt, u = end->rcv_nxt - 1;

	EXPECT_ROWS(self, end,
		    ROWS_PEER_FIN(w, u),
		    WANT_SEGMENT(RCV, ACK, CLOSE_WAIT, u + 1, w),
		    WANT_STATE(CLOSE_WAIT, LAST_ACK, w, u + 1),
		    WANT_SEGMENT(QUEUE, FIN | ACK, LAST_ACK, w, u + 1),
		    ROWS_LAST_ACK(w, u));
}

static void await_ends(struct fixture *self, unsigned int nr)
{
	struct net_wait wait = { };

	do {
		records_read(&self->records);
		if (self->records.nr_ends >= nr)
			return;
	} while (net_wait(&wait));
	CHECK(false, "%u have ended, not %u", self->records.nr_ends, nr);
}

static void closed(struct fixture *self)
{
	struct net_end client, server, closer, other;

	mptcp_pair(self->family, &client, &server, DATA);
	closer = subflow_of(&client);
	other = subflow_of(&server);
	close(client.fd);
	net_expect_eof(&server);
	close(server.fd);
	await_ends(self, 1);
	learn_numbers(self, &closer, FIN);
	learn_numbers(self, &other, FIN);
	take_in(self, &closer);
	take_in(self, &other);
	expect_closer(self, &closer);
	expect_other(self, &other);
	fixture_leave(self);
	fixture_verdict(self, &closer, VERDICT(THREE_WAY, LOCAL, CLOSE, .no_owner = true));
	fixture_verdict(self, &other, VERDICT(THREE_WAY, PEER, PEER, .no_owner = true));
}

/* Up to 6.9 the kernel can't, and MPTCP's own sockets can't be found from outside. */
static bool kernel_tells_reasons(void)
{
	char text[4096];
	ssize_t len;
	int fd;

	fd = open("/sys/kernel/tracing/events/tcp/tcp_send_reset/format", O_RDONLY);
	REQUIRE(fd >= 0, "no tracefs");
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	REQUIRE(len > 0, "no format");
	text[len] = '\0';
	return strstr(text, " reason;");
}

static void expect_aborted(struct fixture *self, const struct net_end *end)
{
	uint32_t u = end->snd_nxt, v = end->rcv_nxt;

	EXPECT_ROWS(self, end,
		    WANT_RESET(SENT, RST | ACK, ESTABLISHED, u, v,
			       .reason = kernel_tells_reasons() ?
					 TCP_TEARDOWN_REASON_TCP_ABORT_ON_CLOSE :
					 TCP_TEARDOWN_REASON_NOT_SPECIFIED),
		    WANT_STATE(ESTABLISHED, CLOSE, u, v));
	fixture_verdict(self, end, VERDICT(RESET_SENT, LOCAL, CLOSE));
}

static void expect_reset(struct fixture *self, const struct net_end *end)
{
	uint32_t v = end->snd_nxt, u = end->rcv_nxt;

	EXPECT_ROWS(self, end,
		    WANT_RESET(RECEIVED, RST | ACK, ESTABLISHED, u, v),
		    WANT_STATE(ESTABLISHED, CLOSE, v, u));
	fixture_verdict(self, end, VERDICT(RESET_RECEIVED, PEER, PEER, .no_owner = true));
}

/* Data unread: a fast close, for which TCP's own close() is not called. */
static void aborted(struct fixture *self)
{
	struct net_end client, server, closer, other;

	mptcp_pair(self->family, &client, &server, DATA);
	net_send(&server, DATA);
	net_await_unread(&client, DATA);
	closer = subflow_of(&client);
	other = subflow_of(&server);
	close(client.fd);
	await_ends(self, 2);
	close(server.fd);
	learn_numbers(self, &closer, RST);
	other.snd_nxt = closer.rcv_nxt;
	other.rcv_nxt = closer.snd_nxt;
	take_in(self, &closer);
	take_in(self, &other);
	expect_aborted(self, &closer);
	expect_reset(self, &other);
}

static const struct testcase testcases[] = {
	TESTCASE("an MPTCP connection is closed", closed),
	TESTCASE("an MPTCP connection is closed with data unread", aborted),
};

int main(void)
{
	const char *why = mptcp_lacks();

	if (why)
		ktap_skip_all("%s", why);
	return testcases_run(testcases, ARRAY_SIZE(testcases));
}
