/* SPDX-License-Identifier: GPL-2.0 */
/* What follows from one record, in the words of docs/records.md. */
#ifndef TEARDOWN_FACTS_H
#define TEARDOWN_FACTS_H

#include <tcp_teardown.h>

/* Of a TCP header. */
#define TCP_FLAG_FIN	0x01
#define TCP_FLAG_SYN	0x02
#define TCP_FLAG_RST	0x04
#define TCP_FLAG_ACK	0x10

struct print;

static inline bool is_transition(const struct tcp_teardown_record *r)
{
	return r->old_state != r->new_state;
}

/* A segment that came in, a RST included. */
static inline bool is_received(const struct tcp_teardown_record *r)
{
	if (r->kind == TCP_TEARDOWN_RESET)
		return r->what == TCP_TEARDOWN_RST_RECEIVED;
	return r->kind == TCP_TEARDOWN_SEGMENT && r->what <= TCP_TEARDOWN_SEG_RCV_OOO;
}

/* A segment that went out; but see queues_fin(). */
static inline bool is_sent(const struct tcp_teardown_record *r)
{
	return (r->kind == TCP_TEARDOWN_RESET || r->kind == TCP_TEARDOWN_SEGMENT) &&
	       !is_received(r);
}

/* Our FIN is queued: it leaves at once if nothing is unsent. */
static inline bool queues_fin(const struct tcp_teardown_record *r)
{
	return r->flags & TCP_TEARDOWN_F_FIN_QUEUED && !is_received(r);
}

static inline bool has_fin(const struct tcp_teardown_record *r)
{
	return r->tcp_flags & TCP_FLAG_FIN || queues_fin(r);
}

/* The FIN's own number, behind the payload that it came with. */
static inline u32 fin_number(const struct tcp_teardown_record *r)
{
	return r->seq + r->len + r->unsent;
}

static inline bool is_minisock_word(const struct tcp_teardown_record *r, u8 what)
{
	return r->kind == TCP_TEARDOWN_TIMEWAIT && r->what == what;
}

/* The record's event, without flags: close, rcv, send, expired, ... */
const char *event_of(const struct tcp_teardown_record *r);

/* FIN,ACK; - for none. */
void print_flags(struct print *print, u8 flags);

#endif
