// SPDX-License-Identifier: GPL-2.0
#include "diag.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "ktap.h"

struct request {
	struct nlmsghdr head;
	struct inet_diag_req_v2 body;
};

struct answer {
	struct nlmsghdr head;
	struct nlmsgerr body;
	uint8_t rest[512];
};

/* The kernel's answer: 0, or its errno. */
static int send_request(struct request *request)
{
	int fd = socket(AF_NETLINK, SOCK_DGRAM, NETLINK_SOCK_DIAG);
	struct answer answer = { };
	ssize_t len;

	REQUIRE(fd >= 0, "no netlink socket");
	request->head.nlmsg_len = sizeof(*request);
	request->head.nlmsg_type = SOCK_DESTROY;
	request->head.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	REQUIRE(send(fd, request, sizeof(*request), 0) == sizeof(*request), "not sent");
	len = recv(fd, &answer, sizeof(answer), 0);
	close(fd);
	REQUIRE(len >= (ssize_t)NLMSG_LENGTH(sizeof(answer.body)) &&
		answer.head.nlmsg_type == NLMSG_ERROR, "another answer");
	return -answer.body.error;
}

/* The kernel loads tcp_diag on the first request; without it, the request is unknown. */
bool diag_possible(void)
{
	struct request request = {
		.body = { .sdiag_family = AF_INET, .sdiag_protocol = IPPROTO_TCP,
			  .id.idiag_sport = htons(1), .id.idiag_dport = htons(1) },
	};

	return send_request(&request) == ENOENT && access("/sys/module/tcp_diag", F_OK) == 0;
}

int diag_try_destroy(enum net_family family, const struct net_end *end)
{
	struct request request = {
		.body = { .sdiag_family = net_domain(family), .sdiag_protocol = IPPROTO_TCP },
	};
	struct inet_diag_sockid *id = &request.body.id;
	unsigned int from = family == NET_IPV4 ? 12 : 0;

	id->idiag_sport = htons(end->local.port);
	id->idiag_dport = htons(end->peer.port);
	memcpy(id->idiag_src, end->local.addr + from, 16 - from);
	memcpy(id->idiag_dst, end->peer.addr + from, 16 - from);
	id->idiag_cookie[0] = INET_DIAG_NOCOOKIE;
	id->idiag_cookie[1] = INET_DIAG_NOCOOKIE;
	return send_request(&request);
}

void diag_destroy(enum net_family family, const struct net_end *end)
{
	int error = diag_try_destroy(family, end);

	CHECK(!error, "SOCK_DESTROY: %s", strerror(error));
}

/* FIN_WAIT2 is a minisock's unless its timeout exceeds 60 s. */
static bool can_kill(int linger2)
{
	struct net_end end, other;
	bool killed;

	net_new();
	net_pair(NET_IPV4, &end, &other);
	REQUIRE(!setsockopt(end.fd, IPPROTO_TCP, TCP_LINGER2, &linger2, sizeof(linger2)),
		"no TCP_LINGER2");
	close(end.fd);
	net_await_state(&other, TCP_CLOSE_WAIT);
	killed = !diag_try_destroy(NET_IPV4, &end) &&
		 diag_try_destroy(NET_IPV4, &end) == ENOENT;
	close(other.fd);
	return killed;
}

const char *diag_lacks_orphans(void)
{
	static int can = -1;

	if (can < 0)
		can = can_kill(90);
	return can ? NULL : "SOCK_DESTROY does not kill orphans";
}

const char *diag_lacks_minisocks(void)
{
	static int can = -1;

	if (can < 0)
		can = can_kill(0);
	return can ? NULL : "SOCK_DESTROY does not kill minisocks";
}
