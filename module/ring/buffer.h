/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The rings of all CPUs: their memory, the locks of their readers, and waiting for records.
 * This code knows nothing of TCP.
 *
 * Writers take no lock. They read two variables that other CPUs write: struct buffer_cpu's
 * @waiting, and, if the ring must not overwrite, its tail. To resize a ring, it is replaced by
 * another one and freed after a grace period: RCU protects struct buffer_cpu.ring.
 *
 * A reader that consumes the records of one CPU holds buffer_access for reading, and the lock
 * of that CPU. A reader that consumes those of all CPUs holds buffer_access for writing. So
 * does a resize.
 */
#ifndef TCP_TEARDOWN_BUFFER_H
#define TCP_TEARDOWN_BUFFER_H

#include <linux/cpumask.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/rwsem.h>
#include <linux/wait.h>

#include "ring/ring.h"

/* Bounds and default of buffer_size_kb, which is for each CPU. */
#define BUFFER_KB_MIN	4
#define BUFFER_KB_MAX	(1024 * 1024)
#define BUFFER_KB	4096
/* The same of the parameter buffer_total_kb, which is for all CPUs together. */
#define BUFFER_TOTAL_KB_MAX	(1024 * 1024 * 1024)
#define BUFFER_TOTAL_KB		131072

/**
 * struct buffer_cpu - one CPU's ring and its waiting readers
 * @ring: NULL until the CPU first comes online
 * @waiting: a reader sleeps until there is a record
 * @refused: records that were refused because there was no ring; only this CPU writes it
 * @filtered: records that the filter refused; only this CPU writes it
 * @wait: readers of this CPU
 * @lock: serialises readers that consume this CPU's records, and protects the members below;
 *	nests inside buffer_access. A reader may copy to user space, and so take page faults,
 *	with both held.
 * @past: accounts of rings that were replaced
 * @base_refused: @refused when the accounts last started from 0
 * @base_filtered: @filtered at that time
 */
struct buffer_cpu {
	struct ring __rcu *ring;
	bool waiting;
	unsigned long refused;
	unsigned long filtered;
	wait_queue_head_t wait ____cacheline_aligned_in_smp;
	struct mutex lock;	/* of readers that consume */
	struct ring_account past;
	unsigned long base_refused;
	unsigned long base_filtered;
};

DECLARE_PER_CPU(struct buffer_cpu, buffer_cpus);

extern bool buffer_on;		/* tracing_on */
extern bool buffer_overwrite;	/* if full: overwrite the oldest record, else drop the new one */

extern struct rw_semaphore buffer_access;

/* The CPUs that have a ring. A CPU keeps its ring when it goes offline. */
extern struct cpumask buffer_cpumask;
#define for_each_ring(cpu)	for_each_cpu(cpu, &buffer_cpumask)

static inline struct buffer_cpu *buffer_of(unsigned int cpu)
{
	return per_cpu_ptr(&buffer_cpus, cpu);
}

/* The ring of a CPU. The caller holds buffer_access, so buffer_resize() waits. */
static inline struct ring *buffer_ring(unsigned int cpu)
{
	return rcu_dereference_protected(buffer_of(cpu)->ring,
					 lockdep_is_held(&buffer_access));
}

/**
 * struct buffer_cursor - where a reader that does not consume is in a CPU's ring
 * @pos: next position to read
 * @end: the position to stop at
 * @id: id of the ring
 */
struct buffer_cursor {
	unsigned long pos;
	unsigned long end;
	unsigned long id;
};

/**
 * struct buffer_memory - the size of rings, KiB
 * @kb: their size
 * @asked_kb: what their size would be without buffer_total_kb
 */
struct buffer_memory {
	unsigned long kb;
	unsigned long asked_kb;
};

/* buffer_size.c */
int buffer_start(unsigned int kb, unsigned int total_kb);
void buffer_stop(void);
int buffer_resize(unsigned int kb);

/* buffer_share.c */
unsigned int buffer_size_kb(void);
void buffer_memory(int cpu, struct buffer_memory *memory);

/* buffer_wait.c */
void buffer_init_cpu(struct buffer_cpu *b);
void buffer_wait_stop(void);
bool buffer_is_empty(int cpu);
void buffer_expect(int cpu);
void buffer_wake(void);
void buffer_wake_all(void);
wait_queue_head_t *buffer_waitqueue(int cpu);

/* buffer.c */
void buffer_look(unsigned int cpu, struct buffer_cursor *cursor);
bool buffer_peek(unsigned int cpu, struct buffer_cursor *cursor,
		 struct ring_slot *to, unsigned long *lost);

int buffer_lock(int cpu);
void buffer_unlock(int cpu);
bool buffer_next(unsigned int cpu, struct ring_slot *to, unsigned long *lost);
void buffer_consumed(unsigned int cpu);
unsigned long buffer_span(unsigned int cpu, unsigned long max, const struct ring_slot **first);
bool buffer_span_consumed(unsigned int cpu, unsigned long nr);

int buffer_clear(int cpu);
int buffer_account(int cpu, struct ring_account *account);

/* In place of a CPU's number: all CPUs. */
#define BUFFER_ALL	(-1)

#endif
