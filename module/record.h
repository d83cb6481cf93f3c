/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the event_*.c have in common: from a socket, full or mini, to a record.
 * For contexts see event.h.
 */
#ifndef TCP_TEARDOWN_RECORD_H
#define TCP_TEARDOWN_RECORD_H

#include <linux/cgroup.h>
#include <linux/ktime.h>
#include <net/inet_timewait_sock.h>
#include <net/ipv6.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "buffer.h"
#include "conn.h"
#include "event.h"
#include "filter_file.h"
#include "moment.h"
#include "netns.h"
#include "uapi/tcp_teardown.h"

/* The states that a connection is in before. */
#define TCPF_SHUTDOWN_STATES (TCPF_ESTABLISHED | TCPF_SYN_SENT | TCPF_CLOSE_WAIT)
#define TCPF_OPEN_STATES (TCPF_ESTABLISHED | TCPF_SYN_SENT | TCPF_SYN_RECV)

/* A full socket and a minisock have these in common, and are found by them. */
static inline const struct sock_common *common_of_sock(const struct sock *sk)
{
	return &sk->__sk_common;
}

static inline const struct sock_common *common_of_tw(const struct inet_timewait_sock *tw)
{
	return &tw->__tw_common;
}

/* CLOCK_MONOTONIC, comparable between CPUs; safe in any context. */
static inline u64 record_now(void)
{
	return ktime_get_mono_fast_ns();
}

/* The clock of another CPU may be a little behind. */
static inline u64 elapsed(u64 since, u64 now)
{
	return now > since ? now - since : 0;
}

/*
 * Zero whole words, for a few of them in less than memset() takes.
 * @bytes: known when it is compiled, a multiple of 8
 */
static __always_inline void zero_words(void *at, size_t bytes)
{
	u64 *word = at;
	size_t i;

#ifdef CONFIG_CC_IS_GCC		/* as the kernel calls it, it unrolls no loop by itself */
#pragma GCC unroll 64
#endif
	for (i = 0; i < bytes / sizeof(*word); i++)
		WRITE_ONCE(word[i], 0);
}

static inline void record_mapped(u8 *to, __be32 addr)
{
	ipv6_addr_set_v4mapped(addr, (struct in6_addr *)to);
}

/**
 * record_addresses() - as records have them
 * @sc: of a socket, full or mini
 * @local: 16 bytes for its own
 * @peer: 16 bytes for the other side's
 */
static __always_inline void record_addresses(const struct sock_common *sc, u8 *local, u8 *peer)
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

u64 record_make_cookie(const struct sock *sk);

/**
 * record_cookie() - the id of a full socket's connection
 * @sk: the socket
 *
 * Its cookie, made now if nothing asked for it before. The minisock inherits it.
 */
static inline u64 record_cookie(const struct sock *sk)
{
	u64 cookie = atomic64_read(&sk->sk_cookie);

	return likely(cookie) ? cookie : record_make_cookie(sk);
}

/**
 * sock_unread() - bytes that were received and not read
 * @sk: a full socket
 *
 * Context: any; the socket needs not be locked, only there. As tcp_diag_get_info().
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

/* Bytes written and not sent. In SYN_SENT, SND.NXT may not have been set yet. */
static inline u32 sock_unsent(const struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	int unsent = tp->write_seq - tp->snd_nxt;

	return sk->sk_state == TCP_SYN_SENT ? 0 : max(unsent, 0);
}

/* Payload received over the connection's life; the kernel counts the FIN, too. */
static inline u64 sock_rx(const struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	u64 rx = READ_ONCE(tp->bytes_received);

	return rx - (rx && sock_flag(sk, SOCK_DONE));
}

/*
 * Payload sent, each byte once. A retransmission that finds no memory is counted as one,
 * and not as sent.
 */
static inline u64 sock_tx(const struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	u64 sent = READ_ONCE(tp->bytes_sent), resent = READ_ONCE(tp->bytes_retrans);

	return sent > resent ? sent - resent : 0;
}

/* The receive window, as far as a header can say it. */
static inline u32 sock_window(const struct tcp_sock *tp)
{
	return min(tcp_receive_window(tp), 65535U << tp->rx_opt.rcv_wscale);
}

static __always_inline void flow_of(struct flow *flow, const struct sock_common *sc,
				    __be16 sport, u64 cookie)
{
	const struct net *net = read_pnet(&sc->skc_net);

	flow->net_cookie = net_identity(net);
	flow->cookie = cookie;
	record_addresses(sc, flow->local, flow->peer);
	flow->netns = net->ns.inum;
	flow->ifindex = sc->skc_bound_dev_if;
	/* Not skc_num: that is 0 when the transition to CLOSE is told. */
	flow->local_port = ntohs(sport);
	flow->peer_port = ntohs(sc->skc_dport);
	flow->family = sc->skc_family;
	memset(flow->room, 0, sizeof(flow->room));
}

/**
 * flow_of_sock() - which connection a full socket is
 * @flow: set
 * @sk: the socket
 * @cookie: its id
 */
static __always_inline void flow_of_sock(struct flow *flow, const struct sock *sk,
					 u64 cookie)
{
	flow_of(flow, common_of_sock(sk), inet_sk(sk)->inet_sport, cookie);
}

/**
 * flow_of_tw() - which connection a minisock is
 * @flow: set
 * @tw: the minisock
 * @cookie: its id
 */
static __always_inline void flow_of_tw(struct flow *flow,
				       const struct inet_timewait_sock *tw, u64 cookie)
{
	flow_of(flow, common_of_tw(tw), tw->tw_sport, cookie);
}

/**
 * sock_cred_of() - whose a full socket is
 * @sk: the socket
 *
 * From its making or accept() on; no process is asked.
 */
static inline struct sock_cred sock_cred_of(const struct sock *sk)
{
	struct sock_cred cred = { .uid = sk->sk_uid };

#ifdef CONFIG_SOCK_CGROUP_DATA
	cred.cgroup = cgroup_id(sock_cgroup_ptr((void *)&sk->sk_cgrp_data));
#endif
	return cred;
}

void flow_of_skb(struct flow *flow, const struct net *net, const struct sk_buff *skb);
void flow_ports_of_skb(struct flow *flow, const struct sk_buff *skb);

void subject_of_sock(struct subject *subject, const struct sock *sk);
void subject_of_tw(struct subject *subject, const struct inet_timewait_sock *tw);

/*
 * All that only some moments have is 0. The caller sets @seq, @ack and @window; @size and
 * @cpu are the record's.
 */
static __always_inline void moment_begin(struct moment *m, u64 now, u8 kind, u8 what, u8 state,
					 u32 flags)
{
	m->time = now;
	m->kind = kind;
	m->what = what;
	m->from = state;
	m->to = state;
	m->flags = flags;
	zero_words(&m->len, sizeof(*m) - offsetof(struct moment, len));
}

/**
 * moment_of_sock() - begin a moment of a full socket
 * @m: set; numbers are what the socket would send
 * @sk: the socket
 * @now: when
 * @kind: enum tcp_teardown_kind
 * @what: the enum that belongs to @kind
 */
static __always_inline void moment_of_sock(struct moment *m, const struct sock *sk, u64 now,
					   u8 kind, u8 what)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	u8 wscale = tp->rx_opt.rcv_wscale;
	u32 window = sock_window(tp);

	moment_begin(m, now, kind, what, sk->sk_state, 0);
	m->seq = tp->snd_nxt;
	m->ack = tp->rcv_nxt;
	m->window = window;
	m->wscale = wscale;
}

/**
 * moment_of_tw() - begin a moment of a minisock
 * @m: set; numbers are what the minisock would send
 * @tw: the minisock
 * @now: when
 * @kind: enum tcp_teardown_kind
 * @what: the enum that belongs to @kind
 */
static __always_inline void moment_of_tw(struct moment *m, const struct inet_timewait_sock *tw,
					 u64 now, u8 kind, u8 what)
{
	const struct tcp_timewait_sock *tcptw = tcp_twsk((struct sock *)tw);

	u8 wscale = tw->tw_rcv_wscale;

	moment_begin(m, now, kind, what, READ_ONCE(tw->tw_substate), TCP_TEARDOWN_F_MINISOCK);
	m->seq = READ_ONCE(tcptw->tw_snd_nxt);
	m->ack = READ_ONCE(tcptw->tw_rcv_nxt);
	m->window = min(READ_ONCE(tcptw->tw_rcv_wnd), 65535U << wscale);
	m->wscale = wscale;
}

void record_tell(const struct subject *subject, const struct moment *m,
		 const struct totals *totals);
void record_tell_sock(const struct sock *sk, const struct moment *m,
		      const struct totals *totals);
void record_tell_tw(const struct inet_timewait_sock *tw, const struct moment *m,
		    const struct totals *totals);

/* record_filter.c */
bool record_keeps(const struct filter *filter, const struct subject *subject,
		  const struct moment *m, const struct totals *totals);

#endif
