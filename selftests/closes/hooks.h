/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The file hooks, and the role of each hook.
 */
#ifndef CHECK_KERNEL_HOOKS_H
#define CHECK_KERNEL_HOOKS_H

#include <tcp_teardown.h>

#include "lib/net.h"

/* What a hook contributes to the records; on some kernels another hook does. */
enum role {
	ROLE_STATE, ROLE_RCV, ROLE_RETRANSMIT,
	ROLE_TIMER, ROLE_KILL, ROLE_BORN, ROLE_TIME_WAIT, ROLE_TW_SEGMENT,
	ROLE_TW_SCHEDULE, ROLE_UNIQUE, ROLE_REPLY4, ROLE_REPLY6, ROLE_SEND_RESET,
	ROLE_RESET, ROLE_CLOSE, ROLE_SHUTDOWN, ROLE_DISCONNECT, ROLE_ABORT,
	ROLE_ACK, ROLE_TW_ACK4, ROLE_TW_ACK6,
	ROLE_FREE, ROLE_RESET_SEGMENT,
	ROLES, ROLE_NONE = ROLES
};

#define HOOK_ROLES 3	/* of one record */
#define HOOKS_MAX 64

/**
 * struct hook_line - a line of the file hooks
 * @name: the function, attached or not
 * @group: the hooks that are switched together
 * @kind: tracepoint, ftrace, kprobe, or -
 * @status: attached, absent or off
 * @why_not: the reason, or -; for an attached hook, a remark
 * @hits: calls, on the whole host
 * @missed: how many of these were not seen
 */
struct hook_line {
	char name[64], group[32], kind[32], status[32], why_not[160];
	unsigned long hits, missed;
};

struct hook_file {
	unsigned int nr;
	struct hook_line line[HOOKS_MAX];
};

/* Return: false if it can't be read. */
bool hook_file_read(struct hook_file *file);

/*
 * The line of the same hook in another read of the file; a function may be in two groups.
 */
const struct hook_line *hook_file_find(const struct hook_file *file,
				       const struct hook_line *line);

bool hook_is_attached(const struct hook_line *line);
/* Another hook sees the same. */
bool hook_is_not_needed(const struct hook_line *line);

/*
 * The line of the hook with this role, an attached one if possible. NULL: the file has
 * none.
 */
const struct hook_line *hook_of_role(const struct hook_file *file, enum role role);

/* What is lost without it; a clause. */
const char *role_loss(enum role role);

/* Whether only IPv6 uses it; whether no record depends on it alone. */
bool role_is_ipv6(enum role role);
bool role_is_silent(enum role role);

/* The hooks that a counter of the file reconcile needs; as roles_of(). */
void roles_of_counter(enum role roles[HOOK_ROLES], const char *name);

/**
 * struct record_kind - the fields that decide which hook makes a record
 * @kind, @what, @old, @new: of the record
 * @minisock: a minisock was the source
 * @orphan: one that began as FIN_WAIT2
 * @ipv6: the segment is
 */
struct record_kind {
	uint8_t kind, what, old, new;
	bool minisock, orphan, ipv6;
};

/*
 * The hooks that make such a record: first the one that it proves, then others that it
 * needs, then ROLE_NONE.
 */
void roles_of(enum role roles[HOOK_ROLES], const struct record_kind *kind);

/* Whether it is a call's only record, or the counted one of several. */
bool record_is_call(const struct record_kind *kind, enum role role);

#endif
