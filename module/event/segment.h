/* SPDX-License-Identifier: GPL-2.0 */
/* Reads segments, and fills them in moments. For contexts see event.h. */
#ifndef TCP_TEARDOWN_SEGMENT_H
#define TCP_TEARDOWN_SEGMENT_H

#include <net/flow.h>
#include <net/tcp.h>

#include "base/moment.h"
#include "stats/netns.h"
#include "uapi/tcp_teardown.h"

/**
 * segment_header() - set the sequence numbers of a moment to those of a received segment
 * @m: a moment of kind TCP_TEARDOWN_SEGMENT or TCP_TEARDOWN_RESET
 * @skb: the segment; TCP has filled in its control block
 * @wscale: window scale of the peer
 *
 * If a SYN came with data, TCP has skipped the SYN: @m->seq is the sequence number of the data.
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
 * segment_what() - is a received segment in order, a duplicate, or out of order?
 * @seq: its first sequence number
 * @end_seq: the sequence number after its last
 * @rcv_nxt: RCV.NXT of the receiver
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
 * @net: the namespace
 * @what: from segment_what()
 * @fin_again: the same FIN was received before
 */
static inline void segment_count(const struct net *net, u8 what, bool fin_again)
{
	if (fin_again)
		netns_count(net, STATS_FIN_DUPLICATE);
	else if (what == TCP_TEARDOWN_SEG_RCV_OOO)
		netns_count(net, STATS_FIN_OUT_OF_ORDER);
}

/**
 * segment_fin_waits() - would a FIN that is queued now have to wait?
 * @tp: the socket
 *
 * Kernels differ in whether a FIN may exceed the congestion window.
 *
 * Return: true if there is unsent data before it, or one of the windows is full.
 */
static inline bool segment_fin_waits(const struct tcp_sock *tp)
{
	return tp->write_seq != tp->snd_nxt || !before(tp->write_seq, tcp_wnd_end(tp)) ||
	       tcp_packets_in_flight(tp) >= tcp_snd_cwnd(tp);
}

/**
 * acceptable_seq() - get the sequence number of a segment without data
 * @tp: the socket
 *
 * Mirrors tcp_acceptable_seq().
 *
 * Return: SND.NXT, or the right edge of the peer's window if that has shrunk below it.
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
 * It compares the interface index, which is the same in each namespace. The device may be
 * unregistered before the last socket is closed.
 *
 * Return: true if it did.
 */
static inline bool segment_is_by_loopback(const struct sk_buff *skb)
{
	return skb->skb_iif == LOOPBACK_IFINDEX;
}

/**
 * segment_comes_by_wire() - is the peer reached by a device other than loopback?
 * @sk: the socket
 *
 * Return: true if it is, false also if the route is unknown.
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
