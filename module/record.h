/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the event_*.c have in common: from a socket, full or mini, to a record.
 * For contexts see event.h.
 */
#ifndef TCP_TEARDOWN_RECORD_H
#define TCP_TEARDOWN_RECORD_H

#include <linux/ktime.h>
#include <net/inet_timewait_sock.h>
#include <net/ipv6.h>
#include <net/sock.h>
#include <net/tcp_states.h>

#include "buffer.h"
#include "conn.h"
#include "filter_file.h"
#include "netns.h"
#include "uapi/tcp_teardown.h"

/* The states of RFC 9293, section 3.3.2, in which one side has closed. */
#define TCPF_CLOSING_STATES (TCPF_FIN_WAIT1 | TCPF_FIN_WAIT2 | TCPF_CLOSING |	\
			     TCPF_CLOSE_WAIT | TCPF_LAST_ACK | TCPF_TIME_WAIT)
/* The states that a connection is in before. */
#define TCPF_OPEN_STATES (TCPF_ESTABLISHED | TCPF_SYN_SENT | TCPF_SYN_RECV)

/* A full socket and a minisock have these in common, and are found by them. */
static inline const struct sock_common *common_of_sock(const struct sock *sk)
{
	return &sk->__sk_common;
}

static inline const struct sock_common *common_of_tw(const struct inet_timewait_sock *tw)
{
	return &tw->__tw_common;
}

/* CLOCK_MONOTONIC, comparable between CPUs; safe in any context. */
static inline u64 record_now(void)
{
	return ktime_get_mono_fast_ns();
}

/* The clock of another CPU may be a little behind. */
static inline u64 elapsed(u64 since, u64 now)
{
	return now > since ? now - since : 0;
}

static inline void record_mapped(u8 *to, __be32 addr)
{
	ipv6_addr_set_v4mapped(addr, (struct in6_addr *)to);
}

/**
 * struct record_head - what a record is of
 * @kind: enum tcp_teardown_kind
 * @what: the enum that belongs to @kind
 * @from: the state as the event found it
 * @to: the state that follows; but for a transition the same
 */
struct record_head {
	u8 kind;
	u8 what;
	u8 from;
	u8 to;
};

static inline void record_publish(struct tcp_teardown_record *r)
{
	buffer_publish((struct ring_slot *)r);
}

u64 record_cookie(const struct sock *sk);
void record_addresses(const struct sock_common *sc, u8 *local, u8 *peer);
struct tcp_teardown_record *record_claim(u64 now, u8 kind, u8 what);
struct tcp_teardown_record *record_of_sock(const struct sock *sk, u64 now,
					   u8 kind, u8 what);
struct tcp_teardown_record *record_of_transition(const struct sock *sk, u64 now, u8 to);
struct tcp_teardown_record *record_of_tw(const struct inet_timewait_sock *tw,
					 u64 now, u8 kind, u8 what,
					 const struct conn_owner *owner);
struct tcp_teardown_record *
record_of_tw_transition(const struct inet_timewait_sock *tw, u64 now, u8 from, u8 to,
			const struct conn_owner *owner);
void record_header(struct tcp_teardown_record *r, const struct sk_buff *skb);
u8 record_skb_addresses(const struct sk_buff *skb, u8 *local, u8 *peer);
u8 record_place_skb(struct tcp_teardown_record *r, const struct sk_buff *skb);

/* Ask the filter, and count what it refuses. @event: all that it uses. */
static inline bool record_wanted(const struct filter *filter,
				 const struct filter_event *event)
{
	if (filter_keeps(filter, event))
		return true;
	buffer_filtered();
	return false;
}

/* record_filter.c */
void record_ask_addresses(struct filter_event *event, const u8 *local, const u8 *peer);
bool record_keeps(const struct filter *filter, const struct sock_common *sc,
		  __be16 sport, const struct conn_owner *owner, struct record_head head);
struct conn_owner record_owner(const struct sock *sk);

u32 acceptable_seq(const struct tcp_sock *tp);
u8 segment_what(u32 seq, u32 end_seq, u32 rcv_nxt);
void segment_count(const struct net *net, u8 what, bool fin);
u32 segment_len(const struct sk_buff *skb);

#endif
