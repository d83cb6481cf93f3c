/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The filter in use, and the file filter that sets it.
 *
 * A filter is replaced, never changed: the new one is published, hooks (which run with
 * preemption disabled) are waited for, and the old one is freed.
 */
#ifndef TCP_TEARDOWN_FILTER_FILE_H
#define TCP_TEARDOWN_FILTER_FILE_H

#include <linux/fs.h>
#include <linux/rcupdate.h>

#include "filter/filter.h"

extern struct filter __rcu *filter_in_force;
extern const struct file_operations filter_fops;

/* Context: preemption disabled while it is used. Return: NULL for none. */
static inline const struct filter *filter_get(void)
{
	return rcu_dereference_sched(filter_in_force);
}

void filter_stop(void);

#endif
