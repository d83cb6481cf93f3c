// SPDX-License-Identifier: GPL-2.0
/*
 * A test to copy, as docs/contributing.md explains. In its one testcase each end closes
 * once:
 *
 *	client				server
 *	close, FIN u ack w		FIN_WAIT1	> CLOSE_WAIT
 *	ACK w ack u+1			FIN_WAIT2	< (delayed)
 *	FIN w ack u+1			TIME_WAIT	< close, LAST_ACK
 *	ACK u+1 ack w+1					> CLOSE
 *
 * It shows every record of the server's end, and the verdict of both.
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW.
 */
#include <unistd.h>

#include "lib/fixture.h"

/* The records of one connection, in order, with the exact sequence numbers. */
static void expect_server(struct fixture *self, const struct net_end *server)
{
	uint32_t w = server->snd_nxt, u = server->rcv_nxt;
	const struct want want[] = {
		WANT_SEGMENT(RCV, FIN | ACK, ESTABLISHED, u, w),
		WANT_STATE(ESTABLISHED, CLOSE_WAIT, w, u + 1),
		WANT_CALL(CLOSE, CLOSE_WAIT, w, u + 1),
		WANT_STATE(CLOSE_WAIT, LAST_ACK, w, u + 1),
		WANT_SEGMENT(QUEUE, FIN | ACK, LAST_ACK, w, u + 1),
		WANT_SEGMENT(RCV, ACK, LAST_ACK, u + 1, w + 1),
		WANT_STATE(LAST_ACK, CLOSE, w + 1, u + 1),
	};

	fixture_expect(self, server, want, ARRAY_SIZE(want));
}

/* testcases_run() calls this over IPv4, over IPv6, and over IPv4 on an IPv6 socket. */
static void both_close(struct fixture *self)
{
	struct net_end client, server;

	net_pair(self->family, &client, &server);
	close(client.fd);
	net_expect_eof(&server);
	fixture_await(self, &client, 6);		/* the server's ACK has come */
	close(server.fd);
	expect_server(self, &server);
	fixture_leave(self);
	fixture_verdict(self, &client, VERDICT(FOUR_WAY, LOCAL, CLOSE));
	fixture_verdict(self, &server, VERDICT(FOUR_WAY, PEER, PEER));
}

static const struct testcase testcases[] = {
	TESTCASE("both ends close, the client first", both_close),
};

int main(void)
{
	return testcases_run(testcases, ARRAY_SIZE(testcases));
}
