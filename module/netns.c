// SPDX-License-Identifier: GPL-2.0
#include "netns.h"

#include <linux/delay.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/stop_machine.h>

#include "proc.h"

unsigned int netns_id __read_mostly;

/*
 * When a namespace goes, our exit may run before TCP's, which kills the
 * minisocks that are left there. Then our hooks count them here.
 */
static struct stats __percpu *netns_gone;

/* Who adds up the host's counters, and who adds a namespace to them or goes. */
static DEFINE_MUTEX(netns_lock);
static LIST_HEAD(netns_all);		/* by number */
static loff_t netns_number;
static bool netns_stopping;		/* no more files */
static gfp_t netns_gfp = GFP_KERNEL;

static int __net_init netns_init(struct net *net)
{
	struct netns *ns = netns_of(net);
	int err;

	ns->net = net;
	ns->stats = alloc_percpu_gfp(struct stats, READ_ONCE(netns_gfp));
	if (!ns->stats)
		return -ENOMEM;
	mutex_lock(&netns_lock);
	err = netns_stopping ? 0 : proc_start(net, ns);
	if (!err) {
		ns->number = ++netns_number;
		list_add_tail(&ns->list, &netns_all);
	}
	mutex_unlock(&netns_lock);
	if (err)
		free_percpu(ns->stats);
	return err;
}

static void __net_exit netns_exit_batch(struct list_head *nets)
{
	struct netns *ns;
	struct net *net;

	list_for_each_entry(net, nets, exit_list)
		proc_stop(netns_of(net)->dir);
	mutex_lock(&netns_lock);
	list_for_each_entry(net, nets, exit_list) {
		ns = netns_of(net);
		ns->buried = ns->stats;
		WRITE_ONCE(ns->stats, netns_gone);
	}
	mutex_unlock(&netns_lock);
	synchronize_rcu();	/* hooks run with preemption disabled */
	list_for_each_entry(net, nets, exit_list) {
		ns = netns_of(net);
		mutex_lock(&netns_lock);
		list_del(&ns->list);
		stats_move(ns->buried, netns_gone);
		mutex_unlock(&netns_lock);
		free_percpu(ns->buried);
		cond_resched();
	}
}

static struct pernet_operations netns_ops = {
	.init = netns_init,
	.exit_batch = netns_exit_batch,
	.id = &netns_id,
	.size = sizeof(struct netns),
};

/**
 * netns_sum() - counters
 * @net: of this namespace; NULL for the whole host, with those that went
 *
 * Context: process. Return: to be kfree()d, or NULL.
 */
struct stats *netns_sum(const struct net *net)
{
	struct stats *sum = kzalloc(sizeof(*sum), GFP_KERNEL);
	struct netns *ns;

	if (!sum)
		return NULL;
	if (net) {
		stats_add(netns_of(net)->stats, sum);
		return sum;
	}
	mutex_lock(&netns_lock);
	list_for_each_entry(ns, &netns_all, list) {
		stats_add(ns->buried ?: ns->stats, sum);
		cond_resched();
	}
	stats_add(netns_gone, sum);
	mutex_unlock(&netns_lock);
	return sum;
}

/* The first that has this number or a higher one, and is not going; or NULL. */
static struct netns *netns_from(loff_t number)
{
	struct netns *ns;

	list_for_each_entry(ns, &netns_all, list)
		if (ns->number >= number && !ns->buried)
			return ns;
	return NULL;
}

/**
 * struct netns_freeze - what is done while nothing else is
 * @ns: to whom
 * @groups: of the hooks that have come on
 * @sum: room
 */
struct netns_freeze {
	struct netns *ns;
	unsigned long groups;
	struct stats sum;
};

static int netns_frozen(void *arg)
{
	struct netns_freeze *freeze = arg;
	struct netns *ns = freeze->ns;

	memset(&freeze->sum, 0, sizeof(freeze->sum));
	stats_add(ns->stats, &freeze->sum);
	reconcile_begin(&ns->base, ns->net, &freeze->sum, freeze->groups);
	return 0;
}

/**
 * netns_baseline() - begin to compare with the kernel's counters
 * @groups: of the hooks that have been attached, bits by enum hook_group
 *
 * Traffic may run. Between what the kernel counts and our hook beside it there
 * is an instant; no CPU is within it while all are stopped, for the time that
 * one namespace takes. Then all have a rest: there may be many namespaces. Of
 * those that come meanwhile both counts begin at 0.
 *
 * Context: process, may sleep; the caller serialises.
 */
void netns_baseline(unsigned long groups)
{
	static struct netns_freeze freeze;	/* too large for the stack */
	loff_t number, last;

	mutex_lock(&netns_lock);
	last = netns_number;
	mutex_unlock(&netns_lock);
	freeze.groups = groups;
	for (number = 0; number <= last; number++) {
		mutex_lock(&netns_lock);
		freeze.ns = netns_from(number);
		number = freeze.ns ? freeze.ns->number : last;
		if (freeze.ns && number <= last)
			stop_machine(netns_frozen, &freeze, NULL);
		mutex_unlock(&netns_lock);
		usleep_range(1000, 2000);
	}
}

/**
 * netns_seq_start() - one namespace after the other, for seq_file
 * @m: the file
 * @pos: 0 for the header, else the number of a namespace, or of one that went
 *
 * Context: process. None goes until netns_seq_stop(). Those that go or come
 * between two reads shift no other.
 *
 * Return: SEQ_START_TOKEN, a struct netns, or NULL.
 */
void *netns_seq_start(struct seq_file *m, loff_t *pos)
{
	struct netns *ns;

	mutex_lock(&netns_lock);
	if (!*pos)
		return SEQ_START_TOKEN;
	ns = netns_from(*pos);
	if (ns)
		*pos = ns->number;
	return ns;
}

void *netns_seq_next(struct seq_file *m, void *v, loff_t *pos)
{
	struct netns *ns = v == SEQ_START_TOKEN ? NULL : v;

	++*pos;
	ns = list_prepare_entry(ns, &netns_all, list);
	list_for_each_entry_continue(ns, &netns_all, list) {
		if (ns->buried)
			continue;
		*pos = ns->number;
		return ns;
	}
	return NULL;
}

void netns_seq_stop(struct seq_file *m, void *v)
{
	mutex_unlock(&netns_lock);
}

/**
 * netns_start() - begin to count, in all namespaces there are and will be
 *
 * Return: 0 or -ENOMEM.
 */
int netns_start(void)
{
	int err;

	netns_gone = alloc_percpu(struct stats);
	if (!netns_gone)
		return -ENOMEM;
	err = register_pernet_subsys(&netns_ops);
	if (err)
		free_percpu(netns_gone);
	/* From now on, whoever makes a namespace pays for it. */
	WRITE_ONCE(netns_gfp, GFP_KERNEL_ACCOUNT);
	return err;
}

/* Take one namespace's files away, and hold it, so that it does not go meanwhile. */
static struct net *netns_take_dir(struct proc_dir_entry **dir)
{
	struct net *net = NULL;
	struct netns *ns;

	mutex_lock(&netns_lock);
	list_for_each_entry(ns, &netns_all, list) {
		net = ns->dir ? maybe_get_net(ns->net) : NULL;
		if (net) {
			*dir = ns->dir;
			ns->dir = NULL;
			break;
		}
	}
	mutex_unlock(&netns_lock);
	return net;
}

/**
 * netns_stop() - forget all counters; no hook is left
 *
 * The files go first: while their readers are waited for, who may take their time,
 * namespaces can still be made and go. One that is just going has no reader. One
 * that could not be made, and is undone, may have a count: wait for these.
 */
void netns_stop(void)
{
	struct proc_dir_entry *dir;
	struct net *net;

	mutex_lock(&netns_lock);
	netns_stopping = true;
	mutex_unlock(&netns_lock);
	net_ns_barrier();
	while ((net = netns_take_dir(&dir))) {
		proc_stop(dir);
		put_net(net);
	}
	unregister_pernet_subsys(&netns_ops);
	free_percpu(netns_gone);
}
