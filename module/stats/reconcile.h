/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A crosscheck: the kernel's own counters, and the module's counts of the same events;
 * docs/reconcile.md proves each line.
 */
#ifndef TCP_TEARDOWN_RECONCILE_H
#define TCP_TEARDOWN_RECONCILE_H

#include <linux/types.h>

struct net;
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
 * struct reconcile - one line
 * @name: in /proc/net/netstat or /proc/net/snmp
 * @mib: LINUX_MIB_*, or TCP_MIB_* if @is_tcp
 * @is_tcp: it is in /proc/net/snmp
 * @ours: the module's count of the same; NULL: it cannot be seen
 * @groups: the groups of hooks that it depends on, beside transitions
 * @remembered: it depends on connection state
 * @sleeps: a task may sleep between the two counts
 * @maybe: the two may differ; docs/reconcile.md says when
 */
struct reconcile {
	const char *name;
	u8 mib;
	bool is_tcp;
	unsigned long (*ours)(const struct stats *s);
	unsigned long groups;
	bool remembered;
	bool sleeps;
	bool maybe;
};

extern const struct reconcile reconcile_lines[RECONCILE_LINES];

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

unsigned long reconcile_line_kernel(const struct reconcile *line, const struct net *net);
unsigned long reconcile_line_ours(const struct reconcile *line, const struct stats *sum);
void reconcile_clear(struct reconcile_base *base, unsigned long groups);
void reconcile_ours(struct reconcile_base *base, const struct stats *stats,
		    unsigned long groups);
void reconcile_begin(struct reconcile_base *base, const struct net *net,
		     const struct stats *stats, unsigned int cpu, unsigned long groups);

#endif
