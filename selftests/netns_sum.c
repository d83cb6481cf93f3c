// SPDX-License-Identifier: GPL-2.0
/*
 * The host's summary while namespaces are created, count and are removed: it has each
 * count once.
 *
 * Four processes create one namespace after the other, reset a connection in it, and
 * remove it. Meanwhile the host's summary is read over and over. Then a hundred
 * namespaces are removed at once. The kernel removes them one by one, the newest first,
 * while a read begins with the oldest.
 *
 * Shows: no read returns less than an earlier one, or more than was made; while the
 * hundred are being removed, each read has the full sum; so has the last one, when all
 * are gone.
 *
 * Modes: smp
 * Needs: root, debugfs; two CPUs.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/files.h"
#include "lib/ktap.h"
#include "lib/module.h"
#include "lib/net.h"
#include "lib/records.h"

#define PROCESSES 4
#define EACH 40
#define ROOMS 100
#define GOING_S 5

/* How many close() calls have begun, and how many have returned. */
static struct shared {
	atomic_ulong begun, ended;
} *shared;

static void live_once(void)
{
	const struct linger now = { .l_onoff = 1 };
	struct net_end client, server;

	net_new();
	net_pair(NET_IPV4, &client, &server);
	setsockopt(client.fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	shared->begun += 2;
	close(client.fd);
	close(server.fd);
	shared->ended += 2;
}

static void live(void)
{
	int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (i = 0; i < EACH; i++)
		live_once();
	exit(ktap_case_failed());
}

static unsigned long calls(void)
{
	char *text = files_text(ALL_CPUS, "summary"), *at = strstr(text, "\ncall_close ");
	unsigned long value = at ? strtoul(at + strlen("\ncall_close "), NULL, 10) : 0;

	free(text);
	return value;
}

/* Read while there are children. Returns how often. */
static unsigned int watch(unsigned long before)
{
	unsigned long last = before, ended, now;
	unsigned int alive = PROCESSES, rounds = 0;
	int status;

	while (alive) {
		ended = shared->ended;
		now = calls();
		CHECK(now >= last && now - before >= ended && now - before <= shared->begun,
		      "%lu after %lu, of %lu to %lu", now - before, last - before, ended,
		      shared->begun);
		last = now;
		rounds++;
		if (waitpid(-1, &status, WNOHANG) > 0) {
			CHECK(!status, "a process failed");
			alive--;
		}
	}
	return rounds;
}

/* Each has a handle and some counts. */
static void make_rooms(int *rooms)
{
	unsigned int i;

	for (i = 0; i < ROOMS; i++) {
		live_once();
		rooms[i] = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
		REQUIRE(rooms[i] >= 0, "no handle of the namespace");
	}
	net_new();
}

static void test_at_once(void)
{
	unsigned int i, rounds = 0;
	unsigned long all, now;
	int rooms[ROOMS];
	double until;

	make_rooms(rooms);
	all = calls();
	for (i = 0; i < ROOMS; i++)
		close(rooms[i]);
	for (until = net_now() + GOING_S; net_now() < until; rounds++) {
		now = calls();
		if (!CHECK(now == all, "reading %u has %lu, not %lu", rounds, now, all))
			break;
	}
	ktap_result("a sum while %d namespaces go at once, %u times", ROOMS, rounds);
}

int main(void)
{
	unsigned int i, rounds;
	unsigned long before;

	module_need();
	if (online_cpus() < 2)
		ktap_skip_all("one CPU alone");
	ktap_plan(3);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	REQUIRE(shared != MAP_FAILED, "no memory");
	files_start();
	before = calls();
	for (i = 0; i < PROCESSES; i++)
		if (!fork())
			live();
	rounds = watch(before);
	CHECK(rounds > EACH, "read but %u times", rounds);
	ktap_result("a sum while namespaces come and go, %u times", rounds);
	test_at_once();
	sleep(3);
	CHECK(calls() - before == 2 * (PROCESSES * EACH + ROOMS), "%lu in the end",
	      calls() - before);
	ktap_result("the final sum is complete");
	return ktap_exit();
}
