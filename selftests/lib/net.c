// SPDX-License-Identifier: GPL-2.0
#include "net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/membarrier.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "ktap.h"

const char * const net_family_names[NET_FAMILIES] = {
	[NET_IPV4] = "IPv4",
	[NET_IPV6] = "IPv6",
	[NET_MAPPED] = "v4-mapped",
};

int net_domain(enum net_family family)
{
	return family == NET_IPV4 ? AF_INET : AF_INET6;
}

bool net_place_is(const struct net_place *place, const uint8_t *addr, uint16_t port)
{
	return place->port == port && !memcmp(place->addr, addr, sizeof(place->addr));
}

struct net_place net_place_of(const struct sockaddr_storage *from)
{
	const struct sockaddr_in *in = (const void *)from;
	const struct sockaddr_in6 *in6 = (const void *)from;
	struct net_place place = { .addr = { [10] = 0xff, 0xff } };

	if (from->ss_family == AF_INET) {
		memcpy(place.addr + 12, &in->sin_addr, 4);
		place.port = ntohs(in->sin_port);
	} else {
		memcpy(place.addr, &in6->sin6_addr, 16);
		place.port = ntohs(in6->sin6_port);
	}
	return place;
}

socklen_t net_loopback(enum net_family family, uint16_t port,
		       struct sockaddr_storage *to)
{
	static const char * const text[] = {
		[NET_IPV4] = "127.0.0.1", [NET_IPV6] = "::1",
		[NET_MAPPED] = "::ffff:127.0.0.1",
	};
	struct sockaddr_in *in = (void *)to;
	struct sockaddr_in6 *in6 = (void *)to;

	memset(to, 0, sizeof(*to));
	to->ss_family = net_domain(family);
	if (family == NET_IPV4) {
		in->sin_port = htons(port);
		inet_pton(AF_INET, text[family], &in->sin_addr);
		return sizeof(*in);
	}
	in6->sin6_port = htons(port);
	inet_pton(AF_INET6, text[family], &in6->sin6_addr);
	return sizeof(*in6);
}

void net_new(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd;

	REQUIRE(!unshare(CLONE_NEWNET), "no new namespace");
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	REQUIRE(fd >= 0 && !ioctl(fd, SIOCSIFFLAGS, &ifr), "lo does not come up");
	close(fd);
}

uint32_t net_inode(void)
{
	struct stat st;

	REQUIRE(!stat("/proc/self/ns/net", &st), "no /proc");
	return st.st_ino;
}

void net_sysctl(const char *name, const char *value)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/net/%s", name);
	fd = open(path, O_WRONLY);
	REQUIRE(fd >= 0 && write(fd, value, strlen(value)) > 0, "%s = %s", name, value);
	close(fd);
}

int net_listen(enum net_family family, uint16_t *port)
{
	struct sockaddr_storage addr;
	socklen_t len = net_loopback(family, 0, &addr);
	int fd = socket(net_domain(family), SOCK_STREAM, 0);

	REQUIRE(fd >= 0 && !bind(fd, (void *)&addr, len) && !listen(fd, 16), "no listener");
	REQUIRE(!getsockname(fd, (void *)&addr, &len), "it has no port");
	*port = net_place_of(&addr).port;
	return fd;
}

void net_pair(enum net_family family, struct net_end *client, struct net_end *server)
{
	struct sockaddr_storage addr;
	uint16_t port;
	int listener = net_listen(family, &port);
	socklen_t len = net_loopback(family, port, &addr);

	client->fd = socket(net_domain(family), SOCK_STREAM, 0);
	REQUIRE(!connect(client->fd, (void *)&addr, len), "no connection");
	server->fd = accept(listener, NULL, NULL);
	REQUIRE(server->fd >= 0, "no connection accepted");
	close(listener);
	net_learn(client);
	net_learn(server);
}

void net_learn(struct net_end *end)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);

	REQUIRE(!getsockname(end->fd, (void *)&addr, &len), "no own address");
	end->local = net_place_of(&addr);
	end->domain = addr.ss_family;
	len = sizeof(addr);
	REQUIRE(!getpeername(end->fd, (void *)&addr, &len), "no address of the peer");
	end->peer = net_place_of(&addr);
	len = sizeof(end->cookie);
	REQUIRE(!getsockopt(end->fd, SOL_SOCKET, SO_COOKIE, &end->cookie, &len),
		"no cookie");
	net_learn_numbers(end);
}

static void set_tcp(int fd, int option, int value)
{
	REQUIRE(!setsockopt(fd, IPPROTO_TCP, option, &value, sizeof(value)),
		"TCP option %d = %d", option, value);
}

static uint32_t queue_seq(int fd, int queue)
{
	uint32_t seq;
	socklen_t len = sizeof(seq);

	set_tcp(fd, TCP_REPAIR_QUEUE, queue);
	REQUIRE(!getsockopt(fd, IPPROTO_TCP, TCP_QUEUE_SEQ, &seq, &len), "no number");
	return seq;
}

/*
 * Leave repair mode without a window probe, so that nothing is sent. TCP_REPAIR clears
 * SO_REUSEADDR.
 */
void net_learn_numbers(struct net_end *end)
{
	int reuse = 0;
	socklen_t len = sizeof(reuse);

	getsockopt(end->fd, SOL_SOCKET, SO_REUSEADDR, &reuse, &len);
	set_tcp(end->fd, TCP_REPAIR, TCP_REPAIR_ON);
	end->snd_nxt = queue_seq(end->fd, TCP_SEND_QUEUE);
	end->rcv_nxt = queue_seq(end->fd, TCP_RECV_QUEUE);
	set_tcp(end->fd, TCP_REPAIR, TCP_REPAIR_OFF_NO_WP);
	setsockopt(end->fd, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof(reuse));
}

void net_send(const struct net_end *end, unsigned int bytes)
{
	static const char data[65536];

	REQUIRE(bytes <= sizeof(data) &&
		send(end->fd, data, bytes, MSG_NOSIGNAL) == (ssize_t)bytes,
		"sending %u bytes", bytes);
}

void net_receive(const struct net_end *end, unsigned int bytes)
{
	char data[65536];

	REQUIRE(bytes <= sizeof(data) &&
		recv(end->fd, data, bytes, MSG_WAITALL) == (ssize_t)bytes,
		"receiving %u bytes", bytes);
}

void net_expect_eof(const struct net_end *end)
{
	char byte;
	ssize_t len = recv(end->fd, &byte, 1, 0);

	CHECK(!len, "receive returns %zd, errno %d", len, errno);
}

void net_expect_error(const struct net_end *end, int error)
{
	char byte;
	ssize_t len = recv(end->fd, &byte, 1, 0);

	CHECK(len < 0 && errno == error, "receive returns %zd, errno %d", len, errno);
}

void net_abort(int fd)
{
	const struct linger linger = { .l_onoff = 1 };

	REQUIRE(!setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)), "SO_LINGER");
	close(fd);
}

static int queued(const struct net_end *end, unsigned int which)
{
	int bytes;

	REQUIRE(!ioctl(end->fd, which, &bytes), "ioctl %u", which);
	return bytes;
}

void net_await_unread(const struct net_end *end, int bytes)
{
	struct net_wait wait = { };

	while (queued(end, SIOCINQ) != bytes)
		REQUIRE(net_wait(&wait), "%d unread", queued(end, SIOCINQ));
}

void net_await_acked(const struct net_end *end)
{
	struct net_wait wait = { };

	while (queued(end, SIOCOUTQ))
		REQUIRE(net_wait(&wait), "%d not acknowledged", queued(end, SIOCOUTQ));
}

static int state_of(const struct net_end *end)
{
	struct tcp_info info = { };
	socklen_t len = sizeof(info);

	REQUIRE(!getsockopt(end->fd, IPPROTO_TCP, TCP_INFO, &info, &len), "no TCP_INFO");
	return info.tcpi_state;
}

void net_await_state(const struct net_end *end, int state)
{
	struct net_wait wait = { };

	while (state_of(end) != state)
		REQUIRE(net_wait(&wait), "state %d", state_of(end));
}

double net_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

bool net_time_is_skipped(void)
{
	const char *mode = getenv("VM_MODE");

	return mode && !strcmp(mode, "icount");
}

static unsigned int patience(void)
{
	return net_time_is_skipped() ? NET_PATIENCE_ICOUNT_S : NET_PATIENCE_S;
}

/* Short pauses first; a long wait is for a timer, where time is skipped. */
bool net_wait(struct net_wait *wait)
{
	struct timespec nap = { .tv_nsec = 200000 };

	if (!wait->rounds++)
		wait->deadline = net_now() + (wait->patience ?: patience());
	if (wait->rounds > 1000)
		nap.tv_nsec = 50000000;
	nanosleep(&nap, NULL);
	return net_now() < wait->deadline;
}

/* The names are in one line of the group, the figures in the next. */
long net_mib(const char *path, const char *group, const char *name)
{
	char heads[8192], values[8192], *head, *value, *heads_rest, *values_rest;
	FILE *file = fopen(path, "r");
	long found = -1;

	REQUIRE(file, "%s", path);
	while (found < 0 && fgets(heads, sizeof(heads), file) &&
	       fgets(values, sizeof(values), file)) {
		head = strtok_r(heads, "\n ", &heads_rest);
		value = strtok_r(values, "\n ", &values_rest);
		if (strcmp(head, group))
			continue;
		while (head && value && strcmp(head, name)) {
			head = strtok_r(NULL, "\n ", &heads_rest);
			value = strtok_r(NULL, "\n ", &values_rest);
		}
		REQUIRE(head && value, "no %s", name);
		found = strtol(value, NULL, 10);
	}
	fclose(file);
	return found;
}

bool net_again(struct net_again *again)
{
	long resent = net_mib("/proc/self/net/snmp", "Tcp:", "RetransSegs");
	bool disturbed = !again->rounds || resent != again->resent;

	again->resent = resent;
	return disturbed && again->rounds++ < 5;
}

void net_settle(void)
{
	if (!syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		return;
	REQUIRE(errno == EINVAL, "membarrier");
	usleep(100000);		/* absent with nohz_full= */
}
