// SPDX-License-Identifier: GPL-2.0
#include "conn/conn_pool.h"

#include <linux/compiler.h>
#include <linux/cpu.h>
#include <linux/minmax.h>
#include <linux/percpu.h>

#include "conn/depot.h"
#include "conn/share.h"

/**
 * struct conn_pool - one CPU's
 * @loaded: is taken from and given to
 * @spare: takes its place when it is empty, or full. So who takes and gives in turn does
 *	not go to the depot each time.
 * @exhausted: how often there was none, here and in the depot
 * @now: got here, less put here
 */
struct conn_pool {
	struct depot_batch loaded;
	struct depot_batch spare;
	unsigned long exhausted;
	long now;
};

static DEFINE_PER_CPU(struct conn_pool, conn_pools);
static enum cpuhp_state conn_pool_hotplug;

/* @r: this CPU's, of which @loaded is empty; interrupts are off */
static noinline bool conn_pool_load(struct conn_pool *r)
{
	if (r->spare.nr)
		swap(r->loaded, r->spare);
	else
		r->loaded = depot_take();
	return r->loaded.nr;
}

/* @r: this CPU's, of which @loaded is full; interrupts are off */
static noinline void conn_pool_unload(struct conn_pool *r)
{
	if (r->spare.nr)
		depot_give(r->spare);
	r->spare = r->loaded;
	r->loaded = (struct depot_batch){ };
}

/**
 * conn_pool_ready() - will conn_pool_get() have one?
 *
 * Context: any but NMI, interrupts off until then.
 */
bool conn_pool_ready(void)
{
	struct conn_pool *r = this_cpu_ptr(&conn_pools);

	return r->loaded.nr || conn_pool_load(r);
}

/**
 * conn_pool_get() - memory for a connection
 *
 * Context: any but NMI, interrupts off.
 *
 * Return: NULL, and counted, if there is none.
 */
void *conn_pool_get(void)
{
	struct conn_pool *r = this_cpu_ptr(&conn_pools);

	if (unlikely(!r->loaded.nr) && !conn_pool_load(r)) {
		this_cpu_inc(conn_pools.exhausted);
		return NULL;
	}
	this_cpu_inc(conn_pools.now);
	return depot_pop(&r->loaded);
}

/**
 * conn_pool_put() - the connection is forgotten
 * @conn: from conn_pool_get(), on this CPU or another
 *
 * Context: any but NMI, interrupts off.
 */
void conn_pool_put(void *conn)
{
	struct conn_pool *r = this_cpu_ptr(&conn_pools);

	if (unlikely(r->loaded.nr >= READ_ONCE(depot_batch_max)))
		conn_pool_unload(r);
	depot_push(&r->loaded, conn);
	this_cpu_dec(conn_pools.now);
}

/**
 * conn_pool_stats() - tell of the memory
 * @stats: set
 */
void conn_pool_stats(struct conn_pool_stats *stats)
{
	const struct conn_pool *r;
	unsigned int cpu;
	long now = 0;

	stats->max = depot_max();
	stats->ready = depot_now();
	stats->over_share = share_refusals();
	stats->exhausted = stats->over_share;
	for_each_possible_cpu(cpu) {
		r = per_cpu_ptr(&conn_pools, cpu);
		stats->exhausted += READ_ONCE(r->exhausted);
		now += READ_ONCE(r->now);
		if (cpu_online(cpu))	/* which may be at work on it */
			stats->ready += data_race(r->loaded.nr + r->spare.nr);
	}
	stats->now = max(now, 0L);	/* the CPUs are not read at one instant */
}

static void conn_pool_empty(struct conn_pool *r)
{
	if (r->loaded.nr)
		depot_give(r->loaded);
	if (r->spare.nr)
		depot_give(r->spare);
	r->loaded = (struct depot_batch){ };
	r->spare = (struct depot_batch){ };
}

/* Hotplug: before the CPU runs. What it needs it takes from the depot. */
static int conn_pool_cpu_comes(unsigned int cpu)
{
	depot_scale(num_online_cpus() + 1);
	return 0;
}

/* Hotplug: the CPU has stopped. */
static int conn_pool_cpu_goes(unsigned int cpu)
{
	depot_scale(num_online_cpus());
	conn_pool_empty(per_cpu_ptr(&conn_pools, cpu));
	share_leave(cpu);
	return 0;
}

/**
 * conn_pool_start() - make memory ready
 * @max: of connections in all
 * @size: of one, bytes
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
						   conn_pool_cpu_comes, conn_pool_cpu_goes);
	depot_scale(num_online_cpus());
	cpus_read_unlock();
	if (err < 0) {
		depot_stop();
		return err;
	}
	conn_pool_hotplug = err;
	return 0;
}

/** conn_pool_stop() - free all; no connection is remembered any more */
void conn_pool_stop(void)
{
	unsigned int cpu;

	cpuhp_remove_state_nocalls(conn_pool_hotplug);
	for_each_possible_cpu(cpu)
		conn_pool_empty(per_cpu_ptr(&conn_pools, cpu));
	depot_stop();
}
