/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The counters of one namespace, in as few blocks as it needs.
 *
 * Until its first event, a namespace has no block. From then on it has a shared block, which all
 * CPUs raise atomically. If a CPU often raises it, a worker gives that CPU a block of its own.
 * Blocks stay until the namespace is destroyed, so a counter is the sum over all blocks.
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

/* Room for counts while there is no block yet: enough for two connections. */
#define COUNTS_EARLY	60

/**
 * struct counts - the counters of one namespace
 * @cpu: each CPU's own block, or NULL; &counts_none until a CPU has one
 * @shared: blocks that all CPUs raise, NULL until needed; for why there are two see
 *	counts_phase()
 * @number: number of the namespace; 0 for counts_grave
 * @hits: how often @shared was raised
 * @early_nr: entries of @early in use; once all are, it may be a little higher
 * @early: counts from before there was a block: counts_phase() in bit 15, below it the
 *	counter's number + 1; 0 if not in use
 * @elsewhere: counts that went to counts_grave, and so only to the host's sum, because @early
 *	was full
 * @asked: bit 0 is set while @ask is in the worker's list
 * @asker: the CPU that shall get its own block
 * @ask: entry in the worker's list
 * @users: references: the namespace, the worker and readers
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
 * struct counts_moment - which of the two shared blocks a CPU raises, see counts_phase()
 * @generation: number of the newest baseline_begin() that has reached this CPU
 * @noted: it has reached the namespaces up to this number; for all others, this CPU is still in
 *	the generation before
 */
struct counts_moment {
	unsigned long generation;
	loff_t noted;
};

DECLARE_PER_CPU(struct counts_moment, counts_moment);

/* @block: this CPU's own. Preemption is disabled; local_inc(), as a softirq may interrupt. */
static inline void counts_inc_own(struct stats *block, unsigned int what)
{
	local_inc((local_t *)((unsigned long *)block + what));
}

void counts_inc_shared(struct counts *counts, unsigned int what);

/* The CPU's own block, or NULL. */
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
