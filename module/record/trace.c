// SPDX-License-Identifier: GPL-2.0
/* The trace events: whether somebody wants them, and a record given out by them. */
#include "record/trace_record.h"

#define CREATE_TRACE_POINTS
#include "record/trace.h"

DEFINE_STATIC_KEY_FALSE(trace_key);

/**
 * trace_begin() - an event is enabled that was not
 *
 * Context: process, may sleep; tracepoint.c holds its mutex.
 */
int trace_begin(void)
{
	static_branch_inc(&trace_key);
	return 0;
}

/**
 * trace_end() - nobody wants an event any more
 *
 * Context: as trace_begin().
 */
void trace_end(void)
{
	static_branch_dec(&trace_key);
}

/**
 * trace_record() - give a record to those who trace
 * @r: the record
 *
 * Context: see event.h; the bucket of a connection may be held, with interrupts off.
 */
void trace_record(const struct tcp_teardown_record *r)
{
	switch (r->kind) {
	case TCP_TEARDOWN_CALL:
		trace_tcp_teardown_call(r);
		break;
	case TCP_TEARDOWN_STATE:
		trace_tcp_teardown_state(r);
		break;
	case TCP_TEARDOWN_SEGMENT:
		trace_tcp_teardown_segment(r);
		break;
	case TCP_TEARDOWN_RESET:
		trace_tcp_teardown_reset(r);
		break;
	case TCP_TEARDOWN_TIMEWAIT:
		trace_tcp_teardown_timewait(r);
		break;
	case TCP_TEARDOWN_CONNECT:
		trace_tcp_teardown_connect(r);
		break;
	}
	if (r->how)
		trace_tcp_teardown_end(r);
}
