// SPDX-License-Identifier: GPL-2.0
#include "traffic.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ktap.h"
#include "net.h"

/* Any address of 127/8, so that no pair of ports is used up. */
static int listen_any(enum net_family family)
{
	struct sockaddr_storage addr = { .ss_family = net_domain(family) };
	socklen_t len = family == NET_IPV4 ? sizeof(struct sockaddr_in) :
					     sizeof(struct sockaddr_in6);
	int fd = socket(net_domain(family), SOCK_STREAM | SOCK_CLOEXEC, 0);

	REQUIRE(fd >= 0 && !bind(fd, (void *)&addr, len) && !listen(fd, 64), "no listener");
	return fd;
}

void traffic_listen(int *listeners)
{
	listeners[0] = listen_any(NET_IPV4);
	listeners[1] = listen_any(NET_IPV6);
}

static int connect_to(int listener, enum net_family family, unsigned int n)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	struct sockaddr_in *in = (void *)&addr;
	uint16_t port;
	int fd;

	if (getsockname(listener, (void *)&addr, &len))
		return -1;
	port = net_place_of(&addr).port;
	len = net_loopback(family, port, &addr);
	if (family == NET_IPV4)
		in->sin_addr.s_addr = htonl(0x7f000001 + n % 60000);
	fd = socket(net_domain(family), SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && !connect(fd, (void *)&addr, len))
		return fd;
	close(fd);
	return -1;
}

static void abort_one(int fd)
{
	net_abort(fd);
}

void traffic_one(unsigned int n, const int *listeners)
{
	int client = connect_to(listeners[n % 2], n % 2 ? NET_IPV6 : NET_IPV4, n);
	int server = client < 0 ? -1 : accept4(listeners[n % 2], NULL, NULL, SOCK_CLOEXEC);

	if (n % 3 && server >= 0)	/* no SIGPIPE if the peer has closed */
		send(n % 3 > 1 ? client : server, "data", 4, MSG_NOSIGNAL);
	switch (n / 6 % 5) {
	case 0:
		close(client);
		close(server);
		break;
	case 1:
		close(server);
		close(client);
		break;
	case 2:
		shutdown(client, SHUT_WR);
		shutdown(server, SHUT_WR);
		close(server);
		close(client);
		break;
	case 3:
		abort_one(client);
		close(server);
		break;
	default:
		shutdown(server, SHUT_RDWR);
		close(client);
		close(server);
	}
}

static void work(unsigned long *made)
{
	int listeners[2];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	net_new();
	traffic_listen(listeners);
	for (;;) {
		traffic_one(*made, listeners);
		++*made;
		/* Let time pass where it is skipped. */
		if (net_time_is_skipped())
			usleep(2000);
	}
}

void traffic_start(struct traffic *traffic, unsigned int nr)
{
	unsigned int i;

	if (!nr)
		nr = 2 * sysconf(_SC_NPROCESSORS_ONLN);
	traffic->nr = nr < TRAFFIC_MAX ? nr : TRAFFIC_MAX;
	traffic->made = mmap(NULL, sizeof(long) * TRAFFIC_MAX, PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	REQUIRE(traffic->made != MAP_FAILED, "no shared memory");
	for (i = 0; i < traffic->nr; i++) {
		traffic->pids[i] = fork();
		if (!traffic->pids[i])
			work(&traffic->made[i]);
		REQUIRE(traffic->pids[i] > 0, "no process");
	}
}

unsigned long traffic_made(const struct traffic *traffic)
{
	unsigned long made = 0;
	unsigned int i;

	for (i = 0; i < traffic->nr; i++)
		made += __atomic_load_n(&traffic->made[i], __ATOMIC_RELAXED);
	return made;
}

void traffic_stop(struct traffic *traffic)
{
	unsigned int i;
	int status;

	for (i = 0; i < traffic->nr; i++)
		kill(traffic->pids[i], SIGKILL);
	for (i = 0; i < traffic->nr; i++) {
		CHECK(waitpid(traffic->pids[i], &status, 0) > 0 && WIFSIGNALED(status) &&
		      WTERMSIG(status) == SIGKILL, "traffic ended with status %x", status);
		CHECK(traffic->made[i], "process %u made no connection", i);
	}
	ktap_note("%lu connections", traffic_made(traffic));
}
