// SPDX-License-Identifier: GPL-2.0
#include "files/merge.h"

#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>

#include "uapi/tcp_teardown.h"

/**
 * merge_alloc() - prepare to read
 * @cpu: whose records, or BUFFER_ALL
 * @consume: consume the records; otherwise only look
 *
 * Return: for merge_begin() and, at the end, merge_free(); or NULL.
 */
struct merge *merge_alloc(int cpu, bool consume)
{
	struct merge *merge;

	merge = kvzalloc(struct_size(merge, cpus, 2 * nr_cpu_ids), GFP_KERNEL);
	if (merge) {
		merge->cpu = cpu;
		merge->consume = consume;
		merge->heap = merge->cpus + nr_cpu_ids;
	}
	return merge;
}

/** merge_free() - free what merge_alloc() made */
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

/* Put @c into the gap of the heap, or higher. */
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

/* Replace the top by @c, and move it down to its place. */
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

static bool merge_fetch(struct merge *merge, struct merge_cpu *c)
{
	if (merge->consume)
		return buffer_next(c->cpu, &c->slot, &c->lost);
	return buffer_peek(c->cpu, &c->cursor, &c->slot, &c->lost);
}

/* The room for a CPU's record, which stays allocated. */
static struct merge_cpu *merge_room(struct merge *merge, unsigned int cpu)
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
	c = merge_room(merge, cpu);
	if (!c)
		return -ENOMEM;
	c->cursor = cursor;
	/* Losses that are not reported yet are reported by the next read. */
	if (!merge->consume)
		c->lost = 0;
	if (merge_fetch(merge, c))
		merge_up(merge, merge->nr++, c);
	return 0;
}

/**
 * merge_begin() - start with the oldest records that are held now
 * @merge: from merge_alloc()
 *
 * A CPU without a record is not looked at again. A consumer gets from the others only what
 * was there by now, so that the next merge cannot return an older record.
 *
 * Context: process, may sleep; if it consumes, has buffer_lock(), until after
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

/* The last returned record is still at the top: replace it by its CPU's next one. */
static void merge_go_on(struct merge *merge)
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
 * merge_next() - the next record
 * @merge: after merge_begin()
 *
 * Return: the record, valid until the next call; NULL if there are no more.
 */
const struct tcp_teardown_record *merge_next(struct merge *merge)
{
	const bool first = !merge->given;
	struct merge_cpu *c;

	merge_go_on(merge);
	if (!merge->nr)
		return NULL;
	c = merge->heap[0];
	/* Return one in any case: otherwise a reader could loop without progress. */
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
