// SPDX-License-Identifier: GPL-2.0
/* Segments that a closing full socket receives, FINs that it sends. */
#include "event.h"

#include <net/tcp.h>

#include "record.h"
#include "remember.h"
#include "segment.h"

/**
 * event_tell_fin_left() - a FIN that had to wait behind others has left
 * @sk: the socket
 * @now: when that was found out: it may have been earlier
 */
void event_tell_fin_left(const struct sock *sk, u64 now)
{
	struct tcp_teardown_record *r;

	r = record_of_sock(sk, now, TCP_TEARDOWN_SEGMENT, TCP_TEARDOWN_SEG_LEFT);
	if (!r)
		return;
	r->seq = tcp_sk(sk)->write_seq - 1;
	r->tcp_flags = TCPHDR_FIN | TCPHDR_ACK;
	record_publish(r);
}

/*
 * What the memory wants to know of a segment: of FINs, and while our own FIN
 * waits, which is rare: nothing of the ACK that ends FIN_WAIT1 or LAST_ACK.
 */
static void event_segment_seen(const struct sock *sk, const struct sk_buff *skb,
			       u8 what, u64 now)
{
	bool fin = tcp_hdr(skb)->fin, acks_all, left = false;
	struct conn_ref ref;

	acks_all = TCP_SKB_CB(skb)->ack_seq == tcp_sk(sk)->write_seq;
	if (!fin && (acks_all || !((1 << sk->sk_state) & (TCPF_FIN_WAIT1 |
							  TCPF_CLOSING |
							  TCPF_LAST_ACK))))
		return;
	ref = conn_find(record_cookie(sk), common_of_sock(sk));
	if (ref.conn) {
		left = remember_fin_left(ref.conn, sk);
		if (fin && what == TCP_TEARDOWN_SEG_RCV_DUP &&
		    ref.conn->fins_again != U8_MAX)
			ref.conn->fins_again++;
		if (fin && what == TCP_TEARDOWN_SEG_RCV && acks_all &&
		    sk->sk_state == TCP_FIN_WAIT1)
			ref.conn->three_way = true;
	}
	conn_put(ref);
	if (left)
		event_tell_fin_left(sk, now);
}

/**
 * event_segment() - a segment reaches a full socket that is not ESTABLISHED
 * @sk: the socket
 * @skb: the segment
 *
 * Source: entry of tcp_rcv_state_process().
 */
void event_segment(const struct sock *sk, const struct sk_buff *skb)
{
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	const struct tcp_sock *tp = tcp_sk(sk);
	struct tcp_teardown_record *r;
	u64 now;
	u8 what;

	/* CLOSE: it was in the backlog when the connection ended. */
	if (!((1 << sk->sk_state) & (TCPF_CLOSING_STATES | TCPF_CLOSE)))
		return;
	what = segment_what(cb->seq, cb->end_seq, tp->rcv_nxt);
	now = record_now();
	segment_count(sock_net(sk), what, tcp_hdr(skb)->fin);
	event_segment_seen(sk, skb, what, now);
	r = record_of_sock(sk, now, TCP_TEARDOWN_SEGMENT, what);
	if (!r)
		return;
	/* tcp_disconnect() has made it forget; close() with SO_LINGER 0 does that. */
	if (!inet_sk(sk)->inet_dport)
		record_place_skb(r, skb);
	segment_header(r, skb);
	r->segment.len = segment_len(skb);
	r->segment.wscale = tp->rx_opt.snd_wscale;
	record_publish(r);
}

static void event_fin_whole(struct tcp_teardown_record *r, const struct sk_buff *skb)
{
	segment_header(r, skb);
	r->segment.len = segment_len(skb);
}

/*
 * The FIN was merged into an older segment that the application has not read
 * yet: its header is gone, its numbers are those that tcp_ack() took from it.
 * The FIN's own number, seq + len, is right in any case; where its segment began
 * is a guess.
 */
static void event_fin_merged(struct tcp_teardown_record *r, const struct sock *sk,
			     const struct sk_buff *tail)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	r->seq = tp->rcv_nxt - 1;
	r->ack = tp->snd_una;
	if (tail && TCP_SKB_CB(tail)->end_seq == tp->rcv_nxt)
		r->ack = TCP_SKB_CB(tail)->ack_seq;
	if (between(tp->snd_wl1, tp->copied_seq, r->seq)) {
		r->segment.len = r->seq - tp->snd_wl1;
		r->seq = tp->snd_wl1;
	}
	r->window = tp->snd_wnd >> tp->rx_opt.snd_wscale;
	r->tcp_flags = TCPHDR_FIN | TCPHDR_ACK;
	r->flags = TCP_TEARDOWN_F_INFERRED;
}

/**
 * event_fin() - the other side's FIN is in order
 * @sk: the socket; its rcv_nxt counts the FIN
 *
 * Source: entry of tcp_fin(), from tcp_data_queue() or tcp_ofo_queue(), which
 * put the segment at the end of the receive queue before, or merged it into
 * what is there. If the socket is closing already, event_segment() told of it.
 */
void event_fin(const struct sock *sk)
{
	const struct sk_buff *tail = skb_peek_tail(&sk->sk_receive_queue);
	const struct tcp_sock *tp = tcp_sk(sk);
	struct tcp_teardown_record *r;

	netns_count(sock_net(sk), STATS_FIN_RECEIVED);
	if (!((1 << sk->sk_state) & TCPF_OPEN_STATES))
		return;
	r = record_of_sock(sk, record_now(), TCP_TEARDOWN_SEGMENT,
			   TCP_TEARDOWN_SEG_RCV);
	if (!r)
		return;
	/* tcp_collapse() and TCP_REPAIR make segments that have no header. */
	if (tail && skb_transport_header_was_set(tail) && tcp_hdr(tail)->fin &&
	    TCP_SKB_CB(tail)->end_seq == tp->rcv_nxt)
		event_fin_whole(r, tail);
	else
		event_fin_merged(r, sk, tail);
	r->segment.wscale = tp->rx_opt.snd_wscale;
	record_publish(r);
}

/*
 * It may be unable to leave at once: behind unsent data, or for want of a window.
 * Kernels differ in whether they let it pass a full congestion window.
 */
static void event_fin_waits(const struct sock *sk)
{
	struct conn_ref ref = conn_find(record_cookie(sk), common_of_sock(sk));

	if (ref.conn)
		ref.conn->fin_waits = true;
	conn_put(ref);
}

/**
 * event_send_fin() - a FIN is queued
 * @sk: the socket; its write_seq will be the FIN's number
 *
 * Source: entry of tcp_send_fin(). The FIN leaves behind what is unsent: at
 * once, later, or never.
 */
void event_send_fin(const struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	struct tcp_teardown_record *r;

	netns_count(sock_net(sk), STATS_FIN_QUEUED);
	if (tp->write_seq != tp->snd_nxt || !before(tp->write_seq, tcp_wnd_end(tp)) ||
	    tcp_packets_in_flight(tp) >= tcp_snd_cwnd(tp))
		event_fin_waits(sk);
	r = record_of_sock(sk, record_now(), TCP_TEARDOWN_SEGMENT,
			   TCP_TEARDOWN_SEG_QUEUE);
	if (!r)
		return;
	r->seq = tp->write_seq;
	r->tcp_flags = TCPHDR_FIN | TCPHDR_ACK;
	r->segment.unsent = tp->write_seq - tp->snd_nxt;
	record_publish(r);
}

/* Which try it is; 0 where the connection is not remembered. */
static u8 event_try(const struct sock *sk)
{
	struct conn_ref ref = conn_find(record_cookie(sk), common_of_sock(sk));
	u8 tries = 0;

	if (ref.conn) {
		if (ref.conn->fins_resent != U8_MAX)
			ref.conn->fins_resent++;
		tries = ref.conn->fins_resent;
		ref.conn->fin_waits = false;
	}
	conn_put(ref);
	return tries;
}

/**
 * event_minisock_ack() - a segment that is not of a full socket is about to be sent
 * @sk: of whom: a minisock, a listener, a full socket or NULL
 * @ack: the acknowledgment number
 *
 * Source: entry of tcp_v4_send_ack(), and of tcp_v6_send_response(), which sends
 * RSTs, too: those of a minisock, in answer to what is beyond RCV.NXT, do not
 * acknowledge just that.
 */
void event_minisock_ack(const struct sock *sk, u32 ack)
{
	struct tcp_teardown_record *r;

	if (!sk || sk->sk_state != TCP_TIME_WAIT || ack != READ_ONCE(tcp_twsk(sk)->tw_rcv_nxt))
		return;
	r = record_of_tw(inet_twsk(sk), record_now(), TCP_TEARDOWN_SEGMENT,
			 TCP_TEARDOWN_SEG_ACK, NULL);
	if (!r)
		return;
	r->tcp_flags = TCPHDR_ACK;
	record_publish(r);
}

/**
 * event_retransmit() - a segment was sent again
 * @sk: the socket
 * @skb: the segment; only those with a FIN are told of
 *
 * Source: trace_tcp_retransmit_skb() in __tcp_retransmit_skb().
 */
void event_retransmit(const struct sock *sk, const struct sk_buff *skb)
{
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	struct tcp_teardown_record *r;
	u8 tries;

	if (!(cb->tcp_flags & TCPHDR_FIN))
		return;
	tries = event_try(sk);
	netns_count(sock_net(sk), STATS_FIN_RESENT);
	r = record_of_sock(sk, record_now(), TCP_TEARDOWN_SEGMENT,
			   TCP_TEARDOWN_SEG_RESEND);
	if (!r)
		return;
	r->seq = cb->seq;
	r->tcp_flags = cb->tcp_flags;
	r->segment.len = cb->end_seq - cb->seq - 1;
	r->segment.tries = tries;
	record_publish(r);
}

/**
 * event_send_ack() - an ACK without anything else is about to be sent
 * @sk: the socket; only of one that is closing it is told
 *
 * Source: entry of tcp_send_ack(). Runs for ACKs of data, too: that is why its
 * group is off unless it is asked for.
 */
void event_send_ack(const struct sock *sk)
{
	struct tcp_teardown_record *r;

	if (!((1 << sk->sk_state) & TCPF_CLOSING_STATES))
		return;
	r = record_of_sock(sk, record_now(), TCP_TEARDOWN_SEGMENT, TCP_TEARDOWN_SEG_ACK);
	if (!r)
		return;
	r->seq = acceptable_seq(tcp_sk(sk));
	r->tcp_flags = TCPHDR_ACK;
	record_publish(r);
}
