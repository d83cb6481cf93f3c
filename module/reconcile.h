/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A crosscheck: the kernel's own counters, and the module's counts of the same events;
 * docs/reconcile.md proves each line.
 */
#ifndef TCP_TEARDOWN_RECONCILE_H
#define TCP_TEARDOWN_RECONCILE_H

#include <linux/types.h>

struct net;
struct netns;
struct seq_file;
struct stats;

/* The table is reconcile_lines[], in reconcile.c. */
enum reconcile_line {
	RECONCILE_TW,
	RECONCILE_TW_RECYCLED,
	RECONCILE_TW_KILLED,
	RECONCILE_TW_OVERFLOW,
	RECONCILE_ON_DATA,
	RECONCILE_ON_CLOSE,
	RECONCILE_ON_MEMORY,
	RECONCILE_ON_TIMEOUT,
	RECONCILE_ON_LINGER,
	RECONCILE_FAILED,
	RECONCILE_ESTAB_RESETS,
	RECONCILE_OUT_RSTS,
	RECONCILE_LINES
};

/**
 * struct reconcile_base - both counts when the hooks were attached; all 0 in a
 *	namespace that was made later
 * @kernel: enum reconcile_line
 * @ours: enum reconcile_line
 */
struct reconcile_base {
	unsigned long kernel[RECONCILE_LINES];
	unsigned long ours[RECONCILE_LINES];
};

extern const struct file_operations reconcile_fops;

void reconcile_group(int group, bool whole);
void reconcile_clear(struct reconcile_base *base, unsigned long groups);
void reconcile_ours(struct reconcile_base *base, const struct stats *stats,
		    unsigned long groups);
void reconcile_begin(struct reconcile_base *base, const struct net *net,
		     const struct stats *stats, unsigned int cpu, unsigned long groups);

void reconcile_show(struct seq_file *m, const struct netns *ns, const struct stats *sum);

#endif
