/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The filter in use, and the file filter that sets it.
 *
 * A filter is never changed. A write to the file replaces it: it publishes the new one, waits
 * until no handler uses the old one, and frees that. Handlers run with preemption disabled, so
 * synchronize_rcu() waits for them.
 */
#ifndef TCP_TEARDOWN_FILTER_FILE_H
#define TCP_TEARDOWN_FILTER_FILE_H

#include <linux/fs.h>
#include <linux/rcupdate.h>

#include "filter/filter.h"

extern struct filter __rcu *filter_in_force;
extern const struct file_operations filter_fops;

/*
 * The filter in use. Return: NULL if there is none.
 *
 * Context: preemption stays disabled while the caller uses the filter.
 */
static inline const struct filter *filter_get(void)
{
	return rcu_dereference_sched(filter_in_force);
}

void filter_stop(void);

#endif
