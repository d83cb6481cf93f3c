// SPDX-License-Identifier: GPL-2.0
#include "report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "findings.h"

#define LOSS_MAX 400

static char unable[128], not_made[256];
static unsigned int nr_not_made;
static char losses[8192];	/* what is not traced, a line each */

void report_unable(const char *why)
{
	snprintf(unable, sizeof(unable), "%s", why);
}

void report_not_made(const char *name, const char *why)
{
	if (!nr_not_made++)
		snprintf(not_made, sizeof(not_made), "\"%s\": %s", name, why);
}

static const char *status_word(enum status status)
{
	static const char * const words[] = {
		[STATUS_COMPLETE] = "complete", [STATUS_NOT_NEEDED] = "not needed",
		[STATUS_NOT_CHECKED] = "not checked", [STATUS_ABSENT] = "ABSENT",
		[STATUS_BLIND] = "BLIND", [STATUS_WRONG] = "WRONG",
		[STATUS_MAY_FOLLOW] = "WRONG, perhaps by another", [STATUS_UNKNOWN] = "called",
	};

	return words[status];
}

static void tell_hook(const struct finding *f, const struct hook_line *now)
{
	bool has_reason = now && strcmp(now->why_not, "-") && f->status != STATUS_NOT_NEEDED;
	char seen[32] = "-";

	if (f->expected)
		snprintf(seen, sizeof(seen), "%u/%u", f->right, f->expected);
	printf("%-29s %-10s %8lu %9s  %s", f->line->name, f->line->kind, f->called, seen,
	       status_word(f->status));
	if (has_reason)
		printf(": %s", now->why_not);
	if (now && now->missed > f->line->missed)
		printf("; %lu calls were missed", now->missed - f->line->missed);
	printf("\n");
}

static void tell_share(const char *name, const struct share *share)
{
	char seen[32];

	snprintf(seen, sizeof(seen), "%u/%u", share->right, share->all);
	printf("%-29s %-10s %8s %9s  %s\n", name, "-", "-", seen,
	       share->right == share->all ? "right" : "WRONG");
}

static void tell_hooks(const struct hook_file *after)
{
	const struct finding *f;

	printf("\n%-29s %-10s %8s %9s  %s\n", "hook", "by", "calls", "records", "is");
	for (f = findings; f < findings + nr_findings; f++)
		tell_hook(f, hook_file_find(after, f->line));
	tell_share("verdicts", &sums.verdicts);
	tell_share("the kernel's counters", &sums.counters);
}

[[gnu::format(printf, 1, 2)]]
static void add(const char *format, ...)
{
	size_t len = strlen(losses);
	va_list args;

	if (sizeof(losses) - len < LOSS_MAX + 4)
		return;
	strcpy(losses + len, "  ");
	va_start(args, format);
	vsnprintf(losses + len + 2, LOSS_MAX, format, args);
	va_end(args);
	strcat(losses, "\n");
}

static void add_losses(const struct finding *f)
{
	const char *name = f->line->name, *why = f->line->why_not;
	char is[256] = "attached and never called";
	enum role role;

	if (f->status == STATUS_ABSENT)
		snprintf(is, sizeof(is), "%s%s%s%s",
			 strcmp(f->line->status, "off") ? "absent" : "switched off",
			 strcmp(why, "-") ? " (" : "", strcmp(why, "-") ? why : "",
			 strcmp(why, "-") ? ")" : "");
	if (!f->roles)
		add("%s is %s", name, is);
	for (role = 0; role < ROLES; role++)
		if (f->roles & 1U << role)
			add("%s is %s: %s", name, is, role_loss(role));
}

/* A role without a line in the file. */
static void add_roles(void)
{
	enum role role;

	for (role = 0; role < ROLES; role++)
		if (!finding_of(role) && sums.role[role].right < sums.role[role].all)
			add("there is no hook for it: %s", role_loss(role));
}

static void add_faults(const struct finding *f)
{
	if (f->faults && f->faults == f->counter_faults)
		add("%s misses calls, for the kernel counts more; it may be split or inlined",
		    f->line->name);
	else
		add("%s is wrong: %u records of %u are right, %u faults are named above",
		    f->line->name, f->right, f->expected, f->faults);
}

static void add_wrong(void)
{
	const struct finding *f;

	for (f = findings; f < findings + nr_findings; f++)
		if (f->status == STATUS_WRONG)
			add_faults(f);
	for (f = findings; f < findings + nr_findings; f++)
		if (f->status == STATUS_MAY_FOLLOW)
			add("%s is wrong where one of those above is missing", f->line->name);
}

static void add_share(const struct share *share, const char *what, bool explained)
{
	if (share->right < share->all)
		add("%u of %u %s are wrong%s", share->all - share->right, share->all, what,
		    explained ? ", perhaps by that" : "");
}

/* Add what is not traced to losses. */
static void add_findings(void)
{
	const struct finding *f;
	bool explained;

	for (f = findings; f < findings + nr_findings; f++)
		if (finding_is_dead(f))
			add_losses(f);
	add_roles();
	explained = *losses;
	add_wrong();
	if (sums.garbage)
		add("%u records are garbage: of sockets that are not there", sums.garbage);
	add_share(&sums.verdicts, "verdicts", explained);
	add_share(&sums.counters, "counters", explained);
	if (!*losses && sums.faults)
		add("%u faults are named above", sums.faults);
}

static int tell_end(unsigned long long lost)
{
	if (*unable)
		printf("\nThis kernel cannot make every close: %s.\n", unable);
	if (sums.inferred)
		printf("\nA RST received in ESTABLISHED is inferred: its segment is not seen.\n");
	if (*losses && lost) {
		printf("\ncould not be checked: %llu records were lost, the host is too busy\n",
		       lost);
		return EXIT_UNKNOWN;
	}
	if (*losses) {
		printf("\nnot traced completely:\n%s", losses);
		return EXIT_INCOMPLETE;
	}
	if (nr_not_made) {
		printf("\ncould not be checked: %u closes were not made: %s\n", nr_not_made,
		       not_made);
		return EXIT_UNKNOWN;
	}
	printf("\ntraced completely\n");
	return EXIT_COMPLETE;
}

int report_end(const struct hook_file *after, unsigned long long lost)
{
	findings_end(after);
	tell_hooks(after);
	add_findings();
	return tell_end(lost);
}
