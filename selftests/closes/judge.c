// SPDX-License-Identifier: GPL-2.0
#include "judge.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "compare.h"
#include "words.h"

#define UNCLAIMED (-1)

/* The index of the partner, or UNCLAIMED. */
struct pairs {
	int of_expected[RUN_WANTS], of_record[RUN_RECORDS];
};

/* How similar a record is to an expected one of the same connection; 0: not at all. */
static unsigned int likeness(const struct fact *r, const struct expected *e)
{
	const struct want *w = &e->want;

	if (!record_has_cookie(r, &e->end) && !record_has_place(r, &e->end))
		return 0;
	if (!record_compare(r, e))
		return 4;
	if (r->kind != w->kind)
		return 0;
	if (w->kind == FACT_END)
		return 3;
	if (r->what == w->what && r->old_state == w->old && r->new_state == w->new)
		return 3;
	if (r->old_state == w->old && w->kind == FACT_TIMEWAIT)
		return 1 + (r->what >= TCP_TEARDOWN_TW_EXPIRED &&
			    w->what >= TCP_TEARDOWN_TW_EXPIRED);
	return r->what == w->what && w->kind != FACT_STATE;
}

static void claim(const struct run *run, struct pairs *pairs, unsigned int least)
{
	unsigned int i, k;

	for (i = 0; i < run->nr_expected; i++)
		for (k = 0; k < run->nr_records && pairs->of_expected[i] < 0; k++) {
			if (pairs->of_record[k] >= 0 ||
			    likeness(&run->record[k], &run->expected[i]) < least)
				continue;
			pairs->of_expected[i] = k;
			pairs->of_record[k] = i;
		}
}

/* Match the best pairs first, so that a right record is not taken for a wrong one. */
static void pair(const struct run *run, struct pairs *pairs)
{
	unsigned int least;

	memset(pairs, UNCLAIMED, sizeof(*pairs));
	for (least = 4; least; least--)
		claim(run, pairs, least);
}

bool judge_is_complete(const struct run *run)
{
	struct pairs pairs;
	unsigned int i;

	if (run->nr_records < run->nr_expected)
		return false;
	memset(&pairs, UNCLAIMED, sizeof(pairs));
	claim(run, &pairs, 4);
	for (i = 0; i < run->nr_expected; i++)
		if (pairs.of_expected[i] < 0)
			return false;
	return true;
}

static bool is_orphan(const struct run *run, const struct net_end *end)
{
	unsigned int i;

	for (i = 0; i < run->nr_expected; i++)
		if (run->expected[i].end.cookie == end->cookie &&
		    run->expected[i].want.kind == FACT_TIMEWAIT &&
		    run->expected[i].want.what == TCP_TEARDOWN_TW_BORN)
			return run->expected[i].want.old == TCP_FIN_WAIT2;
	return false;
}

static struct record_kind kind_of_expected(const struct run *run, const struct expected *e)
{
	return (struct record_kind){
		.kind = e->want.kind, .what = e->want.what, .old = e->want.old,
		.new = e->want.new, .minisock = e->want.minisock,
		.orphan = is_orphan(run, &e->end), .ipv6 = run->family == NET_IPV6,
	};
}

static void roles_of_record(const struct run *run, const struct fact *r,
			    enum role *roles)
{
	const struct record_kind kind = {
		.kind = r->kind, .what = r->what, .old = r->old_state, .new = r->new_state,
		.minisock = r->flags & TCP_TEARDOWN_F_MINISOCK,
		.ipv6 = run->family == NET_IPV6,
	};

	roles_of(roles, &kind);
}

[[gnu::format(printf, 3, 4)]]
static void fault(struct judgement *j, const enum role *roles, const char *format, ...)
{
	struct fault *f = &j->faults[j->nr_faults];
	va_list args;

	if (j->nr_faults == FAULTS_MAX)
		return;
	j->nr_faults++;
	memcpy(f->roles, roles, sizeof(f->roles));
	va_start(args, format);
	vsnprintf(f->text, sizeof(f->text), format, args);
	va_end(args);
}

static void tell_wrong(struct judgement *j, const enum role *roles, const char *wanted,
		       const struct fact *r, const struct expected *e)
{
	const struct field *field = record_compare(r, e);
	char seen[128];

	words_of_record(seen, sizeof(seen), r);
	if (r->kind != e->want.kind || !strcmp(field->name, "what") ||
	    !strcmp(field->name, "how") || !strcmp(field->name, "new state"))
		fault(j, roles, "%s: seen as %s", wanted, seen);
	else if (field->word)
		fault(j, roles, "%s: %s is %s, not %s", wanted, field->name,
		      field->word(field->seen), field->word(field->wanted));
	else
		fault(j, roles, "%s: %s is %llu, not %llu", wanted, field->name,
		      (unsigned long long)field->seen, (unsigned long long)field->wanted);
}

static void judge_expected(const struct run *run, const struct expected *e, int record,
			   struct judgement *j)
{
	bool right = record >= 0 && !record_compare(&run->record[record], e);
	const struct record_kind kind = kind_of_expected(run, e);
	bool is_verdict = e->want.kind == FACT_END;
	enum role roles[HOOK_ROLES];
	char wanted[128];

	roles_of(roles, &kind);
	if (is_verdict) {
		j->verdicts++;
		j->verdicts_right += right;
		snprintf(wanted, sizeof(wanted), "verdict %s", word_how(e->verdict.how));
	} else {
		j->expected[roles[0]]++;
		j->right[roles[0]] += right;
		j->inferred += right && run->record[record].flags & TCP_TEARDOWN_F_INFERRED;
		j->calls[roles[0]] += right && record_is_call(&kind, roles[0]);
		words_of_want(wanted, sizeof(wanted), &e->want);
	}
	if (record < 0)
		fault(j, roles, "%s: missing", wanted);
	else if (!right)
		tell_wrong(j, roles, wanted, &run->record[record], e);
}

static bool is_known(const struct run *run, const struct fact *r)
{
	unsigned int i;

	for (i = 0; i < run->nr_expected; i++)
		if (record_has_cookie(r, &run->expected[i].end) &&
		    record_has_place(r, &run->expected[i].end))
			return true;
	return false;
}

static void judge_extra(const struct run *run, const struct fact *r,
			struct judgement *j)
{
	bool known = is_known(run, r);
	enum role roles[HOOK_ROLES];
	char seen[128];

	roles_of_record(run, r, roles);
	words_of_record(seen, sizeof(seen), r);
	j->garbage += !known;
	fault(j, roles, known ? "%s: nothing like that was done" :
				"%s: garbage, of a socket that is not there", seen);
}

static void judge_counters(const struct run *run, struct judgement *j)
{
	const struct counter *counter = run->counter;
	enum role roles[HOOK_ROLES];
	unsigned int i;

	j->counters = run->nr_counters;
	j->counters_right = run->nr_counters - run->nr_differing;
	for (i = 0; i < run->nr_differing; i++, counter++) {
		roles_of_counter(roles, counter->name);
		fault(j, roles, "counter %s: the kernel has %ld, we %ld", counter->name,
		      counter->kernel, counter->ours);
		if (j->nr_faults)
			j->faults[j->nr_faults - 1].is_counter = true;
	}
}

void judge_run(const struct run *run, struct judgement *j)
{
	static const enum role nobody[HOOK_ROLES] = { ROLE_NONE, ROLE_NONE, ROLE_NONE };
	struct pairs pairs;
	unsigned int i;

	memset(j, 0, sizeof(*j));
	pair(run, &pairs);
	for (i = 0; i < run->nr_expected; i++)
		judge_expected(run, &run->expected[i], pairs.of_expected[i], j);
	for (i = 0; i < run->nr_records; i++)
		if (pairs.of_record[i] < 0)
			judge_extra(run, &run->record[i], j);
	judge_counters(run, j);
	if (run->overrun)
		fault(j, nobody, "there are more than %d records", RUN_RECORDS);
}
