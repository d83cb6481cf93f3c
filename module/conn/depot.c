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
 * The worker leaves DEPOT_FILL items, and DEPOT_FILL_CPU more for each CPU. It is queued when
 * there are less than half as many, or more than twice. A CPU may take more than a NAPI budget,
 * 300, before the worker can run.
 */
#define DEPOT_FILL	2048U
#define DEPOT_FILL_CPU	512U

/* The size of a batch: DEPOT_BATCH, or less with many CPUs and a small max_connections. */
unsigned int depot_batch_max __read_mostly;
static unsigned int depot_fill __read_mostly;

/* The batches in the depot. No other lock nests inside @lock. */
static struct {
	raw_spinlock_t lock;
	struct depot_item *first;
	unsigned long nr;
} depot = { .lock = __RAW_SPIN_LOCK_UNLOCKED(depot.lock) };

static struct kmem_cache *depot_cache;
static struct workqueue_struct *depot_queue;

/* Serialises calls of the slab, and protects the two variables below. */
static DEFINE_MUTEX(depot_memory);
static unsigned long depot_bound;
static unsigned long depot_allocated;	/* hooks read it without the lock */

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
 * Allocate a batch, within the bound. A tracer must not trigger the OOM killer. The caller holds
 * depot_memory.
 */
static bool depot_grow(void)
{
	unsigned int nr = min_t(unsigned long, READ_ONCE(depot_batch_max),
				depot_bound - depot_allocated);
	struct depot_batch batch = { };
	void *items[DEPOT_BATCH];

	/* It allocates all or none. It returns their number, or true in later kernels. */
	if (!nr || !kmem_cache_alloc_bulk(depot_cache, GFP_KERNEL | __GFP_NORETRY |
					  __GFP_NOWARN, nr, items))
		return false;
	WRITE_ONCE(depot_allocated, depot_allocated + nr);
	while (nr)
		depot_push(&batch, items[--nr]);
	depot_in(batch);
	return true;
}

/* Free a batch. The caller holds depot_memory, or is the only user left. */
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
 * depot_take() - take a batch from the depot
 *
 * If few are left, it queues the worker.
 *
 * Context: any but NMI.
 *
 * Return: the batch, which is empty if the depot is.
 */
struct depot_batch depot_take(void)
{
	struct depot_batch batch = depot_out();

	if (depot_is_low())
		queue_work(depot_queue, &depot_worker);
	return batch;
}

/**
 * depot_give() - give a batch to the depot
 * @batch: at least one item, at most DEPOT_BATCH
 *
 * If there are too many, it queues the worker.
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
 * depot_refill() - refill the depot at once, instead of by the worker
 *
 * For a caller that is about to take many.
 *
 * Context: process, may sleep.
 */
void depot_refill(void)
{
	if (depot_is_low())
		depot_serve();
}

/**
 * depot_max() - get the highest number of connections
 *
 * Return: max of depot_start().
 */
unsigned long depot_max(void)
{
	return depot_bound;
}

/**
 * depot_room() - get how many more connections can be taken from the depot
 *
 * Return: the number, including those that are not allocated yet. The free connections that CPUs
 * have in their pools do not count.
 */
long depot_room(void)
{
	return depot_bound - READ_ONCE(depot_allocated) + READ_ONCE(depot.nr);
}

/**
 * depot_now() - get how many free connections are in the depot
 *
 * Return: the number.
 */
unsigned long depot_now(void)
{
	return READ_ONCE(depot.nr);
}

/**
 * depot_scale() - adapt the size of batches and of the depot to the number of CPUs
 * @cpus: how many CPUs are online, or will be
 *
 * A CPU may keep two batches. If max is small, all CPUs together keep no more than a quarter of
 * it, and the depot an eighth.
 */
void depot_scale(unsigned int cpus)
{
	WRITE_ONCE(depot_batch_max, clamp_t(unsigned long, depot_bound / (8 * cpus), 1,
					    DEPOT_BATCH));
	WRITE_ONCE(depot_fill, min_t(unsigned long, depot_bound / 8,
				     DEPOT_FILL + DEPOT_FILL_CPU * cpus));
}

/*
 * The slab merges caches of the same size. It then cannot report objects that are left in a cache
 * when that is destroyed. On kernels without SLAB_NO_MERGE, a constructor prevents merging. The
 * price is that slub_debug=P does not detect a use after free.
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
 * depot_start() - create the depot, and fill it
 * @max: the highest number of connections; memory is allocated as it is needed
 * @size: the size of a connection, bytes
 *
 * Context: process, may sleep.
 *
 * Return: 0 or -ENOMEM.
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

/**
 * depot_stop() - free the depot
 *
 * Context: process, may sleep; the CPUs have given back all batches, and no hook is left.
 */
void depot_stop(void)
{
	destroy_workqueue(depot_queue);	/* waits for the worker */
	while (depot_shrink())
		cond_resched();
	kmem_cache_destroy(depot_cache);
}
