// SPDX-License-Identifier: GPL-2.0
#include "findings.h"

#include <string.h>

#define RUNS_MAX 128

static struct hook_file before;
static bool has_ipv6;
static struct judgement judgements[RUNS_MAX];
static unsigned int nr_judgements;
struct finding findings[HOOKS_MAX];
unsigned int nr_findings;
struct sums sums;

void findings_start(const struct hook_file *now, bool ipv6)
{
	unsigned int i;
	enum role role;

	before = *now;
	nr_findings = before.nr;
	has_ipv6 = ipv6;
	for (i = 0; i < nr_findings; i++)
		findings[i].line = &before.line[i];
	for (role = 0; role < ROLES; role++) {
		const struct hook_line *line = hook_of_role(&before, role);

		if (line)
			findings[line - before.line].roles |= 1U << role;
	}
}

void findings_add(const struct judgement *judgement)
{
	if (nr_judgements < RUNS_MAX)
		judgements[nr_judgements++] = *judgement;
}

struct finding *finding_of(enum role role)
{
	const struct hook_line *line = role < ROLES ? hook_of_role(&before, role) : NULL;

	return line ? &findings[line - before.line] : NULL;
}

bool finding_is_dead(const struct finding *f)
{
	return f && (f->status == STATUS_ABSENT || f->status == STATUS_BLIND);
}

static void count_records(const struct judgement *j)
{
	struct finding *f;
	enum role role;

	for (role = 0; role < ROLES; role++) {
		f = finding_of(role);
		sums.role[role].all += j->expected[role];
		sums.role[role].right += j->right[role];
		if (!f)
			continue;
		f->expected += j->expected[role];
		f->right += j->right[role];
		f->calls += j->calls[role];
	}
	sums.verdicts.all += j->verdicts;
	sums.verdicts.right += j->verdicts_right;
	sums.counters.all += j->counters;
	sums.counters.right += j->counters_right;
	sums.garbage += j->garbage;
	sums.inferred += j->inferred;
}

static bool is_ipv6_alone(const struct finding *f)
{
	enum role role;

	for (role = 0; role < ROLES; role++)
		if (f->roles & 1U << role && !role_is_ipv6(role))
			return false;
	return f->roles;
}

static bool is_silent(const struct finding *f)
{
	enum role role;

	for (role = 0; role < ROLES; role++)
		if (f->roles & 1U << role && !role_is_silent(role))
			return false;
	return true;
}

static enum status status_at_first(const struct finding *f)
{
	if (!has_ipv6 && is_ipv6_alone(f))
		return STATUS_NOT_NEEDED;
	if (!hook_is_attached(f->line))
		return hook_is_not_needed(f->line) ? STATUS_NOT_NEEDED : STATUS_ABSENT;
	if (!f->roles)
		return f->called ? STATUS_UNKNOWN : STATUS_BLIND;
	if (!f->expected && !is_silent(f))
		return STATUS_NOT_CHECKED;
	return f->called ? STATUS_COMPLETE : STATUS_BLIND;
}

/* The hook to blame: an absent or blind one, otherwise the one that makes the record. */
static struct finding *blamed(const struct fault *fault)
{
	unsigned int i;

	for (i = 0; i < HOOK_ROLES; i++)
		if (finding_is_dead(finding_of(fault->roles[i])))
			return finding_of(fault->roles[i]);
	return finding_of(fault->roles[0]);
}

static bool has_dead(const struct judgement *j)
{
	unsigned int i;

	for (i = 0; i < j->nr_faults; i++)
		if (finding_is_dead(blamed(&j->faults[i])))
			return true;
	return false;
}

static void blame(const struct judgement *j)
{
	bool dead = has_dead(j);
	struct finding *f;
	unsigned int i;

	for (i = 0; i < j->nr_faults; i++) {
		sums.faults++;
		f = blamed(&j->faults[i]);
		if (!f)
			continue;
		f->faults++;
		f->counter_faults += j->faults[i].is_counter;
		f->own_faults += !dead;
	}
}

void findings_end(const struct hook_file *after)
{
	const struct hook_line *now;
	struct finding *f;
	unsigned int i;

	for (i = 0; i < nr_judgements; i++)
		count_records(&judgements[i]);
	for (f = findings; f < findings + nr_findings; f++) {
		now = hook_file_find(after, f->line);
		f->called = now ? now->hits - f->line->hits : 0;
		f->status = status_at_first(f);
	}
	for (i = 0; i < nr_judgements; i++)
		blame(&judgements[i]);
	for (f = findings; f < findings + nr_findings; f++) {
		if (f->status != STATUS_COMPLETE)
			continue;
		if (f->own_faults || f->called < f->calls)
			f->status = STATUS_WRONG;
		else if (f->faults || f->right < f->expected)
			f->status = STATUS_MAY_FOLLOW;
	}
}
