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
 * struct baseline - adds the counts of one CPU after another to the base of each namespace
 * @work: runs baseline_cpu() on @cpu
 * @done: @work has finished
 * @cpu: the CPU whose turn it is
 * @groups: the groups of hooks that were attached, bits by enum hook_group
 * @generation: number of this baseline_begin(), from 1
 * @last: only namespaces up to this number take part
 */
struct baseline {
	struct work_struct work;
	struct completion done;
	unsigned int cpu;
	unsigned long groups;
	unsigned long generation;
	loff_t last;
};

/* As netns_lock_from(), up to @at->last. */
static struct netns *baseline_lock_from(const struct baseline *at, loff_t *number)
{
	struct netns *ns = netns_lock_from(number);

	if (!ns || *number <= at->last)
		return ns;
	netns_unlock();
	return NULL;
}

/*
 * Add this CPU's counts. The kernel and the module count an event one after the other. This CPU is
 * not between the two counts now: it is in process context, and softirqs are disabled. Only a
 * task may have slept between them, as tcp_disconnect() does when it allocates its RST. From now
 * on, what this CPU counts for the namespace goes to the other shared block.
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
 * Run baseline_cpu() on its CPU. A real-time task may occupy that CPU for ever, for example an
 * isolated one. Then run it here; a count may be wrong by 1.
 */
static void baseline_there(struct baseline *at)
{
	reinit_completion(&at->done);
	schedule_work_on(at->cpu, &at->work);
	if (!wait_for_completion_timeout(&at->done, HZ) && cancel_work_sync(&at->work))
		baseline_cpu(&at->work);
	flush_work(&at->work);
}

/* Add the counts of a shared block that no CPU raises any more. */
static void baseline_shared(struct netns *ns, const struct baseline *at, int phase)
{
	static struct stats shared;	/* too large for the stack; the caller holds netns_lock */

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
	synchronize_rcu();	/* waits for hooks: they run with preemption disabled */
}

/**
 * baseline_begin() - begin to compare with the kernel's counters
 * @groups: of the hooks that have been attached, bits by enum hook_group
 *
 * Traffic may run, and namespaces may be created and destroyed. Each CPU adds its own counters to
 * the base, as nobody else raises them. A shared block is raised by all CPUs, so each CPU also
 * switches to the other shared block. When all have done so, the first one stands still, and its
 * counts are added. In namespaces that are created meanwhile, both counts begin at 0.
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
