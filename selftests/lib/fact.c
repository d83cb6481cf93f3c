// SPDX-License-Identifier: GPL-2.0
#include "fact.h"

#include <netinet/tcp.h>
#include <string.h>

#include "capture.h"

#define OPEN_STATES (1 << TCP_ESTABLISHED | 1 << TCP_SYN_SENT | 1 << TCP_SYN_RECV)

static struct fact fact_of(const struct tcp_teardown_record *r, uint8_t kind, uint8_t what)
{
	struct fact f = {
		.number = r->number, .time = r->time, .cookie = r->cookie, .netns = r->netns,
		.local_port = r->local_port, .peer_port = r->peer_port, .cpu = r->cpu,
		.seq = r->seq, .ack = r->ack, .window = r->window, .flags = r->flags,
		.kind = kind, .what = what, .old_state = r->old_state,
		.new_state = r->old_state, .family = r->family,
	};

	memcpy(f.local, r->local, sizeof(f.local));
	memcpy(f.peer, r->peer, sizeof(f.peer));
	return f;
}

static struct fact call_of(const struct tcp_teardown_record *r)
{
	bool exit = r->what == TCP_TEARDOWN_EXIT;
	struct fact f = fact_of(r, FACT_CALL, exit ? TCP_TEARDOWN_CLOSE : r->what);

	f.call.exit = exit;
	f.call.pid = r->pid;
	f.call.unread = r->unread;
	f.call.unsent = r->unsent;
	f.call.linger = r->linger;
	memcpy(f.call.comm, r->comm, sizeof(f.call.comm));
	memcpy(f.call.thread, r->thread, sizeof(f.call.thread));
	return f;
}

static struct fact segment_of(const struct tcp_teardown_record *r, uint8_t what)
{
	struct fact f = fact_of(r, FACT_SEGMENT, what);

	f.tcp_flags = r->tcp_flags;
	f.segment.len = r->len;
	f.segment.wscale = r->wscale;
	f.segment.tries = r->tries;
	return f;
}

static struct fact queue_of(const struct tcp_teardown_record *r)
{
	struct fact f = fact_of(r, FACT_SEGMENT, FACT_SEG_QUEUE);

	f.old_state = r->new_state;
	f.new_state = r->new_state;
	f.seq += r->unsent;
	f.tcp_flags = FIN | ACK;
	f.segment.unsent = r->unsent;
	return f;
}

static struct fact reset_of(const struct tcp_teardown_record *r)
{
	struct fact f = fact_of(r, FACT_RESET, r->what);

	f.tcp_flags = r->tcp_flags;
	f.reset.reason = r->reason;
	return f;
}

/* Its numbers are those of the segment that caused it. */
static bool is_merged(const struct tcp_teardown_record *r)
{
	return r->kind == TCP_TEARDOWN_SEGMENT || r->kind == TCP_TEARDOWN_RESET;
}

static struct fact state_of(const struct tcp_teardown_record *r)
{
	struct fact f = fact_of(r, FACT_STATE, 0);

	f.new_state = r->new_state;
	f.merged = is_merged(r);
	if (r->new_state == TCP_TIME_WAIT)
		f.flags |= TCP_TEARDOWN_F_MINISOCK;
	f.state.spent = r->spent;
	return f;
}

static struct fact timewait_of(const struct tcp_teardown_record *r, uint8_t what)
{
	struct fact f = fact_of(r, FACT_TIMEWAIT, what);

	if (what == TCP_TEARDOWN_TW_BORN)
		f.old_state = r->new_state;
	f.new_state = f.old_state;
	f.merged = is_merged(r);
	if (what != TCP_TEARDOWN_TW_REFUSED)
		f.flags |= TCP_TEARDOWN_F_MINISOCK;
	f.timewait.age = r->age;
	f.timewait.timeout_ms = r->timeout_ms;
	return f;
}

/* Keep only the flags that describe the connection. */
static struct fact end_of(const struct tcp_teardown_record *r)
{
	struct fact f = fact_of(r, FACT_END, r->how);
	int i;

	f.flags &= ~(TCP_TEARDOWN_F_LINGER | TCP_TEARDOWN_F_INFERRED |
		     TCP_TEARDOWN_F_FIN_QUEUED | TCP_TEARDOWN_F_QUEUE_FULL);
	f.end.first = r->first;
	f.end.set_off = r->set_off;
	f.end.fins_resent = r->fins_resent;
	f.end.fins_again = r->fins_again;
	f.end.pid = r->pid;
	f.end.bytes = r->bytes;
	for (i = 0; i < TCP_TEARDOWN_SPENTS; i++)
		f.end.spent[i] = r->in_state[i];
	memcpy(f.end.comm, r->comm, sizeof(f.end.comm));
	return f;
}

/*
 * The event that the record begins with. A RST is also a segment, if all segments are
 * recorded.
 */
static unsigned int add_kind(const struct tcp_teardown_record *r, struct fact *to)
{
	struct fact *begin = to;

	switch (r->kind) {
	case TCP_TEARDOWN_CALL:
		*to++ = call_of(r);
		break;
	case TCP_TEARDOWN_SEGMENT:
		*to++ = segment_of(r, r->what);
		break;
	case TCP_TEARDOWN_RESET:
		if (r->what == TCP_TEARDOWN_RST_RECEIVED && !(1 << r->old_state & OPEN_STATES))
			*to++ = segment_of(r, TCP_TEARDOWN_SEG_RCV);
		*to++ = reset_of(r);
		break;
	case TCP_TEARDOWN_CONNECT:
		*to++ = fact_of(r, FACT_CONNECT, r->what);
		break;
	}
	return to - begin;
}

/* The transition and the minisock's event; a refused minisock comes first. */
static unsigned int add_change(const struct tcp_teardown_record *r, struct fact *to)
{
	const uint8_t timewait = r->kind == TCP_TEARDOWN_TIMEWAIT ? r->what : r->timewait;
	const bool refused = timewait == TCP_TEARDOWN_TW_REFUSED;
	struct fact *begin = to;

	if (refused)
		*to++ = timewait_of(r, timewait);
	if (r->new_state != r->old_state && r->kind != TCP_TEARDOWN_CONNECT)
		*to++ = state_of(r);
	if (timewait && !refused)
		*to++ = timewait_of(r, timewait);
	return to - begin;
}

/*
 * Flags about the first event are not repeated in the facts that follow; "adopted" is set
 * on the fact that shows it.
 */
static void finish(struct fact *f, unsigned int order)
{
	f->order = order;
	if (f->kind != FACT_CALL)
		f->flags &= ~TCP_TEARDOWN_F_LINGER;
	if (f->kind != FACT_STATE && f->kind != FACT_END)
		f->flags &= ~TCP_TEARDOWN_F_ADOPTED;
	if (f->merged)
		f->flags &= ~TCP_TEARDOWN_F_INFERRED;
}

unsigned int facts_of(const struct tcp_teardown_record *r, struct fact *facts)
{
	unsigned int i, nr;

	nr = add_kind(r, facts);
	nr += add_change(r, facts + nr);
	if (r->flags & TCP_TEARDOWN_F_FIN_QUEUED)
		facts[nr++] = queue_of(r);
	if (r->how)
		facts[nr++] = end_of(r);
	for (i = 0; i < nr; i++)
		finish(&facts[i], i);
	return nr;
}

int fact_compare(const void *a, const void *b)
{
	const struct fact *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	if (x->cpu != y->cpu)
		return x->cpu < y->cpu ? -1 : 1;
	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return x->order - y->order;
}
