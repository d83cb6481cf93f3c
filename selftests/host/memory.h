/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's primitives for shared memory, for ring.[ch] on the host; x86-64.
 *
 * Plain, and with AddressSanitizer: the kernel's own instructions.
 *
 * With ThreadSanitizer: C11 atomics, because it ignores inline assembly and does not
 * understand fences. So it checks acquire and release: the handing over of published and
 * of consumed records. It can't check smp_wmb() and smp_rmb(), which protect a copy that
 * a writer may overwrite; the plain run tests these with the machine's memory order,
 * ring.pml with a weaker one.
 *
 * With HOST_POINTS: host_point() is called before each of them, and may do whatever an
 * interrupt or another CPU could do there.
 */
#ifndef HOST_MEMORY_H
#define HOST_MEMORY_H

#ifdef HOST_POINTS
void host_point(void);
#else
#define host_point()	((void)0)
#endif

typedef struct {
	long counter;
} local_t;

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define HOST_TSAN	1
#endif
#endif

#define barrier()	asm volatile("" : : : "memory")

#ifdef HOST_TSAN
#define host_load(p, order)		__atomic_load_n(p, order)
#define host_store(p, value, order)	__atomic_store_n(p, value, order)
#define host_fence(order)		__atomic_thread_fence(order)

static inline long host_cmpxchg(local_t *l, long old, long new)
{
	__atomic_compare_exchange_n(&l->counter, &old, new, 0, __ATOMIC_RELAXED,
				    __ATOMIC_RELAXED);
	return old;
}

static inline void host_inc(local_t *l)
{
	__atomic_fetch_add(&l->counter, 1, __ATOMIC_RELAXED);
}
#else
/* x86 keeps this order, except for a store followed by a load. */
#define host_load(p, order) ({						\
	typeof(*(p)) host_value = *(volatile typeof(*(p)) *)(p);	\
	if ((order) != __ATOMIC_RELAXED)				\
		barrier();						\
	host_value;							\
})
#define host_store(p, value, order) do {				\
	if ((order) != __ATOMIC_RELAXED)				\
		barrier();						\
	*(volatile typeof(*(p)) *)(p) = (value);			\
} while (0)
#define host_fence(order)	barrier()

static inline long host_cmpxchg(local_t *l, long old, long new)
{
	asm volatile("cmpxchgq %2,%1" : "+a"(old), "+m"(l->counter) : "r"(new) : "memory");
	return old;
}

static inline void host_inc(local_t *l)
{
	asm volatile("incq %0" : "+m"(l->counter));
}
#endif

#define READ_ONCE(x)		({ host_point(); host_load(&(x), __ATOMIC_RELAXED); })
#define WRITE_ONCE(x, value) do {					\
	host_point();							\
	host_store(&(x), value, __ATOMIC_RELAXED);			\
} while (0)
#define smp_load_acquire(p)	({ host_point(); host_load(p, __ATOMIC_ACQUIRE); })
#define smp_store_release(p, value) do {				\
	host_point();							\
	host_store(p, value, __ATOMIC_RELEASE);				\
} while (0)
#define smp_wmb()		host_fence(__ATOMIC_RELEASE)
#define smp_rmb()		host_fence(__ATOMIC_ACQUIRE)

#define local_read(l)		READ_ONCE((l)->counter)
#define local_inc(l)		({ host_point(); host_inc(l); })
#define local_cmpxchg(l, old, new) ({ host_point(); host_cmpxchg(l, old, new); })

/*
 * A copy that a writer may overwrite meanwhile, and that is discarded then. If that can
 * happen (host_races), it is made word by word in a way that ThreadSanitizer allows;
 * otherwise it is a plain copy, in which ThreadSanitizer may find races.
 */
#define data_race(copy)		({ copy; })
#if defined(HOST_TSAN) || defined(HOST_POINTS)
void *host_copy(void *to, const void *from, size_t size);
#define memcpy			host_copy
#endif

extern bool host_races;

#endif
