/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How many connections a network namespace may hold: three times as many as are free in
 * the table. So one has three quarters of it at most, two have three sevenths each, and
 * whoever comes finds room, whatever others hold.
 *
 * Each CPU has permits for a namespace, which it buys and sells in batches: so the usual
 * connection writes nothing that CPUs share, and the rule is asked once a batch. What is
 * sold counts as held. Namespaces are numbered as they come, and those whose numbers
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
 * share_take() - a permit to remember one more
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
 * share_give() - a connection is forgotten
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
