/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory for connections.
 *
 * A hook may not sleep, and with PREEMPT_RT it may not even call kmem_cache_alloc(), as
 * preemption is off. So each CPU has a few free connections, which it alone uses, with
 * interrupts off. If it has none left, or too many, as where connections are opened on one
 * CPU and end on another, a batch comes from the depot, or goes there.
 */
#ifndef TCP_TEARDOWN_CONN_POOL_H
#define TCP_TEARDOWN_CONN_POOL_H

#include <linux/types.h>

/**
 * struct conn_pool_stats - of the memory
 * @max: as many connections may be tracked
 * @now: are tracked
 * @ready: memory for so many more is ready, on the CPUs that are online and in the depot
 * @exhausted: times that there was no room, or no memory in time
 * @over_share: of these, times that the namespace held its share
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
