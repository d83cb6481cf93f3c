// SPDX-License-Identifier: GPL-2.0
#include "stats/netns.h"

#include <linux/cpu.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/xarray.h>

unsigned int netns_id __read_mostly;

/* For the list of namespaces; never held over all of them. */
static DEFINE_MUTEX(netns_lock);
static DEFINE_XARRAY(netns_all);	/* struct netns by number, which is never used again */
static loff_t netns_number;
static struct stats netns_gone;		/* of those that are no more */
static LIST_HEAD(netns_walks);
static gfp_t netns_gfp = GFP_KERNEL;

/**
 * struct netns_walk - who adds up the counters of all namespaces
 * @list: all there are
 * @next: those below this number are in its sum
 * @late: those at or above it that went meanwhile
 */
struct netns_walk {
	struct list_head list;
	loff_t next;
	struct stats late;
};

static int netns_add(struct netns *ns, gfp_t gfp)
{
	loff_t number;
	int err = -ENOMEM;

	mutex_lock(&netns_lock);
	number = ++netns_number;
	ns->share = number;
	ns->own = counts_new(number, gfp);
	ns->counts = ns->own;
	if (ns->own)
		err = xa_insert(&netns_all, number, ns, gfp);
	mutex_unlock(&netns_lock);
	if (err)
		counts_put(ns->own);
	return err;
}

/* No hook raises its counters any more. Who adds up and has not been here gets them, too. */
static void netns_bury(struct counts *counts)
{
	struct netns_walk *walk;

	mutex_lock(&netns_lock);
	xa_erase(&netns_all, counts->number);
	counts_add(counts, &netns_gone);
	list_for_each_entry(walk, &netns_walks, list)
		if (walk->next <= counts->number)
			counts_add(counts, &walk->late);
	mutex_unlock(&netns_lock);
	counts_put(counts);
}

static int __net_init netns_init(struct net *net)
{
	struct netns *ns = netns_of(net);

	ns->net = net;
	ns->cpu = &counts_none;
	return netns_add(ns, READ_ONCE(netns_gfp));
}

/*
 * From here on hooks count into the grave. The kernel waits for a grace period of RCU's
 * between this and the exit, and hooks run with preemption disabled.
 */
static void __net_exit netns_pre_exit(struct net *net)
{
	struct netns *ns = netns_of(net);

	mutex_lock(&netns_lock);
	WRITE_ONCE(ns->counts, counts_grave);
	WRITE_ONCE(ns->cpu, counts_grave->cpu);
	mutex_unlock(&netns_lock);
}

static void __net_exit netns_exit(struct net *net)
{
	netns_bury(netns_of(net)->own);
}

static struct pernet_operations netns_ops = {
	.init = netns_init,
	.pre_exit = netns_pre_exit,
	.exit = netns_exit,
	.id = &netns_id,
	.size = sizeof(struct netns),
};

/* The next, with a reference. What it counts from now on may be missing in the sum. */
static struct counts *netns_walk_next(struct netns_walk *walk)
{
	struct counts *counts = NULL;
	unsigned long number;
	struct netns *ns;

	mutex_lock(&netns_lock);
	number = walk->next;
	ns = xa_find(&netns_all, &number, ULONG_MAX, XA_PRESENT);
	if (ns) {
		counts = ns->own;
		counts_get(counts);
		walk->next = number + 1;
	}
	mutex_unlock(&netns_lock);
	return counts;
}

static void netns_walk_all(struct netns_walk *walk, struct stats *sum)
{
	struct counts *counts;

	mutex_lock(&netns_lock);
	list_add(&walk->list, &netns_walks);
	stats_add(&netns_gone, sum);
	mutex_unlock(&netns_lock);
	counts_add(counts_grave, sum);
	while ((counts = netns_walk_next(walk))) {
		counts_add(counts, sum);
		counts_put(counts);
		cond_resched();
	}
	mutex_lock(&netns_lock);
	list_del(&walk->list);
	mutex_unlock(&netns_lock);
	stats_add(&walk->late, sum);
}

/**
 * netns_sum() - counters
 * @net: of this namespace; NULL for the whole host, with those that went
 *
 * Context: process. Holds up no namespace that comes or goes.
 * Return: to be kfree()d, or NULL.
 */
struct stats *netns_sum(const struct net *net)
{
	struct stats *sum = kzalloc(sizeof(*sum), GFP_KERNEL);
	struct netns_walk *walk;

	if (!sum)
		return NULL;
	if (net) {
		counts_add(netns_of(net)->own, sum);
		stats_derive(sum);
		return sum;
	}
	walk = kzalloc(sizeof(*walk), GFP_KERNEL);
	if (walk) {
		netns_walk_all(walk, sum);
		kfree(walk);
		stats_derive(sum);
		return sum;
	}
	kfree(sum);
	return NULL;
}

/**
 * netns_elsewhere() - what is missing in netns_sum(net), and is in the host's alone
 * @net: the namespace
 */
unsigned long netns_elsewhere(const struct net *net)
{
	return atomic_long_read(&netns_of(net)->own->elsewhere);
}

/**
 * netns_lock_from() - a namespace that does not go until netns_unlock()
 * @number: of this number or a higher one; set to what was found
 *
 * Context: process, may sleep.
 *
 * Return: NULL if there is none, and nothing is locked.
 */
struct netns *netns_lock_from(loff_t *number)
{
	unsigned long at = *number;
	struct netns *ns;

	mutex_lock(&netns_lock);
	xa_for_each_start(&netns_all, at, ns, *number) {
		if (ns->counts != ns->own)
			continue;
		*number = at;
		return ns;
	}
	mutex_unlock(&netns_lock);
	return NULL;
}

void netns_unlock(void)
{
	mutex_unlock(&netns_lock);
}

/** netns_newest() - the number of the newest namespace; all below it are there, or went */
loff_t netns_newest(void)
{
	loff_t number;

	mutex_lock(&netns_lock);
	number = netns_number;
	mutex_unlock(&netns_lock);
	return number;
}

/* The worker's: a CPU counts a lot for it. */
static void netns_serve(struct counts *counts)
{
	loff_t number = counts->number;
	struct netns *ns;

	/* If there is no memory, it is asked for again. */
	if (counts_give(counts, READ_ONCE(counts->asker)))
		return;
	ns = netns_lock_from(&number);
	if (!ns)
		return;
	if (ns->own == counts)
		WRITE_ONCE(ns->cpu, counts->cpu);
	netns_unlock();
}

/* The host's own namespace counts on all CPUs from the start. */
static void netns_give_host(void)
{
	struct netns *ns = netns_of(&init_net);
	unsigned int cpu;

	cpus_read_lock();
	for_each_online_cpu(cpu)
		if (counts_give(ns->own, cpu))
			break;
	cpus_read_unlock();
	WRITE_ONCE(ns->cpu, ns->own->cpu);
}

/**
 * netns_start() - begin to count, in all namespaces there are and will be
 *
 * Return: 0 or -ENOMEM.
 */
int netns_start(void)
{
	int err;

	err = counts_start(netns_serve);
	if (err)
		return err;
	err = register_pernet_subsys(&netns_ops);
	if (err) {
		counts_stop();
		return err;
	}
	netns_give_host();
	/* From now on, whoever makes a namespace pays for it. */
	WRITE_ONCE(netns_gfp, GFP_KERNEL_ACCOUNT);
	return 0;
}

/** netns_stop() - forget all counters; no hook and no file is left */
void netns_stop(void)
{
	unregister_pernet_subsys(&netns_ops);
	counts_stop();
	xa_destroy(&netns_all);
}
