/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory for connections.
 *
 * A hook must not sleep. With PREEMPT_RT it must not even call kmem_cache_alloc(), because
 * preemption is disabled. So each CPU has a few free connections, which no other CPU uses, and
 * which it takes and returns with interrupts disabled. If it has none left, it takes a batch from
 * the depot. If it has too many, it gives a batch to the depot: connections may be opened on one
 * CPU and end on another.
 */
#ifndef TCP_TEARDOWN_CONN_POOL_H
#define TCP_TEARDOWN_CONN_POOL_H

#include <linux/types.h>

/**
 * struct conn_pool_stats - the use of the pool
 * @max: how many connections may be tracked at once
 * @now: how many are tracked
 * @ready: how many are free, on the CPUs that are online and in the depot
 * @exhausted: how often a connection was left untracked
 * @over_share: how many of these because the namespace had used up its share
 */
struct conn_pool_stats {
	unsigned long max;
	unsigned long now;
	unsigned long ready;
	unsigned long exhausted;
	unsigned long over_share;
};

bool conn_pool_ready(void);
void *conn_pool_get(void);
void conn_pool_put(void *conn);
void conn_pool_stats(struct conn_pool_stats *stats);

int conn_pool_start(unsigned int max, size_t size);
void conn_pool_stop(void);

#endif
