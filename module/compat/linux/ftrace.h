/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TCP_TEARDOWN_COMPAT_LINUX_FTRACE_H
#define TCP_TEARDOWN_COMPAT_LINUX_FTRACE_H

#include_next <linux/ftrace.h>

#ifdef CONFIG_DYNAMIC_FTRACE_WITH_ARGS

/* 94d095ffa0e1 ("ftrace: abstract DYNAMIC_FTRACE_WITH_ARGS accesses"), 6.2 */
#ifndef ftrace_regs_get_argument
#define ftrace_regs_get_argument(fregs, n) \
	regs_get_kernel_argument(&(fregs)->regs, n)
#endif

#else /* no arguments: hook.c uses kprobes */

#undef ftrace_regs_get_argument
#define ftrace_regs_get_argument(fregs, n) ((void)(fregs), (n), 0UL)

#endif

#endif
