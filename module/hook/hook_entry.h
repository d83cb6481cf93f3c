/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Connects a function of the kernel with its handler.
 *
 *	HOOK_ENTRY2(HOOK_SHUTDOWN, tcp_shutdown, struct sock *, sk, int, how, (void))
 *	{
 *		event_shutdown(sk, how);
 *	}
 *
 * names the id, the function, and the arguments that the handler reads. After these, in
 * parentheses, comes each known prototype: the return type and the further arguments. From
 * this one line come
 *
 * - the check, when the module is compiled, that the prototype which the kernel's
 *   headers declare is one of these;
 * - the casts, from registers to the handler's arguments;
 * - the list that the running kernel's BTF is compared with, see hook_check.c.
 *
 * HOOK_STATIC4() is for a function that no header declares: only BTF describes it.
 * HOOK_CALLBACK1() and the like are for a function that a header knows as a pointer's target.
 */
#ifndef TCP_TEARDOWN_HOOK_ENTRY_H
#define TCP_TEARDOWN_HOOK_ENTRY_H

#include <linux/build_bug.h>
#include <linux/kprobes.h>
#include <linux/ftrace.h>
#include <linux/percpu.h>
#include <linux/preempt.h>

#include "hook/hook.h"

/* In the register of a bool, the ABI defines only the lowest byte. */
#define HOOK_CAST(t, r)							\
	((t)__builtin_choose_expr(sizeof(t) == 1, (u8)(r), (r)))

#define HOOK_DECLARE1(t1, a1)			t1 a1
#define HOOK_DECLARE2(t1, a1, t2, a2)		t1 a1, t2 a2
#define HOOK_DECLARE3(t1, a1, t2, a2, t3, a3)	t1 a1, t2 a2, t3 a3
#define HOOK_DECLARE4(t1, a1, t2, a2, t3, a3, t4, a4)			\
	t1 a1, t2 a2, t3 a3, t4 a4

#define HOOK_CAST1(r, t1, a1)			HOOK_CAST(t1, r(0))
#define HOOK_CAST2(r, t1, a1, t2, a2)					\
	HOOK_CAST1(r, t1, a1), HOOK_CAST(t2, r(1))
#define HOOK_CAST3(r, t1, a1, t2, a2, t3, a3)				\
	HOOK_CAST2(r, t1, a1, t2, a2), HOOK_CAST(t3, r(2))
#define HOOK_CAST4(r, t1, a1, t2, a2, t3, a3, t4, a4)			\
	HOOK_CAST3(r, t1, a1, t2, a2, t3, a3), HOOK_CAST(t4, r(3))

#define HOOK_ARG(t, a)	{ .type = #t, .name = #a, .size = sizeof(t) }
#define HOOK_ARGS1(t1, a1)			HOOK_ARG(t1, a1)
#define HOOK_ARGS2(t1, a1, t2, a2)		HOOK_ARG(t1, a1), HOOK_ARG(t2, a2)
#define HOOK_ARGS3(t1, a1, t2, a2, t3, a3)				\
	HOOK_ARGS2(t1, a1, t2, a2), HOOK_ARG(t3, a3)
#define HOOK_ARGS4(t1, a1, t2, a2, t3, a3, t4, a4)			\
	HOOK_ARGS3(t1, a1, t2, a2, t3, a3), HOOK_ARG(t4, a4)

/* The type of a function, from a known prototype: (returned, further...). */
#define HOOK_RETURNS(r, ...)			r
#define HOOK_FURTHER(r, ...)			, ##__VA_ARGS__
#define HOOK_TYPE1(known, t1, a1)					\
	HOOK_RETURNS known (t1 HOOK_FURTHER known)
#define HOOK_TYPE2(known, t1, a1, t2, a2)				\
	HOOK_RETURNS known (t1, t2 HOOK_FURTHER known)
#define HOOK_TYPE3(known, t1, a1, t2, a2, t3, a3)			\
	HOOK_RETURNS known (t1, t2, t3 HOOK_FURTHER known)
#define HOOK_TYPE4(known, t1, a1, t2, a2, t3, a3, t4, a4)		\
	HOOK_RETURNS known (t1, t2, t3, t4 HOOK_FURTHER known)

struct hook_none;			/* no function returns it */
#define HOOK_NONE				(struct hook_none)
#define HOOK_LEAD(...)				__VA_ARGS__

/* One to three prototypes. @lead: (type, name, ...), @n of them */
#define HOOK_IS(type, n, known, ...)					\
	__builtin_types_compatible_p(type, HOOK_TYPE##n(known, __VA_ARGS__))
#define HOOK_IS_ANY(type, n, lead, k1, k2, k3, ...)			\
	(HOOK_IS(type, n, k1, HOOK_LEAD lead) ||			\
	 HOOK_IS(type, n, k2, HOOK_LEAD lead) ||			\
	 HOOK_IS(type, n, k3, HOOK_LEAD lead))
#define HOOK_KNOWN(f, type, n, lead, ...)				\
	static_assert(HOOK_IS_ANY(type, n, lead, __VA_ARGS__, HOOK_NONE, HOOK_NONE, ~), \
		      #f "() has a prototype that module/hook/hook_table.c does not know: " \
		      "its arguments would be garbage")

/*
 * One handler, called through ftrace or through a kprobe. A kprobe disables
 * preemption, ftrace leaves it as it was.
 */
#define HOOK_HANDLER(id, f, hidden, n, ...)				\
enum { id##_is_##f = hidden };						\
static const struct hook_arg args_##id[] = { HOOK_ARGS##n(__VA_ARGS__) }; \
static __always_inline void on_##id(HOOK_DECLARE##n(__VA_ARGS__));	\
static notrace void entry_##id(unsigned long ip, unsigned long parent_ip,	\
			      struct ftrace_ops *ops, struct ftrace_regs *regs) \
{									\
	preempt_disable_notrace();					\
	this_cpu_inc(hook_hits[id]);					\
	on_##id(HOOK_CAST##n(HOOK_FTRACE_REGISTER, __VA_ARGS__));	\
	preempt_enable_notrace();					\
}									\
static notrace int pre_##id(struct kprobe *p, struct pt_regs *regs)	\
{									\
	this_cpu_inc(hook_hits[id]);					\
	on_##id(HOOK_CAST##n(HOOK_KPROBE_REGISTER, __VA_ARGS__));	\
	return 0;							\
}									\
static __always_inline void on_##id(HOOK_DECLARE##n(__VA_ARGS__))

#define HOOK_FTRACE_REGISTER(i)	ftrace_regs_get_argument(regs, i)
#define HOOK_KPROBE_REGISTER(i)	regs_get_kernel_argument(regs, i)

#define HOOK_ENTRY1(id, f, t1, a1, ...)					\
HOOK_KNOWN(f, typeof(f), 1, (t1, a1), __VA_ARGS__);			\
HOOK_HANDLER(id, f, false, 1, t1, a1)
#define HOOK_ENTRY2(id, f, t1, a1, t2, a2, ...)				\
HOOK_KNOWN(f, typeof(f), 2, (t1, a1, t2, a2), __VA_ARGS__);		\
HOOK_HANDLER(id, f, false, 2, t1, a1, t2, a2)
#define HOOK_ENTRY3(id, f, t1, a1, t2, a2, t3, a3, ...)			\
HOOK_KNOWN(f, typeof(f), 3, (t1, a1, t2, a2, t3, a3), __VA_ARGS__);	\
HOOK_HANDLER(id, f, false, 3, t1, a1, t2, a2, t3, a3)
#define HOOK_ENTRY4(id, f, t1, a1, t2, a2, t3, a3, t4, a4, ...)		\
HOOK_KNOWN(f, typeof(f), 4, (t1, a1, t2, a2, t3, a3, t4, a4), __VA_ARGS__); \
HOOK_HANDLER(id, f, false, 4, t1, a1, t2, a2, t3, a3, t4, a4)

/* @member: of @container, a pointer to functions of this kind */
#define HOOK_TARGET(container, member)	typeof(*((container *)0)->member)
#define HOOK_CALLBACK1(id, f, container, member, t1, a1, ...)		\
HOOK_KNOWN(f, HOOK_TARGET(container, member), 1, (t1, a1), __VA_ARGS__); \
HOOK_HANDLER(id, f, false, 1, t1, a1)
#define HOOK_CALLBACK2(id, f, container, member, t1, a1, t2, a2, ...)	\
HOOK_KNOWN(f, HOOK_TARGET(container, member), 2, (t1, a1, t2, a2), __VA_ARGS__); \
HOOK_HANDLER(id, f, false, 2, t1, a1, t2, a2)

#define HOOK_STATIC1(id, f, ...)	HOOK_HANDLER(id, f, true, 1, __VA_ARGS__)
#define HOOK_STATIC4(id, f, ...)	HOOK_HANDLER(id, f, true, 4, __VA_ARGS__)

/* A function's entry in the table; the compiler objects if the handler is another's. */
#define HOOK_FN(id, f)		HOOK_FN_NAMED(id, f)
#define HOOK_FN_NAMED(id, f)						\
	.name = #f, .ftrace = entry_##id, .pre_handler = pre_##id,	\
	.args = args_##id, .nr_args = ARRAY_SIZE(args_##id), .is_static = id##_is_##f

#endif
