/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TCP_TEARDOWN_COMPAT_NET_TCP_H
#define TCP_TEARDOWN_COMPAT_NET_TCP_H

#include_next <net/tcp.h>

/* 40570375356c ("tcp: add accessors to read/set tp->snd_cwnd"), 5.19 and 5.15.y */
#ifndef HAVE_TCP_SND_CWND
#define tcp_snd_cwnd(tp) ((tp)->snd_cwnd)
#endif

/* 049fe386d353 ("tcp: parse mptcp options contained in reset packets"), 5.12 */
#ifdef HAVE_TCP_RESET_SKB
#define TCP_RESET_HAS_SKB	true
#else
#define TCP_RESET_HAS_SKB	false
#endif

/* 614e8316aa4c ("tcp: add support for usec resolution in TCP TS values"), 6.7 */
#ifdef HAVE_TCP_USEC_TS
#define tcp_retrans_now(tp) tcp_time_stamp_ts(tp)
#define tcp_retrans_per_ms(tp) ((tp)->tcp_usec_ts ? USEC_PER_MSEC : 1)
#else
#define tcp_retrans_now(tp) tcp_time_stamp(tp)
#define tcp_retrans_per_ms(tp) 1
#endif

/*
 * tcp_disconnect() refuses while threads wait on the socket: from 4faeee0cf8a5 ("tcp: deny
 * tcp_disconnect() when threads are waiting"), 6.4 and stable, until 419ce133ab92, 6.6 and stable.
 */
#ifdef HAVE_SK_WAIT_PENDING
#define tcp_disconnect_denied(sk) ((sk)->sk_wait_pending)
#else
#define tcp_disconnect_denied(sk) false
#endif

/**
 * tcp_retrans_age_ms() - how long the peer has not acknowledged the segment that is retransmitted
 * @tp: the socket
 *
 * Return: milliseconds since retrans_stamp, as the retransmission timer computes them.
 */
static inline u32 tcp_retrans_age_ms(const struct tcp_sock *tp)
{
	u32 age = tcp_retrans_now(tp) - tp->retrans_stamp;

	return age / (u32)tcp_retrans_per_ms(tp);
}

#endif
