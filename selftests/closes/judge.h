/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Compares the records that a run expects with the actual ones.
 */
#ifndef CHECK_KERNEL_JUDGE_H
#define CHECK_KERNEL_JUDGE_H

#include "hooks.h"
#include "run.h"

#define FAULTS_MAX 64

/**
 * struct fault - a record that is missing, wrong or unexpected
 * @roles: of the hooks to blame, the likeliest first; none: a verdict
 * @text: in words
 * @is_counter: it is a counter that differs from the kernel's
 */
struct fault {
	enum role roles[HOOK_ROLES];
	bool is_counter;
	char text[256];
};

/**
 * struct judgement - the result of one run
 * @expected: records, by the role that each proves
 * @right: of these, completely right
 * @calls: that the right records stand for
 * @verdicts, @verdicts_right: the same
 * @inferred: right, with fields that the kernel hides
 * @counters, @counters_right: of the kernel's, as the module counts
 * @garbage: records of sockets that do not belong to the run
 */
struct judgement {
	unsigned int expected[ROLES], right[ROLES], calls[ROLES];
	unsigned int verdicts, verdicts_right;
	unsigned int counters, counters_right;
	unsigned int garbage, inferred;
	unsigned int nr_faults;
	struct fault faults[FAULTS_MAX];
};

/* Whether every expected record has arrived. */
bool judge_is_complete(const struct run *run);

void judge_run(const struct run *run, struct judgement *judgement);

#endif
