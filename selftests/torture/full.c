// SPDX-License-Identifier: GPL-2.0
/*
 * The smallest rings and the smallest table, under traffic with more connections in
 * teardown than the table holds.
 *
 * Shows: the accounts always add up; never more connections are tracked than allowed; the
 * gaps in the numbers that readers get are exactly the overwritten records.
 *
 * Needs: root, debugfs; it loads the module again.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/files.h"
#include "lib/ktap.h"
#include "lib/torture.h"

#define CPUS_MAX 64
#define ROOM 1024

/* The reader of one CPU. */
static struct seen {
	unsigned long long taken, gaps, last;
	pthread_mutex_t lock;
} seen[CPUS_MAX];

static atomic_ullong untracked, full;

static unsigned long long stat_of(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	REQUIRE(at, "no %s", name);
	return strtoull(at + strlen(name), NULL, 10);
}

static void take(int cpu)
{
	struct tcp_teardown_record records[16];
	struct seen *s = &seen[cpu];
	int i, nr;

	pthread_mutex_lock(&s->lock);
	nr = files_take(cpu, records, 16);
	for (i = 0; i < nr; i++) {
		s->gaps += records[i].number - s->last - 1;
		s->last = records[i].number;
		untracked += records[i].new_state != records[i].old_state &&
			     records[i].flags & TCP_TEARDOWN_F_UNTRACKED;
	}
	s->taken += nr;
	pthread_mutex_unlock(&s->lock);
}

static void read_raw(struct actor *a)
{
	take(torture_random(a, online_cpus()));
}

static void look(struct actor *a)
{
	char *text = files_text(ALL_CPUS, "stats");
	struct account is = files_account((int)torture_random(a, online_cpus() + 1) - 1);

	CHECK(is.written == is.read + is.pending + is.overwritten + is.dropped,
	      "the account does not add up");
	CHECK(stat_of(text, "connections_now ") <= ROOM, "%llu connections are remembered",
	      stat_of(text, "connections_now "));
	full = stat_of(text, "connections_table_full ");
	free(text);
}

static void list(struct actor *a)
{
	(void)a;
	free(files_text(ALL_CPUS, "connections"));
}

/* The rest of the ring has been read, too; so the gaps are all that is missing. */
static void check_cpu(int cpu)
{
	struct account is;
	int rounds;

	for (rounds = 0; rounds < 10; rounds++)
		take(cpu);
	is = files_account(cpu);
	CHECK(is.read == seen[cpu].taken, "cpu %d: %llu read, the reader got %llu", cpu, is.read,
	      seen[cpu].taken);
	CHECK(is.overwritten == seen[cpu].gaps, "cpu %d: %llu overwritten, %llu are missing",
	      cpu, is.overwritten, seen[cpu].gaps);
	CHECK(is.overwritten, "cpu %d: the ring was never full", cpu);
}

int main(void)
{
	struct actor actors[] = {
		{ .name = "read", .turn = read_raw, .rest = 1 },
		{ .name = "read", .turn = read_raw, .rest = 1 },
		{ .name = "look", .turn = look, .rest = 3 },
		{ .name = "list", .turn = list, .rest = 10 },
	};
	int cpu;

	files_start();
	ktap_plan(2);
	torture_load("buffer_size_kb=4 max_connections=1024");
	for (cpu = 0; cpu < online_cpus(); cpu++)
		pthread_mutex_init(&seen[cpu].lock, NULL);
	torture_run(actors, ARRAY_SIZE(actors), 0);
	files_set("tracing_on", 0);
	net_settle();
	for (cpu = 0; cpu < online_cpus(); cpu++)
		check_cpu(cpu);
	CHECK(full && untracked, "the table was never full");
	ktap_note("%llu times no room for a connection, %llu such transitions read",
		  (unsigned long long)full, (unsigned long long)untracked);
	files_set("tracing_on", 1);
	ktap_result("no room in ring and table");
	torture_end();
	return ktap_exit();
}
