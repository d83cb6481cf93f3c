/* SPDX-License-Identifier: GPL-2.0 */
/* What moments tell of a segment. For contexts see event.h. */
#ifndef TCP_TEARDOWN_SEGMENT_H
#define TCP_TEARDOWN_SEGMENT_H

#include <net/flow.h>
#include <net/tcp.h>

#include "base/moment.h"
#include "stats/netns.h"
#include "uapi/tcp_teardown.h"

/**
 * segment_header() - a received segment's numbers instead of the socket's
 * @m: of kind TCP_TEARDOWN_SEGMENT or TCP_TEARDOWN_RESET
 * @skb: the segment; TCP has filled in its control block
 * @wscale: what the peer shifts its windows by
 *
 * Where a SYN had data with it, TCP has passed over the SYN: @m->seq is the data's.
 */
static inline void segment_header(struct moment *m, const struct sk_buff *skb, u8 wscale)
{
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	const struct tcphdr *th = tcp_hdr(skb);

	m->seq = cb->seq;
	m->ack = cb->ack_seq;	/* not the header's, which the backlog may have merged */
	m->window = ntohs(th->window);
	m->wscale = th->syn || th->rst ? 0 : wscale;
	m->tcp_flags = tcp_flag_byte(th);
	m->len = cb->end_seq - cb->seq - th->fin;
	if (th->syn && cb->seq == ntohl(th->seq))
		m->len--;
}

/**
 * segment_what() - what a received segment is to the receiver
 * @seq: its first sequence number
 * @end_seq: the one after its last
 * @rcv_nxt: what the receiver expects
 *
 * Return: enum tcp_teardown_segment.
 */
static inline u8 segment_what(u32 seq, u32 end_seq, u32 rcv_nxt)
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
 * @fin_again: it is the FIN that was received before
 */
static inline void segment_count(const struct net *net, u8 what, bool fin_again)
{
	if (fin_again)
		netns_count(net, STATS_FIN_DUPLICATE);
	else if (what == TCP_TEARDOWN_SEG_RCV_OOO)
		netns_count(net, STATS_FIN_OUT_OF_ORDER);
}

/**
 * segment_fin_waits() - can't a FIN that is queued now leave at once?
 * @tp: the socket
 *
 * It waits behind unsent data, or for a window. Kernels differ in whether they let it
 * pass a full congestion window.
 */
static inline bool segment_fin_waits(const struct tcp_sock *tp)
{
	return tp->write_seq != tp->snd_nxt || !before(tp->write_seq, tcp_wnd_end(tp)) ||
	       tcp_packets_in_flight(tp) >= tcp_snd_cwnd(tp);
}

/**
 * acceptable_seq() - SND.NXT in a segment without data, as tcp_acceptable_seq()
 * @tp: the socket
 *
 * It is within the peer's window, even if that shrank.
 */
static inline u32 acceptable_seq(const struct tcp_sock *tp)
{
	if (!before(tcp_wnd_end(tp), tp->snd_nxt) ||
	    (tp->rx_opt.wscale_ok &&
	     tp->snd_nxt - tcp_wnd_end(tp) < 1U << tp->rx_opt.rcv_wscale))
		return tp->snd_nxt;
	return tcp_wnd_end(tp);
}

/**
 * segment_is_by_loopback() - did a segment come by the loopback device?
 * @skb: the segment
 *
 * By its number, the same in each namespace: it may be gone before the last socket.
 */
static inline bool segment_is_by_loopback(const struct sk_buff *skb)
{
	return skb->skb_iif == LOOPBACK_IFINDEX;
}

/**
 * segment_comes_by_wire() - do the peer's segments come by another device?
 * @sk: the socket; false where its route is not known
 */
static inline bool segment_comes_by_wire(const struct sock *sk)
{
	const struct dst_entry *dst = rcu_dereference_sched(sk->sk_dst_cache);

	return dst && dst->dev->ifindex != LOOPBACK_IFINDEX;
}

void segment_fin(struct moment *m, const struct sock *sk);
bool segment_refused(const struct sock *sk, const struct sk_buff *skb);
bool segment_refused_tw(const struct inet_timewait_sock *tw, const struct sk_buff *skb,
			const struct tcphdr *th);

#endif
