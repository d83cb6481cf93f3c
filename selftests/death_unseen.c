// SPDX-License-Identifier: GPL-2.0
/*
 * Minisocks whose end no hook sees: after they were created, kprobes are disabled, and
 * with them the hook on their end.
 *
 *	client	close(): FIN_WAIT2, a minisock, for 5 s
 *	client	close(), and the server's: TIME_WAIT, a minisock, for a minute
 *
 * Shows: when they are gone, none of their connections is tracked; each is counted in
 * minisock_death_unseen and under no other cause; its transition to CLOSE is counted, and
 * so is the verdict that can be inferred: orderly in TIME_WAIT, unseen in FIN_WAIT2. With
 * kprobes enabled again, ends are seen as before.
 *
 * Modes: icount
 * Needs: root, debugfs, kprobes, ftrace that hands over arguments; it reloads the
 * module.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/files.h"
#include "lib/ktap.h"
#include "lib/module.h"
#include "lib/records.h"
#include "lib/torture.h"

#define KPROBES "/sys/kernel/debug/kprobes/enabled"
#define CONNECTIONS "/proc/self/net/tcp_teardown/connections"
#define PAIRS 8

static struct net_end clients[2 * PAIRS], servers[2 * PAIRS];

static unsigned int remembered(void)
{
	FILE *file = fopen(CONNECTIONS, "re");
	unsigned int lines = 0;
	char line[256];

	REQUIRE(file, "no connections");
	while (fgets(line, sizeof(line), file))
		lines += *line != '#';
	fclose(file);
	return lines;
}

/* Half of the clients end in TIME_WAIT, half in FIN_WAIT2. */
static void run(void)
{
	int i;

	for (i = 0; i < 2 * PAIRS; i++) {
		net_pair(i % NET_FAMILIES, &clients[i], &servers[i]);
		close(clients[i].fd);
		net_expect_eof(&servers[i]);
		if (i < PAIRS)
			close(servers[i].fd);
	}
	sleep(1);
}

/* The servers of those in FIN_WAIT2, which have not closed, get a RST. */
static void end(void)
{
	int i;

	sleep(70);
	for (i = PAIRS; i < 2 * PAIRS; i++)
		close(servers[i].fd);
	sleep(1);
}

static void check_deaths(unsigned long long unseen, unsigned long long expired)
{
	CHECK(records_counter("minisock_death_unseen") == unseen, "%llu unseen",
	      records_counter("minisock_death_unseen"));
	CHECK(records_counter("minisock_expired") == expired, "%llu expired",
	      records_counter("minisock_expired"));
	CHECK(!records_counter("minisock_killed"), "%llu killed",
	      records_counter("minisock_killed"));
}

static void test_unseen(void)
{
	run();
	CHECK(remembered() == 3 * PAIRS, "%u are remembered", remembered());
	CHECK(!write_text(KPROBES, "0", 0), "kprobes stay on");
	sleep(70);
	CHECK(!write_text(KPROBES, "1", 0), "kprobes stay off");
	CHECK(remembered() == PAIRS, "%u are remembered, of %u servers", remembered(), PAIRS);
	check_deaths(2 * PAIRS, 0);
	CHECK(records_counter("end=unseen") == PAIRS, "%llu unseen ends",
	      records_counter("end=unseen"));
	end();
	CHECK(!remembered(), "%u are remembered", remembered());
	ktap_result("a minisock whose end no hook saw is dropped and counted");
}

static void test_seen(void)
{
	run();
	end();
	CHECK(!remembered(), "%u are remembered", remembered());
	check_deaths(2 * PAIRS, 2 * PAIRS);
	ktap_result("with kprobes enabled again each minisock's end is recorded");
}

int main(void)
{
	char *hooks;

	files_start();
	if (access(KPROBES, W_OK))
		ktap_skip_all("no kprobes in debugfs");
	hooks = files_hooks();
	if (strstr(hooks, "ftrace hands over no arguments"))
		ktap_skip_all("ftrace hands over no arguments here");
	free(hooks);
	torture_load("attach=kprobe");
	net_sysctl("ipv4/tcp_fin_timeout", "5");
	ktap_plan(2);
	test_unseen();
	test_seen();
	module_unload_soon();
	return ktap_exit();
}
