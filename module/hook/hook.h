/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A hook point. hook_table.c has the table of them, hook_attach.c attaches and detaches one,
 * hook_groups.c all.
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

/* In the order of attaching, within their group. */
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

/* Each CPU counts its own calls. */
DECLARE_PER_CPU(unsigned long [HOOKS], hook_hits);

/**
 * struct hook_arg - an argument that a handler reads
 * @type: as C has it: "struct sock *", "u32"
 * @name: in the function's definition
 * @size: of the type
 */
struct hook_arg {
	const char *type;
	const char *name;
	u8 size;
};

/**
 * struct hook - one hook point
 * @name: of the tracepoint or function
 * @group: hooks that are switched together
 * @required: without it the load fails
 * @backstop: uses ftrace if possible, even with attach=kprobe: a kprobe would be skipped at
 *	the same moment as the hook that it backs up
 * @shows: what is not seen without it
 * @needs: not attached unless this one is; HOOK_STATE, which always is, if none
 * @or: or this one, instead of @needs
 * @with: detached again if this one, which comes later, is not attached
 * @parts: this hook sees the callers of a part that was split off this function; HOOK_STATE
 *	if none
 * @unless: not attached if this one is, which sees more; HOOK_STATE if none
 * @obsolete: not attached on this kernel, where a tracepoint sees the same
 * @probe: for a tracepoint
 * @ftrace: for a function
 * @pre_handler: for a function
 * @args: its first arguments
 * @nr_args: how many of them
 * @is_static: no header declares it
 *
 * The rest is its state; under hooks_lock.
 * @kind: how it is attached
 * @attached: it is attached
 * @note: why it is not attached
 * @refused: why BTF forbids to attach it; empty if it does not
 * @addr: of the function, once it has been found
 * @part: a function that the compiler has split off it, see hook_parts.c
 * @missed: by kprobes that were detached
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
extern const char * const hook_groups[GROUPS];
/* Of which all hooks are attached; bits by enum hook_group. */
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
