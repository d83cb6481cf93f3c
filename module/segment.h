/* SPDX-License-Identifier: GPL-2.0 */
/* What records tell of a segment. For contexts see event.h. */
#ifndef TCP_TEARDOWN_SEGMENT_H
#define TCP_TEARDOWN_SEGMENT_H

#include <net/tcp.h>

#include "netns.h"
#include "uapi/tcp_teardown.h"

/**
 * segment_header() - a received segment's numbers instead of the socket's
 * @r: of kind TCP_TEARDOWN_SEGMENT or TCP_TEARDOWN_RESET
 * @skb: the segment; TCP has filled in its control block
 */
static inline void segment_header(struct tcp_teardown_record *r, const struct sk_buff *skb)
{
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	const struct tcphdr *th = tcp_hdr(skb);

	r->seq = cb->seq;
	r->ack = cb->ack_seq;	/* not the header's, which the backlog may have merged */
	r->window = ntohs(th->window);
	r->tcp_flags = tcp_flag_byte(th);
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
 * @fin: it is one
 */
static inline void segment_count(const struct net *net, u8 what, bool fin)
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
static inline u32 segment_len(const struct sk_buff *skb)
{
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	const struct tcphdr *th = tcp_hdr(skb);

	return cb->end_seq - cb->seq - th->fin - th->syn;
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

#endif
