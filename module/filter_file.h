/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The filter that is in force, and the file filter that sets it.
 *
 * It is replaced, never changed: published, waited for (hooks run with preemption
 * disabled), and the old one freed.
 */
#ifndef TCP_TEARDOWN_FILTER_FILE_H
#define TCP_TEARDOWN_FILTER_FILE_H

#include <linux/fs.h>
#include <linux/rcupdate.h>

#include "filter.h"

extern struct filter __rcu *filter_in_force;
extern const struct file_operations filter_fops;

/* Context: preemption disabled, until it is used no more. Return: NULL for none. */
static inline const struct filter *filter_get(void)
{
	return rcu_dereference_sched(filter_in_force);
}

void filter_stop(void);

#endif
