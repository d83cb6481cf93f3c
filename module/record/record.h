/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Makes records from sockets, full or mini. All handlers in event/ use this. For contexts see
 * event.h.
 */
#ifndef TCP_TEARDOWN_RECORD_H
#define TCP_TEARDOWN_RECORD_H

#include <net/inet_timewait_sock.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "base/moment.h"
#include "base/sock.h"
#include "uapi/tcp_teardown.h"

static __always_inline void flow_of(struct flow *flow, const struct sock_common *sc,
				    __be16 sport, u64 cookie)
{
	const struct net *net = read_pnet(&sc->skc_net);

	flow->net_cookie = net_identity(net);
	flow->cookie = cookie;
	sock_addresses(sc, flow->local, flow->peer);
	flow->netns = net->ns.inum;
	flow->ifindex = sc->skc_bound_dev_if;
	/* Not skc_num: it is 0 already when the hook of the transition to CLOSE runs. */
	flow->local_port = ntohs(sport);
	flow->peer_port = ntohs(sc->skc_dport);
	flow->family = sc->skc_family;
	memset(flow->room, 0, sizeof(flow->room));
}

/**
 * flow_of_sock() - identify the connection of a full socket
 * @flow: set
 * @sk: the socket
 * @cookie: the connection's id
 */
static __always_inline void flow_of_sock(struct flow *flow, const struct sock *sk,
					 u64 cookie)
{
	flow_of(flow, common_of_sock(sk), inet_sk(sk)->inet_sport, cookie);
}

/**
 * flow_of_tw() - identify the connection of a minisock
 * @flow: set
 * @tw: the minisock
 * @cookie: the connection's id
 */
static __always_inline void flow_of_tw(struct flow *flow,
				       const struct inet_timewait_sock *tw, u64 cookie)
{
	flow_of(flow, common_of_tw(tw), tw->tw_sport, cookie);
}

void record_flow_of_skb(struct flow *flow, const struct net *net, const struct sk_buff *skb);
void record_ports_of_skb(struct flow *flow, const struct sk_buff *skb);

void record_subject_of_sock(struct subject *subject, const struct sock *sk);
void record_subject_of_tw(struct subject *subject, const struct inet_timewait_sock *tw);

/*
 * Begin a moment, without a transition so far. All fields from @len on are 0. The caller sets @seq,
 * @ack and @window. @size and @cpu are not used.
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
 * @m: set, with the sequence numbers of a segment that the socket would send now
 * @sk: the socket
 * @now: the time
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
 * @m: set, with the sequence numbers of a segment that the minisock would send now
 * @tw: the minisock
 * @now: the time
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

#endif
