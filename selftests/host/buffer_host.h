/* SPDX-License-Identifier: GPL-2.0 */
/* What module/ring/buffer.h and files/merge.c need from the kernel, for merge_check.c. */
#ifndef HOST_BUFFER_H
#define HOST_BUFFER_H

#include "kernel.h"

#define HOST_CPUS	64
#define nr_cpu_ids	HOST_CPUS

#undef lockdep_is_held
#define lockdep_is_held(lock)		true
#define DECLARE_PER_CPU(type, name)	extern type name
#define per_cpu_ptr(p, cpu)		((p) + (cpu))
#define this_cpu_ptr(p)			(p)
#define this_cpu_read(value)		(value)
#define this_cpu_inc(value)		((value)++)
#define __rcu
#define __force
#ifndef data_race	/* races are not tested here */
#define data_race(value)		(value)
#endif
#define RCU_LOCKDEP_WARN(wrong, text)

struct mutex {
	int held;
};

struct rw_semaphore {
	int held;
};

struct cpumask {
	unsigned long bits;
};

typedef int wait_queue_head_t;

/* CPUs with a ring. */
#define for_each_cpu(cpu, mask)					\
	for ((cpu) = 0; (cpu) < HOST_CPUS; (cpu)++)		\
		if ((mask)->bits >> (cpu) & 1)

/* As in the kernel: aligned to its size, if that is a power of two. */
static inline void *host_kzalloc(size_t size)
{
	void *p = aligned_alloc(size & (size - 1) ? 8 : size, size);

	return p ? memset(p, 0, size) : NULL;
}

#undef kzalloc
#define kzalloc(size, gfp)		host_kzalloc((size) + (gfp))
#define struct_size(p, member, nr)	(sizeof(*(p)) + (nr) * sizeof((p)->member[0]))
#define kvzalloc(size, gfp)		kzalloc(size, gfp)
#define kvfree(p)			kfree(p)
#define U64_MAX				UINT64_MAX

u64 ktime_get_mono_fast_ns(void);

#endif
