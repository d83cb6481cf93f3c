// SPDX-License-Identifier: GPL-2.0
/*
 * More connections in teardown than the table holds: untracked ones are counted exactly,
 * and no record is lost.
 *
 * Many connections are half-closed and held: first with max_connections=1024, which is
 * too few; then with room for all, max_connections=8192, of which an eighth is allocated,
 * but by a real-time process, so fast that the worker can't allocate more.
 *
 * Shows, against the test's own count of ends: each end is listed in "connections" or its
 * records say "untracked", or, if there was room for it later, "adopted"; connections_now
 * is the number of listed ends, untracked the number of transitions with "untracked",
 * connections_table_full the number of calls and transitions that found no room; each end
 * has all its records and its verdict.
 *
 * Modes: icount
 * Needs: root, debugfs; it removes the module and loads it again.
 */
#include <errno.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/files.h"
#include "lib/ktap.h"
#include "lib/listed.h"
#include "lib/module.h"
#include "lib/pairs.h"
#include "lib/records.h"
#include "lib/torture.h"

/*
 * More than are allocated, which are 1024 and what the CPU keeps: the ends that shut down
 * take all of them. The FINs to the others may have to wait for ksoftirqd, which waits
 * for this process.
 */
#define PAIRS 1200
#define ENDS (2 * PAIRS)
#define RECORDS (40 * PAIRS)

static struct pair pairs[PAIRS];

/* What the module's records say of an end. */
static struct seen {
	bool listed, adopted, untracked;
	unsigned int calls, states, untracked_states, ends;
} seen[ENDS];

static struct tcp_teardown_record records[RECORDS];
static int nr_records;

static int end_of(uint64_t cookie)
{
	int i;

	for (i = 0; i < ENDS; i++)
		if (pairs[i / 2].end[i % 2].cookie == cookie)
			return i;
	return -1;
}

static void see_listed(void)
{
	static struct listed listed[ENDS + 1];
	unsigned int nr = listed_read(LISTED_HERE, listed, ENDS + 1), i;
	unsigned long long id;
	int end;

	for (i = 0; i < nr; i++) {
		id = listed[i].id;
		end = end_of(id);
		if (CHECK(end >= 0, "nobody's: %llx", id) &&
		    CHECK(!seen[end].listed, "twice: %llx", id))
			seen[end] = (struct seen) {
				.listed = true,
				.adopted = !strcmp(listed[i].seen, "adopted"),
			};
	}
}

static void see_fact(const struct fact *r)
{
	bool untracked = r->flags & TCP_TEARDOWN_F_UNTRACKED;
	int end = end_of(r->cookie);

	if (!CHECK(end >= 0, "cookie %llx is nobody's", r->cookie))
		return;
	seen[end].calls += r->kind == FACT_CALL;
	seen[end].states += r->kind == FACT_STATE;
	seen[end].untracked_states += r->kind == FACT_STATE && untracked;
	seen[end].ends += r->kind == FACT_END;
	seen[end].untracked |= untracked;
}

static void see_record(const struct tcp_teardown_record *r)
{
	struct fact facts[FACTS_MAX];
	unsigned int i, nr = facts_of(r, facts);

	for (i = 0; i < nr; i++)
		see_fact(&facts[i]);
}

static void see_records(void)
{
	int cpu, i;

	for (cpu = 0, nr_records = 0; cpu < online_cpus(); cpu++)
		nr_records += files_take(cpu, records + nr_records, RECORDS - nr_records);
	REQUIRE(nr_records < RECORDS, "too many records");
	for (i = 0; i < nr_records; i++)
		see_record(&records[i]);
}

/* The first end shuts down and goes to FIN_WAIT2, the other to CLOSE_WAIT. */
static void half_close_all(void)
{
	int i;

	for (i = 0; i < PAIRS; i++)
		shutdown(pairs[i].end[0].fd, SHUT_WR);
}

static void await_all(void)
{
	int i;

	for (i = 0; i < PAIRS; i++) {
		net_await_state(&pairs[i].end[0], TCP_FIN_WAIT2);
		net_await_state(&pairs[i].end[1], TCP_CLOSE_WAIT);
	}
}

/* Returns how many ends were not tracked at their first event. */
static unsigned int check_half_closed(void)
{
	unsigned long long listed = 0, late = 0, lost = 0, states = 0, tries = 0;
	int i;

	memset(seen, 0, sizeof(seen));
	see_listed();
	see_records();
	for (i = 0; i < ENDS; i++) {
		CHECK(seen[i].states == (i % 2 ? 1 : 2), "end %d: %u transitions", i,
		      seen[i].states);
		CHECK(seen[i].calls == !(i % 2), "end %d: %u calls", i, seen[i].calls);
		/* There was no room for it at first, but later. */
		CHECK(seen[i].listed == !seen[i].untracked || seen[i].adopted,
		      "end %d is %s", i, seen[i].listed ? "both" : "neither");
		CHECK(!seen[i].adopted || seen[i].untracked, "end %d is adopted", i);
		listed += seen[i].listed;
		lost += !seen[i].listed;
		late += seen[i].adopted;
		states += seen[i].untracked_states;
		tries += seen[i].untracked ? seen[i].calls + seen[i].untracked_states : 0;
	}
	CHECK(listed + lost == ENDS, "%llu listed, %llu untracked", listed, lost);
	CHECK(files_stat("connections_now") == listed, "connections_now %llu, %llu listed",
	      files_stat("connections_now"), listed);
	CHECK(records_counter("untracked") == states, "untracked %llu, not %llu",
	      records_counter("untracked"), states);
	CHECK(files_stat("connections_table_full") == tries, "table_full %llu, not %llu",
	      files_stat("connections_table_full"), tries);
	ktap_note("%llu listed, %llu of them adopted, %llu not, %llu tries in vain", listed,
		  late, lost, tries);
	return late + lost;
}

/* Reset both ends: each has one more transition, and its verdict. */
static void check_ends(void)
{
	unsigned int ends = 0;
	int i;

	memset(seen, 0, sizeof(seen));
	pairs_abort(pairs, PAIRS);
	see_records();
	for (i = 0; i < ENDS; i++) {
		CHECK(seen[i].states == 1, "end %d: %u transitions", i, seen[i].states);
		CHECK(seen[i].ends == 1, "end %d: %u verdicts", i, seen[i].ends);
		ends += seen[i].ends;
	}
	CHECK(!files_stat("connections_now"), "%llu are still remembered",
	      files_stat("connections_now"));
	CHECK(ends == ENDS, "%u verdicts", ends);
}

static void open_all(void)
{
	net_new();
	pairs_open(pairs, PAIRS);
	files_clear(ALL_CPUS);
}

static void test_bound(void)
{
	unsigned int lost;

	torture_load("max_connections=1024");
	files_start();
	open_all();
	half_close_all();
	await_all();
	lost = check_half_closed();
	/* Other CPUs keep some of the room. */
	CHECK(lost >= ENDS - 1024 && lost < ENDS - 512, "%u did not find room", lost);
	check_ends();
	ktap_result("%d ends in teardown, room for 1024", ENDS);
}

static void test_reserve(void)
{
	struct sched_param fifo = { .sched_priority = 50 }, normal = { };
	unsigned int lost;

	torture_load("max_connections=8192");
	files_start();
	open_all();
	pin(0);
	REQUIRE(!sched_setscheduler(0, SCHED_FIFO, &fifo), "no SCHED_FIFO");
	half_close_all();
	REQUIRE(!sched_setscheduler(0, SCHED_OTHER, &normal), "no SCHED_OTHER");
	await_all();
	lost = check_half_closed();
	CHECK(lost, "the worker ran meanwhile");
	check_ends();
	ktap_result("%d ends, faster than memory is allocated", ENDS);
}

int main(void)
{
	struct rlimit files = { .rlim_cur = 4096, .rlim_max = 4096 };

	files_start();
	REQUIRE(!setrlimit(RLIMIT_NOFILE, &files), "no more files");
	ktap_plan(3);
	test_bound();
	test_reserve();
	torture_end();
	torture_load("");
	return ktap_exit();
}
