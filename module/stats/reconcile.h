/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A crosscheck: compares the kernel's own counters with the module's counts of the same events.
 * docs/reconcile.md proves each line.
 */
#ifndef TCP_TEARDOWN_RECONCILE_H
#define TCP_TEARDOWN_RECONCILE_H

#include <linux/types.h>

struct net;
struct stats;

/* Indexes of reconcile_lines[], see reconcile.c. */
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
 * struct reconcile - a counter of the kernel, and how to compute the same from the module's
 * @name: name in /proc/net/netstat or /proc/net/snmp
 * @mib: LINUX_MIB_*, or TCP_MIB_* if @is_tcp
 * @is_tcp: the counter is in /proc/net/snmp
 * @ours: computes the module's count; NULL if the module cannot see these events
 * @groups: the groups of hooks that @ours depends on, besides transitions
 * @remembered: @ours depends on connection state
 * @sleeps: a task may sleep between the kernel's count and the module's
 * @maybe: the two counts may differ; docs/reconcile.md says when
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
 * struct reconcile_base - both counts when the hooks were attached
 * @kernel: the kernel's, by enum reconcile_line
 * @ours: the module's, by enum reconcile_line
 * @begun: lines that began while the namespace existed, bits by enum reconcile_line
 *
 * All are 0 in a namespace that was created later.
 */
struct reconcile_base {
	unsigned long kernel[RECONCILE_LINES];
	unsigned long ours[RECONCILE_LINES];
	unsigned long begun;
};

unsigned long reconcile_line_kernel(const struct reconcile *line, const struct net *net);
unsigned long reconcile_line_ours(const struct reconcile *line, const struct stats *sum);
void reconcile_clear(struct reconcile_base *base, unsigned long groups);
void reconcile_ours(struct reconcile_base *base, const struct stats *stats,
		    unsigned long groups);
void reconcile_begin(struct reconcile_base *base, const struct net *net,
		     const struct stats *stats, unsigned int cpu, unsigned long groups);

#endif
