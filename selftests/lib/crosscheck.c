// SPDX-License-Identifier: GPL-2.0
#include "crosscheck.h"

#include "ktap.h"

/* The segment that a record describes. */
struct trace {
	bool out;
	bool any_ack;		/* unknown; a queued FIN may be sent with a later ack */
	uint32_t end;		/* the sequence number after the payload */
	uint8_t flags;
};

static bool trace_of(const struct fact *r, struct trace *trace)
{
	*trace = (struct trace){ .end = r->seq, .flags = r->tcp_flags };
	switch (r->kind) {
	case FACT_SEGMENT:
		trace->out = r->what == FACT_SEG_QUEUE ||
			     r->what == TCP_TEARDOWN_SEG_RESEND ||
			     r->what == TCP_TEARDOWN_SEG_ACK;
		trace->any_ack = trace->out && r->segment.unsent;
		trace->end += r->segment.len;
		return true;
	case FACT_RESET:
		trace->out = r->what != TCP_TEARDOWN_RST_RECEIVED;
		trace->any_ack = r->flags & TCP_TEARDOWN_F_INFERRED;
		return true;
	}
	return false;
}

/* In a SYN-ACK with data or FIN (Fast Open) TCP moves seq past the SYN. */
static bool is_past_syn(const struct segment *s, const struct fact *r)
{
	return s->flags & SYN && r->seq == s->seq + 1;
}

static bool matches(const struct segment *s, const struct fact *r,
		    const struct trace *trace)
{
	const struct net_place *local = trace->out ? &s->from : &s->to;
	const struct net_place *peer = trace->out ? &s->to : &s->from;

	if (s->claimed & 1 << r->kind || s->out != trace->out ||
	    s->seq + s->len + is_past_syn(s, r) != trace->end ||
	    !net_place_is(local, r->local, r->local_port) ||
	    !net_place_is(peer, r->peer, r->peer_port))
		return false;
	if (s->ack != r->ack && !trace->any_ack)
		return false;
	/* PSH is set when a segment is sent, not when it is queued. */
	if (trace->out)
		return (s->flags & (FIN | RST)) == (trace->flags & (FIN | RST));
	if (r->flags & TCP_TEARDOWN_F_INFERRED)
		return (s->flags & ~(trace->any_ack ? PSH | ACK : PSH)) == trace->flags;
	return s->flags == trace->flags && s->window == r->window &&
	       (r->kind == FACT_RESET || s->len == r->segment.len);
}

static bool is_out_fin(const struct segment *s, const struct fact *r)
{
	return s->out && s->flags & FIN && s->seq + s->len == r->seq &&
	       net_place_is(&s->from, r->local, r->local_port) &&
	       net_place_is(&s->to, r->peer, r->peer_port);
}

static bool fin_was_seen(const struct capture *capture, const struct fact *r)
{
	unsigned int i;

	for (i = 0; i < capture->nr; i++)
		if (is_out_fin(&capture->segments[i], r))
			return true;
	return false;
}

static bool is_unsent(const struct records *records, const struct fact *r)
{
	unsigned int i;

	for (i = 0; i < records->nr_ends; i++)
		if (records->ends[i].cookie == r->cookie &&
		    records->ends[i].flags & TCP_TEARDOWN_F_FIN_UNSENT)
			return true;
	return false;
}

/* A RST in a closing state makes two facts: a segment, and its effect. */
static bool claim(struct capture *capture, const struct records *records,
		  const struct fact *r)
{
	struct trace trace;
	unsigned int i;

	if (r->kind == FACT_SEGMENT && r->what == TCP_TEARDOWN_SEG_LEFT)
		return CHECK(fin_was_seen(capture, r), "a FIN has left, it says");
	if (r->kind == FACT_SEGMENT && r->what == FACT_SEG_QUEUE &&
	    is_unsent(records, r))
		return CHECK(!fin_was_seen(capture, r), "a FIN never left, it says");
	if (!trace_of(r, &trace))
		return true;
	for (i = 0; i < capture->nr; i++) {
		if (!matches(&capture->segments[i], r, &trace))
			continue;
		capture->segments[i].claimed |= 1 << r->kind;
		return true;
	}
	record_note(r, "this one");
	return CHECK(false, "a record of a segment that was not there");
}

/* For debugging: print both sides completely. */
static void tell_all(const struct capture *capture, const struct records *records)
{
	unsigned int i;

	for (i = 0; i < capture->nr; i++)
		segment_note(&capture->segments[i], "captured");
	for (i = 0; i < records->nr; i++)
		record_note(&records->records[i], "recorded");
}

void crosscheck(struct capture *capture, const struct records *records)
{
	unsigned int i;
	struct segment *s;
	bool good = true;

	for (i = 0; i < records->nr; i++)
		good &= claim(capture, records, &records->records[i]);
	for (i = 0; i < capture->nr; i++) {
		s = &capture->segments[i];
		if (s->claimed || !(s->flags & (FIN | RST)))
			continue;
		good = CHECK(false, "a segment that no record tells of");
		segment_note(s, "segment");
	}
	if (!good)
		tell_all(capture, records);
}
