// SPDX-License-Identifier: GPL-2.0
/* Emits a record as a trace event, if anybody has enabled one. */
#include "record/trace_record.h"

#define CREATE_TRACE_POINTS
#include "record/trace.h"

DEFINE_STATIC_KEY_FALSE(trace_key);

/**
 * trace_begin() - a trace event gets its first user
 *
 * Context: process, may sleep; tracepoint.c holds tracepoints_mutex.
 *
 * Return: 0.
 */
int trace_begin(void)
{
	static_branch_inc(&trace_key);
	return 0;
}

/**
 * trace_end() - a trace event has lost its last user
 *
 * Context: as trace_begin().
 */
void trace_end(void)
{
	static_branch_dec(&trace_key);
}

/**
 * trace_record() - emit a record as a trace event; if it is an end, also as tcp_teardown_end
 * @r: the record
 *
 * Context: see event.h. The bucket of a connection may be held, with interrupts disabled.
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
