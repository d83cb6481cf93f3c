/* SPDX-License-Identifier: GPL-2.0 */
/* The writers' side of the buffer: hooks write to the ring of their CPU. */
#ifndef TCP_TEARDOWN_BUFFER_WRITE_H
#define TCP_TEARDOWN_BUFFER_WRITE_H

#include <linux/compiler.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>

#include "ring/buffer.h"

/**
 * buffer_claim() - claim a slot of this CPU's ring to fill
 *
 * Context: any but NMI, preemption disabled until buffer_publish(). May nest.
 *
 * Return: the slot. NULL if recording is off; NULL, and counted as dropped, if there is no room.
 */
static inline struct ring_slot *buffer_claim(void)
{
	struct ring *ring;

	/* With READ_ONCE(), the compiler does not compare the variable in memory, but loads it. */
	if (!data_race(buffer_on))
		return NULL;
	RCU_LOCKDEP_WARN(!rcu_read_lock_sched_held(), "the ring may be freed");
	ring = (__force struct ring *)this_cpu_read(buffer_cpus.ring);
	if (unlikely(!ring)) {
		this_cpu_inc(buffer_cpus.refused);
		return NULL;
	}
	return ring_claim(ring, data_race(buffer_overwrite));	/* as above */
}

/**
 * buffer_filtered() - count a record that the filter refused
 *
 * Context: as buffer_claim(), and called in its place.
 */
static inline void buffer_filtered(void)
{
	if (READ_ONCE(buffer_on))
		this_cpu_inc(buffer_cpus.filtered);
}

/**
 * buffer_publish() - let readers see the record in a slot, and wake them if they sleep
 * @slot: from buffer_claim(), filled
 *
 * Context: as buffer_claim().
 */
static inline void buffer_publish(struct ring_slot *slot)
{
	ring_publish(slot);
	if (unlikely(this_cpu_read(buffer_cpus.waiting)))
		buffer_wake();
}

#endif
