/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A hook: a function or tracepoint of the kernel, and the handler that it calls. hook_table.c has
 * the table of all hooks. hook_attach.c attaches and detaches one, hook_groups.c a group of them.
 */
#ifndef TCP_TEARDOWN_HOOK_H
#define TCP_TEARDOWN_HOOK_H

#include <linux/ftrace.h>
#include <linux/kprobes.h>
#include <linux/percpu.h>
#include <linux/types.h>

#include "base/groups.h"

struct seq_file;
struct tracepoint;

enum hook_kind { HOOK_TRACEPOINT, HOOK_FTRACE, HOOK_KPROBE };

/* Within a group, hooks are attached in this order, and detached in reverse. */
enum hook_id {
	HOOK_STATE,
	HOOK_RCV, HOOK_RETRANSMIT,
	HOOK_TIMER, HOOK_UNIQUE, HOOK_FREE, HOOK_KILL, HOOK_BORN, HOOK_TIME_WAIT,
	HOOK_TW_SEGMENT, HOOK_TW_SCHEDULE,
	HOOK_REPLY4, HOOK_REPLY6, HOOK_SEND_RESET, HOOK_RESET, HOOK_RESET_SEGMENT,
	HOOK_RECEIVE_RESET,
	HOOK_CLOSE, HOOK_SHUTDOWN, HOOK_DISCONNECT, HOOK_ABORT,
	HOOK_ACK, HOOK_TW_ACK4, HOOK_TW_ACK6,
	HOOK_CONNECT, HOOK_ACCEPT,
	HOOKS
};

/* How often each handler was called on this CPU. */
DECLARE_PER_CPU(unsigned long [HOOKS], hook_hits);

/**
 * struct hook_arg - an argument that a handler reads
 * @type: its type in C: "struct sock *", "u32"
 * @name: its name in the function's definition
 * @size: bytes of its type
 */
struct hook_arg {
	const char *type;
	const char *name;
	u8 size;
};

/**
 * struct hook - a hook
 * @name: name of the tracepoint or function
 * @group: its group; the hooks of a group are switched on and off together
 * @required: the load fails if it cannot be attached
 * @backstop: it backs up another hook, HOOK_KILL. It uses ftrace if possible, even with
 *	attach=kprobe, because a kprobe would be skipped at the same moments as the other one.
 * @shows: what is not seen without it
 * @needs: it is attached only if this hook is attached
 * @or: a hook that will do instead of @needs
 * @with: it is detached again if this hook, which comes later, could not be attached
 * @parts: this hook sees the callers of a part that the compiler has split off the function
 * @unless: it is not attached if this hook is, which sees more
 * @obsolete: it is not attached on this kernel, where a tracepoint sees the same
 * @probe: the handler, if it is a tracepoint
 * @ftrace: the handler for ftrace, if it is a function
 * @pre_handler: the handler for a kprobe, if it is a function
 * @args: the function's first arguments, those that the handler reads
 * @nr_args: number of @args
 * @is_static: no header declares the function
 *
 * In @needs, @or, @with, @parts and @unless, 0 is "none". That is HOOK_STATE, which is always
 * attached.
 *
 * The other members are the hook's state. hooks_lock protects them, but @attached and @missed are
 * also read without it.
 * @kind: how it is attached
 * @attached: it is attached
 * @note: why it is not attached
 * @refused: why it must not be attached: BTF does not confirm @args; empty if it may be
 * @addr: address of the function, once it has been found
 * @part: a function that the compiler has split off this one, see hook_parts.c
 * @missed: calls that kprobes missed which have been detached
 * @tp: the tracepoint
 * @ops: the ftrace_ops
 * @kp: the kprobe
 */
struct hook {
	const char *name;
	enum hook_group group;
	bool required;
	bool backstop;
	const char *shows;
	enum hook_id needs;
	enum hook_id or;
	enum hook_id with;
	enum hook_id parts;
	enum hook_id unless;
	bool obsolete;
	void *probe;
	void (*ftrace)(unsigned long ip, unsigned long parent_ip,
		       struct ftrace_ops *ops, struct ftrace_regs *regs);
	kprobe_pre_handler_t pre_handler;
	const struct hook_arg *args;
	u8 nr_args;
	bool is_static;

	enum hook_kind kind;
	bool attached;
	char note[72];
	char refused[72];
	unsigned long addr;
	char part[64];
	unsigned long missed;
	struct tracepoint *tp;
	struct ftrace_ops ops;
	struct kprobe kp;
};

extern struct hook hook_table[HOOKS];
/* The names of the groups. */
extern const char * const hook_groups[GROUPS];
/* The groups all of whose hooks are attached: a bit for each enum hook_group. */
extern unsigned long hook_groups_whole;

int hook_check(void);
bool hook_is_checked(void);
void hook_find_parts(void);
void hook_anchor_start(void);
bool hook_anchor_stop(void);
void hook_note_need(struct hook *hook, enum hook_id need);
bool hook_is_needless(const struct hook *hook);
int hook_attach(struct hook *hook, bool by_kprobe);
void hook_detach(struct hook *hook);
unsigned long hook_missed(const struct hook *hook);
bool hook_group_missed(unsigned long groups);
void hook_show_all(struct seq_file *m, const bool *is_on);

#endif
