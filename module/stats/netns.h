/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the module keeps for each network namespace: counters and /proc files.
 */
#ifndef TCP_TEARDOWN_NETNS_H
#define TCP_TEARDOWN_NETNS_H

#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "base/moment.h"
#include "stats/counts.h"
#include "stats/reconcile.h"
#include "stats/stats.h"
#include "uapi/tcp_teardown.h"

/**
 * struct netns - what the module keeps for a network namespace
 * @cpu: each CPU's own block of counters, or NULL; for hooks, a copy of @counts->cpu
 * @counts: the counters that hooks raise: @own, or counts_grave when the namespace is being
 *	destroyed
 * @own: the namespace's own counters
 * @net: the namespace
 * @base: the kernel's and the module's counts when the hooks were attached
 * @share: see share.h
 * @dir: /proc/net/tcp_teardown, see proc.c; NULL once the module is being unloaded
 */
struct netns {
	struct stats * __percpu *cpu;
	struct counts *counts;
	struct counts *own;
	struct net *net;
	struct reconcile_base base;
	u8 share;
	struct proc_dir_entry *dir;
};

extern unsigned int netns_id;

/* Context: any, from netns_start() to netns_stop(), while @net is valid. */
static inline struct netns *netns_of(const struct net *net)
{
	return net_generic(net, netns_id);
}

/*
 * For hooks. They run with preemption disabled, which is an RCU read-side critical section.
 * net_generic() would enter and leave one of its own each time.
 */
static inline const struct netns *netns_hooked(const struct net *net)
{
	const struct net_generic *ng = rcu_dereference_sched(net->gen);

	return ng->ptr[netns_id];
}

/* This CPU's own block of counters, or NULL. */
static inline struct stats *netns_block(const struct netns *ns)
{
	return this_cpu_read(*READ_ONCE(ns->cpu));
}

static inline void netns_inc(const struct netns *ns, struct stats *block, unsigned int what)
{
	if (likely(block))
		counts_inc_own(block, what);
	else
		counts_inc_shared(READ_ONCE(ns->counts), what);
}

static inline void netns_inc_one(const struct net *net, unsigned int what)
{
	const struct netns *ns = netns_hooked(net);

	netns_inc(ns, netns_block(ns), what);
}

/* As netns_count(), for a caller that has called netns_hooked() already. */
static inline void netns_count_in(const struct netns *ns, enum stats_counter what)
{
	netns_inc(ns, netns_block(ns), STATS_AT(count[what]));
}

static inline void netns_count(const struct net *net, enum stats_counter what)
{
	netns_count_in(netns_hooked(net), what);
}

/* @spent: nanoseconds in @from, TCP_TEARDOWN_UNKNOWN if nobody saw when it was entered */
static inline void netns_transition(const struct netns *ns, int from, int to, u64 spent)
{
	struct stats *block = netns_block(ns);
	int state;

	netns_inc(ns, block, STATS_AT(transition[from][to]));
	if (spent == TCP_TEARDOWN_UNKNOWN)
		return;
	state = stats_state(from);
	if (likely(state >= 0))
		netns_inc(ns, block, STATS_AT(spent[state][stats_bucket(spent)]));
}

static inline void netns_end(const struct netns *ns, const struct moment *m)
{
	struct stats *block = netns_block(ns);

	netns_inc(ns, block, STATS_AT(end[m->how][m->set_off]));
	netns_inc(ns, block, STATS_AT(first[m->first]));
}

static inline void netns_reset_sent(const struct net *net, u16 reason)
{
	netns_inc_one(net, STATS_AT(reset_sent[reason]));
}

static inline void netns_reset_received(const struct net *net, u8 state)
{
	netns_inc_one(net, STATS_AT(reset_received[state]));
}

struct stats *netns_sum(const struct net *net);
unsigned long netns_elsewhere(const struct net *net);

struct netns *netns_lock_from(loff_t *number);
void netns_unlock(void);
loff_t netns_newest(void);

int netns_start(void);
void netns_stop(void);

#endif
