/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The results of the runs for each hook.
 */
#ifndef CHECK_KERNEL_FINDINGS_H
#define CHECK_KERNEL_FINDINGS_H

#include "hooks.h"
#include "judge.h"

enum status {
	STATUS_COMPLETE,
	STATUS_NOT_NEEDED,
	STATUS_NOT_CHECKED,
	STATUS_ABSENT,
	STATUS_BLIND,
	STATUS_WRONG,
	STATUS_MAY_FOLLOW,	/* wrong only if a hook is absent or blind */
	STATUS_UNKNOWN,		/* unknown to this program, but called */
};

/**
 * struct finding - the result for a line of the file hooks
 * @line: the line before the runs
 * @called: calls since then
 * @expected, @right: records that prove it
 * @calls: that the right records stand for
 * @faults: attributed to it
 * @counter_faults: of @faults, counters that differ from the kernel's
 * @own_faults: in runs without another absent or blind hook
 * @roles: its roles, as bits
 */
struct finding {
	const struct hook_line *line;
	unsigned long called;
	unsigned int expected, right, calls, faults, counter_faults, own_faults;
	unsigned int roles;
	enum status status;
};

/* Totals: records that are right, and all. */
struct share {
	unsigned int right, all;
};

/**
 * struct sums - totals of all runs
 * @role: records by the hook that makes them
 * @faults: of all closes, with or without a hook to blame
 * @garbage, @inferred: see struct judgement
 */
struct sums {
	struct share role[ROLES], verdicts, counters;
	unsigned int faults, garbage, inferred;
};

extern struct finding findings[HOOKS_MAX];
extern unsigned int nr_findings;
extern struct sums sums;

/* The finding of the hook with this role, or NULL. */
struct finding *finding_of(enum role role);

bool finding_is_dead(const struct finding *finding);

void findings_start(const struct hook_file *before, bool ipv6);
void findings_add(const struct judgement *judgement);
void findings_end(const struct hook_file *after);

#endif
