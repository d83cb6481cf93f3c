// SPDX-License-Identifier: GPL-2.0
/*
 * connect() to a port where nobody listens.
 *
 *	client				no socket
 *	SYN u				SYN_SENT	>
 *	RST 0 ack u+1			CLOSE		<
 *
 * The RST is recorded without a socket, with the reason NO_SOCKET.
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW.
 */
#include <errno.h>
#include <unistd.h>

#include "lib/fixture.h"

static void expect_client(struct fixture *self, const struct net_end *end)
{
	uint32_t u = end->snd_nxt;

	EXPECT_ROWS(self, end,
		    WANT_RESET(RECEIVED, RST | ACK, SYN_SENT, 0, u + 1),
		    WANT_STATE(SYN_SENT, CLOSE, u + 1, 0));
}

/* No socket, so no cookie and no state; v4-mapped is plain IPv4. */
static void expect_reply(struct fixture *self, const struct net_end *client)
{
	const struct net_end nobody = {
		.local = client->peer, .peer = client->local,
		.domain = self->family == NET_IPV6 ? AF_INET6 : AF_INET,
	};
	const struct want want[] = { {
		.kind = FACT_RESET, .what = TCP_TEARDOWN_RST_REPLY,
		.flags = RST | ACK, .ack = client->snd_nxt + 1, REASON(NO_SOCKET),
	} };

	records_expect(&self->records, &nobody, want, ARRAY_SIZE(want));
}

/* Its cookie and its own address, which it has before it connects. */
static void make_client(struct fixture *self, struct net_end *client)
{
	struct sockaddr_storage addr;
	socklen_t len = net_loopback(self->family, 0, &addr);

	client->fd = socket(net_domain(self->family), SOCK_STREAM, 0);
	REQUIRE(!bind(client->fd, (void *)&addr, len), "no address");
	REQUIRE(!getsockname(client->fd, (void *)&addr, &len), "no port");
	client->local = net_place_of(&addr);
	client->domain = addr.ss_family;
	len = sizeof(client->cookie);
	REQUIRE(!getsockopt(client->fd, SOL_SOCKET, SO_COOKIE, &client->cookie, &len),
		"no cookie");
}

/* The sequence number of the one SYN in the capture. */
static uint32_t syn_seq(struct fixture *self)
{
	unsigned int i;

	capture_read(&self->capture);
	CHECK(capture_count(&self->capture, true, SYN) == 1, "not one SYN");
	for (i = 0; i < self->capture.nr; i++)
		if (self->capture.segments[i].flags == SYN)
			break;
	return self->capture.segments[i].seq;
}

static void refused(struct fixture *self)
{
	struct sockaddr_storage addr;
	struct net_end client;
	uint16_t port;
	socklen_t len;

	make_client(self, &client);
	/* A port that was free a moment ago, in a namespace of our own. */
	close(net_listen(self->family, &port));
	len = net_loopback(self->family, port, &addr);
	client.peer = net_place_of(&addr);
	CHECK(connect(client.fd, (void *)&addr, len) < 0 && errno == ECONNREFUSED,
	      "connect was not refused");
	client.snd_nxt = syn_seq(self);
	close(client.fd);
	expect_client(self, &client);
	expect_reply(self, &client);
	fixture_verdict(self, &client, VERDICT(REFUSED, PEER, PEER, .no_owner = true));
}

static const struct testcase testcases[] = {
	TESTCASE("connect refused", refused),
};

int main(void)
{
	return testcases_run(testcases, ARRAY_SIZE(testcases));
}
