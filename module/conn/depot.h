/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The part of the pool that all CPUs share: free connections, in batches. A worker keeps it
 * filled from the slab, and gives back what is too much. The worker is bound to no CPU, so it
 * does not run on isolated ones.
 *
 * A batch goes in or out under a raw spinlock, with interrupts off, in a few instructions:
 * hooks do that once a batch.
 */
#ifndef TCP_TEARDOWN_DEPOT_H
#define TCP_TEARDOWN_DEPOT_H

#include <linux/types.h>

/* The largest batch. */
#define DEPOT_BATCH	64U

/**
 * struct depot_item - what is in the memory of a connection while it is free
 * @next: in its batch
 * @batch: the first of the next batch in the depot; set in the first of a batch
 * @nr: how many its batch has; the same
 */
struct depot_item {
	struct depot_item *next;
	struct depot_item *batch;
	unsigned int nr;
};

/**
 * struct depot_batch - free connections
 * @first: NULL for none
 * @nr: how many
 */
struct depot_batch {
	struct depot_item *first;
	unsigned int nr;
};

static inline void depot_push(struct depot_batch *batch, struct depot_item *item)
{
	item->next = batch->first;
	batch->first = item;
	batch->nr++;
}

/* @batch: not empty */
static inline struct depot_item *depot_pop(struct depot_batch *batch)
{
	struct depot_item *item = batch->first;

	batch->first = item->next;
	batch->nr--;
	return item;
}

extern unsigned int depot_batch_max;

struct depot_batch depot_take(void);
void depot_give(struct depot_batch batch);
void depot_refill(void);

unsigned long depot_max(void);
long depot_room(void);
unsigned long depot_now(void);
void depot_scale(unsigned int cpus);
int depot_start(unsigned long max, size_t size);
void depot_stop(void);

#endif
