// SPDX-License-Identifier: GPL-2.0
#include "conn/conn_pool.h"

#include <linux/compiler.h>
#include <linux/cpu.h>
#include <linux/minmax.h>
#include <linux/percpu.h>

#include "conn/depot.h"
#include "conn/share.h"

/**
 * struct conn_pool - one CPU's free connections
 * @loaded: the batch that connections are taken from and returned to
 * @spare: a full batch or none. It takes the place of @loaded when that is empty; when @loaded
 *	is full, it becomes the spare one. So a CPU that takes and returns connections by turns
 *	does not go to the depot each time.
 * @exhausted: how often there was no free connection, here or in the depot
 * @now: connections taken on this CPU, minus those returned on it; may be negative
 */
struct conn_pool {
	struct depot_batch loaded;
	struct depot_batch spare;
	unsigned long exhausted;
	long now;
};

static DEFINE_PER_CPU(struct conn_pool, conn_pools);
static enum cpuhp_state conn_pool_hotplug;

/* @loaded is empty: replace it. Interrupts are disabled. Return: false if there is none. */
static noinline bool conn_pool_load(struct conn_pool *pool)
{
	if (pool->spare.nr)
		swap(pool->loaded, pool->spare);
	else
		pool->loaded = depot_take();
	return pool->loaded.nr;
}

/* @loaded is full: replace it by an empty batch. Interrupts are disabled. */
static noinline void conn_pool_unload(struct conn_pool *pool)
{
	if (pool->spare.nr)
		depot_give(pool->spare);
	pool->spare = pool->loaded;
	pool->loaded = (struct depot_batch){ };
}

/**
 * conn_pool_ready() - will conn_pool_get() succeed?
 *
 * Context: any but NMI. Interrupts are disabled until the caller has called conn_pool_get().
 *
 * Return: true if it will.
 */
bool conn_pool_ready(void)
{
	struct conn_pool *pool = this_cpu_ptr(&conn_pools);

	return pool->loaded.nr || conn_pool_load(pool);
}

/**
 * conn_pool_get() - get memory for a connection
 *
 * Context: any but NMI, interrupts disabled.
 *
 * Return: the memory; NULL, and counted, if there is none.
 */
void *conn_pool_get(void)
{
	struct conn_pool *pool = this_cpu_ptr(&conn_pools);

	if (unlikely(!pool->loaded.nr) && !conn_pool_load(pool)) {
		this_cpu_inc(conn_pools.exhausted);
		return NULL;
	}
	this_cpu_inc(conn_pools.now);
	return depot_pop(&pool->loaded);
}

/**
 * conn_pool_put() - return the memory of a connection
 * @conn: from conn_pool_get(), on this CPU or another
 *
 * Context: any but NMI, interrupts disabled.
 */
void conn_pool_put(void *conn)
{
	struct conn_pool *pool = this_cpu_ptr(&conn_pools);

	if (unlikely(pool->loaded.nr >= READ_ONCE(depot_batch_max)))
		conn_pool_unload(pool);
	depot_push(&pool->loaded, conn);
	this_cpu_dec(conn_pools.now);
}

/**
 * conn_pool_stats() - get the use of the pool
 * @stats: set
 */
void conn_pool_stats(struct conn_pool_stats *stats)
{
	const struct conn_pool *pool;
	unsigned int cpu;
	long now = 0;

	stats->max = depot_max();
	stats->ready = depot_now();
	stats->over_share = share_refusals();
	stats->exhausted = stats->over_share;
	for_each_possible_cpu(cpu) {
		pool = per_cpu_ptr(&conn_pools, cpu);
		stats->exhausted += READ_ONCE(pool->exhausted);
		now += READ_ONCE(pool->now);
		if (cpu_online(cpu))	/* the CPU may be changing these */
			stats->ready += data_race(pool->loaded.nr + pool->spare.nr);
	}
	stats->now = max(now, 0L);	/* the sum is not of one instant */
}

static void conn_pool_drain(struct conn_pool *pool)
{
	if (pool->loaded.nr)
		depot_give(pool->loaded);
	if (pool->spare.nr)
		depot_give(pool->spare);
	pool->loaded = (struct depot_batch){ };
	pool->spare = (struct depot_batch){ };
}

/* A hotplug callback: before the CPU runs. It will take its connections from the depot. */
static int conn_pool_cpu_up(unsigned int cpu)
{
	depot_scale(num_online_cpus() + 1);
	return 0;
}

/* A hotplug callback: after the CPU has stopped. */
static int conn_pool_cpu_down(unsigned int cpu)
{
	depot_scale(num_online_cpus());
	conn_pool_drain(per_cpu_ptr(&conn_pools, cpu));
	share_leave(cpu);
	return 0;
}

/**
 * conn_pool_start() - create the pool
 * @max: the highest number of connections
 * @size: the size of a connection, bytes
 *
 * Return: 0 or -ENOMEM.
 */
int conn_pool_start(unsigned int max, size_t size)
{
	int err;

	err = depot_start(max, size);
	if (err)
		return err;
	cpus_read_lock();
	err = cpuhp_setup_state_nocalls_cpuslocked(CPUHP_BP_PREPARE_DYN, "net/tcp_teardown:reserve",
						   conn_pool_cpu_up, conn_pool_cpu_down);
	depot_scale(num_online_cpus());
	cpus_read_unlock();
	if (err < 0) {
		depot_stop();
		return err;
	}
	conn_pool_hotplug = err;
	return 0;
}

/**
 * conn_pool_stop() - free the pool
 *
 * Context: process, may sleep; no connection is tracked any more, and no hook is left.
 */
void conn_pool_stop(void)
{
	unsigned int cpu;

	cpuhp_remove_state_nocalls(conn_pool_hotplug);
	for_each_possible_cpu(cpu)
		conn_pool_drain(per_cpu_ptr(&conn_pools, cpu));
	depot_stop();
}
