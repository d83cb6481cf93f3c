// SPDX-License-Identifier: GPL-2.0
/* Segments that a closing full socket receives, and the FINs and ACKs that it sends. */
#include "event/event.h"

#include <net/tcp.h>

#include "base/sock.h"
#include "conn/conn.h"
#include "conn/conn_track.h"
#include "event/segment.h"
#include "record/record.h"
#include "stats/netns.h"

bool event_half_closed_data;
bool event_resets_seen;

/* Is it the peer's FIN again, which was received before? */
static bool is_fin_again(const struct sock *sk, const struct sk_buff *skb)
{
	return tcp_hdr(skb)->fin && sock_flag(sk, SOCK_DONE) &&
	       TCP_SKB_CB(skb)->end_seq == tcp_sk(sk)->rcv_nxt;
}

/* Does the segment acknowledge our FIN, for the first time? */
static bool acks_fin(const struct sock *sk, const struct sk_buff *skb)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	return (1 << sk->sk_state) & (TCPF_FIN_WAIT1 | TCPF_CLOSING | TCPF_LAST_ACK) &&
	       TCP_SKB_CB(skb)->ack_seq == tp->write_seq && tp->snd_una != tp->write_seq &&
	       tp->snd_nxt == tp->write_seq;
}

/* Is it a FIN in order, or data that nobody will read? */
static bool is_fin_or_late_data(const struct sock *sk, const struct sk_buff *skb)
{
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	u32 nxt = tcp_sk(sk)->rcv_nxt;
	u8 fin = tcp_hdr(skb)->fin;

	if (!((1 << sk->sk_state) & (TCPF_FIN_WAIT1 | TCPF_FIN_WAIT2)))
		return false;
	return (fin && !after(cb->seq, nxt) && after(cb->end_seq, nxt)) ||
	       (READ_ONCE(sk->sk_shutdown) & RCV_SHUTDOWN && after(cb->end_seq - fin, nxt));
}

/* Will tcp_rcv_state_process() make a transition, or call tcp_reset()? */
static bool segment_goes_on(const struct sock *sk, const struct sk_buff *skb)
{
	return tcp_hdr(skb)->rst || acks_fin(sk, skb) || is_fin_or_late_data(sk, skb);
}

/*
 * Is it data of a half-closed stream, or an ACK of it? These are only counted, so that they do
 * not fill the ring.
 */
static bool is_stream(const struct sock *sk, const struct sk_buff *skb)
{
	const struct tcphdr *th = tcp_hdr(skb);

	return (1 << sk->sk_state) & (TCPF_FIN_WAIT2 | TCPF_CLOSE_WAIT) &&
	       !(th->fin | th->rst | th->syn) && !is_fin_or_late_data(sk, skb);
}

/*
 * Begin the moment of a segment that reaches a socket which is closing, or in CLOSE.
 * Return: true if it is a FIN that was received before.
 */
static __always_inline bool segment_moment(struct moment *m, const struct sock *sk,
					   const struct sk_buff *skb)
{
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	const struct tcp_sock *tp = tcp_sk(sk);
	bool fin_again;

	moment_begin(m, sock_clock(), TCP_TEARDOWN_SEGMENT,
		     segment_what(cb->seq, cb->end_seq, tp->rcv_nxt), sk->sk_state, 0);
	segment_header(m, skb, tp->rx_opt.snd_wscale);
	if (sk->sk_state != TCP_CLOSE && segment_refused(sk, skb))
		m->flags = TCP_TEARDOWN_F_REFUSED;
	if (likely(!tcp_hdr(skb)->fin) || m->flags)
		return false;
	fin_again = is_fin_again(sk, skb);
	segment_count(sock_net(sk), m->what, fin_again);
	return fin_again;
}

/*
 * Record a segment of an untracked connection. event_receive_reset() will record a RST that ends
 * it.
 */
static noinline void event_segment_untracked(const struct sock *sk, const struct sk_buff *skb)
{
	struct subject subject;
	struct moment m;

	segment_moment(&m, sk, skb);
	if (tcp_hdr(skb)->rst && m.from != TCP_CLOSE && READ_ONCE(event_resets_seen) &&
	    !(m.flags & TCP_TEARDOWN_F_REFUSED))
		return;
	if (m.from != TCP_CLOSE)
		m.flags |= conn_flags_not_found(sock_net(sk));
	record_subject_of_sock(&subject, sk);
	/* close() with SO_LINGER 0 calls tcp_disconnect(), which clears its addresses and ports. */
	if (!inet_sk(sk)->inet_dport)
		record_ports_of_skb(&subject.flow, skb);
	record_tell(&subject, &m, NULL);
}

static __always_inline void event_segment_tracked(const struct sock *sk,
						  const struct sk_buff *skb, bool stream,
						  struct conn *conn)
{
	conn_flush(conn);
	conn_fin_left(conn, sk);
	if (!stream)
		conn->fin_with_ack = false;
	if (segment_moment(&conn->moment, sk, skb) && conn->fins_again != U8_MAX)
		conn->fins_again++;
	if (conn->moment.flags & TCP_TEARDOWN_F_REFUSED || !segment_goes_on(sk, skb))
		conn_record(conn);
}

static noinline void event_segment_closing(const struct sock *sk, const struct sk_buff *skb,
					   bool stream)
{
	const struct sock_common *sc = common_of_sock(sk);
	struct conn_ref ref = conn_find(sock_cookie(sk), sc);

	if (likely(ref.conn && ref.conn->old_sk != sc))
		event_segment_tracked(sk, skb, stream, ref.conn);
	conn_put(ref);
	if (unlikely(!ref.conn))
		event_segment_untracked(sk, skb);
}

/**
 * event_segment() - a segment reaches a full socket that is not ESTABLISHED
 * @sk: the socket, for which event_segment_wanted() is true
 * @skb: the segment
 *
 * Source: entry of tcp_rcv_state_process().
 */
void event_segment(const struct sock *sk, const struct sk_buff *skb)
{
	bool stream = is_stream(sk, skb);

	if (stream && !READ_ONCE(event_half_closed_data))
		netns_count(sock_net(sk), STATS_HALF_CLOSED_DATA);
	else
		event_segment_closing(sk, skb, stream);
}

/**
 * event_minisock_ack() - TCP is about to send an ACK, which is recorded if it is a minisock's
 * @sk: a minisock, a listener, a full socket or NULL
 * @ack: the acknowledgment number
 *
 * Source: entry of tcp_v4_send_ack() and of tcp_v6_send_response(). The latter also sends RSTs. A
 * minisock's RST answers a segment beyond RCV.NXT, so @ack is not RCV.NXT then.
 */
void event_minisock_ack(const struct sock *sk, u32 ack)
{
	struct moment m;

	if (!sk || sk->sk_state != TCP_TIME_WAIT || ack != READ_ONCE(tcp_twsk(sk)->tw_rcv_nxt))
		return;
	moment_of_tw(&m, inet_twsk(sk), sock_clock(), TCP_TEARDOWN_SEGMENT,
		     TCP_TEARDOWN_SEG_ACK);
	m.tcp_flags = TCPHDR_ACK;
	record_tell_tw(inet_twsk(sk), &m, NULL);
}

/**
 * event_retransmit() - TCP has retransmitted a segment, which is recorded if it carries a FIN
 * @sk: the socket
 * @skb: the segment
 *
 * Source: trace_tcp_retransmit_skb() in __tcp_retransmit_skb().
 */
void event_retransmit(const struct sock *sk, const struct sk_buff *skb)
{
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	struct conn_ref ref;
	struct moment m;

	if (!(cb->tcp_flags & TCPHDR_FIN))
		return;
	netns_count(sock_net(sk), STATS_FIN_RESENT);
	moment_of_sock(&m, sk, sock_clock(), TCP_TEARDOWN_SEGMENT, TCP_TEARDOWN_SEG_RESEND);
	m.seq = cb->seq;
	m.tcp_flags = cb->tcp_flags;
	m.len = cb->end_seq - cb->seq - 1;
	ref = conn_find(sock_cookie(sk), common_of_sock(sk));
	if (likely(ref.conn)) {
		if (ref.conn->fins_resent != U8_MAX)
			ref.conn->fins_resent++;
		ref.conn->fin_waits = false;
		m.tries = ref.conn->fins_resent;
		record_tell(&ref.conn->subject, &m, NULL);
	}
	conn_put(ref);
	if (likely(ref.conn))
		return;
	m.flags |= conn_flags_not_found(sock_net(sk));
	record_tell_sock(sk, &m, NULL);
}

/**
 * event_send_ack() - TCP is about to send a pure ACK, which is recorded if the socket is closing
 * @sk: the socket
 *
 * Source: entry of tcp_send_ack(). It runs for ACKs of data, too, so its group of hooks is off by
 * default.
 */
void event_send_ack(const struct sock *sk)
{
	struct moment m;

	if (!((1 << sk->sk_state) & TCPF_CLOSING_STATES))
		return;
	moment_of_sock(&m, sk, sock_clock(), TCP_TEARDOWN_SEGMENT, TCP_TEARDOWN_SEG_ACK);
	m.seq = acceptable_seq(tcp_sk(sk));
	m.tcp_flags = TCPHDR_ACK;
	record_tell_sock(sk, &m, NULL);
}
