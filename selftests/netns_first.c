// SPDX-License-Identifier: GPL-2.0
/*
 * Many namespaces have their first events at once, faster than the module allocates their
 * counters: no count is lost.
 *
 * In each namespace clients reset connections that are already open, which makes its
 * first counts. A real-time process does so in one namespace after the other, so that the
 * module's worker can allocate nothing meanwhile.
 *
 * Shows, compared with a single namespace: all summaries are equal, nothing is counted
 * for the host only, and the host's summary has the sum, also after the namespaces are
 * gone. With more connections than a namespace without counters can note, its summary
 * lacks counts, says how many are counted for the host only, and reconcile calls nothing
 * equal there, though it does in the other namespaces; the host's summary has the sum
 * again.
 *
 * Modes: icount
 * Needs: root, debugfs; it loads the module itself.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/files.h"
#include "lib/ktap.h"
#include "lib/module.h"
#include "lib/net.h"
#include "lib/records.h"

/*
 * The module keeps 32 blocks of counters ready; a namespace without one can note 60
 * counts.
 */
#define BLOCKS 32
#define ROOMS 48
#define FEW 1
#define MANY 12

static struct room {
	int ns;
	uint32_t inode;
	struct net_end client[MANY], server[MANY];
} rooms[ROOMS];

/* Numbers of a summary. */
struct sum {
	unsigned long calls, counts, elsewhere;
};

static void room_open(struct room *room, int pairs)
{
	int i;

	net_new();
	room->ns = open("/proc/self/ns/net", O_RDONLY);
	REQUIRE(room->ns >= 0, "no handle of the namespace");
	room->inode = net_inode();
	for (i = 0; i < pairs; i++)
		net_pair(NET_IPV4, &room->client[i], &room->server[i]);
}

/* The clients reset all. The RSTs may have to wait for ksoftirqd. */
static void room_run(const struct room *room, int pairs)
{
	int i;

	for (i = 0; i < pairs; i++)
		net_abort(room->client[i].fd);
}

/* When the RSTs have come. */
static void room_run_on(const struct room *room, int pairs)
{
	int i;

	net_settle();
	for (i = 0; i < pairs; i++)
		close(room->server[i].fd);
}

static struct sum sum_of(const char *text)
{
	char *copy = strdup(text), *line, *rest, name[64];
	struct sum sum = { };
	unsigned long value;

	for (line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (sscanf(line, "%63s %lu", name, &value) != 2)
			continue;
		if (!strcmp(name, "counted_for_host_alone"))
			sum.elsewhere = value;
		else if (strncmp(name, "end=", 4) || strstr(name, ",by="))
			sum.counts += value;	/* end=HOW is a sum of others */
		if (!strcmp(name, "call_close"))
			sum.calls = value;
	}
	free(copy);
	return sum;
}

static struct sum sum_of_room(const struct room *room)
{
	char text[8192];
	ssize_t len;
	int fd;

	REQUIRE(!setns(room->ns, CLONE_NEWNET), "can't go back");
	fd = open("/proc/self/net/tcp_teardown/summary", O_RDONLY);
	REQUIRE(fd >= 0, "no summary");
	len = read(fd, text, sizeof(text) - 1);
	REQUIRE(len > 0, "it is empty");
	text[len] = '\0';
	close(fd);
	return sum_of(text);
}

static struct sum sum_of_host(void)
{
	char *text = files_text(ALL_CPUS, "summary");
	struct sum sum = sum_of(text);

	free(text);
	return sum;
}

/* All of them at once, without a break. */
static void run_all(int pairs)
{
	const struct sched_param fifo = { .sched_priority = 1 }, normal = { };
	int i;

	REQUIRE(!sched_setscheduler(0, SCHED_FIFO, &fifo), "no SCHED_FIFO");
	for (i = 0; i < ROOMS; i++)
		room_run(&rooms[i], pairs);
	REQUIRE(!sched_setscheduler(0, SCHED_OTHER, &normal), "no SCHED_OTHER");
	for (i = 0; i < ROOMS; i++)
		room_run_on(&rooms[i], pairs);
}

static void open_all(int pairs)
{
	int i;

	for (i = 0; i < ROOMS; i++)
		room_open(&rooms[i], pairs);
}

static void close_all(void)
{
	int i;

	for (i = 0; i < ROOMS; i++)
		close(rooms[i].ns);
	net_new();	/* out of the last */
}

/*
 * So many counts each, some of which may be counted for the host only. Returns for how
 * many rooms that is so.
 */
static int check_rooms(struct sum alone)
{
	int i, elsewhere = 0;
	struct sum sum;

	for (i = 0; i < ROOMS; i++) {
		sum = sum_of_room(&rooms[i]);
		CHECK(sum.counts + sum.elsewhere == alone.counts,
		      "namespace %d: %lu and %lu elsewhere, not %lu", i, sum.counts,
		      sum.elsewhere, alone.counts);
		CHECK(!files_check_reconcile(rooms[i].inode) == !!sum.elsewhere,
		      "namespace %d: %lu elsewhere, and %u lines with \"=\"", i, sum.elsewhere,
		      files_check_reconcile(rooms[i].inode));
		elsewhere += !!sum.elsewhere;
	}
	return elsewhere;
}

static void check_host(struct sum before, struct sum alone)
{
	struct sum sum = sum_of_host();

	CHECK(sum.counts - before.counts == ROOMS * alone.counts, "the host has %lu, not %lu",
	      sum.counts - before.counts, ROOMS * alone.counts);
	CHECK(sum.calls - before.calls == ROOMS * alone.calls, "the host has %lu calls, not %lu",
	      sum.calls - before.calls, ROOMS * alone.calls);
}

/* @without: how many namespaces have no block and too little room */
static void test_order(int pairs, int without)
{
	struct sum before, alone;
	struct room one;
	int elsewhere;

	room_open(&one, pairs);
	room_run(&one, pairs);
	room_run_on(&one, pairs);
	alone = sum_of_room(&one);
	close(one.ns);
	CHECK(alone.calls == 2U * pairs && !alone.elsewhere, "%lu calls, %lu elsewhere",
	      alone.calls, alone.elsewhere);
	usleep(100000);		/* the worker allocates a new block */

	open_all(pairs);
	before = sum_of_host();
	run_all(pairs);
	elsewhere = check_rooms(alone);
	CHECK(elsewhere == without, "%d namespaces have counts elsewhere, not %d", elsewhere,
	      without);
	check_host(before, alone);
	ktap_result("%d namespaces at once, %d connections each: %lu counts", ROOMS, pairs,
		    alone.counts);

	close_all();
	sleep(2);
	check_host(before, alone);
	ktap_result("the host's counters include namespaces that have gone");
}

int main(void)
{
	const struct rlimit files = { .rlim_cur = 4096, .rlim_max = 4096 };

	module_need();
	REQUIRE(!setrlimit(RLIMIT_NOFILE, &files), "no more files");
	ktap_plan(4);
	module_unload_soon();
	REQUIRE(!module_load(""), "the module does not load");
	test_order(FEW, 0);
	test_order(MANY, ROOMS - BLOCKS);
	return ktap_exit();
}
