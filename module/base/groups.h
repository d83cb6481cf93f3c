/* SPDX-License-Identifier: GPL-2.0 */
/* The groups of hooks that a user attaches and detaches. Their names are in hook_groups[]. */
#ifndef TCP_TEARDOWN_GROUPS_H
#define TCP_TEARDOWN_GROUPS_H

enum hook_group {
	GROUP_TRANSITIONS,
	GROUP_SEGMENTS,
	GROUP_TIMEWAIT,
	GROUP_RESETS,
	GROUP_CALLS,
	GROUP_ACKS,
	GROUP_OPENS,
	GROUPS
};

#endif
