// SPDX-License-Identifier: GPL-2.0
/* The names of kinds and groups of hooks, and the text of the file hooks. */
#include "hook/hook.h"

#include <linux/cpumask.h>
#include <linux/seq_file.h>

#include "format/format.h"

static const char * const hook_kinds[] = {
	[HOOK_TRACEPOINT] = "tracepoint",
	[HOOK_FTRACE] = "ftrace",
	[HOOK_KPROBE] = "kprobe",
};

const char * const hook_groups[GROUPS] = {
	[GROUP_TRANSITIONS] = "transitions",
	[GROUP_SEGMENTS] = "segments",
	[GROUP_TIMEWAIT] = "timewait",
	[GROUP_RESETS] = "resets",
	[GROUP_CALLS] = "calls",
	[GROUP_ACKS] = "acks",
	[GROUP_OPENS] = "opens",
};

unsigned long hook_groups_whole;

static unsigned long hook_hits_of(int id)
{
	unsigned long hits = 0;
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		hits += READ_ONCE(per_cpu(hook_hits, cpu)[id]);
	return hits;
}

static const char *hook_status(const struct hook *hook, const bool *is_on)
{
	if (hook->attached)
		return "attached";
	return is_on[hook->group] ? "absent" : "off";
}

/* A line for what this hook should see, but does not or perhaps does not. */
static void hook_show_loss(struct seq_file *m, const struct hook *hook, const bool *is_on)
{
	bool wanted = is_on[hook->group] && !hook_is_needless(hook);

	if (wanted && !hook->attached)
		seq_printf(m, "# not seen: %s (%s: %s)\n", hook->shows, hook->name, hook->note);
	if (hook->backstop && hook->attached && hook->kind == HOOK_KPROBE)
		seq_printf(m, "# perhaps not seen: %s (%s is a kprobe, and is skipped together with %s)\n",
			   hook->shows, hook->name, hook_table[HOOK_KILL].name);
	if (!wanted || !hook->part[0])
		return;
	if (hook->parts && hook_table[hook->parts].attached && strstr(hook->part, ".part."))
		seq_printf(m, "# nothing lost: the compiler has split %s off %s; %s sees who calls it\n",
			   hook->part, hook->name, hook_table[hook->parts].name);
	else
		seq_printf(m, "# perhaps not seen: %s (the compiler has split %s off %s, which has no hook)\n",
			   hook->shows, hook->part, hook->name);
}

static void hook_show_losses(struct seq_file *m, const bool *is_on)
{
	int i;

	if (!hook_is_checked())
		seq_puts(m, "# not checked: prototypes of static functions, structures (this kernel has no BTF that can be read)\n");
	for (i = 0; i < HOOKS; i++)
		hook_show_loss(m, &hook_table[i], is_on);
}

static void hook_show(struct seq_file *m, const struct hook *hook, const bool *is_on)
{
	seq_printf(m, "%-30s %-11s %-10s %-8s %12lu %8lu %s\n", hook->name,
		   hook_groups[hook->group], hook->attached ? hook_kinds[hook->kind] : "-",
		   hook_status(hook, is_on), hook_hits_of(hook - hook_table), hook_missed(hook),
		   hook->attached || !hook->note[0] ? "-" : hook->note);
}

/**
 * hook_show_all() - print a line for each hook, and comments on what is not seen
 * @m: the file
 * @is_on: whether each group is on, by enum hook_group
 *
 * Context: process; holds hooks_lock.
 */
void hook_show_all(struct seq_file *m, const bool *is_on)
{
	int i;

	seq_puts(m, FORMAT_TITLE "hooks\n");
	seq_printf(m, "# %-28s %-11s %-10s %-8s %12s %8s %s\n", "hook", "group",
		   "kind", "status", "hits", "missed", "why_not");
	for (i = 0; i < HOOKS; i++)
		hook_show(m, &hook_table[i], is_on);
	hook_show_losses(m, is_on);
}
