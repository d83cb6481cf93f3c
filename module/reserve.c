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
/* The slab gives and takes so many at a time. */
#define RESERVE_BATCH	32U

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
static unsigned long reserve_allocated;	/* looked at by reserve_get() */

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

/*
 * Fetch from the slab, as many as the bound allows, and as there is memory for:
 * the OOM killer is not for a tracer to bring on. Holds reserve_memory.
 */
static unsigned int reserve_alloc(void **to, unsigned int nr)
{
	nr = min_t(unsigned long, nr, reserve_max - reserve_allocated);
	/* All or none: it returns how many, and a bool in later kernels. */
	if (nr && !kmem_cache_alloc_bulk(reserve_cache, GFP_KERNEL | __GFP_NORETRY |
					 __GFP_NOWARN, nr, to))
		nr = 0;
	WRITE_ONCE(reserve_allocated, reserve_allocated + nr);
	return nr;
}

/* Give back to the slab. Holds reserve_memory, or nobody else is there. */
static void reserve_free(void **from, unsigned int nr)
{
	kmem_cache_free_bulk(reserve_cache, nr, from);
	WRITE_ONCE(reserve_allocated, reserve_allocated - nr);
}

/* How many are missing here, of a batch. */
static unsigned int reserve_missing(const struct reserve *r)
{
	return r->nr < reserve_fill ? min(reserve_fill - r->nr, RESERVE_BATCH) : 0;
}

static void reserve_push_all(struct reserve *r, void **from, unsigned int nr)
{
	while (nr)
		reserve_push(r, from[--nr]);
}

/* Take out what is more than @leave, of a batch. Returns how many. */
static unsigned int reserve_pop_all(struct reserve *r, unsigned int leave, void **to)
{
	unsigned int nr = 0;

	while (r->nr > leave && nr < RESERVE_BATCH)
		to[nr++] = reserve_pop(r);
	return nr;
}

/* Process context; may have been moved to another CPU, which is then served. */
static void reserve_work(struct work_struct *work)
{
	unsigned int surplus, missing;
	void *batch[RESERVE_BATCH];

	mutex_lock(&reserve_memory);
	for (;;) {
		local_irq_disable();
		surplus = reserve_pop_all(this_cpu_ptr(&reserves), reserve_fill, batch);
		missing = reserve_missing(this_cpu_ptr(&reserves));
		local_irq_enable();
		if (surplus) {
			reserve_free(batch, surplus);
			cond_resched();
			continue;
		}
		missing = reserve_alloc(batch, missing);
		if (!missing)
			break;
		local_irq_disable();
		reserve_push_all(this_cpu_ptr(&reserves), batch, missing);
		local_irq_enable();
	}
	mutex_unlock(&reserve_memory);
}

/* Hotplug: runs before the CPU does, and at load, before there is a hook. */
static int reserve_prepare(unsigned int cpu)
{
	struct reserve *r = per_cpu_ptr(&reserves, cpu);
	void *batch[RESERVE_BATCH];
	unsigned int nr;

	mutex_lock(&reserve_memory);
	while ((nr = reserve_alloc(batch, reserve_missing(r))))
		reserve_push_all(r, batch, nr);
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
		this_cpu_inc(reserves.now);
	else
		this_cpu_inc(reserves.full);
	if (r->nr <= reserve_fill / 2 && READ_ONCE(reserve_allocated) < reserve_max)
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
	this_cpu_dec(reserves.now);
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
	void *batch[RESERVE_BATCH];
	unsigned int cpu, nr;

	for_each_possible_cpu(cpu)
		while ((nr = reserve_pop_all(per_cpu_ptr(&reserves, cpu), 0, batch)))
			reserve_free(batch, nr);
	kmem_cache_destroy(reserve_cache);
}

/*
 * The slab merges caches of one size, and is then silent about what is left in
 * them. Where it can't be told not to, a constructor keeps it from that, at the
 * price that slub_debug=P does not see who uses what is freed.
 */
#ifdef SLAB_NO_MERGE
#define RESERVE_FLAGS		(SLAB_HWCACHE_ALIGN | SLAB_NO_MERGE)
#define reserve_construct	NULL
#else
#define RESERVE_FLAGS		SLAB_HWCACHE_ALIGN

static void reserve_construct(void *conn)
{
}
#endif

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
					  0, RESERVE_FLAGS, reserve_construct);
	if (!reserve_cache)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		INIT_WORK(&per_cpu_ptr(&reserves, cpu)->work, reserve_work);
	err = cpuhp_setup_prepare("net/tcp_teardown:reserve", reserve_prepare);
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
