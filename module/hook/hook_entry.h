/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Connects a function of the kernel with its handler.
 *
 *	HOOK_ENTRY2(HOOK_SHUTDOWN, tcp_shutdown, struct sock *, sk, int, how, (void))
 *	{
 *		event_shutdown(sk, how);
 *	}
 *
 * names the hook's id, the function, and the arguments that the handler reads. Then it names each
 * known prototype, in parentheses: the return type, and the types of the arguments that follow
 * those. This one line is used three times:
 *
 * - when the module is compiled, to check that the prototype in the kernel's headers is one of
 *   the known ones;
 * - to cast the registers to the handler's arguments;
 * - at load, to compare the arguments with the running kernel's BTF, see hook_check.c.
 *
 * HOOK_STATIC1() and HOOK_STATIC4() are for functions that no header declares; only BTF describes
 * them. HOOK_CALLBACK1() and HOOK_CALLBACK2() are for functions that a structure in a header points
 * to: they compare the prototype with the type of that pointer.
 */
#ifndef TCP_TEARDOWN_HOOK_ENTRY_H
#define TCP_TEARDOWN_HOOK_ENTRY_H

#include <linux/build_bug.h>
#include <linux/kprobes.h>
#include <linux/ftrace.h>
#include <linux/percpu.h>
#include <linux/preempt.h>

#include "hook/hook.h"

/* If an argument is a bool, the ABI defines only the lowest byte of its register. */
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

/* The type of a function. @known: the return type and the types of the further arguments */
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

/* Stands for a known prototype where there are fewer than three; no function returns it. */
struct hook_none;
#define HOOK_NONE				(struct hook_none)
#define HOOK_LEAD(...)				__VA_ARGS__

/*
 * Is @type one of up to three known prototypes?
 * @lead: the arguments that the handler reads, (type, name, ...), @n of them
 */
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
 * Defines the two entries of a handler: entry_<id>() for ftrace, and pre_<id>() for a kprobe, which
 * runs with preemption disabled. The handler's body follows.
 * @hidden: no header declares the function. HOOK_FN() reads this as <id>_is_<function>, a name that
 *	does not exist if it combines an id with another function.
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

/* @member: the member of @container that points to such functions */
#define HOOK_TARGET(container, member)	typeof(*((container *)0)->member)
#define HOOK_CALLBACK1(id, f, container, member, t1, a1, ...)		\
HOOK_KNOWN(f, HOOK_TARGET(container, member), 1, (t1, a1), __VA_ARGS__); \
HOOK_HANDLER(id, f, false, 1, t1, a1)
#define HOOK_CALLBACK2(id, f, container, member, t1, a1, t2, a2, ...)	\
HOOK_KNOWN(f, HOOK_TARGET(container, member), 2, (t1, a1, t2, a2), __VA_ARGS__); \
HOOK_HANDLER(id, f, false, 2, t1, a1, t2, a2)

#define HOOK_STATIC1(id, f, ...)	HOOK_HANDLER(id, f, true, 1, __VA_ARGS__)
#define HOOK_STATIC4(id, f, ...)	HOOK_HANDLER(id, f, true, 4, __VA_ARGS__)

/* A row of hook_table[] for a function; does not compile if @id's handler is for another one. */
#define HOOK_FN(id, f)		HOOK_FN_NAMED(id, f)
#define HOOK_FN_NAMED(id, f)						\
	.name = #f, .ftrace = entry_##id, .pre_handler = pre_##id,	\
	.args = args_##id, .nr_args = ARRAY_SIZE(args_##id), .is_static = id##_is_##f

#endif
