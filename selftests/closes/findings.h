/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the runs say of each hook.
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
	STATUS_MAY_FOLLOW,	/* wrong only where one that is absent or blind is */
	STATUS_UNKNOWN,		/* not known to this program, but called */
};

/**
 * struct finding - on a line of the file hooks
 * @line: as it was before
 * @called: since then
 * @expected, @right: records that prove it
 * @calls: that the right ones stand for
 * @faults: that speak against it
 * @counter_faults: of @faults, counters that differ from the kernel's
 * @own_faults: in runs where no other hook is absent or blind
 * @roles: that it has, as bits
 */
struct finding {
	const struct hook_line *line;
	unsigned long called;
	unsigned int expected, right, calls, faults, counter_faults, own_faults;
	unsigned int roles;
	enum status status;
};

/* Of all runs: so many are right, of so many. */
struct share {
	unsigned int right, all;
};

/**
 * struct sums - of all runs
 * @role: records, by what makes them
 * @faults: of all closes, whether they speak against a hook or not
 * @garbage, @inferred: see struct judgement
 */
struct sums {
	struct share role[ROLES], verdicts, counters;
	unsigned int faults, garbage, inferred;
};

extern struct finding findings[HOOKS_MAX];
extern unsigned int nr_findings;
extern struct sums sums;

/* Of the hook that has this role, or NULL. */
struct finding *finding_of(enum role role);

bool finding_is_dead(const struct finding *finding);

void findings_start(const struct hook_file *before, bool ipv6);
void findings_add(const struct judgement *judgement);
void findings_end(const struct hook_file *after);

#endif
