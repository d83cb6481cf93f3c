// SPDX-License-Identifier: GPL-2.0
/*
 * bind() to the port of a minisock in FIN_WAIT2, and connect(): the new connection ends
 * that of the minisock, and the record names this cause. TCP_REPAIR has removed the old
 * peer without a segment, so the new SYN finds a listener.
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW.
 */
#include <unistd.h>

#include "lib/fixture.h"

static int socket_at(struct fixture *self, uint16_t port)
{
	struct sockaddr_storage addr;
	socklen_t len = net_loopback(self->family, port, &addr);
	int fd = socket(net_domain(self->family), SOCK_STREAM, 0), on = 1;

	REQUIRE(!setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) &&
		!bind(fd, (void *)&addr, len), "port %u is taken", port);
	return fd;
}

static void make_pair(struct fixture *self, struct net_end *client, struct net_end *server,
		      int *listener)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);

	*listener = socket_at(self, 0);
	REQUIRE(!listen(*listener, 1) && !getsockname(*listener, (void *)&addr, &len),
		"no listener");
	client->fd = socket_at(self, 0);
	REQUIRE(!connect(client->fd, (void *)&addr, len), "no connection");
	server->fd = accept(*listener, NULL, NULL);
	REQUIRE(server->fd >= 0, "no connection accepted");
	net_learn(client);
	net_learn(server);
}

static void fin_wait2(struct fixture *self)
{
	struct net_end client, server;
	struct sockaddr_storage addr;
	int listener, next, on = 1;
	socklen_t len;

	make_pair(self, &client, &server, &listener);
	close(client.fd);
	net_await_state(&server, TCP_CLOSE_WAIT);
	fixture_await(self, &client, 6);
	REQUIRE(!setsockopt(server.fd, IPPROTO_TCP, TCP_REPAIR, &on, sizeof(on)), "TCP_REPAIR");
	close(server.fd);
	sleep(2);		/* its timestamp must be old */
	next = socket_at(self, client.local.port);
	len = net_loopback(self->family, client.peer.port, &addr);
	REQUIRE(!connect(next, (void *)&addr, len), "no connection");
	fixture_verdict(self, &client, VERDICT(ABORTED, LOCAL, CONNECT));
	fixture_verdict(self, &server, VERDICT(ABORTED, PEER, CLOSE));
	close(listener);
	close(next);
}

static const struct testcase testcases[] = {
	TESTCASE("connect() takes the ports of FIN_WAIT2", fin_wait2),
};

int main(void)
{
	return testcases_run(testcases, ARRAY_SIZE(testcases));
}
