/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What each network namespace has of its own: counters and /proc files.
 */
#ifndef TCP_TEARDOWN_NETNS_H
#define TCP_TEARDOWN_NETNS_H

#include <linux/bitops.h>
#include <linux/minmax.h>
#include <linux/time64.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "reconcile.h"
#include "stats.h"
#include "uapi/tcp_teardown.h"
#include "verdict.h"

/**
 * struct netns - our part of a struct net
 * @stats: counters; read it once, with preemption disabled: see netns.c
 * @buried: NULL, or the counters of a namespace that is going
 * @net: whose it is
 * @base: where both counts began, to be compared
 * @number: never used again, in the order of @list
 * @list: all there are
 * @dir: /proc/net/tcp_teardown; NULL once the module goes
 */
struct netns {
	struct stats __percpu *stats;
	struct stats __percpu *buried;
	struct net *net;
	struct reconcile_base base;
	loff_t number;
	struct list_head list;
	struct proc_dir_entry *dir;
};

extern unsigned int netns_id;

/* Context: any, from netns_start() to netns_stop(), while @net is valid. */
static inline struct netns *netns_of(const struct net *net)
{
	return net_generic(net, netns_id);
}

/*
 * The counters, for a hook: with preemption disabled, which is a section of RCU's.
 * net_generic() would call rcu_read_lock() and its end each time.
 */
static inline struct stats __percpu *netns_stats(const struct net *net)
{
	const struct net_generic *ng = rcu_dereference_sched(net->gen);

	return READ_ONCE(((struct netns *)ng->ptr[netns_id])->stats);
}

static inline void netns_count(const struct net *net, enum stats_counter what)
{
	this_cpu_inc(netns_stats(net)->count[what]);
}

/**
 * stats_state() - which of the states whose time is told of
 * @state: TCP_FIN_WAIT1 ...
 *
 * Return: enum stats_state, or negative if it is none.
 */
static inline int stats_state(int state)
{
	static const u8 plus_one[TCP_MAX_STATES] = {
		[TCP_FIN_WAIT1] = STATS_FIN_WAIT1 + 1,
		[TCP_FIN_WAIT2] = STATS_FIN_WAIT2 + 1,
		[TCP_CLOSING] = STATS_CLOSING + 1,
		[TCP_TIME_WAIT] = STATS_TIME_WAIT + 1,
		[TCP_CLOSE_WAIT] = STATS_CLOSE_WAIT + 1,
		[TCP_LAST_ACK] = STATS_LAST_ACK + 1,
	};

	return plus_one[state] - 1;
}

/**
 * stats_bucket() - where a time goes
 * @ns: the time
 */
static inline unsigned int stats_bucket(u64 ns)
{
	return min(fls64(ns / NSEC_PER_USEC), STATS_BUCKETS - 1);
}

/* @spent: nanoseconds in @from, TCP_TEARDOWN_UNKNOWN if it was entered unseen. */
static inline void netns_transition(const struct net *net, int from, int to, u64 spent)
{
	struct stats __percpu *stats = netns_stats(net);
	int state = stats_state(from);

	this_cpu_inc(stats->transition[from][to]);
	if (state >= 0 && spent != TCP_TEARDOWN_UNKNOWN)
		this_cpu_inc(stats->spent[state][stats_bucket(spent)]);
}

static inline void netns_end(const struct net *net, const struct verdict *v)
{
	struct stats __percpu *stats = netns_stats(net);

	this_cpu_inc(stats->end[v->how][v->end.set_off]);
	this_cpu_inc(stats->first[v->end.first]);
}

static inline void netns_reset_sent(const struct net *net, u16 reason)
{
	this_cpu_inc(netns_stats(net)->reset_sent[reason]);
}

static inline void netns_reset_received(const struct net *net, u8 state)
{
	this_cpu_inc(netns_stats(net)->reset_received[state]);
}

struct stats *netns_sum(const struct net *net);
void netns_baseline(unsigned long groups);

void *netns_seq_start(struct seq_file *m, loff_t *pos);
void *netns_seq_next(struct seq_file *m, void *v, loff_t *pos);
void netns_seq_stop(struct seq_file *m, void *v);

int netns_start(void);
void netns_stop(void);

#endif
