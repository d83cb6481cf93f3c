// SPDX-License-Identifier: GPL-2.0
#include "conn/share.h"

#include <linux/atomic.h>
#include <linux/minmax.h>

/* A namespace may hold so many times what is free. */
#define SHARE_TIMES	3

static_assert(SHARES - 1 == U8_MAX);
static_assert(2 * DEPOT_BATCH <= U8_MAX);

DEFINE_PER_CPU(u8 [SHARES], share_permits);
static DEFINE_PER_CPU(unsigned long, share_refused);

static atomic_long_t share_sold[SHARES];

/**
 * share_buy() - a batch of permits for this CPU
 * @share: of the namespace
 * @permits: this CPU's, of which there are none
 *
 * Context: any but NMI, interrupts off. CPUs that buy at once may exceed the share, by a
 * batch each.
 *
 * Return: false if the namespace holds its share.
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
 * share_sell() - this CPU has too many permits
 * @share: of the namespace
 * @permits: this CPU's, two batches or more
 *
 * Context: any but NMI, interrupts off.
 */
void share_sell(u8 share, u8 *permits)
{
	unsigned int nr = *permits - READ_ONCE(depot_batch_max);

	*permits -= nr;
	atomic_long_sub(nr, &share_sold[share]);
}

/**
 * share_leave() - a CPU has gone
 * @cpu: which; it runs no hook any more
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
 * share_refuse() - count one that is not remembered
 * @share: of its namespace
 * @net: its namespace
 */
void share_refuse(u8 share, const struct net *net)
{
	this_cpu_inc(share_refused);
	netns_count(net, STATS_OVER_SHARE);
}

/** share_refusals() - how often, of all namespaces */
unsigned long share_refusals(void)
{
	unsigned long sum = 0;
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu(share_refused, cpu));
	return sum;
}
