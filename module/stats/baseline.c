// SPDX-License-Identifier: GPL-2.0
#include "stats/baseline.h"

#include <linux/bottom_half.h>
#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/limits.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "stats/counts.h"
#include "stats/netns.h"
#include "stats/reconcile.h"

/**
 * struct baseline - what one CPU notes
 * @work: run there
 * @done: it has run
 * @cpu: which
 * @groups: of the hooks that were attached
 * @generation: its number, from 1
 * @last: only of namespaces up to this number
 */
struct baseline {
	struct work_struct work;
	struct completion done;
	unsigned int cpu;
	unsigned long groups;
	unsigned long generation;
	loff_t last;
};

/* As netns_lock_from(). */
static struct netns *baseline_lock_from(const struct baseline *at, loff_t *number)
{
	struct netns *ns = netns_lock_from(number);

	if (!ns || *number <= at->last)
		return ns;
	netns_unlock();
	return NULL;
}

/*
 * There is an instant between the kernel's count and the module's. Here, in process context with
 * softirqs off, this CPU is not in it, unless a task slept there: tcp_disconnect() allocates its
 * RST. What the CPU counts for this namespace from now on goes to the other shared block.
 */
static void baseline_note(struct netns *ns, const struct baseline *at)
{
	struct counts_moment *moment = per_cpu_ptr(&counts_moment, at->cpu);

	local_bh_disable();
	reconcile_begin(&ns->base, ns->net, counts_own(ns->own, at->cpu), at->cpu, at->groups);
	WRITE_ONCE(moment->noted, ns->own->number);
	local_bh_enable();
}

static void baseline_cpu(struct work_struct *work)
{
	struct baseline *at = container_of(work, struct baseline, work);
	struct counts_moment *moment = per_cpu_ptr(&counts_moment, at->cpu);
	struct netns *ns;
	loff_t number;

	local_bh_disable();
	WRITE_ONCE(moment->noted, 0);
	WRITE_ONCE(moment->generation, at->generation);
	local_bh_enable();
	for (number = 1; (ns = baseline_lock_from(at, &number)); number++) {
		baseline_note(ns, at);
		netns_unlock();
		cond_resched();
	}
	WRITE_ONCE(moment->noted, LLONG_MAX);
	complete(&at->done);
}

/*
 * A real-time task may occupy its CPU for ever, as with isolated CPUs. Then this CPU notes its
 * counts, and one may be wrong by 1.
 */
static void baseline_there(struct baseline *at)
{
	reinit_completion(&at->done);
	schedule_work_on(at->cpu, &at->work);
	if (!wait_for_completion_timeout(&at->done, HZ) && cancel_work_sync(&at->work))
		baseline_cpu(&at->work);
	flush_work(&at->work);
}

/* The counts of a shared block that nobody raises any longer. */
static void baseline_shared(struct netns *ns, const struct baseline *at, int phase)
{
	static struct stats shared;	/* netns_lock guards it */

	memset(&shared, 0, sizeof(shared));
	counts_add_shared(ns->own, phase, &shared);
	reconcile_ours(&ns->base, &shared, at->groups);
}

static void baseline_all(struct baseline *at)
{
	cpus_read_lock();
	for_each_possible_cpu(at->cpu) {
		if (cpu_online(at->cpu))
			baseline_there(at);
		else
			baseline_cpu(&at->work);
	}
	cpus_read_unlock();
	synchronize_rcu();	/* hooks run with preemption disabled */
}

/**
 * baseline_begin() - begin to compare with the kernel's counters
 * @groups: of the hooks that have been attached, bits by enum hook_group
 *
 * Traffic may run, and namespaces may come and go. Each CPU notes its own counters, which nobody
 * else raises. All CPUs raise a shared block: so each CPU then switches to another one, and when
 * all have, the first one stands still. For namespaces that come meanwhile both counts begin at 0.
 *
 * Context: process, may sleep; the caller serialises.
 */
void baseline_begin(unsigned long groups)
{
	static unsigned long generation;
	struct baseline at = {
		.groups = groups, .generation = ++generation, .last = netns_newest(),
	};
	struct netns *ns;
	loff_t number;

	INIT_WORK_ONSTACK(&at.work, baseline_cpu);
	init_completion(&at.done);
	for (number = 1; (ns = baseline_lock_from(&at, &number)); number++) {
		reconcile_clear(&ns->base, groups);
		baseline_shared(ns, &at, generation & 1);
		netns_unlock();
		cond_resched();
	}
	baseline_all(&at);
	for (number = 1; (ns = baseline_lock_from(&at, &number)); number++) {
		baseline_shared(ns, &at, !(generation & 1));
		netns_unlock();
		cond_resched();
	}
	destroy_work_on_stack(&at.work);
}
