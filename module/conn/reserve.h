/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory for connections.
 *
 * It must be had in a hook, where nothing may sleep, and with PREEMPT_RT not
 * even kmem_cache_alloc() may be called with preemption off. So each CPU has a few
 * in reserve, touched by itself alone, with interrupts off. Where it has none left, or
 * too many, as where connections are opened on one CPU and end on another, a batch comes
 * from the depot, or goes there.
 */
#ifndef TCP_TEARDOWN_RESERVE_H
#define TCP_TEARDOWN_RESERVE_H

#include <linux/types.h>

/**
 * struct reserve_stats - of the memory
 * @max: as many connections may be remembered
 * @now: are remembered
 * @ready: memory for so many more is ready, on the CPUs that are online and in the depot
 * @full: times that there was no room, or no memory in time
 * @over_share: of these, times that the namespace held its share
 */
struct reserve_stats {
	unsigned long max;
	unsigned long now;
	unsigned long ready;
	unsigned long full;
	unsigned long over_share;
};

bool reserve_ready(void);
void *reserve_get(void);
void reserve_put(void *conn);
void reserve_stats(struct reserve_stats *stats);

int reserve_start(unsigned int max, size_t size);
void reserve_stop(void);

#endif
