// SPDX-License-Identifier: GPL-2.0
/*
 * Finds out why a RST is sent, on kernels up to 6.9, which do not say. The reason follows from the
 * possible callers and from the socket's state, and is the one that 6.12 would give. The reasons
 * of MPTCP cannot be derived.
 */
#include "event/event.h"

#include <net/mptcp.h>
#include <net/tcp.h>

#include "base/sock.h"
#include "uapi/tcp_teardown.h"

/* Is our FIN still in the write queue, so that it has not been sent? */
static bool is_fin_unsent(const struct sock *sk)
{
	const struct sk_buff *tail = skb_peek_tail(&sk->sk_write_queue);

	return tail && TCP_SKB_CB(tail)->tcp_flags & TCPHDR_FIN;
}

/* Was it in FIN_WAIT2 before CLOSE? Then our FIN was acknowledged, and none was received. */
static bool was_fin_wait2(const struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	return tp->snd_una == tp->write_seq && !sock_flag(sk, SOCK_DONE);
}

/* In CLOSE: by __tcp_close(), or by tcp_disconnect(), which close() calls with linger 0. */
static u16 reason_of_closed(const struct sock *sk)
{
	if (sock_flag(sk, SOCK_DEAD))
		return tcp_sk(sk)->linger2 < 0 && was_fin_wait2(sk) ?
		       TCP_TEARDOWN_REASON_TCP_ABORT_ON_LINGER :
		       TCP_TEARDOWN_REASON_TCP_ABORT_ON_MEMORY;
	/* close() empties the receive queue before the RST, tcp_disconnect() does not. */
	if (sock_unread(sk) && skb_queue_empty(&sk->sk_receive_queue))
		return TCP_TEARDOWN_REASON_TCP_ABORT_ON_CLOSE;
	/* With both FINs, it was in CLOSING or LAST_ACK. */
	if (is_fin_unsent(sk) && sock_flag(sk, SOCK_DONE))
		return TCP_TEARDOWN_REASON_TCP_DISCONNECT_WITH_DATA;
	return TCP_TEARDOWN_REASON_TCP_STATE;
}

/* In another state: by tcp_abort(), or by a timer, which does nothing while a user owns it. */
static u16 reason_of_open(const struct sock *sk)
{
	if (sock_owned_by_user_nocheck(sk))
		return TCP_TEARDOWN_REASON_TCP_STATE;
	/* While data is not acknowledged, tcp_keepalive_timer() sends no RST. */
	if (tcp_sk(sk)->packets_out || !skb_queue_empty(&sk->sk_write_queue))
		return TCP_TEARDOWN_REASON_TCP_ABORT_ON_MEMORY;
	if (sk->sk_state == TCP_FIN_WAIT2 && sock_flag(sk, SOCK_DEAD))
		return TCP_TEARDOWN_REASON_TCP_STATE;
	return TCP_TEARDOWN_REASON_TCP_KEEPALIVE_TIMEOUT;
}

/* SYN_SENT refuses the segment for its acknowledgment number, or else for its timestamp. */
static u16 reason_in_syn_sent(const struct tcp_sock *tp, u32 ack)
{
	return !after(ack, tp->snd_una) || after(ack, tp->snd_nxt) ?
	       TCP_TEARDOWN_REASON_TCP_INVALID_ACK_SEQUENCE :
	       TCP_TEARDOWN_REASON_TCP_RFC7323_PAWS;
}

/* As tcp_ack() decides. */
static u16 reason_in_syn_recv(const struct tcp_sock *tp, u32 ack)
{
	u32 window = min_t(u64, tp->max_window, tp->bytes_acked);

	if (after(ack, tp->snd_nxt))
		return TCP_TEARDOWN_REASON_TCP_ACK_UNSENT_DATA;
	if (before(ack, tp->snd_una - window))
		return TCP_TEARDOWN_REASON_TCP_TOO_OLD_ACK;
	return TCP_TEARDOWN_REASON_TCP_OLD_ACK;
}

/* By tcp_rcv_state_process(), or by tcp_check_req() with TCP Fast Open. */
static u16 reason_of_reply(const struct sock *sk, const struct sk_buff *skb)
{
	u32 ack = TCP_SKB_CB(skb)->ack_seq;

	switch (sk->sk_state) {
	case TCP_SYN_SENT:
		return reason_in_syn_sent(tcp_sk(sk), ack);
	case TCP_SYN_RECV:
		return tcp_hdr(skb)->syn ? TCP_TEARDOWN_REASON_INVALID_SYN :
					   reason_in_syn_recv(tcp_sk(sk), ack);
	case TCP_FIN_WAIT1:
		return TCP_TEARDOWN_REASON_INVALID_SYN;
	case TCP_CLOSE:
		return TCP_TEARDOWN_REASON_TCP_ABORT_ON_DATA;
	}
	return TCP_TEARDOWN_REASON_NOT_SPECIFIED;
}

/*
 * A listener answers for itself, or, in tcp_check_req(), for a request. Only in the second case is
 * skb->dev still set, because the segment has not been passed to a socket yet.
 */
static u16 reason_of_listener(const struct sk_buff *skb)
{
	return skb->dev ? TCP_TEARDOWN_REASON_INVALID_SYN : TCP_TEARDOWN_REASON_TCP_FLAGS;
}

/**
 * event_reason() - find out why a RST is sent
 * @sk: full socket, listener, minisock or NULL
 * @skb: the segment that it answers; NULL if the socket sends it of its own accord
 *
 * Context: as event_send_reset() and event_reply_reset().
 *
 * Return: enum tcp_teardown_reason.
 */
u16 event_reason(const struct sock *sk, const struct sk_buff *skb)
{
	if (!sk)
		return TCP_TEARDOWN_REASON_NO_SOCKET;
	if (sk->sk_state == TCP_TIME_WAIT)
		return TCP_TEARDOWN_REASON_TCP_TIMEWAIT_SOCKET;
	if (sk_is_mptcp(sk))
		return TCP_TEARDOWN_REASON_NOT_SPECIFIED;
	if (skb)
		return sk->sk_state == TCP_LISTEN ? reason_of_listener(skb) :
						    reason_of_reply(sk, skb);
	return sk->sk_state == TCP_CLOSE ? reason_of_closed(sk) : reason_of_open(sk);
}
