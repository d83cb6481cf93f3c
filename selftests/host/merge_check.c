// SPDX-License-Identifier: GPL-2.0
/*
 * usage: merge_check MERGES
 *
 * Tests module/files/merge.c, with lists as rings. Shows: each record that it returns is the
 * oldest of all first records; a consumer that reads in pieces, while all CPUs make
 * records, never gets one that is older than its predecessor; the number of accesses to a
 * ring does not depend on the number of empty rings; losses are reported with the CPU's
 * next record.
 */
#include "host.h"
#include "files/merge.h"
#include "uapi/tcp_teardown.h"

#define CHECK(ok)	host_check(ok, "after %u random numbers", randoms)
#define HELD		4096

struct list {
	u64 time[HELD];
	unsigned long lost[HELD];	/* before it */
	unsigned int first, nr;
};

static struct list lists[HOST_CPUS], naive[HOST_CPUS];
static u64 now, looks;
static unsigned int random_state = 1, randoms;

struct cpumask buffer_cpumask;
struct rw_semaphore buffer_access;
struct buffer_cpu buffer_cpus;
bool buffer_on, buffer_overwrite;

static unsigned int any(unsigned int below)
{
	randoms++;
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 8) % below;
}

u64 ktime_get_mono_fast_ns(void)
{
	return now;
}

void buffer_wake(void)
{
}

bool buffer_is_empty(int cpu)
{
	return lists[cpu].first == lists[cpu].nr;
}

static bool give(unsigned int cpu, unsigned long pos, struct ring_slot *to, unsigned long *lost)
{
	struct tcp_teardown_record *r = (void *)to;

	looks++;
	if (pos >= lists[cpu].nr)
		return false;
	r->time = lists[cpu].time[pos];
	r->cpu = cpu;
	*lost += lists[cpu].lost[pos];
	lists[cpu].lost[pos] = 0;
	return true;
}

bool buffer_next(unsigned int cpu, struct ring_slot *to, unsigned long *lost)
{
	return give(cpu, lists[cpu].first, to, lost);
}

void buffer_consumed(unsigned int cpu)
{
	lists[cpu].first++;
}

void buffer_look(unsigned int cpu, struct buffer_cursor *cursor)
{
	cursor->pos = lists[cpu].first;
	cursor->end = lists[cpu].nr;
}

bool buffer_peek(unsigned int cpu, struct buffer_cursor *cursor, struct ring_slot *to,
		 unsigned long *lost)
{
	return cursor->pos != cursor->end && give(cpu, cursor->pos++, to, lost);
}

static void add(unsigned int cpu, u64 time)
{
	struct list *list = &lists[cpu];

	if (list->nr == HELD)
		return;
	list->time[list->nr] = time;
	list->lost[list->nr] = any(8) ? 0 : any(1000);
	list->nr++;
}

static void empty(void)
{
	unsigned int cpu;

	for (cpu = 0; cpu < HOST_CPUS; cpu++) {
		lists[cpu].first = 0;
		lists[cpu].nr = 0;
	}
	now = 1000;
}

/* The oldest of all first records; -1 if there is none. */
static int naive_next(void)
{
	int cpu, least = -1;

	for (cpu = 0; cpu < HOST_CPUS; cpu++)
		if (naive[cpu].first < naive[cpu].nr &&
		    (least < 0 || naive[cpu].time[naive[cpu].first] <
				  naive[least].time[naive[least].first]))
			least = cpu;
	return least;
}

/* Times of one CPU may decrease: a nested writer has a later time, and comes first. */
static void fill(void)
{
	unsigned int cpus = 1 + any(HOST_CPUS), nr = any(300), i;

	empty();
	for (i = 0; i < nr; i++) {
		now += any(3);
		add(any(cpus), now - any(4));
	}
}

static void check_same(bool consume)
{
	struct merge *merge = merge_alloc(BUFFER_ALL, consume);
	const struct tcp_teardown_record *r;
	struct list *list;
	int cpu;

	fill();
	memcpy(naive, lists, sizeof(naive));
	CHECK(!merge_begin(merge));
	while ((r = merge_next(merge))) {
		cpu = naive_next();
		CHECK(cpu >= 0);
		list = &naive[cpu];
		CHECK(r->cpu == cpu && merge->from == (unsigned int)cpu);
		CHECK(r->time == list->time[list->first] &&
		      merge->lost == list->lost[list->first]);
		list->first++;
	}
	CHECK(naive_next() < 0);
	for (cpu = 0; cpu < HOST_CPUS; cpu++)
		CHECK(buffer_is_empty(cpu) || !consume);
	merge_free(merge);
}

/* New records are made between any two reads; all times differ. */
static void check_order(void)
{
	struct merge *merge = merge_alloc(BUFFER_ALL, true);
	const struct tcp_teardown_record *r;
	unsigned int made = 0, got = 0, bite;
	u64 last = 0;

	empty();
	while (made < 400 || got < made) {
		CHECK(!merge_begin(merge));
		for (bite = 1 + any(20); bite; bite--) {
			for (; made < 400 && any(3); made++)
				add(any(HOST_CPUS), ++now);
			r = merge_next(merge);
			if (!r)
				break;
			CHECK(r->time > last);
			last = r->time;
			got++;
		}
	}
	merge_free(merge);
}

/* One CPU of 64 makes records. */
static void check_looks(bool consume)
{
	struct merge *merge = merge_alloc(BUFFER_ALL, consume);
	unsigned int i, nr = 0;

	empty();
	for (i = 0; i < 1000; i++)
		add(17, ++now);
	looks = 0;
	CHECK(!merge_begin(merge));
	while (merge_next(merge))
		nr++;
	CHECK(nr == 1000);
	CHECK(looks <= 1001);
	merge_free(merge);
}

int main(int argc, char **argv)
{
	unsigned long merges = argc > 1 ? strtoul(argv[1], NULL, 0) : 1000, i;

	buffer_cpumask.bits = ~0UL;
	for (i = 0; i < merges; i++) {
		check_same(i % 2);
		check_order();
	}
	check_looks(true);
	check_looks(false);
	printf("%lu merges; 1000 records of one CPU of %d: %llu looks\n", merges, HOST_CPUS,
	       (unsigned long long)looks);
	return 0;
}
