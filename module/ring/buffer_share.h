/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TCP_TEARDOWN_BUFFER_SHARE_H
#define TCP_TEARDOWN_BUFFER_SHARE_H

#include <linux/cpumask.h>
#include <linux/log2.h>

#include "ring/buffer.h"

/*
 * Should the CPU have a ring? It should while it is online, even if there was no memory for a
 * ring; when it goes offline, it keeps the ring that it has.
 */
static inline bool ring_is_due(unsigned int cpu)
{
	return cpu_online(cpu) || rcu_access_pointer(buffer_of(cpu)->ring);
}

static inline unsigned long kb_to_slots(unsigned int kb)
{
	return roundup_pow_of_two((unsigned long)kb * 1024 / RING_SLOT_SIZE);
}

int buffer_share_start(unsigned int kb, unsigned int total_kb);
int buffer_share_check(unsigned int kb);
void buffer_share_set(unsigned long nr);
unsigned long buffer_share(unsigned int cpu);

#endif
