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
#include <net/tcp.h>

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
 * record_addresses() - as records have them
 * @sc: of a socket, full or mini
 * @local: 16 bytes for its own
 * @peer: 16 bytes for the other side's
 */
static __always_inline void record_addresses(const struct sock_common *sc, u8 *local, u8 *peer)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (sc->skc_family == AF_INET6) {
		memcpy(local, &sc->skc_v6_rcv_saddr, sizeof(struct in6_addr));
		memcpy(peer, &sc->skc_v6_daddr, sizeof(struct in6_addr));
		return;
	}
#endif
	record_mapped(local, sc->skc_rcv_saddr);
	record_mapped(peer, sc->skc_daddr);
}

u64 record_make_cookie(const struct sock *sk);

/**
 * record_cookie() - the id of a full socket's connection
 * @sk: the socket
 *
 * Its cookie, made now if nothing asked for it before. The minisock inherits it.
 */
static inline u64 record_cookie(const struct sock *sk)
{
	u64 cookie = atomic64_read(&sk->sk_cookie);

	return likely(cookie) ? cookie : record_make_cookie(sk);
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

struct tcp_teardown_record *record_claim(u64 now, u8 kind, u8 what);
struct tcp_teardown_record *record_begin(const struct sock *sk, u64 now,
					 struct record_head head);
struct tcp_teardown_record *record_begin_tw(const struct inet_timewait_sock *tw, u64 now,
					    struct record_head head,
					    const struct conn_owner *owner);

/**
 * record_of_sock() - begin a record of a full socket
 * @sk: the socket
 * @now: its time
 * @kind: enum tcp_teardown_kind, but TCP_TEARDOWN_STATE
 * @what: the enum that belongs to @kind
 *
 * Return: as record_claim(), or NULL if it is not wanted; seq, ack and window are
 * what the socket would send.
 */
static inline struct tcp_teardown_record *record_of_sock(const struct sock *sk, u64 now,
							 u8 kind, u8 what)
{
	const u8 state = sk->sk_state;

	return record_begin(sk, now, (struct record_head) { kind, what, state, state });
}

/**
 * record_of_transition() - begin a record of a full socket's transition
 * @sk: the socket, still in its old state
 * @now: its time
 * @to: the new state
 *
 * Return: as record_of_sock().
 */
static inline struct tcp_teardown_record *record_of_transition(const struct sock *sk,
							       u64 now, u8 to)
{
	return record_begin(sk, now, (struct record_head) {
		.kind = TCP_TEARDOWN_STATE,
		.from = sk->sk_state,
		.to = to,
	});
}

/**
 * record_of_tw() - begin a record of a minisock
 * @tw: the minisock
 * @now: its time
 * @kind: enum tcp_teardown_kind, but TCP_TEARDOWN_STATE
 * @what: the enum that belongs to @kind
 * @owner: whose it is; NULL: its connection is remembered and will say
 *
 * Return: as record_of_sock().
 */
static inline struct tcp_teardown_record *
record_of_tw(const struct inet_timewait_sock *tw, u64 now, u8 kind, u8 what,
	     const struct conn_owner *owner)
{
	const u8 state = READ_ONCE(tw->tw_substate);

	return record_begin_tw(tw, now, (struct record_head) { kind, what, state, state },
			       owner);
}

/**
 * record_of_tw_transition() - begin a record of a minisock's transition
 * @tw: the minisock
 * @now: its time
 * @from: the old state
 * @to: the new state
 * @owner: as record_of_tw()
 *
 * Return: as record_of_sock().
 */
static inline struct tcp_teardown_record *
record_of_tw_transition(const struct inet_timewait_sock *tw, u64 now, u8 from, u8 to,
			const struct conn_owner *owner)
{
	return record_begin_tw(tw, now, (struct record_head) {
		.kind = TCP_TEARDOWN_STATE,
		.from = from,
		.to = to,
	}, owner);
}

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

#endif
