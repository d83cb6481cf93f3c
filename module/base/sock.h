/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reads a socket, full or mini: its states, addresses, cookie, byte counts and user. Also the
 * clock of all records. For contexts see event.h.
 */
#ifndef TCP_TEARDOWN_SOCK_H
#define TCP_TEARDOWN_SOCK_H

#include <linux/cgroup.h>
#include <linux/ktime.h>
#include <net/inet_timewait_sock.h>
#include <net/ipv6.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "base/moment.h"

/* The states of RFC 9293, section 3.3.2, in which at least one side has closed. */
#define TCPF_CLOSING_STATES (TCPF_FIN_WAIT1 | TCPF_FIN_WAIT2 | TCPF_CLOSING |	\
			     TCPF_CLOSE_WAIT | TCPF_LAST_ACK | TCPF_TIME_WAIT)

/* The states in which tcp_shutdown() queues a FIN or closes the socket. */
#define TCPF_SHUTDOWN_STATES (TCPF_ESTABLISHED | TCPF_SYN_SENT | TCPF_CLOSE_WAIT)

/* The states in which neither side has closed. */
#define TCPF_OPEN_STATES (TCPF_ESTABLISHED | TCPF_SYN_SENT | TCPF_SYN_RECV)

/* Both kinds of sockets begin with a struct sock_common. Its address identifies either. */
static inline const struct sock_common *common_of_sock(const struct sock *sk)
{
	return &sk->__sk_common;
}

static inline const struct sock_common *common_of_tw(const struct inet_timewait_sock *tw)
{
	return &tw->__tw_common;
}

/* CLOCK_MONOTONIC: comparable between CPUs, and safe in any context. */
static inline u64 sock_clock(void)
{
	return ktime_get_mono_fast_ns();
}

/* 0 if @now is earlier than @since: the clock of one CPU may be slightly behind another's. */
static inline u64 elapsed(u64 since, u64 now)
{
	return now > since ? now - since : 0;
}

static inline void sock_mapped(u8 *to, __be32 addr)
{
	ipv6_addr_set_v4mapped(addr, (struct in6_addr *)to);
}

/**
 * sock_addresses() - copy a socket's addresses in the form that records use
 * @sc: the common part of a socket, full or mini
 * @local: 16 bytes, set to the socket's own address
 * @peer: 16 bytes, set to the peer's address
 *
 * IPv4 addresses become v4-mapped.
 */
static __always_inline void sock_addresses(const struct sock_common *sc, u8 *local, u8 *peer)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (sc->skc_family == AF_INET6) {
		memcpy(local, &sc->skc_v6_rcv_saddr, sizeof(struct in6_addr));
		memcpy(peer, &sc->skc_v6_daddr, sizeof(struct in6_addr));
		return;
	}
#endif
	sock_mapped(local, sc->skc_rcv_saddr);
	sock_mapped(peer, sc->skc_daddr);
}

u64 sock_make_cookie(const struct sock *sk);

/**
 * sock_cookie() - get the id of a full socket's connection
 * @sk: the socket
 *
 * A minisock inherits the cookie of its full socket.
 *
 * Return: the socket's cookie, which is generated now if the socket has none.
 */
static inline u64 sock_cookie(const struct sock *sk)
{
	u64 cookie = atomic64_read(&sk->sk_cookie);

	return likely(cookie) ? cookie : sock_make_cookie(sk);
}

/**
 * sock_unread() - count the bytes that were received in order and not read yet
 * @sk: a full socket
 *
 * Mirrors tcp_diag_get_info().
 *
 * Context: any. The caller makes sure that the socket is not freed; it need not be locked.
 *
 * Return: the number of bytes, without the FIN.
 */
static inline u32 sock_unread(const struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	int unread = READ_ONCE(tp->rcv_nxt) - READ_ONCE(tp->copied_seq);

	/* rcv_nxt counts the FIN, copied_seq does not. */
	if (unread > 0 && sock_flag(sk, SOCK_DONE))
		unread--;
	return max(unread, 0);
}

/* Bytes that were written and not sent. In SYN_SENT, SND.NXT may not be set yet. */
static inline u32 sock_unsent(const struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	int unsent = tp->write_seq - tp->snd_nxt;

	return sk->sk_state == TCP_SYN_SENT ? 0 : max(unsent, 0);
}

/* Payload received so far. The kernel's own counter includes the FIN. */
static inline u64 sock_rx(const struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	u64 rx = READ_ONCE(tp->bytes_received);

	return rx - (rx && sock_flag(sk, SOCK_DONE));
}

/*
 * Payload sent so far; each byte counts once. bytes_retrans may exceed bytes_sent: if a
 * retransmission fails for lack of memory, the kernel adds to the former alone.
 */
static inline u64 sock_tx(const struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	u64 sent = READ_ONCE(tp->bytes_sent), resent = READ_ONCE(tp->bytes_retrans);

	return sent > resent ? sent - resent : 0;
}

/* The receive window, limited to what the header's field can express. */
static inline u32 sock_window(const struct tcp_sock *tp)
{
	return min(tcp_receive_window(tp), 65535U << tp->rx_opt.rcv_wscale);
}

/**
 * sock_cred_of() - get the user and the cgroup that own a full socket
 * @sk: the socket
 *
 * The kernel sets both when it creates or accepts the socket. They need not be those of the
 * process that uses it now.
 *
 * Return: the user and the cgroup.
 */
static inline struct sock_cred sock_cred_of(const struct sock *sk)
{
	struct sock_cred cred = { .uid = sk->sk_uid };

#ifdef CONFIG_SOCK_CGROUP_DATA
	cred.cgroup = cgroup_id(sock_cgroup_ptr((void *)&sk->sk_cgrp_data));
#endif
	return cred;
}

#endif
