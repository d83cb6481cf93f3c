// SPDX-License-Identifier: GPL-2.0
/*
 * More connections in teardown than the 65,536 that "connections" lists.
 *
 * TCP_REPAIR makes sockets without a real peer. They are shut down and stay in FIN_WAIT1.
 * Then one end of a real connection enters CLOSE_WAIT.
 *
 * Shows: the list has so many lines, in order, first the one in CLOSE_WAIT; it says how
 * many it leaves out, which are the youngest in FIN_WAIT1 and the one in FIN_WAIT2. The
 * lists of unprivileged readers take at most 64 MiB together: a fifth reader gets ENOBUFS
 * until another has read its list to the end. Root is never refused.
 *
 * Modes: icount
 *
 * Needs: root, debugfs; a TUN device; 65,536 files and more.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/ktap.h"
#include "lib/listed.h"
#include "lib/module.h"
#include "lib/net.h"
#include "lib/peer.h"
#include "lib/records.h"

#define LINES 65536U
#define SOCKETS 90000U		/* more than LINES and the room beside them */
#define A_PORT 10000U		/* so many connections to each port of the peer */
#define LISTS 4		/* so many of them fit into 64 MiB, of 15.6 MiB each */
#define NOBODY 65534
#define MODULE_PATH "/sys/module/tcp_teardown/parameters/max_connections"

static int fds[SOCKETS];
static uint64_t cookies[SOCKETS];

static void half_open(const struct peer *peer, unsigned int i)
{
	int on = 1, off = TCP_REPAIR_OFF_NO_WP;
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(1 + i / A_PORT),
	};
	socklen_t size = sizeof(cookies[i]);

	memcpy(&to.sin_addr, peer->self.addr + 12, 4);
	fds[i] = socket(AF_INET, SOCK_STREAM, 0);
	REQUIRE(fds[i] >= 0 &&
		!setsockopt(fds[i], IPPROTO_TCP, TCP_REPAIR, &on, sizeof(on)) &&
		!connect(fds[i], (struct sockaddr *)&to, sizeof(to)) &&
		!setsockopt(fds[i], IPPROTO_TCP, TCP_REPAIR, &off, sizeof(off)) &&
		!getsockopt(fds[i], SOL_SOCKET, SO_COOKIE, &cookies[i], &size) &&
		!shutdown(fds[i], SHUT_WR), "socket %u", i);
}

static void check_left_out(unsigned int nr)
{
	unsigned int left = 0, of = 0;
	FILE *file = fopen(LISTED_HERE, "r");
	char line[512];

	REQUIRE(file && fgets(line, sizeof(line), file) && fgets(line, sizeof(line), file),
		"no header");
	fclose(file);
	CHECK(sscanf(line, "# %u of %u are left out", &left, &of) == 2, "%s", line);
	CHECK(left == nr - LINES && of == nr, "%u of %u, not %u of %u", left, of, nr - LINES,
	      nr);
}

static void check_lines(uint64_t first)
{
	struct listed *all = calloc(LINES + 1, sizeof(*all));
	unsigned int nr, i;

	REQUIRE(all, "no memory");
	nr = listed_read(LISTED_HERE, all, LINES + 1);
	CHECK(nr == LINES, "%u lines", nr);
	CHECK(all[0].id == first && !strcmp(all[0].state, "CLOSE_WAIT"), "%s is the first",
	      all[0].state);
	for (i = 1; i < nr && CHECK(all[i].id == cookies[i - 1] &&
				    !strcmp(all[i].state, "FIN_WAIT1"), "line %u", i); i++)
		;
	free(all);
}

/* Read the first line of a list; the kernel keeps the rest. */
static int begin(void)
{
	int fd = open(LISTED_HERE, O_RDONLY | O_CLOEXEC);
	char text[16];

	REQUIRE(fd >= 0, LISTED_HERE);
	if (read(fd, text, sizeof(text)) > 0)
		return fd;
	close(fd);
	return -1;
}

static void end(int fd)
{
	static char text[1 << 16];

	while (read(fd, text, sizeof(text)) > 0)
		;
}

/* In a child with nobody's uid, while its parent, root, holds a list, too. */
static void check_shared(void)
{
	int status, mine = begin(), all[LISTS], i;
	pid_t pid = fork();

	if (!pid) {
		REQUIRE(!setgid(NOBODY) && !setuid(NOBODY), "still root");
		for (i = 0; i < LISTS; i++) {
			all[i] = begin();
			CHECK(all[i] >= 0, "list %d: %s", i, strerror(errno));
		}
		CHECK(begin() < 0 && errno == ENOBUFS, "one more: %s", strerror(errno));
		end(all[0]);
		CHECK(begin() >= 0, "after the end of another: %s", strerror(errno));
		close(all[1]);
		CHECK(begin() >= 0, "after close() of another: %s", strerror(errno));
		CHECK(begin() < 0 && errno == ENOBUFS, "one more: %s", strerror(errno));
		exit(ktap_case_failed());
	}
	REQUIRE(pid > 0 && waitpid(pid, &status, 0) == pid, "no child");
	CHECK(!status, "nobody's lists");
	CHECK(mine >= 0, "root has no list");
	close(mine);
}

static void let_go(void)
{
	unsigned int i;

	for (i = 0; i < SOCKETS; i++)
		net_abort(fds[i]);
}

static unsigned int room(void)
{
	FILE *file = fopen(MODULE_PATH, "r");
	unsigned int max = 0;

	REQUIRE(file && fscanf(file, "%u", &max) == 1, MODULE_PATH);
	fclose(file);
	return max;
}

int main(void)
{
	struct rlimit files = { .rlim_cur = SOCKETS + 100, .rlim_max = SOCKETS + 100 };
	struct net_end client, server;
	struct peer peer;
	unsigned int i;

	module_need();
	if (!peer_possible())
		ktap_skip_all("no TUN device");
	if (room() < 2 * SOCKETS)
		ktap_skip_all("too little memory");
	REQUIRE(!setrlimit(RLIMIT_NOFILE, &files), "no more files");
	ktap_plan(2);
	net_new();
	peer_open(&peer, NET_IPV4);
	for (i = 0; i < SOCKETS; i++)
		half_open(&peer, i);
	net_pair(NET_IPV4, &client, &server);
	shutdown(client.fd, SHUT_WR);
	net_await_state(&server, TCP_CLOSE_WAIT);
	check_left_out(SOCKETS + 2);
	check_lines(server.cookie);
	ktap_result("a list of more than %u connections leaves out the last", LINES);
	check_shared();
	ktap_result("lists that any user may read take at most 64 MiB in all");
	let_go();
	return ktap_exit();
}
