// SPDX-License-Identifier: GPL-2.0
#include "event/segment.h"

static void segment_fin_whole(struct moment *m, const struct tcp_sock *tp,
			      const struct sk_buff *skb)
{
	segment_header(m, skb, tp->rx_opt.snd_wscale);
}

/*
 * TCP has merged the segment with the FIN into an older one that the application has not read
 * yet. Its header is lost. The socket still has the numbers that tcp_ack() took from it. The
 * FIN's own sequence number, seq + len, is right in any case; where the segment began is a guess.
 */
static void segment_fin_merged(struct moment *m, const struct tcp_sock *tp,
			       const struct sk_buff *tail)
{
	m->seq = tp->rcv_nxt - 1;
	m->ack = tp->snd_una;
	if (tail && TCP_SKB_CB(tail)->end_seq == tp->rcv_nxt)
		m->ack = TCP_SKB_CB(tail)->ack_seq;
	if (between(tp->snd_wl1, tp->copied_seq, m->seq)) {
		m->len = m->seq - tp->snd_wl1;
		m->seq = tp->snd_wl1;
	}
	m->window = tp->snd_wnd >> tp->rx_opt.snd_wscale;
	m->wscale = tp->rx_opt.snd_wscale;
	m->tcp_flags = TCPHDR_FIN | TCPHDR_ACK;
	m->flags |= TCP_TEARDOWN_F_INFERRED;
}

/**
 * segment_fin() - turn the moment of a transition to CLOSE_WAIT into that of the peer's FIN
 * @m: the moment
 * @sk: the socket; its rcv_nxt includes the FIN
 *
 * tcp_data_queue() or tcp_ofo_queue() call tcp_fin(). Before that, they have put the segment at
 * the end of the receive queue, or have merged it into the segment there.
 */
void segment_fin(struct moment *m, const struct sock *sk)
{
	const struct sk_buff *tail = skb_peek_tail(&sk->sk_receive_queue);
	const struct tcp_sock *tp = tcp_sk(sk);

	m->kind = TCP_TEARDOWN_SEGMENT;
	m->what = TCP_TEARDOWN_SEG_RCV;
	/* tcp_collapse() and TCP_REPAIR make segments without a header. */
	if (tail && skb_transport_header_was_set(tail) && tcp_hdr(tail)->fin &&
	    TCP_SKB_CB(tail)->end_seq == tp->rcv_nxt)
		segment_fin_whole(m, tp, tail);
	else
		segment_fin_merged(m, tp, tail);
}

/* Get the timestamp, if it is the only option, and aligned as Linux sends it. */
static bool segment_tsval(const struct tcphdr *th, u32 *tsval)
{
	const __be32 *option = (const __be32 *)(th + 1);

	if (th->doff != (sizeof(*th) + TCPOLEN_TSTAMP_ALIGNED) / 4 ||
	    *option != htonl(TCPOPT_NOP << 24 | TCPOPT_NOP << 16 |
			     TCPOPT_TIMESTAMP << 8 | TCPOLEN_TIMESTAMP))
		return false;
	*tsval = ntohl(option[1]);	/* as tcp_parse_aligned_timestamp() */
	return true;
}

/* Is the timestamp older than @ts_recent? 0 means unknown, as in tcp_paws_check(). */
static bool is_older(const struct tcphdr *th, u32 ts_recent, s32 by)
{
	u32 tsval;

	return ts_recent && segment_tsval(th, &tsval) && (s32)(ts_recent - tsval) > by;
}

/*
 * Does PAWS discard the segment? As tcp_paws_discard(), without its exception for a ts_recent that
 * is 24 days old. A duplicate ACK is never discarded; tcp_disordered_ack() has more conditions.
 */
static bool is_paws(const struct tcp_sock *tp, const struct tcp_skb_cb *cb,
		    const struct tcphdr *th)
{
	if (!tp->rx_opt.tstamp_ok || th->rst ||
	    !is_older(th, tp->rx_opt.ts_recent, TCP_PAWS_WINDOW))
		return false;
	return cb->seq != cb->end_seq || cb->seq != tp->rcv_nxt || cb->ack_seq != tp->snd_una;
}

/* As tcp_paws_reject(), for RSTs as well. */
static bool is_paws_tw(const struct tcp_timewait_sock *tcptw, const struct tcphdr *th)
{
	u32 stamp = READ_ONCE(tcptw->tw_ts_recent_stamp);

	return stamp && is_older(th, READ_ONCE(tcptw->tw_ts_recent), 0) &&
	       (!th->rst || time_before32(ktime_get_seconds(), stamp + TCP_PAWS_MSL));
}

/* As tcp_sequence(). */
static bool is_out_of_window(const struct tcp_skb_cb *cb, u32 wup, u32 nxt, u32 window)
{
	return before(cb->end_seq, wup) || after(cb->seq, nxt + window);
}

/* The right edge of the last SACK block. */
static u32 sacked_end(const struct tcp_sock *tp)
{
	u32 end = tp->selective_acks[0].end_seq;
	int i;

	for (i = 1; i < tp->rx_opt.num_sacks; i++)
		if (after(tp->selective_acks[i].end_seq, end))
			end = tp->selective_acks[i].end_seq;
	return end;
}

/* Do tcp_reset_check() and tcp_validate_incoming() accept the RST? */
static bool is_good_rst(const struct sock *sk, const struct sk_buff *skb)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	u32 seq = TCP_SKB_CB(skb)->seq;

	return seq == tp->rcv_nxt ||
	       (seq == tp->rcv_nxt - 1 && (1 << sk->sk_state) &
		(TCPF_CLOSE_WAIT | TCPF_LAST_ACK | TCPF_CLOSING)) ||
	       (tp->rx_opt.num_sacks && seq == sacked_end(tp));
}

/**
 * segment_refused() - does TCP refuse a segment?
 * @sk: a full socket in a closing state
 * @skb: the segment
 *
 * RFC 9293, section 3.10.7.4; RFC 5961 for RST and SYN; RFC 7323 for PAWS.
 *
 * Return: true if it does, by a rule that all kernels have.
 */
bool segment_refused(const struct sock *sk, const struct sk_buff *skb)
{
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	const struct tcp_sock *tp = tcp_sk(sk);
	const struct tcphdr *th = tcp_hdr(skb);

	if (th->rst)
		return !is_good_rst(sk, skb);
	return th->syn || !th->ack ||
	       is_out_of_window(cb, tp->rcv_wup, tp->rcv_nxt, tcp_receive_window(tp)) ||
	       is_paws(tp, cb, th) ||
	       after(cb->ack_seq, tp->snd_nxt);
}

/**
 * segment_refused_tw() - does a minisock refuse a segment?
 * @tw: the minisock
 * @skb: the segment
 * @th: its header
 *
 * Mirrors the first checks of tcp_timewait_state_process(). In TIME_WAIT, a segment that passes
 * them is answered by an ACK. That is not a refusal, because the segment was received before.
 *
 * Return: true if it does.
 */
bool segment_refused_tw(const struct inet_timewait_sock *tw, const struct sk_buff *skb,
			const struct tcphdr *th)
{
	const struct tcp_timewait_sock *tcptw = tcp_twsk((struct sock *)tw);
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	u32 nxt = READ_ONCE(tcptw->tw_rcv_nxt);

	if (is_paws_tw(tcptw, th))
		return true;
	if (READ_ONCE(tw->tw_substate) != TCP_FIN_WAIT2)
		return th->rst && (cb->seq != nxt ||
				   READ_ONCE(twsk_net(tw)->ipv4.sysctl_tcp_rfc1337));
	return is_out_of_window(cb, nxt, nxt, READ_ONCE(tcptw->tw_rcv_wnd));
}
