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

/* After so many hits of a shared block the CPU at hand gets its own. */
#define COUNTS_ASK	128

/* All CPUs' own blocks take no more than this part of the memory. */
#define COUNTS_PART	64

static_assert(COUNTERS < 1 << 15);	/* in struct counts' @early */

/* Always NULL. */
DEFINE_PER_CPU(struct stats *, counts_none);

DEFINE_PER_CPU(struct counts_moment, counts_moment) = { .noted = LLONG_MAX };

/*
 * When a namespace goes, our exit may run before TCP's, which kills the minisocks that are
 * left there. Then our hooks count them here.
 */
struct counts *counts_grave;

static LLIST_HEAD(counts_asking);
static void (*counts_serve)(struct counts *counts);
static struct workqueue_struct *counts_wq;
static atomic_long_t counts_blocks;	/* of single CPUs */

/*
 * While baseline_begin() is at work, counts from before it and after it are in different
 * blocks, as there is no instant at which all CPUs have none in hand. Preemption is disabled.
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

/* The first event takes a block from the stock. */
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

/* False if there is no room. */
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
 * counts_inc_shared() - count, where this CPU has no block of its own
 * @counts: of this namespace
 * @what: a number of struct stats
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
 * counts_add_shared() - add up what has no CPU's own block
 * @counts: of this namespace
 * @phase: 0 or 1, see counts_phase()
 * @sum: raised by it
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
 * counts_add() - add up
 * @counts: of this namespace, with a reference
 * @sum: raised by them
 *
 * Context: any. Each counter is exact; they are not all of one instant.
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
 * counts_new() - counters, all 0
 * @number: of the namespace
 * @gfp: how to allocate
 *
 * Return: with one reference; or NULL.
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
 * @counts: of a namespace, with a reference
 * @cpu: which CPU
 *
 * Context: process, may sleep. One at a time.
 *
 * Return: 0 or -ENOMEM, and all stays as it is.
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
		/* Who sees it sees no CPU's block in it. */
		smp_store_release(&counts->cpu, cpus);
	}
	block = stock_make(cpu_to_mem(cpu));
	if (!block)
		return -ENOMEM;
	atomic_long_inc(&counts_blocks);
	/* Who sees it sees zeroes. */
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
 * counts_put() - the last one frees
 * @counts: no hook uses it once the namespace has put its own; NULL is none
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

/* What has all that it needs, so it is the last resort, too. */
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
 * counts_start() - before there is a namespace
 * @serve: called by the worker for counters that a CPU often raises, with a reference
 *
 * Return: 0 or -ENOMEM.
 */
int counts_start(void (*serve)(struct counts *counts))
{
	int err;

	counts_serve = serve;
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

/** counts_stop() - no hook and no namespace is left */
void counts_stop(void)
{
	destroy_workqueue(counts_wq);	/* waits for the worker */
	counts_put(counts_grave);
	stock_stop();
}
