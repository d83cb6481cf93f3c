// SPDX-License-Identifier: GPL-2.0
#include "stats/counts.h"

#include <linux/bitops.h>
#include <linux/build_bug.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/topology.h>
#include <linux/workqueue.h>

#include "stats/stock.h"

#define COUNTERS	(sizeof(struct stats) / sizeof(unsigned long))

/* Each time that a shared block was raised this often, the CPU at hand gets its own block. */
#define COUNTS_ASK	128

/* The CPUs' own blocks take at most this fraction of the host's memory. */
#define COUNTS_PART	64

static_assert(COUNTERS < 1 << 15);	/* see struct counts, @early */

/* A counter is also raised as a local_t and as an atomic_long_t. */
static_assert(sizeof(local_t) == sizeof(unsigned long));
static_assert(sizeof(atomic_long_t) == sizeof(unsigned long));

/* Always NULL: the blocks of the CPUs of a namespace in which no CPU has one. */
DEFINE_PER_CPU(struct stats *, counts_none);

DEFINE_PER_CPU(struct counts_moment, counts_moment) = { .noted = LLONG_MAX };

/*
 * Fallback counters. When a namespace is destroyed, our exit function may run before TCP's, which
 * kills the remaining minisocks. Hooks then count their deaths here.
 */
struct counts *counts_grave;

static LLIST_HEAD(counts_asking);
static void (*counts_serve)(struct counts *counts);
static struct workqueue_struct *counts_wq;
static atomic_long_t counts_blocks;	/* the number of CPUs' own blocks */

/*
 * Which shared block does this CPU raise? baseline_begin() needs the value of a shared block at
 * one instant, but there is no instant at which no CPU is raising it. So the CPUs switch to the
 * other block one after the other. When all have done so, the first one stands still. Preemption
 * is disabled.
 */
static int counts_phase(const struct counts *counts)
{
	const struct counts_moment *moment = this_cpu_ptr(&counts_moment);

	return (moment->generation - (counts->number > moment->noted)) & 1;
}

static void counts_work(struct work_struct *work)
{
	struct counts *counts, *next;
	struct llist_node *asking;

	stock_fill();
	asking = llist_del_all(&counts_asking);
	llist_for_each_entry_safe(counts, next, asking, ask) {
		clear_bit_unlock(0, &counts->asked);
		counts_serve(counts);
		counts_put(counts);
	}
}

static DECLARE_WORK(counts_worker, counts_work);

static void counts_ask(struct counts *counts)
{
	if (test_and_set_bit_lock(0, &counts->asked))
		return;
	WRITE_ONCE(counts->asker, smp_processor_id());
	counts_get(counts);
	llist_add(&counts->ask, &counts_asking);
	queue_work(counts_wq, &counts_worker);
}

/* Get the shared block. The first event takes it from the stock. NULL if there is none. */
static struct stats *counts_shared(struct counts *counts, int phase)
{
	struct stats *block = READ_ONCE(counts->shared[phase]), *other;

	if (block)
		return block;
	block = stock_take();
	queue_work(counts_wq, &counts_worker);
	if (!block)
		return NULL;
	other = cmpxchg(&counts->shared[phase], NULL, block);
	if (!other)
		return block;
	stock_give_back(block);
	return other;
}

/* Count without a block. Return: false if there is no room. */
static bool counts_inc_early(struct counts *counts, int phase, unsigned int what)
{
	int i;

	if (atomic_read(&counts->early_nr) >= COUNTS_EARLY)
		return false;
	i = atomic_inc_return(&counts->early_nr) - 1;
	if (i >= COUNTS_EARLY)
		return false;
	WRITE_ONCE(counts->early[i], phase << 15 | (what + 1));
	return true;
}

/**
 * counts_inc_shared() - raise a counter if this CPU has no block of its own
 * @counts: the counters of the namespace
 * @what: from STATS_AT()
 *
 * Context: any but NMI, preemption disabled.
 */
void counts_inc_shared(struct counts *counts, unsigned int what)
{
	int phase = counts_phase(counts);
	struct stats *block = counts_shared(counts, phase);

	if (!block) {
		if (counts_inc_early(counts, phase, what))
			return;
		atomic_long_inc(&counts->elsewhere);
		block = counts_grave->shared[0];
	}
	atomic_long_inc((atomic_long_t *)block + what);
	if (!(atomic_inc_return(&counts->hits) % COUNTS_ASK))
		counts_ask(counts);
}

/**
 * counts_add_shared() - add a shared block, and the counts from before it, to a sum
 * @counts: the counters of the namespace
 * @phase: 0 or 1, see counts_phase()
 * @sum: the sum
 */
void counts_add_shared(const struct counts *counts, int phase, struct stats *sum)
{
	const struct stats *block = READ_ONCE(counts->shared[phase]);
	u16 early;
	int i;

	if (block)
		stats_add(block, sum);
	for (i = 0; i < COUNTS_EARLY; i++) {
		early = READ_ONCE(counts->early[i]);
		if (early && early >> 15 == phase)
			((unsigned long *)sum)[(early & (BIT(15) - 1)) - 1]++;
	}
}

/**
 * counts_add() - add all counters of a namespace to a sum
 * @counts: the counters; the caller holds a reference
 * @sum: the sum
 *
 * Each counter is exact, but they are not read at one instant.
 *
 * Context: any.
 */
void counts_add(const struct counts *counts, struct stats *sum)
{
	const struct stats *block;
	unsigned int cpu;

	counts_add_shared(counts, 0, sum);
	counts_add_shared(counts, 1, sum);
	if (READ_ONCE(counts->cpu) == &counts_none)
		return;
	for_each_possible_cpu(cpu) {
		block = counts_own(counts, cpu);
		if (block)
			stats_add(block, sum);
	}
}

/**
 * counts_new() - allocate the counters of a namespace, all 0
 * @number: number of the namespace
 * @gfp: how to allocate
 *
 * Return: the counters, with one reference, or NULL.
 */
struct counts *counts_new(loff_t number, gfp_t gfp)
{
	struct counts *counts = kzalloc(sizeof(*counts), gfp);

	if (!counts)
		return NULL;
	counts->cpu = &counts_none;
	counts->number = number;
	refcount_set(&counts->users, 1);
	return counts;
}

static bool counts_may_give(void)
{
	return atomic_long_read(&counts_blocks) <
	       totalram_pages() / COUNTS_PART * (long)PAGE_SIZE / (long)sizeof(struct stats);
}

/**
 * counts_give() - give a CPU a block of its own
 * @counts: the counters of the namespace; the caller holds a reference
 * @cpu: the CPU
 *
 * Context: process, may sleep; the caller serialises.
 *
 * Return: 0 or -ENOMEM. After an error, the CPU still raises the shared block.
 */
int counts_give(struct counts *counts, unsigned int cpu)
{
	struct stats * __percpu *cpus = counts->cpu;
	struct stats *block;

	if (counts_own(counts, cpu))
		return 0;
	if (!counts_may_give())
		return -ENOMEM;
	if (cpus == &counts_none) {
		cpus = alloc_percpu_gfp(struct stats *, GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN);
		if (!cpus)
			return -ENOMEM;
		/* NULLs before the pointer: pairs with the dependency in counts_own(). */
		smp_store_release(&counts->cpu, cpus);
	}
	block = stock_make(cpu_to_mem(cpu));
	if (!block)
		return -ENOMEM;
	atomic_long_inc(&counts_blocks);
	/* Zeroes before the pointer: pairs with the dependency in netns_block(). */
	smp_store_release(per_cpu_ptr(cpus, cpu), block);
	return 0;
}

void counts_get(struct counts *counts)
{
	refcount_inc(&counts->users);
}

static void counts_free_own(struct counts *counts)
{
	unsigned int cpu;
	struct stats *block;

	if (counts->cpu == &counts_none)
		return;
	for_each_possible_cpu(cpu) {
		block = *per_cpu_ptr(counts->cpu, cpu);
		if (block)
			atomic_long_dec(&counts_blocks);
		stock_free(block);
	}
	free_percpu(counts->cpu);
}

/**
 * counts_put() - drop a reference, and free the counters with the last one
 * @counts: the counters, or NULL. No hook uses them after the namespace has put its reference.
 *
 * Context: process.
 */
void counts_put(struct counts *counts)
{
	if (!counts || !refcount_dec_and_test(&counts->users))
		return;
	counts_free_own(counts);
	stock_free(counts->shared[0]);
	stock_free(counts->shared[1]);
	kfree(counts);
}

/* counts_grave has all its blocks from the start, so a hook can always count there. */
static int counts_dig_grave(void)
{
	struct counts *grave = counts_new(0, GFP_KERNEL);

	if (!grave)
		return -ENOMEM;
	grave->shared[0] = stock_make(NUMA_NO_NODE);
	grave->shared[1] = stock_make(NUMA_NO_NODE);
	if (grave->shared[0] && grave->shared[1] && !counts_give(grave, raw_smp_processor_id())) {
		counts_grave = grave;
		return 0;
	}
	counts_put(grave);
	return -ENOMEM;
}

/**
 * counts_start() - prepare to count, before there is a namespace
 * @serve: called by the worker if a CPU often raises shared counters; the worker holds a
 *	reference to them
 *
 * Return: 0 or -ENOMEM.
 */
int counts_start(void (*serve)(struct counts *counts))
{
	int err;

	counts_serve = serve;
	/* Unbound: it must not disturb isolated CPUs. Until it runs, counts have little room. */
	counts_wq = alloc_workqueue("tcp_teardown_counts", WQ_UNBOUND | WQ_HIGHPRI, 0);
	if (!counts_wq)
		return -ENOMEM;
	err = stock_start();
	if (err)
		goto free_wq;
	err = counts_dig_grave();
	if (!err)
		return 0;
	stock_stop();
free_wq:
	destroy_workqueue(counts_wq);
	return err;
}

/**
 * counts_stop() - free what counts_start() has allocated
 *
 * Context: process, may sleep; no hook and no namespace is left.
 */
void counts_stop(void)
{
	destroy_workqueue(counts_wq);	/* waits for the worker */
	counts_put(counts_grave);
	stock_stop();
}
