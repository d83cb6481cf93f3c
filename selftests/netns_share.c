// SPDX-License-Identifier: GPL-2.0
/*
 * A namespace that fills its share of the table takes nothing from another.
 *
 * max_connections=1024. 600 connections of one namespace are half-closed and held, which
 * are more than it may hold, three times as many as are free. Then 50 of another are, and
 * end. Then those of the first end, and 50 more of it are half-closed.
 *
 * Shows: the first holds no more than three quarters, and no fewer than that less what a
 * CPU keeps; what it was refused is counted in its summary and in stats, and nowhere else;
 * of the other namespace all are remembered, and nothing is untracked, nor later, when an
 * end that nothing has announced is seen for the first time; the first, when its own have
 * ended, has its share again.
 *
 * Modes: icount
 * Needs: root, debugfs; it loads the module itself.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/files.h"
#include "lib/ktap.h"
#include "lib/records.h"
#include "lib/torture.h"

#define ROOM 1024
#define MANY 600
#define FEW 50
/* What a CPU may keep, memory and permits. */
#define KEPT 128

struct pair {
	struct net_end end[2];
};

static struct pair many[MANY], few[FEW], unannounced[FEW];

static unsigned long stat_of(const char *name)
{
	char *text = files_text(ALL_CPUS, "stats"), *at = strstr(text, name);
	unsigned long value;

	REQUIRE(at, "no %s", name);
	value = strtoul(at + strlen(name), NULL, 10);
	free(text);
	return value;
}

static void open_pairs(struct pair *pairs, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		net_pair(i % NET_FAMILIES, &pairs[i].end[0], &pairs[i].end[1]);
}

static void half_close(struct pair *pairs, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		shutdown(pairs[i].end[0].fd, SHUT_WR);
		if (i % 16 == 15)
			usleep(1000);	/* the worker makes memory ready */
	}
	for (i = 0; i < nr; i++)
		net_expect_eof(&pairs[i].end[1]);
}

/* By reset: of an established connection the first sign of its end, and the last. */
static void end(struct pair *pairs, unsigned int nr)
{
	const struct linger linger = { .l_onoff = 1 };
	unsigned int i;

	for (i = 0; i < nr; i++) {
		setsockopt(pairs[i].end[1].fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
		close(pairs[i].end[1].fd);
		close(pairs[i].end[0].fd);
	}
	net_settle();
}

static int netns_here(void)
{
	int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	REQUIRE(fd >= 0, "no namespace");
	return fd;
}

static void enter(int netns)
{
	REQUIRE(!setns(netns, CLONE_NEWNET), "setns");
}

static void test_share(void)
{
	unsigned long held;
	int first, other;

	torture_load("max_connections=1024");
	files_start();
	net_new();
	first = netns_here();
	open_pairs(many, MANY);
	half_close(many, MANY);
	held = stat_of("connections_now");
	CHECK(held <= ROOM * 3 / 4 && held >= ROOM * 3 / 4 - KEPT, "%lu are held", held);
	CHECK(records_counter("over_share"), "none was refused");
	CHECK(records_counter("over_share") == stat_of("connections_over_share") &&
	      stat_of("connections_over_share") == stat_of("connections_table_full"),
	      "%lu were refused, stats: %lu, and %lu in all",
	      (unsigned long)records_counter("over_share"), stat_of("connections_over_share"),
	      stat_of("connections_table_full"));
	ktap_note("%lu are held, %lu times one was refused", held,
		  (unsigned long)records_counter("over_share"));
	ktap_result("%u ends, and room for %u", 2 * MANY, ROOM);

	net_new();
	other = netns_here();
	open_pairs(few, FEW);
	open_pairs(unannounced, FEW);
	half_close(few, FEW);
	CHECK(stat_of("connections_now") == held + 2 * FEW, "%lu are remembered, not %lu",
	      stat_of("connections_now"), held + 2 * FEW);
	end(few, FEW);
	end(unannounced, FEW);
	CHECK(!records_counter("over_share") && !records_counter("untracked"),
	      "%lu were refused, %lu untracked", (unsigned long)records_counter("over_share"),
	      (unsigned long)records_counter("untracked"));
	CHECK(records_counter("end=reset_sent") == 2 * FEW &&
	      records_counter("end=reset_received") == 2 * FEW, "%lu sent, %lu received",
	      (unsigned long)records_counter("end=reset_sent"),
	      (unsigned long)records_counter("end=reset_received"));
	CHECK(stat_of("connections_now") == held, "%lu are left, not %lu",
	      stat_of("connections_now"), held);
	ktap_result("another namespace has its share");

	enter(first);
	end(many, MANY);
	CHECK(!stat_of("connections_now"), "%lu are left", stat_of("connections_now"));
	held = records_counter("over_share");
	open_pairs(few, FEW);
	half_close(few, FEW);
	CHECK(stat_of("connections_now") == 2 * FEW && records_counter("over_share") == held,
	      "%lu are remembered", stat_of("connections_now"));
	end(few, FEW);
	close(first);
	close(other);
	ktap_result("and the first has its own again");
}

int main(void)
{
	struct rlimit files = { .rlim_cur = 4096, .rlim_max = 4096 };

	files_start();
	REQUIRE(!setrlimit(RLIMIT_NOFILE, &files), "no more files");
	ktap_plan(4);
	test_share();
	torture_end();
	torture_load("");
	return ktap_exit();
}
