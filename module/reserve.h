/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory for connections.
 *
 * It must be had in a hook, where nothing may sleep, and with PREEMPT_RT not
 * even kmem_cache_alloc() may be called with preemption off. So each CPU has a
 * reserve, which a worker fills and trims. It is touched by its own CPU alone,
 * with interrupts off.
 */
#ifndef TCP_TEARDOWN_RESERVE_H
#define TCP_TEARDOWN_RESERVE_H

struct conn;

/**
 * struct reserve_stats - of the memory
 * @max: as many connections may be remembered
 * @now: are remembered
 * @full: times that there was no room, or no memory in time
 */
struct reserve_stats {
	unsigned long max;
	unsigned long now;
	unsigned long full;
};

struct conn *reserve_get(void);
void reserve_put(struct conn *conn);
void reserve_stats(struct reserve_stats *stats);

int reserve_start(unsigned int max);
void reserve_stop(void);

#endif
