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
 * record_cookie() - the id of a full socket's connection
 * @sk: the socket
 *
 * Its cookie, made now if nothing asked for it before: written once, by a
 * cmpxchg, and __sock_gen_cookie() may be nested. The minisock inherits it.
 */
u64 record_cookie(const struct sock *sk)
{
	u64 cookie = atomic64_read(&sk->sk_cookie);
	u32 halves[2];

	if (likely(cookie))
		return cookie;
	sock_diag_save_cookie((struct sock *)sk, halves);
	return atomic64_read(&sk->sk_cookie);
}

/**
 * record_addresses() - as records have them
 * @sc: of a socket, full or mini
 * @local: 16 bytes for its own
 * @peer: 16 bytes for the other side's
 */
void record_addresses(const struct sock_common *sc, u8 *local, u8 *peer)
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

/**
 * record_claim() - begin a record
 * @now: its time
 * @kind: enum tcp_teardown_kind
 * @what: the enum that belongs to @kind
 *
 * Return: the record, to be filled in and given to record_publish(); what a kind
 * does not set is 0, but for the fields that record_place() sets. NULL if there
 * is no room, or nobody wants it.
 */
struct tcp_teardown_record *record_claim(u64 now, u8 kind, u8 what)
{
	struct tcp_teardown_record *r = (void *)buffer_claim();

	if (!r)
		return NULL;
	r->time = now;
	r->seq = 0;
	r->ack = 0;
	r->window = 0;
	r->kind = kind;
	r->what = what;
	r->tcp_flags = 0;
	r->cpu = raw_smp_processor_id();
	r->flags = 0;
	r->magic = TCP_TEARDOWN_MAGIC;
	memset(r->room, 0, sizeof(r->room));
	return r;
}

static void record_place(struct tcp_teardown_record *r, const struct sock_common *sc,
			 __be16 sport, u64 cookie, struct record_head head)
{
	r->cookie = cookie;
	record_addresses(sc, r->local, r->peer);
	r->netns = read_pnet(&sc->skc_net)->ns.inum;
	/* Not skc_num: that is 0 when the transition to CLOSE is told. */
	r->local_port = ntohs(sport);
	r->peer_port = ntohs(sc->skc_dport);
	r->old_state = head.from;
	r->new_state = head.to;
	r->family = sc->skc_family;
}

static struct tcp_teardown_record *sock_record(const struct sock *sk, u64 now,
					       struct record_head head)
{
	const struct sock_common *sc = common_of_sock(sk);
	const struct filter *filter = filter_get();
	const struct tcp_sock *tp = tcp_sk(sk);
	__be16 sport = inet_sk(sk)->inet_sport;
	struct tcp_teardown_record *r;

	if (unlikely(filter) && !record_keeps(filter, sc, sport, NULL, head))
		return NULL;
	r = record_claim(now, head.kind, head.what);
	if (!r)
		return NULL;
	record_place(r, sc, sport, record_cookie(sk), head);
	r->seq = tp->snd_nxt;
	r->ack = tp->rcv_nxt;
	r->window = tcp_receive_window(tp);
	return r;
}

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
struct tcp_teardown_record *record_of_sock(const struct sock *sk, u64 now,
					   u8 kind, u8 what)
{
	const u8 state = sk->sk_state;

	return sock_record(sk, now, (struct record_head) { kind, what, state, state });
}

/**
 * record_of_transition() - begin a record of a full socket's transition
 * @sk: the socket, still in its old state
 * @now: its time
 * @to: the new state
 *
 * Return: as record_of_sock().
 */
struct tcp_teardown_record *record_of_transition(const struct sock *sk, u64 now, u8 to)
{
	return sock_record(sk, now, (struct record_head) {
		.kind = TCP_TEARDOWN_STATE,
		.from = sk->sk_state,
		.to = to,
	});
}

static struct tcp_teardown_record *tw_record(const struct inet_timewait_sock *tw,
					     u64 now, struct record_head head,
					     const struct conn_owner *owner)
{
	const struct tcp_timewait_sock *tcptw = tcp_twsk((struct sock *)tw);
	const struct sock_common *sc = common_of_tw(tw);
	const struct filter *filter = filter_get();
	struct tcp_teardown_record *r;

	if (unlikely(filter) && !record_keeps(filter, sc, tw->tw_sport, owner, head))
		return NULL;
	r = record_claim(now, head.kind, head.what);
	if (!r)
		return NULL;
	record_place(r, sc, tw->tw_sport, atomic64_read(&tw->tw_cookie), head);
	r->seq = READ_ONCE(tcptw->tw_snd_nxt);
	r->ack = READ_ONCE(tcptw->tw_rcv_nxt);
	r->window = tcptw->tw_rcv_wnd;
	r->flags = TCP_TEARDOWN_F_MINISOCK;
	return r;
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
struct tcp_teardown_record *record_of_tw(const struct inet_timewait_sock *tw,
					 u64 now, u8 kind, u8 what,
					 const struct conn_owner *owner)
{
	const u8 state = READ_ONCE(tw->tw_substate);

	return tw_record(tw, now, (struct record_head) { kind, what, state, state },
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
struct tcp_teardown_record *
record_of_tw_transition(const struct inet_timewait_sock *tw, u64 now, u8 from, u8 to,
			const struct conn_owner *owner)
{
	return tw_record(tw, now, (struct record_head) {
		.kind = TCP_TEARDOWN_STATE,
		.from = from,
		.to = to,
	}, owner);
}

/**
 * record_header() - a received segment's numbers instead of the socket's
 * @r: of kind TCP_TEARDOWN_SEGMENT or TCP_TEARDOWN_RESET
 * @skb: the segment; TCP has filled in its control block
 */
void record_header(struct tcp_teardown_record *r, const struct sk_buff *skb)
{
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	const struct tcphdr *th = tcp_hdr(skb);

	r->seq = cb->seq;
	r->ack = cb->ack_seq;	/* not the header's, which the backlog may have merged */
	r->window = ntohs(th->window);
	r->tcp_flags = tcp_flag_byte(th);
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

/**
 * acceptable_seq() - SND.NXT in a segment without data, as tcp_acceptable_seq()
 * @tp: the socket
 *
 * It is within the peer's window, even if that shrank.
 */
u32 acceptable_seq(const struct tcp_sock *tp)
{
	if (!before(tcp_wnd_end(tp), tp->snd_nxt) ||
	    (tp->rx_opt.wscale_ok &&
	     tp->snd_nxt - tcp_wnd_end(tp) < 1U << tp->rx_opt.rcv_wscale))
		return tp->snd_nxt;
	return tcp_wnd_end(tp);
}

/**
 * segment_what() - what a received segment is to the receiver
 * @seq: its first sequence number
 * @end_seq: the one after its last
 * @rcv_nxt: what the receiver expects
 *
 * Return: enum tcp_teardown_segment.
 */
u8 segment_what(u32 seq, u32 end_seq, u32 rcv_nxt)
{
	if (seq == end_seq)
		return TCP_TEARDOWN_SEG_RCV;
	if (!after(end_seq, rcv_nxt))
		return TCP_TEARDOWN_SEG_RCV_DUP;
	if (after(seq, rcv_nxt))
		return TCP_TEARDOWN_SEG_RCV_OOO;
	return TCP_TEARDOWN_SEG_RCV;
}

/**
 * segment_count() - count a FIN that is not in order
 * @net: where
 * @what: from segment_what()
 * @fin: it is one
 */
void segment_count(const struct net *net, u8 what, bool fin)
{
	static const u8 counter[] = {
		[TCP_TEARDOWN_SEG_RCV_DUP] = STATS_FIN_DUPLICATE,
		[TCP_TEARDOWN_SEG_RCV_OOO] = STATS_FIN_OUT_OF_ORDER,
	};

	if (fin && what != TCP_TEARDOWN_SEG_RCV)
		netns_count(net, counter[what]);
}

/**
 * segment_len() - payload bytes of a received segment
 * @skb: the segment; TCP has filled in its control block
 */
u32 segment_len(const struct sk_buff *skb)
{
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	const struct tcphdr *th = tcp_hdr(skb);

	return cb->end_seq - cb->seq - th->fin - th->syn;
}
