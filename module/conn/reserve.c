// SPDX-License-Identifier: GPL-2.0
#include "conn/reserve.h"

#include <linux/compiler.h>
#include <linux/cpu.h>
#include <linux/minmax.h>
#include <linux/percpu.h>

#include "conn/depot.h"
#include "conn/share.h"

/**
 * struct reserve - one CPU's
 * @loaded: is taken from and given to
 * @spare: takes its place when it is empty, or full. So who takes and gives in turn does
 *	not go to the depot each time.
 * @full: how often there was none, here and in the depot
 * @now: got here, less put here
 */
struct reserve {
	struct depot_batch loaded;
	struct depot_batch spare;
	unsigned long full;
	long now;
};

static DEFINE_PER_CPU(struct reserve, reserves);
static enum cpuhp_state reserve_hotplug;

/* @r: this CPU's, of which @loaded is empty; interrupts are off */
static noinline bool reserve_load(struct reserve *r)
{
	if (r->spare.nr)
		swap(r->loaded, r->spare);
	else
		r->loaded = depot_take();
	return r->loaded.nr;
}

/* @r: this CPU's, of which @loaded is full; interrupts are off */
static noinline void reserve_unload(struct reserve *r)
{
	if (r->spare.nr)
		depot_give(r->spare);
	r->spare = r->loaded;
	r->loaded = (struct depot_batch){ };
}

/**
 * reserve_ready() - will reserve_get() have one?
 *
 * Context: any but NMI, interrupts off until then.
 */
bool reserve_ready(void)
{
	struct reserve *r = this_cpu_ptr(&reserves);

	return r->loaded.nr || reserve_load(r);
}

/**
 * reserve_get() - memory for a connection
 *
 * Context: any but NMI, interrupts off.
 *
 * Return: NULL, and counted, if there is none.
 */
void *reserve_get(void)
{
	struct reserve *r = this_cpu_ptr(&reserves);

	if (unlikely(!r->loaded.nr) && !reserve_load(r)) {
		this_cpu_inc(reserves.full);
		return NULL;
	}
	this_cpu_inc(reserves.now);
	return depot_pop(&r->loaded);
}

/**
 * reserve_put() - the connection is forgotten
 * @conn: from reserve_get(), on this CPU or another
 *
 * Context: any but NMI, interrupts off.
 */
void reserve_put(void *conn)
{
	struct reserve *r = this_cpu_ptr(&reserves);

	if (unlikely(r->loaded.nr >= READ_ONCE(depot_batch_max)))
		reserve_unload(r);
	depot_push(&r->loaded, conn);
	this_cpu_dec(reserves.now);
}

/**
 * reserve_stats() - tell of the memory
 * @stats: set
 */
void reserve_stats(struct reserve_stats *stats)
{
	const struct reserve *r;
	unsigned int cpu;
	long now = 0;

	stats->max = depot_max();
	stats->ready = depot_now();
	stats->over_share = share_refusals();
	stats->full = stats->over_share;
	for_each_possible_cpu(cpu) {
		r = per_cpu_ptr(&reserves, cpu);
		stats->full += READ_ONCE(r->full);
		now += READ_ONCE(r->now);
		if (cpu_online(cpu))	/* which may be at work on it */
			stats->ready += data_race(r->loaded.nr + r->spare.nr);
	}
	stats->now = max(now, 0L);	/* the CPUs are not read at one instant */
}

static void reserve_empty(struct reserve *r)
{
	if (r->loaded.nr)
		depot_give(r->loaded);
	if (r->spare.nr)
		depot_give(r->spare);
	r->loaded = (struct depot_batch){ };
	r->spare = (struct depot_batch){ };
}

/* Hotplug: before the CPU runs. What it needs it takes from the depot. */
static int reserve_comes(unsigned int cpu)
{
	depot_scale(num_online_cpus() + 1);
	return 0;
}

/* Hotplug: the CPU has stopped. */
static int reserve_goes(unsigned int cpu)
{
	depot_scale(num_online_cpus());
	reserve_empty(per_cpu_ptr(&reserves, cpu));
	share_leave(cpu);
	return 0;
}

/**
 * reserve_start() - make memory ready
 * @max: of connections in all
 * @size: of one, bytes
 *
 * Return: 0 or -ENOMEM.
 */
int reserve_start(unsigned int max, size_t size)
{
	int err;

	err = depot_start(max, size);
	if (err)
		return err;
	cpus_read_lock();
	err = cpuhp_setup_state_nocalls_cpuslocked(CPUHP_BP_PREPARE_DYN, "net/tcp_teardown:reserve",
						   reserve_comes, reserve_goes);
	depot_scale(num_online_cpus());
	cpus_read_unlock();
	if (err < 0) {
		depot_stop();
		return err;
	}
	reserve_hotplug = err;
	return 0;
}

/** reserve_stop() - free all; no connection is remembered any more */
void reserve_stop(void)
{
	unsigned int cpu;

	cpuhp_remove_state_nocalls(reserve_hotplug);
	for_each_possible_cpu(cpu)
		reserve_empty(per_cpu_ptr(&reserves, cpu));
	depot_stop();
}
