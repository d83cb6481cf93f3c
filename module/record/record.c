// SPDX-License-Identifier: GPL-2.0
#include "record/record.h"

#include <linux/sched.h>
#include <net/ipv6.h>
#include <net/tcp.h>

#include "filter/filter_file.h"
#include "record/record_filter.h"
#include "record/trace_record.h"
#include "ring/buffer_write.h"

/* A record fills a slot. Its number is the slot's seq. */
static_assert(sizeof(struct tcp_teardown_record) == sizeof(struct ring_slot));
static_assert(offsetof(struct tcp_teardown_record, number) ==
	      offsetof(struct ring_slot, seq));
static_assert(TCP_TEARDOWN_COMM_LEN == TASK_COMM_LEN);

/* The offsets of a record's parts. */
#define RECORD_WHAT	offsetof(struct tcp_teardown_record, time)
#define RECORD_FLOW	offsetof(struct tcp_teardown_record, net_cookie)
#define RECORD_MOMENT	offsetof(struct tcp_teardown_record, flags)
#define RECORD_WHO	offsetof(struct tcp_teardown_record, pid)
#define RECORD_CALL	offsetof(struct tcp_teardown_record, unread)
#define RECORD_TOTALS	offsetof(struct tcp_teardown_record, rx)
#define RECORD_AGE	offsetof(struct tcp_teardown_record, age)

static_assert(RECORD_FLOW - RECORD_WHAT == offsetof(struct moment, flags));
static_assert(RECORD_WHO - RECORD_MOMENT ==
	      offsetof(struct moment, unread) - offsetof(struct moment, flags));
/* Each field of a moment has the same place in its part as in that part of a record. */
#define SAME_PLACE(field_, in_moment_, part_, first_)					\
	static_assert(offsetof(struct tcp_teardown_record, field_) - (part_) ==		\
		      offsetof(struct moment, in_moment_) - offsetof(struct moment, first_))
SAME_PLACE(kind, kind, RECORD_WHAT, time);
SAME_PLACE(what, what, RECORD_WHAT, time);
SAME_PLACE(old_state, from, RECORD_WHAT, time);
SAME_PLACE(new_state, to, RECORD_WHAT, time);
SAME_PLACE(seq, seq, RECORD_MOMENT, flags);
SAME_PLACE(ack, ack, RECORD_MOMENT, flags);
SAME_PLACE(window, window, RECORD_MOMENT, flags);
SAME_PLACE(len, len, RECORD_MOMENT, flags);
SAME_PLACE(unsent, unsent, RECORD_MOMENT, flags);
SAME_PLACE(reason, reason, RECORD_MOMENT, flags);
SAME_PLACE(kernel_reason, kernel_reason, RECORD_MOMENT, flags);
SAME_PLACE(timewait, timewait, RECORD_MOMENT, flags);
SAME_PLACE(how, how, RECORD_MOMENT, flags);
SAME_PLACE(first, first, RECORD_MOMENT, flags);
SAME_PLACE(set_off, set_off, RECORD_MOMENT, flags);
SAME_PLACE(fins_resent, fins_resent, RECORD_MOMENT, flags);
SAME_PLACE(fins_again, fins_again, RECORD_MOMENT, flags);
SAME_PLACE(timeout_ms, timeout_ms, RECORD_MOMENT, flags);
SAME_PLACE(spent, spent, RECORD_MOMENT, flags);
SAME_PLACE(linger, linger, RECORD_CALL, unread);
SAME_PLACE(tcp_flags, tcp_flags, offsetof(struct tcp_teardown_record, family), family);
SAME_PLACE(wscale, wscale, offsetof(struct tcp_teardown_record, family), family);
SAME_PLACE(tries, tries, offsetof(struct tcp_teardown_record, family), family);
static_assert(RECORD_AGE - RECORD_TOTALS == sizeof(struct totals));
static_assert(offsetof(struct tcp_teardown_record, bytes) - RECORD_TOTALS ==
	      offsetof(struct totals, bytes));
static_assert(offsetof(struct tcp_teardown_record, lifetime) - RECORD_TOTALS ==
	      offsetof(struct totals, spent[0]));
static_assert(offsetof(struct tcp_teardown_record, in_state) - RECORD_TOTALS ==
	      offsetof(struct totals, spent[1]));
/* A flow is copied to a record in one piece. */
static_assert(offsetof(struct tcp_teardown_record, family) - RECORD_FLOW ==
	      offsetof(struct flow, family));
static_assert(offsetof(struct tcp_teardown_record, local_port) - RECORD_FLOW ==
	      offsetof(struct flow, local_port));
static_assert(offsetof(struct tcp_teardown_record, flags) - RECORD_FLOW ==
	      sizeof(struct flow));

/**
 * record_ports_of_skb() - set the addresses and ports of a flow to those of a received segment
 * @flow: changed; seen from the receiver
 * @skb: the segment
 */
void record_ports_of_skb(struct flow *flow, const struct sk_buff *skb)
{
	flow->local_port = ntohs(tcp_hdr(skb)->dest);
	flow->peer_port = ntohs(tcp_hdr(skb)->source);
	if (ip_hdr(skb)->version == 6) {
		memcpy(flow->local, &ipv6_hdr(skb)->daddr, sizeof(struct in6_addr));
		memcpy(flow->peer, &ipv6_hdr(skb)->saddr, sizeof(struct in6_addr));
	} else {
		sock_mapped(flow->local, ip_hdr(skb)->daddr);
		sock_mapped(flow->peer, ip_hdr(skb)->saddr);
	}
}

/**
 * record_flow_of_skb() - identify the connection of a received segment without a socket
 * @flow: set; the id is 0
 * @net: the namespace
 * @skb: the segment
 */
void record_flow_of_skb(struct flow *flow, const struct net *net, const struct sk_buff *skb)
{
	*flow = (struct flow) {
		.net_cookie = net_identity(net),
		.netns = net->ns.inum,
		.family = ip_hdr(skb)->version == 6 ? AF_INET6 : AF_INET,
	};
	record_ports_of_skb(flow, skb);
}

/**
 * record_subject_of_sock() - describe an untracked connection by its full socket
 * @subject: set, without a closer
 * @sk: the socket
 */
void record_subject_of_sock(struct subject *subject, const struct sock *sk)
{
	flow_of_sock(&subject->flow, sk, sock_cookie(sk));
	subject->cred = sock_cred_of(sk);
	subject->closer = (struct closer) { };
}

/**
 * record_subject_of_tw() - describe an untracked connection by its minisock
 * @subject: set, without a user, a cgroup and a closer
 * @tw: the minisock
 */
void record_subject_of_tw(struct subject *subject, const struct inet_timewait_sock *tw)
{
	flow_of_tw(&subject->flow, tw, atomic64_read(&tw->tw_cookie));
	subject->cred = (struct sock_cred) { .uid = INVALID_UID };
	subject->closer = (struct closer) { };
}

static __always_inline void record_closer(struct tcp_teardown_record *r,
					  const struct subject *subject)
{
	const struct closer *closer = &subject->closer;

	r->pid = closer->pid;
	r->uid = __kuid_val(subject->cred.uid);	/* all ones if invalid */
	r->cgroup = subject->cred.cgroup;
	memcpy(r->comm, closer->comm, sizeof(r->comm));
	memcpy(r->thread, closer->thread, sizeof(r->thread));
}

/* Merge four bytes of the flow and of the moment. Each byte is 0 in one of the two. */
static __always_inline void record_mix(struct tcp_teardown_record *r, const struct flow *flow,
				       const struct moment *m)
{
	u32 mixed = *(const u32 *)&flow->family | *(const u32 *)&m->family;

	*(u32 *)&r->family = mixed;
}

/* Fill in what a moment and its flow have. */
static __always_inline void record_fill(struct tcp_teardown_record *r, const struct flow *flow,
					const struct moment *m)
{
	memcpy((u8 *)r + RECORD_WHAT, m, RECORD_FLOW - RECORD_WHAT);
	r->size = sizeof(*r);
	r->cpu = raw_smp_processor_id();
	memcpy((u8 *)r + RECORD_FLOW, flow, offsetof(struct flow, family));
	record_mix(r, flow, m);
	memcpy((u8 *)r + RECORD_MOMENT, (u8 *)m + offsetof(struct moment, flags),
	       RECORD_WHO - RECORD_MOMENT);
	memcpy((u8 *)r + RECORD_CALL, (u8 *)m + offsetof(struct moment, unread),
	       RECORD_TOTALS - RECORD_CALL);
	r->age = m->age;
}

/* Does a process make a call in this moment? */
static __always_inline bool is_called(const struct moment *m)
{
	return BIT(m->kind) & (BIT(TCP_TEARDOWN_CALL) | BIT(TCP_TEARDOWN_CONNECT));
}

static __always_inline void record_compose(struct tcp_teardown_record *r,
					   const struct subject *subject,
					   const struct moment *m, const struct totals *totals)
{
	record_fill(r, &subject->flow, m);
	if (totals || is_called(m))
		record_closer(r, subject);
	else
		zero_words((u8 *)r + RECORD_WHO, RECORD_CALL - RECORD_WHO);
	if (totals)
		memcpy((u8 *)r + RECORD_TOTALS, totals, sizeof(*totals));
	else
		zero_words((u8 *)r + RECORD_TOTALS, sizeof(*totals));
}

/*
 * Write a record to the ring, and emit it as a trace event. The event is emitted even if the ring
 * has no room or tracing_on is 0; the record's number is 0 then. The event gets a copy of the
 * record, because the slot may be overwritten once it is published.
 */
static noinline __cold void record_write_traced(const struct subject *subject,
						const struct moment *m,
						const struct totals *totals)
{
	struct ring_slot *slot = buffer_claim();
	struct tcp_teardown_record r __uninitialized;	/* all of it is written */

	record_compose(&r, subject, m, totals);
	r.number = 0;
	if (slot) {
		r.number = slot->seq + 1;
		memcpy(slot->data, (u8 *)&r + RECORD_WHAT, sizeof(slot->data));
		buffer_publish(slot);
	}
	trace_record(&r);
}

static __always_inline void record_write(const struct subject *subject, const struct moment *m,
					 const struct totals *totals)
{
	struct tcp_teardown_record *r;

	if (trace_is_on()) {
		record_write_traced(subject, m, totals);
		return;
	}
	r = (void *)buffer_claim();
	if (!r)
		return;
	record_compose(r, subject, m, totals);
	buffer_publish((struct ring_slot *)r);
}

static noinline void record_tell_filtered(const struct filter *filter,
					  const struct subject *subject,
					  const struct moment *m, const struct totals *totals)
{
	if (record_keeps(filter, subject, m, totals))
		record_write(subject, m, totals);
}

/**
 * record_tell() - make a record
 * @subject: the connection
 * @m: the moment
 * @totals: the connection's totals if it ends, otherwise NULL
 *
 * If the filter refuses the record, or the ring has no room, it is counted instead.
 *
 * Context: see event.h. The bucket of a connection may be held.
 */
void record_tell(const struct subject *subject, const struct moment *m,
		 const struct totals *totals)
{
	const struct filter *filter = filter_get();

	/* A call of its own, so that the path without a filter has no registers to save. */
	if (unlikely(filter))
		record_tell_filtered(filter, subject, m, totals);
	else
		record_write(subject, m, totals);
}

/**
 * record_tell_sock() - make a record of an untracked connection, by its full socket
 * @sk: the socket
 * @m: the moment
 * @totals: as for record_tell()
 */
noinline void record_tell_sock(const struct sock *sk, const struct moment *m,
			       const struct totals *totals)
{
	struct subject subject;

	record_subject_of_sock(&subject, sk);
	record_tell(&subject, m, totals);
}

/**
 * record_tell_tw() - make a record of an untracked connection, by its minisock
 * @tw: the minisock
 * @m: the moment
 * @totals: as for record_tell()
 */
noinline void record_tell_tw(const struct inet_timewait_sock *tw, const struct moment *m,
			     const struct totals *totals)
{
	struct subject subject;

	record_subject_of_tw(&subject, tw);
	record_tell(&subject, m, totals);
}
