/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The parts of the kernel that the module's files need to compile in user space. It is
 * included ahead of them; the headers that they include are the C library's, empty, or
 * the kernel's own (see Makefile).
 */
#ifndef HOST_KERNEL_H
#define HOST_KERNEL_H

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <asm/byteorder.h>
#include <linux/types.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s64 s64;
typedef struct { u32 val; } kuid_t;

#define TASK_COMM_LEN	16
#define U8_MAX		UINT8_MAX
#define U16_MAX		UINT16_MAX
#define U32_MAX		UINT32_MAX

#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#define __aligned(x)	__attribute__((aligned(x)))
#define __noreturn	__attribute__((noreturn))
#define __section(name)	__attribute__((section(name)))
#define noinline	__attribute__((noinline))
#define __printf(a, b)	__attribute__((format(printf, a, b)))
#define ____cacheline_aligned_in_smp	__aligned(64)
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define sizeof_field(of, name)	sizeof(((of *)0)->name)
#define DIV_ROUND_UP(a, b)	(((a) + (b) - 1) / (b))
#define min(a, b)	((a) < (b) ? (a) : (b))
#define ilog2(a)	(63 - __builtin_clzll(a))
#define fls64(a)	((a) ? 64 - __builtin_clzll(a) : 0)
#define __ffs(a)	__builtin_ctzl(a)

#define __rcu
#define __read_mostly
#define EXPORT_SYMBOL(name)	extern int host_exports_nothing

#include "memory.h"

/* Text */

#define NSEC_PER_SEC	1000000000L
#define NSEC_PER_USEC	1000L
#define USEC_PER_SEC	1000000L
#define hex_asc		"0123456789abcdef"
#define be64_to_cpu(x)	__builtin_bswap64(x)

#define div_u64(a, b)	((u64)(a) / (u32)(b))

static inline u64 div_u64_rem(u64 a, u32 b, u32 *rest)
{
	*rest = a % b;
	return a / b;
}

/* As snprintf(), but they return how much was printed. */
static inline __printf(3, 0) int vscnprintf(char *to, size_t size, const char *format,
					    va_list args)
{
	int len = vsnprintf(to, size, format, args);

	return !size ? 0 : (size_t)len < size ? len : (int)size - 1;
}

static inline __printf(3, 4) int scnprintf(char *to, size_t size, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vscnprintf(to, size, format, args);
	va_end(args);
	return len;
}

static inline ssize_t strscpy(char *to, const char *from, size_t size)
{
	size_t len = strnlen(from, size - 1);

	memcpy(to, from, len);
	to[len] = '\0';
	return from[len] ? -E2BIG : (ssize_t)len;
}

/* The kernel's own; see Makefile. */
int hex_to_bin(unsigned char ch);
int in4_pton(const char *src, int srclen, u8 *dst, int delim, const char **end);
int in6_pton(const char *src, int srclen, u8 *dst, int delim, const char **end);
char *strim(char *s);
char *skip_spaces(const char *str);

/* The kernel's log: the last line, and how many there were. */
extern char host_log[2048];
extern unsigned int host_logged;
__printf(1, 2) void host_print(const char *format, ...);
#define pr_err(...)		host_print(__VA_ARGS__)
#define pr_err_ratelimited(...)	host_print(__VA_ARGS__)
#define DEFAULT_RATELIMIT_INTERVAL	0
#define DEFAULT_RATELIMIT_BURST		0
#define DEFINE_RATELIMIT_STATE(name, interval, burst) int name = (interval) + (burst)
#define __ratelimit(state)	(!*(state))

/* Memory, errors, and locks of one thread */

#define GFP_KERNEL		0
#define kmalloc(size, gfp)	malloc((size) + (gfp))
#define kzalloc(size, gfp)	calloc(1, (size) + (gfp))
#define kfree(p)		free((void *)(p))
#define ERR_PTR(err)		((void *)(long)(err))
#define PTR_ERR(p)		((long)(p))
#define IS_ERR(p)		((unsigned long)(p) >= (unsigned long)-4095)

#define DEFINE_MUTEX(name)	int name
#define mutex_lock(lock)	host_lock(lock, 1)
#define mutex_unlock(lock)	host_lock(lock, -1)
#define lockdep_is_held(lock)	(*(lock))
#define rcu_dereference_sched(p)		(p)
#define rcu_dereference_protected(p, held)	({ assert(held); (p); })
#define rcu_replace_pointer(p, new, held) ({				\
	typeof(p) host_old = (p);					\
	assert(held);							\
	(p) = (new);							\
	host_old;							\
})
#define synchronize_rcu()	((void)0)
#define cond_resched()		((void)0)

static inline void host_lock(int *lock, int change)
{
	*lock += change;
	assert(*lock == 0 || *lock == 1);
}

/* Files */

#define __user
#define __percpu
#define seq_puts(m, text)	seq_printf(m, "%s", text)
#define THIS_MODULE	NULL
#define seq_read	NULL
#define seq_lseek	NULL
#define single_release	NULL

struct inode;
struct module;
struct seq_file;

struct file {
	char shown[1024];
};

struct seq_file {
	struct file *file;
};

struct file_operations {
	struct module *owner;
	int (*open)(struct inode *inode, struct file *file);
	void *read;
	ssize_t (*write)(struct file *file, const char *from, size_t size, loff_t *pos);
	void *llseek;
	void *release;
};

__printf(2, 3) void seq_printf(struct seq_file *m, const char *format, ...);
int single_open(struct file *file, int (*show)(struct seq_file *m, void *v), void *data);
unsigned long copy_from_user(void *to, const void *from, unsigned long size);

/* The value of "self" in a filter. */
struct host_task {
	u64 cgroup;
	struct {
		struct {
			struct {
				u32 inum;
			} ns;
		} *net_ns;
	} *nsproxy;
};

extern struct host_task *current;

#define CONFIG_SOCK_CGROUP_DATA	1
#define task_dfl_cgroup(task)	((task)->cgroup)
#define cgroup_id(cgroup)	(cgroup)
#define rcu_read_lock()		((void)0)
#define rcu_read_unlock()	((void)0)

#endif
