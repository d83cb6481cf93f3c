/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Limits how many connections a network namespace may hold: three times as many as are free. One
 * namespace alone can thus hold three quarters of the pool, two can hold three sevenths each, and
 * a new one always finds room.
 *
 * To track a connection takes a permit of its namespace. Each CPU buys and sells permits in
 * batches, so tracking a connection usually writes nothing that CPUs share, and the limit is
 * checked once for each batch. A permit that a CPU has bought counts as held.
 *
 * Namespaces are numbered in the order of their creation. All whose numbers are equal modulo
 * SHARES use the same share, so shares need not be created and destroyed.
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
 * share_ready() - will share_take() succeed?
 * @share: the share of the namespace
 *
 * Context: any but NMI. Interrupts are disabled until the caller has called share_take().
 *
 * Return: true if it will.
 */
static inline bool share_ready(u8 share)
{
	u8 *permits = this_cpu_ptr(&share_permits[share]);

	return likely(*permits) || share_buy(share, permits);
}

/**
 * share_take() - take a permit to track one more connection
 * @share: the share of the namespace
 *
 * Context: any but NMI, interrupts disabled.
 *
 * Return: false if the share is used up.
 */
static inline bool share_take(u8 share)
{
	if (!share_ready(share))
		return false;
	__this_cpu_dec(share_permits[share]);
	return true;
}

/**
 * share_give() - return the permit of a connection that is untracked
 * @share: the share of its namespace, which may have been destroyed
 *
 * Context: any but NMI, interrupts disabled.
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
