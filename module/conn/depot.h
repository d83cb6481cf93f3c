/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The part of the pool that all CPUs share: free connections, in batches. A worker refills the
 * depot from the slab, and returns what is too much. The worker is not bound to a CPU, so it does
 * not run on isolated ones.
 *
 * A raw spinlock protects the depot. Hooks take it once for each batch, with interrupts disabled,
 * and hold it for a few instructions.
 */
#ifndef TCP_TEARDOWN_DEPOT_H
#define TCP_TEARDOWN_DEPOT_H

#include <linux/types.h>

/* The largest batch. */
#define DEPOT_BATCH	64U

/**
 * struct depot_item - the memory of a connection while it is free
 * @next: the next item in its batch
 * @batch: first item of the next batch in the depot; only valid in the first item of a batch
 * @nr: the number of items in the batch; only valid there, too
 */
struct depot_item {
	struct depot_item *next;
	struct depot_item *batch;
	unsigned int nr;
};

/**
 * struct depot_batch - a batch of free connections
 * @first: the first item, NULL if the batch is empty
 * @nr: the number of items
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
