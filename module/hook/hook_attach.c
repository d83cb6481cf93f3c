// SPDX-License-Identifier: GPL-2.0
/* Attaches one hook, by tracepoint, ftrace or kprobe, and detaches it. */
#include "hook/hook.h"

#include <linux/security.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

/*
 * The sysctl kernel.ftrace_enabled=0 would silently blind all hooks of functions, kprobes
 * too, which the kernel puts on ftrace at a function's entry. A permanent ftrace_ops makes
 * the sysctl fail; this one is on a function of the module that nobody calls. Without
 * dynamic ftrace the sysctl has no effect on hooks.
 */
static bool hook_is_anchored;
static int hook_anchor_error;	/* if not 0, no function is hooked */

static void hook_anchor_func(unsigned long ip, unsigned long parent_ip,
			     struct ftrace_ops *ops, struct ftrace_regs *regs)
{
}

static struct ftrace_ops hook_anchor = {
	.func = hook_anchor_func,
	.flags = FTRACE_OPS_FL_PERMANENT,
};

/**
 * hook_anchor_start() - make ftrace stay enabled while functions are hooked
 *
 * Context: process, may sleep. Without it no function is hooked.
 */
void hook_anchor_start(void)
{
	int err;

	if (!IS_ENABLED(CONFIG_DYNAMIC_FTRACE))
		return;
	err = ftrace_set_filter_ip(&hook_anchor, (unsigned long)hook_anchor_func, 0, 1);
	if (!err)
		err = register_ftrace_function(&hook_anchor);
	if (err)
		ftrace_free_filter(&hook_anchor);
	hook_is_anchored = !err;
	hook_anchor_error = err;
}

/**
 * hook_anchor_stop() - all hooks are detached
 *
 * Return: false if ftrace keeps it, see hook_detach().
 */
bool hook_anchor_stop(void)
{
	if (!hook_is_anchored)
		return true;
	if (unregister_ftrace_function(&hook_anchor))
		return false;
	ftrace_free_filter(&hook_anchor);
	hook_is_anchored = false;
	return true;
}

/* Why it was not attached, for the file hooks. */
static int hook_refuse(struct hook *hook, int err, const char *why)
{
	strscpy(hook->note, why, sizeof(hook->note));
	return err;
}

static void tracepoint_is(struct tracepoint *tp, void *arg)
{
	struct hook *hook = arg;

	if (!strcmp(tp->name, hook->name))
		hook->tp = tp;
}

static int hook_attach_tracepoint(struct hook *hook)
{
	int err;

	for_each_kernel_tracepoint(tracepoint_is, hook);
	if (!hook->tp)
		return hook_refuse(hook, -EOPNOTSUPP, "no such tracepoint");
	err = tracepoint_probe_register(hook->tp, hook->probe, NULL);
	if (err)
		return hook_refuse(hook, err, "tracepoint refuses");
	hook->kind = HOOK_TRACEPOINT;
	return 0;
}

static int hook_find(struct hook *hook, u32 flags)
{
	int err;

	memset(&hook->kp, 0, sizeof(hook->kp));
	hook->kp.symbol_name = hook->name;
	hook->kp.pre_handler = hook->pre_handler;
	hook->kp.flags = flags;
	err = register_kprobe(&hook->kp);
	if (!err)
		hook->addr = (unsigned long)hook->kp.addr;
	return err;
}

/*
 * The address comes from a kprobe that is never armed: a name given to ftrace
 * could also match a function of another module, with other arguments.
 */
static int hook_attach_ftrace(struct hook *hook)
{
	unsigned long ip = (unsigned long)hook->kp.addr;
	int err;

	memset(&hook->ops, 0, sizeof(hook->ops));
	hook->ops.func = hook->ftrace;
	hook->ops.flags = FTRACE_ARGS_FLAGS;
	err = ftrace_set_filter_ip(&hook->ops, ip, 0, 1);
	if (!err)
		err = register_ftrace_function(&hook->ops);
	if (err)
		ftrace_free_filter(&hook->ops);
	return err;
}

static int hook_attach_function(struct hook *hook, bool by_kprobe)
{
	bool by_ftrace = FTRACE_HAS_ARGS && (!by_kprobe || hook->backstop);
	int err;

	if (hook->refused[0])
		return hook_refuse(hook, -EPROTOTYPE, hook->refused);
	if (security_locked_down(LOCKDOWN_KPROBES))
		return hook_refuse(hook, -EPERM, "kernel is locked down");
	if (hook_anchor_error)
		return hook_refuse(hook, hook_anchor_error, hook_anchor_error == -EBUSY ?
				   "kernel.ftrace_enabled is 0" : "ftrace takes no anchor");
	err = hook_find(hook, by_ftrace ? KPROBE_FLAG_DISABLED : 0);
	if (err == -ENOENT)
		return hook_refuse(hook, err, "no such function");
	if (err)
		return hook_refuse(hook, err, "kprobe refuses");
	hook->kind = HOOK_KPROBE;
	if (!by_ftrace)
		return 0;
	if (!hook_attach_ftrace(hook)) {
		hook->kind = HOOK_FTRACE;
		unregister_kprobe(&hook->kp);
		return 0;
	}
	err = enable_kprobe(&hook->kp);
	if (err) {
		unregister_kprobe(&hook->kp);
		return hook_refuse(hook, err, "ftrace and kprobe refuse");
	}
	return 0;
}

/** hook_note_need() - say that @hook is not attached because @need is not */
void hook_note_need(struct hook *hook, enum hook_id need)
{
	scnprintf(hook->note, sizeof(hook->note), "needs %s", hook_table[need].name);
}

/**
 * hook_is_needless() - does another hook see the same on this kernel?
 * @hook: which
 *
 * Context: holds hooks_lock.
 */
bool hook_is_needless(const struct hook *hook)
{
	return hook->obsolete || (hook->unless && hook_table[hook->unless].attached);
}

/**
 * hook_attach() - attach one
 * @hook: not attached
 * @by_kprobe: hook functions with kprobes, even if ftrace is possible
 *
 * Context: process, may sleep; holds hooks_lock.
 *
 * Return: 0, also if it is not needed; else an error, and @hook->note says why.
 */
int hook_attach(struct hook *hook, bool by_kprobe)
{
	int err;

	hook->note[0] = '\0';
	if (hook->needs && !hook_table[hook->needs].attached &&
	    !(hook->or && hook_table[hook->or].attached)) {
		hook_note_need(hook, hook->needs);
		return -ENOENT;
	}
	if (hook_is_needless(hook)) {
		hook_refuse(hook, 0, "not needed");
		return 0;
	}
	err = hook->probe ? hook_attach_tracepoint(hook) : hook_attach_function(hook, by_kprobe);
	WRITE_ONCE(hook->attached, !err);
	return err;
}

/* Return: false if ftrace still calls the handler. */
static bool hook_let_go(struct hook *hook)
{
	switch (hook->kind) {
	case HOOK_TRACEPOINT:
		tracepoint_probe_unregister(hook->tp, hook->probe, NULL);
		return true;
	case HOOK_FTRACE:
		if (unregister_ftrace_function(&hook->ops))
			return false;
		ftrace_free_filter(&hook->ops);
		return true;
	case HOOK_KPROBE:
		unregister_kprobe(&hook->kp);
		return hook->kp.addr;	/* that is how it says so */
	}
	return true;
}

/**
 * hook_detach() - detach one, if it is attached
 * @hook: which
 *
 * Context: process, may sleep; holds hooks_lock. On return the handler of a
 * tracepoint may still run on another CPU: see hooks_settle().
 *
 * A function's hook may stay attached: once a kernel bug has made ftrace shut itself
 * down, it refuses, and leaves the calls in place.
 */
void hook_detach(struct hook *hook)
{
	if (!hook->attached || !hook_let_go(hook))
		return;
	/* Before @attached is cleared: hook_missed() may count a miss twice, but loses none. */
	if (hook->kind == HOOK_KPROBE)
		WRITE_ONCE(hook->missed, hook->missed + hook->kp.nmissed);
	smp_store_release(&hook->attached, false);
}

/**
 * hook_missed() - how many calls the hook missed
 * @hook: which
 *
 * Only a kprobe misses calls: it is skipped while another runs on the same CPU.
 */
unsigned long hook_missed(const struct hook *hook)
{
	/* Pairs with hook_detach(). */
	bool is_kprobe = smp_load_acquire(&hook->attached) && hook->kind == HOOK_KPROBE;

	/* The kernel increments it without marking the access. */
	return READ_ONCE(hook->missed) + (is_kprobe ? data_race(hook->kp.nmissed) : 0);
}

/**
 * hook_group_missed() - has a hook missed a call?
 * @groups: a bit for each enum hook_group
 *
 * Context: process; no lock: a call that is missed now may count later.
 */
bool hook_group_missed(unsigned long groups)
{
	int i;

	for (i = 0; i < HOOKS; i++)
		if (BIT(hook_table[i].group) & groups && hook_missed(&hook_table[i]))
			return true;
	return false;
}
