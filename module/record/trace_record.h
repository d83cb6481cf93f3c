/* SPDX-License-Identifier: GPL-2.0 */
/* The part of the trace events that the record path needs. For contexts see event.h. */
#ifndef TCP_TEARDOWN_TRACE_RECORD_H
#define TCP_TEARDOWN_TRACE_RECORD_H

#include <linux/jump_label.h>

struct tcp_teardown_record;

DECLARE_STATIC_KEY_FALSE(trace_key);	/* somebody has enabled one of the events */

/* While no event is enabled, this is one nop. */
static __always_inline bool trace_is_on(void)
{
	return static_branch_unlikely(&trace_key);
}

void trace_record(const struct tcp_teardown_record *r);

#endif
