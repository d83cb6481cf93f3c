// SPDX-License-Identifier: GPL-2.0
#include "reserve.h"

#include <linux/cpu.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "conn.h"

/* What the worker leaves; below half of it, or above twice, it is asked for. */
#define RESERVE_FILL	1024U

static unsigned int reserve_fill;	/* RESERVE_FILL, or less of a small max */

/**
 * struct reserve - one CPU's
 * @free: linked by node.next
 * @nr: how many
 * @full: how often it was found empty
 * @now: got here, less put here
 * @work: the worker
 */
struct reserve {
	struct conn *free;
	unsigned int nr;
	unsigned long full;
	long now;
	struct work_struct work;
};

static DEFINE_PER_CPU(struct reserve, reserves);
static struct kmem_cache *reserve_cache;
static enum cpuhp_state reserve_hotplug;

/* Whoever calls the slab; guards the two that follow. */
static DEFINE_MUTEX(reserve_memory);
static unsigned long reserve_max;
static unsigned long reserve_allocated;

static void reserve_push(struct reserve *r, struct conn *conn)
{
	conn->node.next = (struct hlist_bl_node *)r->free;
	r->free = conn;
	r->nr++;
}

static struct conn *reserve_pop(struct reserve *r)
{
	struct conn *conn = r->free;

	if (conn) {
		r->free = (struct conn *)conn->node.next;
		r->nr--;
	}
	return conn;
}

/* Fetch one from the slab, if the bound allows it. Holds reserve_memory. */
static struct conn *reserve_alloc(void)
{
	struct conn *conn = NULL;

	if (reserve_allocated < reserve_max)
		conn = kmem_cache_alloc(reserve_cache, GFP_KERNEL | __GFP_NOWARN);
	if (conn)
		reserve_allocated++;
	return conn;
}

/* Give back to the slab. Holds reserve_memory, or nobody else is there. */
static void reserve_free(struct conn *conn)
{
	kmem_cache_free(reserve_cache, conn);
	reserve_allocated--;
}

/* Process context; may have been moved to another CPU, which is then served. */
static void reserve_work(struct work_struct *work)
{
	struct reserve *r;
	struct conn *conn;
	int missing;

	mutex_lock(&reserve_memory);
	for (;;) {
		local_irq_disable();
		r = this_cpu_ptr(&reserves);
		missing = (int)reserve_fill - (int)r->nr;
		conn = missing < 0 ? reserve_pop(r) : NULL;
		local_irq_enable();
		if (conn) {
			reserve_free(conn);
			cond_resched();
			continue;
		}
		conn = missing > 0 ? reserve_alloc() : NULL;
		if (!conn)
			break;
		local_irq_disable();
		reserve_push(this_cpu_ptr(&reserves), conn);
		local_irq_enable();
	}
	mutex_unlock(&reserve_memory);
}

/* Hotplug: runs before the CPU does, and at load, before there is a hook. */
static int reserve_prepare(unsigned int cpu)
{
	struct reserve *r = per_cpu_ptr(&reserves, cpu);
	struct conn *conn;

	mutex_lock(&reserve_memory);
	while (r->nr < reserve_fill && (conn = reserve_alloc()))
		reserve_push(r, conn);
	mutex_unlock(&reserve_memory);
	return 0;	/* an empty reserve is no reason to keep a CPU offline */
}

/**
 * reserve_get() - memory for a connection
 *
 * Context: any but NMI, interrupts off.
 *
 * Return: NULL, and counted, if there is none.
 */
struct conn *reserve_get(void)
{
	struct reserve *r = this_cpu_ptr(&reserves);
	struct conn *conn = reserve_pop(r);

	if (conn)
		r->now++;
	else
		r->full++;
	if (r->nr < reserve_fill / 2 && READ_ONCE(reserve_allocated) < reserve_max)
		queue_work_on(smp_processor_id(), system_highpri_wq, &r->work);
	return conn;
}

/**
 * reserve_put() - the connection is forgotten
 * @conn: from reserve_get(), on this CPU or another
 *
 * Context: any but NMI, interrupts off.
 */
void reserve_put(struct conn *conn)
{
	struct reserve *r = this_cpu_ptr(&reserves);

	reserve_push(r, conn);
	r->now--;
	if (r->nr > 2 * reserve_fill)
		queue_work_on(smp_processor_id(), system_highpri_wq, &r->work);
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

	stats->max = reserve_max;
	stats->full = 0;
	for_each_possible_cpu(cpu) {
		r = per_cpu_ptr(&reserves, cpu);
		stats->full += READ_ONCE(r->full);
		now += READ_ONCE(r->now);
	}
	stats->now = max(now, 0L);	/* the CPUs are not read at one instant */
}

static void reserve_free_all(void)
{
	struct conn *conn;
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		while ((conn = reserve_pop(per_cpu_ptr(&reserves, cpu))))
			reserve_free(conn);
	kmem_cache_destroy(reserve_cache);
}

/**
 * reserve_start() - fill the reserves
 * @max: of connections in all; memory is taken as it is needed
 *
 * Return: 0 or -ENOMEM.
 */
int reserve_start(unsigned int max)
{
	unsigned int cpu;
	int err;

	reserve_max = max;
	/* In all reserves no more than a quarter of it. */
	reserve_fill = clamp(max / (8 * num_possible_cpus()), 1U, RESERVE_FILL);
	reserve_cache = kmem_cache_create("tcp_teardown_conn", sizeof(struct conn),
					  0, SLAB_HWCACHE_ALIGN, NULL);
	if (!reserve_cache)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		INIT_WORK(&per_cpu_ptr(&reserves, cpu)->work, reserve_work);
	err = cpuhp_setup_state(CPUHP_BP_PREPARE_DYN, "net/tcp_teardown:reserve",
				reserve_prepare, NULL);
	if (err < 0) {
		reserve_free_all();
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
		cancel_work_sync(&per_cpu_ptr(&reserves, cpu)->work);
	reserve_free_all();
}
