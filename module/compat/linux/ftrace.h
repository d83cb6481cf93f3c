/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How ftrace passes a function's arguments. FTRACE_HAS_ARGS says whether it passes them; if it does
 * not, hook_attach.c uses kprobes. FTRACE_ARGS_FLAGS are the flags with which an ftrace_ops asks
 * for them. Kbuild sets HAVE_*.
 */
#ifndef TCP_TEARDOWN_COMPAT_LINUX_FTRACE_H
#define TCP_TEARDOWN_COMPAT_LINUX_FTRACE_H

#include_next <linux/ftrace.h>

/*
 * d19ad0775dcd ("ftrace: Have the callbacks receive a struct ftrace_regs"), 5.11.
 * In older kernels, they receive a struct pt_regs.
 */
#ifndef HAVE_FTRACE_REGS
#define ftrace_regs pt_regs
#define ftrace_get_regs(regs) (regs)
#endif

#if defined(CONFIG_DYNAMIC_FTRACE_WITH_ARGS)

#define FTRACE_HAS_ARGS		1
#define FTRACE_ARGS_FLAGS	0
/* 94d095ffa0e1 ("ftrace: abstract DYNAMIC_FTRACE_WITH_ARGS accesses"), 6.2 */
#ifndef HAVE_FTRACE_REGS_GET_ARGUMENT
#define ftrace_regs_get_argument(fregs, n) \
	regs_get_kernel_argument(&(fregs)->regs, n)
#endif

#elif defined(CONFIG_DYNAMIC_FTRACE_WITH_REGS)

#define FTRACE_HAS_ARGS		1
#define FTRACE_ARGS_FLAGS	FTRACE_OPS_FL_SAVE_REGS
#undef ftrace_regs_get_argument
#define ftrace_regs_get_argument(fregs, n) \
	regs_get_kernel_argument(ftrace_get_regs(fregs), n)

#else

#define FTRACE_HAS_ARGS		0
#define FTRACE_ARGS_FLAGS	0
#undef ftrace_regs_get_argument
#define ftrace_regs_get_argument(fregs, n) ((void)(fregs), (void)(n), 0UL)

#endif

#ifndef CONFIG_FUNCTION_TRACER
struct ftrace_regs;

struct ftrace_ops {
	void (*func)(unsigned long ip, unsigned long parent_ip,
		     struct ftrace_ops *ops, struct ftrace_regs *regs);
	unsigned long flags;
};

#define FTRACE_OPS_FL_PERMANENT	0
#undef register_ftrace_function
#undef unregister_ftrace_function

static inline int register_ftrace_function(struct ftrace_ops *ops)
{
	return -ENODEV;
}

static inline int unregister_ftrace_function(struct ftrace_ops *ops)
{
	return 0;
}
#endif

#ifndef CONFIG_DYNAMIC_FTRACE
#undef ftrace_set_filter_ip
#undef ftrace_free_filter

/* Functions, not macros, so that the compiler takes their arguments as used. */
static inline int ftrace_set_filter_ip(struct ftrace_ops *ops, unsigned long ip,
				       int remove, int reset)
{
	return -ENODEV;
}

static inline void ftrace_free_filter(struct ftrace_ops *ops)
{
}
#elif !defined(HAVE_FTRACE_FREE_FILTER)
/* 8be9fbd5345d ("ftrace: Export ftrace_free_filter() to modules"), 6.2 and 6.1.y */
#define ftrace_free_filter(ops) ftrace_set_filter(ops, NULL, 0, 1)
#endif

#endif
