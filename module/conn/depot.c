// SPDX-License-Identifier: GPL-2.0
#include "conn/depot.h"

#include <linux/cpumask.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

/*
 * What the worker leaves; below half of it, or above twice, it is asked for. A CPU may take
 * more than a NAPI budget, 300, before the worker can run.
 */
#define DEPOT_FILL	2048U
#define DEPOT_FILL_CPU	512U

/* How many a batch has; with many CPUs and a small max, fewer than DEPOT_BATCH. */
unsigned int depot_batch_max __read_mostly;
static unsigned int depot_fill __read_mostly;

/* Those that are here. @lock: a leaf */
static struct {
	raw_spinlock_t lock;
	struct depot_item *first;
	unsigned long nr;
} depot = { .lock = __RAW_SPIN_LOCK_UNLOCKED(depot.lock) };

static struct kmem_cache *depot_cache;
static struct workqueue_struct *depot_queue;

/* Whoever calls the slab; guards the two that follow. */
static DEFINE_MUTEX(depot_memory);
static unsigned long depot_bound;
static unsigned long depot_allocated;	/* looked at by hooks */

static bool depot_is_low(void)
{
	return READ_ONCE(depot.nr) <= READ_ONCE(depot_fill) / 2 &&
	       READ_ONCE(depot_allocated) < depot_bound;
}

static bool depot_is_high(void)
{
	return READ_ONCE(depot.nr) > 2 * READ_ONCE(depot_fill);
}

static struct depot_batch depot_out(void)
{
	struct depot_batch batch = { };
	unsigned long flags;

	raw_spin_lock_irqsave(&depot.lock, flags);
	batch.first = depot.first;
	if (batch.first) {
		batch.nr = batch.first->nr;
		depot.first = batch.first->batch;
		WRITE_ONCE(depot.nr, depot.nr - batch.nr);
	}
	raw_spin_unlock_irqrestore(&depot.lock, flags);
	return batch;
}

static void depot_in(struct depot_batch batch)
{
	unsigned long flags;

	batch.first->nr = batch.nr;
	raw_spin_lock_irqsave(&depot.lock, flags);
	batch.first->batch = depot.first;
	depot.first = batch.first;
	WRITE_ONCE(depot.nr, depot.nr + batch.nr);
	raw_spin_unlock_irqrestore(&depot.lock, flags);
}

/*
 * Fetch a batch from the slab, as far as the bound allows, and as there is memory for
 * it: the OOM killer is not for a tracer to bring on. Holds depot_memory.
 */
static bool depot_grow(void)
{
	unsigned int nr = min_t(unsigned long, READ_ONCE(depot_batch_max),
				depot_bound - depot_allocated);
	struct depot_batch batch = { };
	void *items[DEPOT_BATCH];

	/* All or none: it returns how many, and a bool in later kernels. */
	if (!nr || !kmem_cache_alloc_bulk(depot_cache, GFP_KERNEL | __GFP_NORETRY |
					  __GFP_NOWARN, nr, items))
		return false;
	WRITE_ONCE(depot_allocated, depot_allocated + nr);
	while (nr)
		depot_push(&batch, items[--nr]);
	depot_in(batch);
	return true;
}

/* Give a batch back to the slab. Holds depot_memory, or nobody else is there. */
static bool depot_shrink(void)
{
	struct depot_batch batch = depot_out();
	void *items[DEPOT_BATCH];
	unsigned int nr = 0;

	while (batch.nr)
		items[nr++] = depot_pop(&batch);
	if (!nr)
		return false;
	kmem_cache_free_bulk(depot_cache, nr, items);
	WRITE_ONCE(depot_allocated, depot_allocated - nr);
	return true;
}

static void depot_serve(void)
{
	mutex_lock(&depot_memory);
	if (depot_is_high())
		while (READ_ONCE(depot.nr) > READ_ONCE(depot_fill) && depot_shrink())
			cond_resched();
	while (READ_ONCE(depot.nr) < READ_ONCE(depot_fill) && depot_grow())
		cond_resched();
	mutex_unlock(&depot_memory);
}

static void depot_work(struct work_struct *work)
{
	depot_serve();
}

static DECLARE_WORK(depot_worker, depot_work);

/**
 * depot_take() - a batch for this CPU
 *
 * Context: any but NMI.
 *
 * Return: none if there is none; the worker is asked for before.
 */
struct depot_batch depot_take(void)
{
	struct depot_batch batch = depot_out();

	if (depot_is_low())
		queue_work(depot_queue, &depot_worker);
	return batch;
}

/**
 * depot_give() - a CPU has too many
 * @batch: one at least, DEPOT_BATCH at most
 *
 * Context: any but NMI.
 */
void depot_give(struct depot_batch batch)
{
	depot_in(batch);
	if (depot_is_high())
		queue_work(depot_queue, &depot_worker);
}

/**
 * depot_refill() - do at once what the worker would do
 *
 * Context: process, may sleep. For who takes many.
 */
void depot_refill(void)
{
	if (depot_is_low())
		depot_serve();
}

/** depot_max() - how many connections there may be in all */
unsigned long depot_max(void)
{
	return depot_bound;
}

/** depot_room() - for how many more there is room; those that CPUs keep ready are none */
long depot_room(void)
{
	return depot_bound - READ_ONCE(depot_allocated) + READ_ONCE(depot.nr);
}

/** depot_now() - how many are free here */
unsigned long depot_now(void)
{
	return READ_ONCE(depot.nr);
}

/**
 * depot_scale() - so many CPUs are online, or will be
 * @cpus: how many
 *
 * Each may keep two batches: of a small max no more than a quarter in all, and an
 * eighth is kept here.
 */
void depot_scale(unsigned int cpus)
{
	WRITE_ONCE(depot_batch_max, clamp_t(unsigned long, depot_bound / (8 * cpus), 1,
					    DEPOT_BATCH));
	WRITE_ONCE(depot_fill, min_t(unsigned long, depot_bound / 8,
				     DEPOT_FILL + DEPOT_FILL_CPU * cpus));
}

/*
 * The slab merges caches of one size, and is then silent about what is left in
 * them. Where it can't be told not to, a constructor keeps it from that, at the
 * price that slub_debug=P does not see who uses what is freed.
 */
#ifdef SLAB_NO_MERGE
#define DEPOT_FLAGS	(SLAB_HWCACHE_ALIGN | SLAB_NO_MERGE)
#define depot_construct	NULL
#else
#define DEPOT_FLAGS	SLAB_HWCACHE_ALIGN

static void depot_construct(void *conn)
{
}
#endif

/**
 * depot_start() - fill it
 * @max: of connections in all; memory is taken as it is needed
 * @size: of one, bytes
 *
 * Context: process. Return: 0 or -ENOMEM.
 */
int depot_start(unsigned long max, size_t size)
{
	depot_bound = max;
	depot_scale(num_online_cpus());
	depot_cache = kmem_cache_create("tcp_teardown_conn", size, 0, DEPOT_FLAGS,
					depot_construct);
	if (!depot_cache)
		return -ENOMEM;
	depot_queue = alloc_workqueue("tcp_teardown", WQ_UNBOUND | WQ_HIGHPRI, 1);
	if (!depot_queue) {
		kmem_cache_destroy(depot_cache);
		return -ENOMEM;
	}
	depot_serve();
	return 0;
}

/** depot_stop() - free all; everything has been given back, and no hook is left */
void depot_stop(void)
{
	destroy_workqueue(depot_queue);	/* waits for the worker */
	while (depot_shrink())
		cond_resched();
	kmem_cache_destroy(depot_cache);
}
