/* SPDX-License-Identifier: GPL-2.0 */
/* How hooks write to the ring of their CPU. */
#ifndef TCP_TEARDOWN_BUFFER_WRITE_H
#define TCP_TEARDOWN_BUFFER_WRITE_H

#include <linux/compiler.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>

#include "ring/buffer.h"

/**
 * buffer_claim() - get a slot of this CPU's ring to fill
 *
 * Context: any but NMI, preemption disabled until buffer_publish(). May nest.
 *
 * Return: NULL if recording is off, or if there is no room, which is counted.
 */
static inline struct ring_slot *buffer_claim(void)
{
	struct ring *ring;

	if (!data_race(buffer_on))	/* compared where it lies: READ_ONCE() would load it */
		return NULL;
	RCU_LOCKDEP_WARN(!rcu_read_lock_sched_held(), "the ring may go");
	ring = (__force struct ring *)this_cpu_read(buffer_cpus.ring);
	if (unlikely(!ring)) {
		this_cpu_inc(buffer_cpus.refused);
		return NULL;
	}
	return ring_claim(ring, data_race(buffer_overwrite));	/* the same */
}

/**
 * buffer_filtered() - count a record that the filter refused
 *
 * Context: as buffer_claim(), in its place.
 */
static inline void buffer_filtered(void)
{
	if (READ_ONCE(buffer_on))
		this_cpu_inc(buffer_cpus.filtered);
}

/**
 * buffer_publish() - the slot is filled
 * @slot: from buffer_claim()
 */
static inline void buffer_publish(struct ring_slot *slot)
{
	ring_publish(slot);
	if (unlikely(this_cpu_read(buffer_cpus.waiting)))
		buffer_wake();
}

#endif
