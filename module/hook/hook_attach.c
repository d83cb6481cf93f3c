// SPDX-License-Identifier: GPL-2.0
/* Attaches one hook, as a tracepoint's probe, by ftrace or as a kprobe, and detaches it. */
#include "hook/hook.h"

#include <linux/security.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

/*
 * With the sysctl kernel.ftrace_enabled=0 no hook of a function would be called any more, and
 * nothing would report it. That includes kprobes: the kernel puts a kprobe at a function's entry
 * on ftrace. While a permanent ftrace_ops is registered, the kernel refuses to set that sysctl to
 * 0. The anchor is such an ftrace_ops, on a function of the module that nobody calls. Without
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
 * hook_anchor_start() - keep ftrace enabled while functions are hooked
 *
 * If this fails, hook_attach() refuses to hook functions.
 *
 * Context: process, may sleep; holds hooks_lock.
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
 * hook_anchor_stop() - remove the anchor, after all hooks have been detached
 *
 * Context: process, may sleep; holds hooks_lock.
 *
 * Return: false if ftrace does not release it, see hook_detach().
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

/* Notes why a hook is not attached, for the file hooks. Return: @err. */
static int hook_refuse(struct hook *hook, int err, const char *why)
{
	strscpy(hook->note, why, sizeof(hook->note));
	return err;
}

/* Called for each tracepoint of the kernel. */
static void tracepoint_match(struct tracepoint *tp, void *arg)
{
	struct hook *hook = arg;

	if (!strcmp(tp->name, hook->name))
		hook->tp = tp;
}

static int hook_attach_tracepoint(struct hook *hook)
{
	int err;

	for_each_kernel_tracepoint(tracepoint_match, hook);
	if (!hook->tp)
		return hook_refuse(hook, -EOPNOTSUPP, "no such tracepoint");
	err = tracepoint_probe_register(hook->tp, hook->probe, NULL);
	if (err)
		return hook_refuse(hook, err, "tracepoint refuses");
	hook->kind = HOOK_TRACEPOINT;
	return 0;
}

/* Registers a kprobe, which finds the function. With KPROBE_FLAG_DISABLED it is not armed. */
static int hook_register_kprobe(struct hook *hook, u32 flags)
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
 * The address comes from the registered kprobe. If ftrace were given the name, it could also match
 * a function of another module, with other arguments.
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
	err = hook_register_kprobe(hook, by_ftrace ? KPROBE_FLAG_DISABLED : 0);
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

/**
 * hook_note_need() - note that a hook is not attached because another one is not
 * @hook: the hook
 * @need: the one that it needs
 *
 * Context: holds hooks_lock.
 */
void hook_note_need(struct hook *hook, enum hook_id need)
{
	scnprintf(hook->note, sizeof(hook->note), "needs %s", hook_table[need].name);
}

/**
 * hook_is_needless() - does another hook see the same on this kernel?
 * @hook: the hook
 *
 * Context: holds hooks_lock.
 *
 * Return: true if another hook, or a tracepoint, sees what this one would see.
 */
bool hook_is_needless(const struct hook *hook)
{
	return hook->obsolete || (hook->unless && hook_table[hook->unless].attached);
}

/**
 * hook_attach() - attach a hook
 * @hook: a hook that is not attached
 * @by_kprobe: hook functions with kprobes, even if ftrace is possible
 *
 * Context: process, may sleep; holds hooks_lock.
 *
 * Return: 0, also if it is not needed; otherwise an error, and @hook->note says why.
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

/* Return: false if the kernel still calls the handler, see hook_detach(). */
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
		return hook->kp.addr;	/* the kernel clears it if it fails */
	}
	return true;
}

/**
 * hook_detach() - detach a hook, if it is attached
 * @hook: the hook
 *
 * Context: process, may sleep; holds hooks_lock. On return the handler of a
 * tracepoint may still run on another CPU: see hooks_settle().
 *
 * A function's hook may stay attached. When the kernel finds ftrace inconsistent, it shuts ftrace
 * down until the next boot: from then on ftrace removes nothing, and functions that were hooked
 * still call their handlers.
 */
void hook_detach(struct hook *hook)
{
	if (!hook->attached || !hook_let_go(hook))
		return;
	/* Before @attached is cleared: hook_missed() may count a miss twice, but loses none. */
	if (hook->kind == HOOK_KPROBE)
		WRITE_ONCE(hook->missed, hook->missed + hook->kp.nmissed);
	/* Pairs with hook_missed(). */
	smp_store_release(&hook->attached, false);
}

/**
 * hook_missed() - how many calls a hook missed
 * @hook: the hook
 *
 * Only a kprobe misses calls: it is skipped while another one runs on the same CPU.
 *
 * Return: the number of calls, also of those before it was detached.
 */
unsigned long hook_missed(const struct hook *hook)
{
	/* Pairs with hook_detach(). */
	bool is_kprobe = smp_load_acquire(&hook->attached) && hook->kind == HOOK_KPROBE;

	/* The kernel increments it without marking the access. */
	return READ_ONCE(hook->missed) + (is_kprobe ? data_race(hook->kp.nmissed) : 0);
}

/**
 * hook_group_missed() - has a hook of these groups missed a call?
 * @groups: a bit for each enum hook_group
 *
 * Context: process. Takes no lock: a call that is missed meanwhile may be left out.
 *
 * Return: true if one of them has missed a call since the module was loaded.
 */
bool hook_group_missed(unsigned long groups)
{
	int i;

	for (i = 0; i < HOOKS; i++)
		if (BIT(hook_table[i].group) & groups && hook_missed(&hook_table[i]))
			return true;
	return false;
}
