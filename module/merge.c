// SPDX-License-Identifier: GPL-2.0
#include "merge.h"

#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>

#include "uapi/tcp_teardown.h"

static bool merge_wants(const struct merge *merge, unsigned int cpu)
{
	return merge->cpu == BUFFER_ALL || merge->cpu == cpu;
}

/**
 * merge_alloc() - prepare to read
 * @cpu: whose records, or BUFFER_ALL
 * @consume: take the records out; else leave them
 *
 * Return: to be given to merge_begin(), then to merge_free(); or NULL.
 */
struct merge *merge_alloc(int cpu, bool consume)
{
	struct merge *merge;

	merge = kvzalloc(struct_size(merge, cpus, nr_cpu_ids), GFP_KERNEL);
	if (merge) {
		merge->cpu = cpu;
		merge->consume = consume;
	}
	return merge;
}

/** merge_free() - the end of merge_alloc() */
void merge_free(struct merge *merge)
{
	kvfree(merge);
}

/**
 * merge_begin() - start with the oldest records that are held now
 * @merge: from merge_alloc()
 *
 * Context: if it consumes, has buffer_lock(), until after merge_next().
 */
void merge_begin(struct merge *merge)
{
	unsigned int i;

	for_each_possible_cpu(i) {
		if (!merge_wants(merge, i))
			continue;
		merge->cpus[i].at_hand = false;
		/* What a consumer has not told of yet, it tells of next time. */
		if (merge->consume)
			continue;
		merge->cpus[i].lost = 0;
		buffer_look(i, &merge->cpus[i].cursor);
	}
}

static void merge_fetch(struct merge *merge, unsigned int cpu)
{
	struct merge_cpu *c = &merge->cpus[cpu];

	if (merge->consume)
		c->at_hand = buffer_next(cpu, &c->slot, &c->lost);
	else
		c->at_hand = buffer_peek(cpu, &c->cursor, &c->slot, &c->lost);
}

static const struct tcp_teardown_record *merge_record(struct merge_cpu *c)
{
	return (const struct tcp_teardown_record *)&c->slot;
}

/**
 * merge_next() - the next record
 * @merge: after merge_begin()
 *
 * Return: the record, good until the next call; NULL if there is no more.
 */
const struct tcp_teardown_record *merge_next(struct merge *merge)
{
	struct merge_cpu *c, *first = NULL;
	unsigned int i;

	for_each_possible_cpu(i) {
		if (!merge_wants(merge, i))
			continue;
		c = &merge->cpus[i];
		if (!c->at_hand)
			merge_fetch(merge, i);
		if (!c->at_hand)
			continue;
		if (!first || merge_record(c)->time < merge_record(first)->time) {
			first = c;
			merge->from = i;
		}
	}
	if (!first)
		return NULL;
	first->at_hand = false;
	merge->lost = first->lost;
	first->lost = 0;
	if (merge->consume)
		buffer_consumed(merge->from);
	return merge_record(first);
}
