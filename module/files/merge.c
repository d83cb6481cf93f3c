// SPDX-License-Identifier: GPL-2.0
#include "files/merge.h"

#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>

#include "uapi/tcp_teardown.h"

/**
 * merge_alloc() - allocate a reader
 * @cpu: the CPU whose records are read, or BUFFER_ALL
 * @consume: consume the records; otherwise only look at them
 *
 * Return: the reader, to be freed by merge_free(); NULL without memory.
 */
struct merge *merge_alloc(int cpu, bool consume)
{
	struct merge *merge;

	/* @cpus and then @heap, each with an entry for every CPU. */
	merge = kvzalloc(struct_size(merge, cpus, 2 * nr_cpu_ids), GFP_KERNEL);
	if (merge) {
		merge->cpu = cpu;
		merge->consume = consume;
		merge->heap = merge->cpus + nr_cpu_ids;
	}
	return merge;
}

/**
 * merge_free() - free a reader
 * @merge: from merge_alloc(), or NULL
 */
void merge_free(struct merge *merge)
{
	unsigned int i;

	if (!merge)
		return;
	for (i = 0; i < nr_cpu_ids; i++)
		kfree(merge->cpus[i]);
	kvfree(merge);
}

static const struct tcp_teardown_record *merge_record(const struct merge_cpu *c)
{
	return (const struct tcp_teardown_record *)&c->slot;
}

/* Of two records with the same time, the lower CPU's comes first. */
static bool merge_is_before(const struct merge_cpu *a, const struct merge_cpu *b)
{
	const u64 time_a = merge_record(a)->time, time_b = merge_record(b)->time;

	return time_a != time_b ? time_a < time_b : a->cpu < b->cpu;
}

/* Inserts @c at @gap, or nearer to the top: parents that are later than @c move down. */
static void merge_up(struct merge *merge, unsigned int gap, struct merge_cpu *c)
{
	unsigned int above;

	for (; gap; gap = above) {
		above = (gap - 1) / 2;
		if (!merge_is_before(c, merge->heap[above]))
			break;
		merge->heap[gap] = merge->heap[above];
	}
	merge->heap[gap] = c;
}

/* Replaces the top by @c: children that are earlier than @c move up. */
static void merge_down(struct merge *merge, struct merge_cpu *c)
{
	unsigned int gap = 0, below;

	for (; (below = 2 * gap + 1) < merge->nr; gap = below) {
		if (below + 1 < merge->nr &&
		    merge_is_before(merge->heap[below + 1], merge->heap[below]))
			below++;
		if (!merge_is_before(merge->heap[below], c))
			break;
		merge->heap[gap] = merge->heap[below];
	}
	merge->heap[gap] = c;
}

/* Reads the CPU's next record. Return: false if there is none. */
static bool merge_fetch(struct merge *merge, struct merge_cpu *c)
{
	if (merge->consume)
		return buffer_next(c->cpu, &c->slot, &c->lost);
	return buffer_peek(c->cpu, &c->cursor, &c->slot, &c->lost);
}

/* The CPU's entry, allocated when it is needed first. Return: NULL without memory. */
static struct merge_cpu *merge_entry(struct merge *merge, unsigned int cpu)
{
	struct merge_cpu *c = merge->cpus[cpu];

	if (!c) {
		c = kzalloc(sizeof(*c), GFP_KERNEL);
		if (c)
			c->cpu = cpu;
		merge->cpus[cpu] = c;
	}
	return c;
}

static int merge_begin_cpu(struct merge *merge, unsigned int cpu)
{
	struct buffer_cursor cursor = { };
	struct merge_cpu *c;

	if (!merge->consume)
		buffer_look(cpu, &cursor);
	if (merge->consume ? buffer_is_empty(cpu) : cursor.pos == cursor.end)
		return 0;
	c = merge_entry(merge, cpu);
	if (!c)
		return -ENOMEM;
	c->cursor = cursor;
	/* A consumer must still report earlier losses. One that only looks starts afresh. */
	if (!merge->consume)
		c->lost = 0;
	if (merge_fetch(merge, c))
		merge_up(merge, merge->nr++, c);
	return 0;
}

/**
 * merge_begin() - start with the oldest records that the rings hold now
 * @merge: from merge_alloc()
 *
 * A CPU that has no record now is not looked at again until the next merge_begin(). It may get a
 * record after this. So a consumer gets none that is later than now: otherwise what the next merge
 * returns could be older.
 *
 * Context: process, may sleep. A consumer holds buffer_lock() from here until after its last
 * merge_next().
 *
 * Return: 0 or -ENOMEM.
 */
int merge_begin(struct merge *merge)
{
	unsigned int i;
	int err = 0;

	merge->nr = 0;
	merge->given = NULL;
	merge->until = U64_MAX;
	if (merge->cpu != BUFFER_ALL)
		return merge_begin_cpu(merge, merge->cpu);
	if (merge->consume)
		merge->until = ktime_get_mono_fast_ns();
	for_each_ring(i) {
		err = merge_begin_cpu(merge, i);
		if (err) {
			merge->nr = 0;
			break;
		}
	}
	return err;
}

/* If the record that was returned last is still at the top, replaces it by its CPU's next one. */
static void merge_advance(struct merge *merge)
{
	struct merge_cpu *c = merge->given;

	if (!c)
		return;
	merge->given = NULL;
	if (!merge_fetch(merge, c)) {
		c = merge->heap[--merge->nr];
		if (!merge->nr)
			return;
	}
	merge_down(merge, c);
}

/**
 * merge_next() - return the next record
 * @merge: a reader, after merge_begin()
 *
 * Return: the record, valid until the next call; NULL if there are no more.
 */
const struct tcp_teardown_record *merge_next(struct merge *merge)
{
	const bool first = !merge->given;
	struct merge_cpu *c;

	merge_advance(merge);
	if (!merge->nr)
		return NULL;
	c = merge->heap[0];
	/* The first record is returned in any case, so that a reader makes progress. */
	if (!first && merge_record(c)->time > merge->until)
		return NULL;
	merge->given = c;
	merge->from = c->cpu;
	merge->lost = c->lost;
	c->lost = 0;
	if (merge->consume)
		buffer_consumed(c->cpu);
	return merge_record(c);
}
