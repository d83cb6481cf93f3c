// SPDX-License-Identifier: GPL-2.0
/*
 * A process that has 100,000 connections is killed.
 *
 * The connections are made by TCP_REPAIR, to a peer that never answers. So all FINs are
 * queued at once, on one CPU, and all orphans end at about the same time, when their
 * retransmissions are used up. First with the default max_connections, then with a
 * smaller one.
 *
 * Shows: with room for all, each is tracked and none untracked, so the worker was fast
 * enough. With less room, tracked and untracked ones add up. In both cases each has one
 * transition and one verdict, the kernel counts as many in TCPAbortOnTimeout, and each
 * line of reconcile with "=" is equal.
 *
 * Modes: icount
 * Needs: root, debugfs; a TUN device; 100,000 files; it loads the module itself.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/files.h"
#include "lib/ktap.h"
#include "lib/module.h"
#include "lib/peer.h"
#include "lib/records.h"
#include "lib/torture.h"

#define MANY 100000U
#define FEWER 20000U
#define A_PORT 10000U		/* so many connections to each port of the peer */

static void establish(const struct peer *peer, unsigned int i)
{
	int on = 1, off = TCP_REPAIR_OFF_NO_WP, fd;
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(1 + i / A_PORT),
	};

	memcpy(&to.sin_addr, peer->self.addr + 12, 4);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	REQUIRE(fd >= 0 &&
		!setsockopt(fd, IPPROTO_TCP, TCP_REPAIR, &on, sizeof(on)) &&
		!connect(fd, (struct sockaddr *)&to, sizeof(to)) &&
		!setsockopt(fd, IPPROTO_TCP, TCP_REPAIR, &off, sizeof(off)), "socket %u", i);
}

/* A child that holds them; it has been killed and waited for on return. */
static void disconnect(const struct peer *peer, unsigned int nr)
{
	int ready[2], status;
	unsigned int i;
	char byte = 0;
	pid_t pid;

	REQUIRE(!pipe(ready), "no pipe");
	pid = fork();
	if (!pid) {
		for (i = 0; i < nr; i++)
			establish(peer, i);
		write(ready[1], "", 1);
		pause();
		exit(1);
	}
	close(ready[1]);
	REQUIRE(pid > 0 && read(ready[0], &byte, 1) == 1, "no child");
	close(ready[0]);
	kill(pid, SIGKILL);
	REQUIRE(waitpid(pid, &status, 0) == pid, "no child");
}

static unsigned long ends(void)
{
	FILE *file = fopen("/proc/thread-self/net/tcp_teardown/summary", "r");
	unsigned long sum = 0, value;
	char line[256], key[64];

	REQUIRE(file, "no summary");
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%63s %lu", key, &value) == 2 && !strncmp(key, "end=", 4) &&
		    !strchr(key, ','))
			sum += value;
	fclose(file);
	return sum;
}

static void await_ends(unsigned int nr)
{
	struct net_wait wait = { };

	while (ends() < nr)
		if (!CHECK(net_wait(&wait), "%lu ends, not %u", ends(), nr))
			return;
	net_settle();
}

static void check_ends(unsigned int nr)
{
	long kernel;

	await_ends(nr);
	CHECK(ends() == nr, "%lu ends, not %u", ends(), nr);
	kernel = net_mib("/proc/thread-self/net/netstat", "TcpExt:", "TCPAbortOnTimeout");
	CHECK(kernel == (long)nr, "TCPAbortOnTimeout is %ld", kernel);
	CHECK(records_counter("FIN_WAIT1>CLOSE") == nr, "%lu ends of FIN_WAIT1",
	      (unsigned long)records_counter("FIN_WAIT1>CLOSE"));
	CHECK(!files_stat("connections_now"), "%llu are left", files_stat("connections_now"));
	CHECK(files_check_reconcile(net_inode()), "no line with \"=\"");
}

/* @room: there is room for all of them */
static void run(const char *args, unsigned int nr, bool room)
{
	unsigned long now, untracked;
	struct peer peer;

	torture_load(args);
	files_start();
	net_new();
	net_sysctl("ipv4/tcp_orphan_retries", "1");
	peer_open(&peer, NET_IPV4);
	disconnect(&peer, nr);
	now = files_stat("connections_now");
	untracked = records_counter("untracked");
	CHECK(records_counter("ESTABLISHED>FIN_WAIT1") == nr, "%lu transitions",
	      (unsigned long)records_counter("ESTABLISHED>FIN_WAIT1"));
	CHECK(records_counter("call_exit") == nr, "%lu calls",
	      (unsigned long)records_counter("call_exit"));
	CHECK(now + untracked == nr, "%lu are remembered, %lu are not", now, untracked);
	CHECK(room == !files_stat("connections_table_full") && room == !untracked,
	      "%llu times there was no room", files_stat("connections_table_full"));
	check_ends(nr);
	peer_close(&peer);
	ktap_note("%lu were remembered, %lu were untracked", now, untracked);
	ktap_result("%u connections of a process that is killed, %s", nr,
		    room ? "and room for all" : "and room for fewer");
}

static unsigned long long memory(void)
{
	return (unsigned long long)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
}

int main(void)
{
	struct rlimit files = { .rlim_cur = MANY + 100, .rlim_max = MANY + 100 };

	module_need();
	if (!peer_possible())
		ktap_skip_all("no TUN device");
	if (memory() < 1700ULL << 20)
		ktap_skip_all("too little memory");
	REQUIRE(!setrlimit(RLIMIT_NOFILE, &files), "no more files");
	REQUIRE(!write_text("/proc/sys/net/ipv4/tcp_max_orphans", "1000000", 0) &&
		!write_text("/proc/sys/net/ipv4/tcp_mem", "1000000 1000000 1000000", 0),
		"no sysctl");
	files_start();
	ktap_plan(3);
	run("", MANY, true);
	run("max_connections=8192", FEWER, false);
	torture_end();
	torture_load("");
	return ktap_exit();
}
