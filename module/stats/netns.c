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

/* Protects the list of namespaces. No walk of the whole list holds it all the time. */
static DEFINE_MUTEX(netns_lock);
static DEFINE_XARRAY(netns_all);	/* struct netns by number, which is never reused */
static loff_t netns_number;
static struct stats netns_gone;		/* sum over namespaces that were destroyed */
static LIST_HEAD(netns_walks);
static gfp_t netns_gfp = GFP_KERNEL;

/**
 * struct netns_walk - a walk that adds up the counters of all namespaces
 * @list: entry in netns_walks
 * @next: the sum includes the namespaces below this number
 * @late: counters of namespaces that were destroyed before the walk came to them
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

/*
 * Take a namespace off the list. No hook raises its counters any more. They go to netns_gone, and
 * to each walk that has not come to this namespace yet.
 */
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
 * From here on, hooks count into counts_grave. Hooks run with preemption disabled, and the kernel
 * waits for an RCU grace period between this function and the exit function.
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

/*
 * Get the next namespace's counters, with a reference. The sum may miss what hooks count there
 * from now on.
 */
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
 * netns_sum() - add up the counters of a namespace, or of the host
 * @net: the namespace; NULL for the sum over all, including those that were destroyed
 *
 * Context: process, may sleep. It does not delay the creation or destruction of namespaces.
 *
 * Return: the sum, which the caller frees by kfree(), or NULL if there is no memory.
 */
struct stats *netns_sum(const struct net *net)
{
	struct stats *sum = kzalloc(sizeof(*sum), GFP_KERNEL);
	struct netns_walk *walk;

	if (!sum)
		return NULL;
	if (net) {
		counts_add(netns_of(net)->own, sum);
	} else {
		walk = kzalloc(sizeof(*walk), GFP_KERNEL);
		if (!walk) {
			kfree(sum);
			return NULL;
		}
		netns_walk_all(walk, sum);
		kfree(walk);
	}
	stats_derive(sum);
	return sum;
}

/**
 * netns_elsewhere() - get how many counts a namespace's sum lacks
 * @net: the namespace
 *
 * Return: the number of counts that are in the host's sum alone, see struct counts.
 */
unsigned long netns_elsewhere(const struct net *net)
{
	return atomic_long_read(&netns_of(net)->own->elsewhere);
}

/**
 * netns_lock_from() - find the next namespace, and hold netns_lock until netns_unlock()
 * @number: the lowest number to look for; set to the number of the namespace
 *
 * The namespace is not destroyed while the lock is held.
 *
 * Context: process, may sleep.
 *
 * Return: the namespace. NULL if there is none; then the lock is not held.
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

/**
 * netns_newest() - get the number of the newest namespace
 *
 * Context: process, may sleep.
 *
 * Return: the number. All namespaces with lower numbers exist or have been destroyed.
 */
loff_t netns_newest(void)
{
	loff_t number;

	mutex_lock(&netns_lock);
	number = netns_number;
	mutex_unlock(&netns_lock);
	return number;
}

/* The worker calls this if a CPU often raises the shared counters of a namespace. */
static void netns_serve(struct counts *counts)
{
	loff_t number = counts->number;
	struct netns *ns;

	/* If there is no memory, counts_ask() asks again. */
	if (counts_give(counts, READ_ONCE(counts->asker)))
		return;
	ns = netns_lock_from(&number);
	if (!ns)
		return;
	if (ns->own == counts) {
		/* NULLs before the pointer: pairs with the dependency in netns_block(). */
		smp_store_release(&ns->cpu, counts->cpu);
	}
	netns_unlock();
}

/* In the initial namespace, each CPU has its own block from the start. */
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
 * netns_start() - prepare counters for all namespaces, present and future
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
	/* From now on, charge the counters to whoever creates the namespace. */
	WRITE_ONCE(netns_gfp, GFP_KERNEL_ACCOUNT);
	return 0;
}

/**
 * netns_stop() - free all counters
 *
 * Context: process, may sleep; no hook and no file is left.
 */
void netns_stop(void)
{
	unregister_pernet_subsys(&netns_ops);
	counts_stop();
	xa_destroy(&netns_all);
}
