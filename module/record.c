// SPDX-License-Identifier: GPL-2.0
#include "record.h"

#include <linux/sock_diag.h>
#include <net/ipv6.h>
#include <net/tcp.h>

/* A record lies in a slot from end to end; its number is the slot's own. */
static_assert(sizeof(struct tcp_teardown_record) == sizeof(struct ring_slot));
static_assert(offsetof(struct tcp_teardown_record, number) ==
	      offsetof(struct ring_slot, seq));
static_assert(TCP_TEARDOWN_COMM_LEN == TASK_COMM_LEN);

/**
 * record_make_cookie() - the cookie of a socket that may have none
 * @sk: the socket
 *
 * Written once, by a cmpxchg; __sock_gen_cookie() may be nested.
 */
noinline u64 record_make_cookie(const struct sock *sk)
{
	u32 halves[2];

	sock_diag_save_cookie((struct sock *)sk, halves);
	return atomic64_read(&sk->sk_cookie);
}

/* What a kind does not set is 0, but for what record_place() and its caller set. */
static __always_inline struct tcp_teardown_record *claim(u64 now, struct record_head head)
{
	struct tcp_teardown_record *r = (void *)buffer_claim();

	if (!r)
		return NULL;
	r->time = now;
	r->kind = head.kind;
	r->what = head.what;
	r->old_state = head.from;
	r->new_state = head.to;
	r->tcp_flags = 0;
	r->cpu = raw_smp_processor_id();
	r->flags = 0;
	r->magic = TCP_TEARDOWN_MAGIC;
	memset(r->room, 0, sizeof(r->room));
	return r;
}

/**
 * record_claim() - begin a record that is of no socket
 * @now: its time
 * @kind: enum tcp_teardown_kind
 * @what: the enum that belongs to @kind
 *
 * Return: the record, to be filled in and given to record_publish(), all 0 but for
 * what is given here, and its place. NULL if there is no room, or nobody wants it.
 */
struct tcp_teardown_record *record_claim(u64 now, u8 kind, u8 what)
{
	struct tcp_teardown_record *r = claim(now, (struct record_head) { kind, what });

	if (!r)
		return NULL;
	r->seq = 0;
	r->ack = 0;
	r->window = 0;
	return r;
}

static __always_inline void record_place(struct tcp_teardown_record *r,
					 const struct sock_common *sc,
					 __be16 sport, u64 cookie)
{
	r->cookie = cookie;
	record_addresses(sc, r->local, r->peer);
	r->netns = read_pnet(&sc->skc_net)->ns.inum;
	/* Not skc_num: that is 0 when the transition to CLOSE is told. */
	r->local_port = ntohs(sport);
	r->peer_port = ntohs(sc->skc_dport);
	r->family = sc->skc_family;
}

static __always_inline struct tcp_teardown_record *
begin(const struct sock *sk, u64 now, struct record_head head, u64 cookie)
{
	struct tcp_teardown_record *r = claim(now, head);
	const struct tcp_sock *tp = tcp_sk(sk);

	if (!r)
		return NULL;
	record_place(r, common_of_sock(sk), inet_sk(sk)->inet_sport, cookie);
	r->seq = tp->snd_nxt;
	r->ack = tp->rcv_nxt;
	r->window = tcp_receive_window(tp);
	return r;
}

/* With a filter, or before the socket has a cookie. */
static noinline struct tcp_teardown_record *
begin_slowly(const struct sock *sk, u64 now, struct record_head head)
{
	const struct filter *filter = filter_get();

	if (filter && !record_keeps(filter, common_of_sock(sk), inet_sk(sk)->inet_sport,
				    NULL, head))
		return NULL;
	return begin(sk, now, head, record_cookie(sk));
}

/**
 * record_begin() - begin a record of a full socket
 * @sk: the socket
 * @now: its time
 * @head: what it is of
 *
 * Return: see record_of_sock().
 */
struct tcp_teardown_record *record_begin(const struct sock *sk, u64 now,
					 struct record_head head)
{
	u64 cookie = atomic64_read(&sk->sk_cookie);

	if (unlikely(filter_get() || !cookie))
		return begin_slowly(sk, now, head);
	return begin(sk, now, head, cookie);
}

static __always_inline struct tcp_teardown_record *
begin_tw(const struct inet_timewait_sock *tw, u64 now, struct record_head head)
{
	const struct tcp_timewait_sock *tcptw = tcp_twsk((struct sock *)tw);
	struct tcp_teardown_record *r = claim(now, head);

	if (!r)
		return NULL;
	record_place(r, common_of_tw(tw), tw->tw_sport, atomic64_read(&tw->tw_cookie));
	r->seq = READ_ONCE(tcptw->tw_snd_nxt);
	r->ack = READ_ONCE(tcptw->tw_rcv_nxt);
	r->window = tcptw->tw_rcv_wnd;
	r->flags = TCP_TEARDOWN_F_MINISOCK;
	return r;
}

static noinline struct tcp_teardown_record *
begin_tw_filtered(const struct inet_timewait_sock *tw, u64 now, struct record_head head,
		  const struct conn_owner *owner)
{
	const struct filter *filter = filter_get();	/* it may have gone meanwhile */

	if (filter && !record_keeps(filter, common_of_tw(tw), tw->tw_sport, owner, head))
		return NULL;
	return begin_tw(tw, now, head);
}

/**
 * record_begin_tw() - begin a record of a minisock
 * @tw: the minisock
 * @now: its time
 * @head: what it is of
 * @owner: as record_of_tw()
 *
 * Return: see record_of_sock().
 */
struct tcp_teardown_record *record_begin_tw(const struct inet_timewait_sock *tw, u64 now,
					    struct record_head head,
					    const struct conn_owner *owner)
{
	if (unlikely(filter_get()))
		return begin_tw_filtered(tw, now, head, owner);
	return begin_tw(tw, now, head);
}

/**
 * record_skb_addresses() - the addresses of a received segment
 * @skb: the segment
 * @local: the receiver's, IPv4 as v4-mapped
 * @peer: the sender's
 *
 * Return: its family.
 */
u8 record_skb_addresses(const struct sk_buff *skb, u8 *local, u8 *peer)
{
	if (ip_hdr(skb)->version == 6) {
		memcpy(local, &ipv6_hdr(skb)->daddr, sizeof(struct in6_addr));
		memcpy(peer, &ipv6_hdr(skb)->saddr, sizeof(struct in6_addr));
		return AF_INET6;
	}
	record_mapped(local, ip_hdr(skb)->daddr);
	record_mapped(peer, ip_hdr(skb)->saddr);
	return AF_INET;
}

/**
 * record_place_skb() - a received segment's addresses and ports, not the socket's
 * @r: a record of the receiver
 * @skb: the segment
 *
 * Return: its family, which is not set.
 */
u8 record_place_skb(struct tcp_teardown_record *r, const struct sk_buff *skb)
{
	r->local_port = ntohs(tcp_hdr(skb)->dest);
	r->peer_port = ntohs(tcp_hdr(skb)->source);
	return record_skb_addresses(skb, r->local, r->peer);
}
