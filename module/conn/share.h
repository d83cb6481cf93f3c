/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How many connections a network namespace may hold: three times as many as are free. So
 * one namespace has three quarters of the pool at most, two have three sevenths each, and a
 * new one always finds room.
 *
 * Each CPU buys and sells permits for a namespace in batches: so a connection usually writes
 * nothing that CPUs share, and the rule is checked once a batch. A sold permit counts as
 * held. Namespaces are numbered as they come, and those whose numbers
 * are alike modulo SHARES have one share: so a share has no beginning and no end.
 */
#ifndef TCP_TEARDOWN_SHARE_H
#define TCP_TEARDOWN_SHARE_H

#include <linux/percpu.h>
#include <linux/types.h>

#include "conn/depot.h"
#include "stats/netns.h"

#define SHARES	256

DECLARE_PER_CPU(u8 [SHARES], share_permits);

/* Context: as netns_hooked(). */
static inline u8 share_of(const struct net *net)
{
	return netns_hooked(net)->share;
}

bool share_buy(u8 share, u8 *permits);
void share_sell(u8 share, u8 *permits);

/**
 * share_ready() - would share_take() have a permit?
 * @share: of the namespace
 *
 * Context: any but NMI, interrupts off until then.
 */
static inline bool share_ready(u8 share)
{
	u8 *permits = this_cpu_ptr(&share_permits[share]);

	return likely(*permits) || share_buy(share, permits);
}

/**
 * share_take() - take a permit to track one more connection
 * @share: of the namespace
 *
 * Context: any but NMI, interrupts off.
 *
 * Return: false if the namespace holds its share.
 */
static inline bool share_take(u8 share)
{
	if (!share_ready(share))
		return false;
	__this_cpu_dec(share_permits[share]);
	return true;
}

/**
 * share_give() - a connection is untracked
 * @share: of its namespace, which may be gone
 *
 * Context: any but NMI, interrupts off.
 */
static inline void share_give(u8 share)
{
	u8 *permits = this_cpu_ptr(&share_permits[share]);

	if (unlikely(++*permits >= 2 * READ_ONCE(depot_batch_max)))
		share_sell(share, permits);
}

void share_leave(unsigned int cpu);
void share_refuse(u8 share, const struct net *net);
unsigned long share_refusals(void);

#endif
