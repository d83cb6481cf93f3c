// SPDX-License-Identifier: GPL-2.0
/*
 * A user makes many sockets whose cookies have the same lowest bits: asking a new socket
 * for its cookie draws the next number.
 *
 * Shows: they do not land in one bucket of the table, in which each event of the first
 * would have to walk past all others with interrupts off.
 *
 * Modes: icount
 * Needs: root, debugfs; it removes the module and loads it again.
 */
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "lib/files.h"
#include "lib/ktap.h"
#include "lib/torture.h"

#define BUCKETS 512	/* of max_connections=1024 */
#define ALIKE 64

static struct net_end client[ALIKE], server[ALIKE];

static uint64_t next_cookie(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	socklen_t len = sizeof(uint64_t);
	uint64_t cookie = 0;

	REQUIRE(!getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &len), "no cookie");
	close(fd);
	return cookie;
}

/* A connection, closed on one side, whose client's cookie is a multiple of BUCKETS. */
static void open_alike(unsigned int i, unsigned int taken)
{
	while ((next_cookie() + taken) % BUCKETS)
		;
	net_pair(NET_IPV4, &client[i], &server[i]);
	REQUIRE(!(client[i].cookie % BUCKETS), "cookie %llu",
		(unsigned long long)client[i].cookie);
	shutdown(client[i].fd, SHUT_WR);
	net_await_state(&client[i], TCP_FIN_WAIT2);
}

/* The least time of an event of the first one, in nanoseconds, which are instructions. */
static long event_cost(void)
{
	struct timespec from, to;
	long ns, least = 1000000;
	int i;

	for (i = 0; i < 100; i++) {
		clock_gettime(CLOCK_MONOTONIC, &from);
		shutdown(client[0].fd, SHUT_WR);
		clock_gettime(CLOCK_MONOTONIC, &to);
		ns = (to.tv_sec - from.tv_sec) * 1000000000 + to.tv_nsec - from.tv_nsec;
		if (ns < least)
			least = ns;
	}
	return least;
}

int main(void)
{
	unsigned int taken, i;
	uint64_t before;
	long alone, among;

	files_start();
	ktap_plan(2);
	torture_load("max_connections=1024");
	files_start();
	net_new();
	before = next_cookie();
	net_pair(NET_IPV4, &client[0], &server[0]);
	taken = client[0].cookie - before;
	close(client[0].fd);
	close(server[0].fd);
	open_alike(0, taken);
	alone = event_cost();
	for (i = 1; i < ALIKE; i++)
		open_alike(i, taken);
	among = event_cost();
	ktap_note("an event costs %ld instructions, among %d alike %ld", alone, ALIKE, among);
	CHECK(among < alone + 2 * ALIKE, "it goes past the others");
	for (i = 0; i < ALIKE; i++) {
		close(server[i].fd);
		close(client[i].fd);
	}
	net_settle();
	ktap_result("sockets with similar cookies are spread over the buckets");
	torture_end();
	torture_load("");
	return ktap_exit();
}
