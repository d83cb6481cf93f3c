// SPDX-License-Identifier: GPL-2.0
#include "mptcp.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ktap.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

const char *mptcp_lacks(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP);

	if (fd < 0)
		return "no MPTCP";
	close(fd);
	return NULL;
}

void mptcp_pair(enum net_family family, struct net_end *client, struct net_end *server,
		unsigned int sent)
{
	int domain = net_domain(family), listener;
	struct sockaddr_storage addr;
	socklen_t len = net_loopback(family, 0, &addr);

	net_sysctl("mptcp/enabled", "1");
	listener = socket(domain, SOCK_STREAM, IPPROTO_MPTCP);
	REQUIRE(listener >= 0 && !bind(listener, (void *)&addr, len) &&
		!listen(listener, 1) && !getsockname(listener, (void *)&addr, &len),
		"no listener");
	client->fd = socket(domain, SOCK_STREAM, IPPROTO_MPTCP);
	REQUIRE(client->fd >= 0 && !connect(client->fd, (void *)&addr, len),
		"no connection");
	server->fd = accept(listener, NULL, NULL);
	REQUIRE(server->fd >= 0, "no connection accepted");
	close(listener);
	net_send(client, sent);
	net_receive(server, sent);
}
