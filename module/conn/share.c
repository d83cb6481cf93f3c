// SPDX-License-Identifier: GPL-2.0
#include "conn/share.h"

#include <linux/atomic.h>
#include <linux/minmax.h>

/* A namespace may hold this many times the number of free connections. */
#define SHARE_TIMES	3

static_assert(SHARES - 1 == U8_MAX);
static_assert(2 * DEPOT_BATCH <= U8_MAX);

DEFINE_PER_CPU(u8 [SHARES], share_permits);
static DEFINE_PER_CPU(unsigned long, share_refused);

/* Permits of each share that CPUs have bought, in use or not. */
static atomic_long_t share_sold[SHARES];

/**
 * share_buy() - buy a batch of permits for this CPU
 * @share: the share of the namespace
 * @permits: this CPU's permits, 0
 *
 * CPUs that buy at the same time may exceed the share by a batch each.
 *
 * Context: any but NMI, interrupts disabled.
 *
 * Return: false if the share is used up.
 */
bool share_buy(u8 share, u8 *permits)
{
	long left = SHARE_TIMES * depot_room() - atomic_long_read(&share_sold[share]);

	if (left <= 0)
		return false;
	*permits = min_t(long, left, READ_ONCE(depot_batch_max));
	atomic_long_add(*permits, &share_sold[share]);
	return true;
}

/**
 * share_sell() - sell this CPU's permits, except a batch
 * @share: the share of the namespace
 * @permits: this CPU's permits, two batches or more
 *
 * Context: any but NMI, interrupts disabled.
 */
void share_sell(u8 share, u8 *permits)
{
	/*
	 * If a CPU has just gone offline, a batch has grown since share_give() looked, but at most
	 * to twice its size, see depot_scale(). So this is not negative.
	 */
	unsigned int nr = *permits - READ_ONCE(depot_batch_max);

	*permits -= nr;
	atomic_long_sub(nr, &share_sold[share]);
}

/**
 * share_leave() - sell all permits of a CPU that goes offline
 * @cpu: the CPU, which has stopped
 */
void share_leave(unsigned int cpu)
{
	u8 *permits = per_cpu(share_permits, cpu);
	unsigned int i;

	for (i = 0; i < SHARES; i++) {
		atomic_long_sub(permits[i], &share_sold[i]);
		permits[i] = 0;
	}
}

/**
 * share_refuse() - count a connection that is left untracked because the share is used up
 * @share: the share of its namespace
 * @net: its namespace
 */
void share_refuse(u8 share, const struct net *net)
{
	this_cpu_inc(share_refused);
	netns_count(net, STATS_OVER_SHARE);
}

/**
 * share_refusals() - get how often share_refuse() was called
 *
 * Return: the sum over all namespaces.
 */
unsigned long share_refusals(void)
{
	unsigned long sum = 0;
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu(share_refused, cpu));
	return sum;
}
