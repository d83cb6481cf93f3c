/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The counters of one namespace, sparse.
 *
 * Until its first event a namespace has no block. From then on it has one, which all CPUs
 * raise atomically. If a CPU counts a lot for it, the worker gives that CPU a block of its
 * own. A block stays until the namespace goes, so the counters are the sum of all blocks.
 */
#ifndef TCP_TEARDOWN_COUNTS_H
#define TCP_TEARDOWN_COUNTS_H

#include <linux/atomic.h>
#include <linux/llist.h>
#include <linux/percpu.h>
#include <linux/refcount.h>
#include <linux/types.h>
#include <asm/local.h>

#include "stats/stats.h"

/* Counts that are kept one by one while there is no block: those of two connections. */
#define COUNTS_EARLY	60

/**
 * struct counts - the counters of one namespace
 * @cpu: each CPU's own block, or NULL; counts_none until one has some
 * @shared: what all CPUs raise, NULL until the first event; two, see counts_phase()
 * @number: of the namespace; 0 for the grave
 * @hits: of @shared
 * @early_nr: used of @early, or more than there are
 * @early: what was counted before there was a block: counts_phase(), number + 1
 * @elsewhere: what was counted for the host alone, as @early was full
 * @asked: it is in the list of those that the worker looks at
 * @asker: the CPU that counts a lot
 * @ask: of that list
 * @users: the namespace, the worker, those who add up
 */
struct counts {
	struct stats * __percpu *cpu;
	struct stats *shared[2];
	loff_t number;
	atomic_t hits;
	atomic_t early_nr;
	u16 early[COUNTS_EARLY];
	atomic_long_t elsewhere;
	unsigned long asked;
	unsigned int asker;
	struct llist_node ask;
	refcount_t users;
};

DECLARE_PER_CPU(struct stats *, counts_none);
extern struct counts *counts_grave;

/**
 * struct counts_moment - which of the shared blocks a CPU raises
 * @generation: of the newest baseline_begin() that this CPU has begun
 * @noted: of namespaces up to this number; of others still that of the one before
 */
struct counts_moment {
	unsigned long generation;
	loff_t noted;
};

DECLARE_PER_CPU(struct counts_moment, counts_moment);

/* @block: this CPU's own. Context: preemption disabled; a softirq may come between. */
static inline void counts_inc_own(struct stats *block, unsigned int what)
{
	local_inc((local_t *)((unsigned long *)block + what));
}

void counts_inc_shared(struct counts *counts, unsigned int what);

/* This CPU's own block, or NULL. */
static inline const struct stats *counts_own(const struct counts *counts, unsigned int cpu)
{
	return READ_ONCE(*per_cpu_ptr(READ_ONCE(counts->cpu), cpu));
}

void counts_add(const struct counts *counts, struct stats *sum);
void counts_add_shared(const struct counts *counts, int phase, struct stats *sum);

struct counts *counts_new(loff_t number, gfp_t gfp);
int counts_give(struct counts *counts, unsigned int cpu);
void counts_get(struct counts *counts);
void counts_put(struct counts *counts);

int counts_start(void (*serve)(struct counts *counts));
void counts_stop(void);

#endif
