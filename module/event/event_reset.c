// SPDX-License-Identifier: GPL-2.0
/* Resets, with a socket or without. */
#include "event/event.h"

#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/mptcp.h>
#include <net/route.h>
#include <net/tcp.h>

#include "base/sock.h"
#include "conn/conn.h"
#include "conn/conn_track.h"
#include "event/reset_segment.h"
#include "event/segment.h"
#include "record/record.h"
#include "stats/netns.h"

/* The RST that answers @skb, as tcp_v4_send_reset() makes it. */
static void event_reply(struct moment *m, const struct sk_buff *skb)
{
	const struct tcphdr *th = tcp_hdr(skb);

	m->window = 0;
	m->wscale = 0;
	if (th->ack) {
		m->seq = ntohl(th->ack_seq);
		m->ack = 0;
		m->tcp_flags = TCPHDR_RST;
	} else {
		m->seq = 0;
		m->ack = ntohl(th->seq) + th->syn + th->fin + skb->len -
			 (th->doff << 2);
		m->tcp_flags = TCPHDR_RST | TCPHDR_ACK;
	}
}

/*
 * The final ACK of a handshake, for whose child the accept queue has no room, with
 * tcp_abort_on_overflow: tcp_check_req() says INVALID_SYN, as it does of a SYN, and of a
 * child that fails for another reason, as without a route to the peer. accept() on another
 * CPU may have made room since; then the queue is not called full.
 */
static bool is_queue_full(const struct sock *sk, const struct sk_buff *skb, u16 reason)
{
	return sk && sk->sk_state == TCP_LISTEN && reason == TCP_TEARDOWN_REASON_INVALID_SYN &&
	       !tcp_hdr(skb)->syn && sk_acceptq_is_full(sk);
}

/* The listener answers for a request, which is in SYN_RECV. */
static u8 nobodys_state(const struct sock *sk, u16 reason)
{
	if (!sk)
		return 0;
	return reason == TCP_TEARDOWN_REASON_INVALID_SYN ? TCP_SYN_RECV : sk->sk_state;
}

/*
 * Record a RST by the segment that it answers: there is no socket, or only a listener. For
 * a full accept queue, the record has the listener's id.
 */
static void event_tell_nobody(const struct sock *sk, const struct net *net,
			      const struct sk_buff *skb, struct moment *m)
{
	struct subject subject = { .cred.uid = INVALID_UID };

	record_flow_of_skb(&subject.flow, net, skb);
	m->from = nobodys_state(sk, m->reason);
	m->to = m->from;
	if (is_queue_full(sk, skb, m->reason)) {
		netns_count(net, STATS_ACCEPT_QUEUE_FULL);
		m->flags |= TCP_TEARDOWN_F_QUEUE_FULL;
		subject.flow.cookie = sock_cookie(sk);
	}
	record_tell(&subject, m, NULL);
}

static void event_tell_reply(const struct sock *sk, const struct net *net,
			     const struct sk_buff *skb, struct moment *m)
{
	const u8 kind = TCP_TEARDOWN_RESET, what = TCP_TEARDOWN_RST_REPLY;
	const struct moment reason = *m;

	if (sk && sk->sk_state == TCP_TIME_WAIT)
		moment_of_tw(m, inet_twsk(sk), m->time, kind, what);
	else if (sk && sk_fullsock(sk) && inet_sk(sk)->inet_dport)
		moment_of_sock(m, sk, m->time, kind, what);
	event_reply(m, skb);
	m->reason = reason.reason;
	m->kernel_reason = reason.kernel_reason;
	if (sk && sk->sk_state == TCP_TIME_WAIT)
		record_tell_tw(inet_twsk(sk), m, NULL);
	else if (sk && sk_fullsock(sk) && inet_sk(sk)->inet_dport)
		record_tell_sock(sk, m, NULL);
	else
		event_tell_nobody(sk, net, skb, m);
}

/* Note the RST for the end of the connection, unless it has ended. */
static void event_reset_sent(const struct sock *sk, u16 reason)
{
	struct conn_ref ref;

	if (sk->sk_state == TCP_CLOSE)
		return;
	ref = conn_track_find(sk, sock_cookie(sk), sk->sk_state);
	if (ref.conn) {
		ref.conn->reset_sent = true;
		if (sk_is_mptcp(sk))
			event_subflow_reset(ref.conn, sk, reason);
	}
	conn_put(ref);
}

/**
 * event_send_reset() - a RST is sent
 * @sk: full socket, listener, minisock or NULL
 * @skb: the segment that it answers, or NULL: of the socket's own accord
 * @reason: enum tcp_teardown_reason
 * @kernel_reason: as this kernel numbers it; 0 where it has none
 *
 * Source: trace_tcp_send_reset(), after tcp_send_active_reset() has sent it, or
 * before tcp_v4_send_reset() and tcp_v6_send_reset() do; see also
 * event_reply_reset(). In answers @sk is not locked, if it is a
 * listener.
 */
void event_send_reset(const struct sock *sk, const struct sk_buff *skb, u16 reason,
		      u16 kernel_reason)
{
	const struct net *net = sk ? sock_net(sk) : dev_net(skb_dst(skb)->dev);
	struct moment m = {
		.time = sock_clock(),
		.kind = TCP_TEARDOWN_RESET,
		.what = TCP_TEARDOWN_RST_REPLY,
	};

	netns_reset_sent(net, reason);
	netns_count(net, skb ? STATS_RST_REPLY : STATS_RST_SENT);
	m.reason = reason;
	m.kernel_reason = kernel_reason;
	if (skb) {
		event_tell_reply(sk, net, skb, &m);
		return;
	}
	event_reset_sent(sk, reason);
	moment_of_sock(&m, sk, m.time, TCP_TEARDOWN_RESET, TCP_TEARDOWN_RST_SENT);
	m.seq = acceptable_seq(tcp_sk(sk));
	m.tcp_flags = TCPHDR_RST | TCPHDR_ACK;
	m.reason = reason;
	m.kernel_reason = kernel_reason;
	record_tell_sock(sk, &m, NULL);
}

static bool is_for_us(const struct sk_buff *skb)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (ip_hdr(skb)->version == 6)
		return ipv6_unicast_destination(skb);
#endif
	return skb_rtable(skb)->rt_type == RTN_LOCAL;
}

/**
 * event_reply_reset() - a RST is about to be sent in answer
 * @sk: full socket, listener, minisock or NULL
 * @skb: the segment that it answers
 *
 * Source: entry of tcp_v4_send_reset() and tcp_v6_send_reset(), where the
 * tracepoint in them leaves out minisocks and what has no socket. They send
 * nothing in answer to a RST, and without a socket not to others' addresses;
 * that they refuse a TCP MD5 signature is not foreseen here.
 */
void event_reply_reset(const struct sock *sk, const struct sk_buff *skb)
{
	if (!tcp_hdr(skb)->rst && (sk || is_for_us(skb)))
		event_send_reset(sk, skb, event_reason(sk, skb), 0);
}

/*
 * TCP accepts a RST at RCV.NXT or, with SACK blocks, where the last block ends, see
 * tcp_validate_incoming(): with blocks, we do not know its number. Only in ESTABLISHED is
 * tcp_reset() called for nothing but a RST.
 */
static void event_reset_inferred(struct moment *m, const struct sock *sk)
{
	m->seq = tcp_sk(sk)->rx_opt.num_sacks ? 0 : m->ack;	/* RCV.NXT */
	m->ack = 0;
	m->window = 0;
	m->wscale = 0;
	m->tcp_flags = m->from == TCP_ESTABLISHED ? TCPHDR_RST : 0;
	m->flags |= TCP_TEARDOWN_F_INFERRED;
}

static void event_reset_known(struct moment *m, const struct reset_segment *segment)
{
	m->seq = segment->seq;
	m->ack = segment->ack;
	m->window = segment->window;
	m->wscale = 0;
	m->tcp_flags = segment->tcp_flags;
}

/*
 * tcp_rcv_state_process() calls tcp_reset() for a RST and for data after close(). Without
 * the segment we do not know which.
 */
static bool may_be_late_data(const struct sock *sk)
{
	return (1 << sk->sk_state) & (TCPF_FIN_WAIT1 | TCPF_FIN_WAIT2) &&
	       READ_ONCE(sk->sk_shutdown) & RCV_SHUTDOWN && !sock_flag(sk, SOCK_DONE);
}

/* Data after close(): the record of the transition that follows has the segment. */
static void event_late_data(const struct sock *sk)
{
	struct conn_ref ref = conn_track_find(sk, sock_cookie(sk), sk->sk_state);

	if (ref.conn)
		ref.conn->late_data = true;
	conn_put(ref);
}

/* event_segment() may have begun with the same segment. */
static void event_reset_moment(struct conn *conn, const struct moment *m)
{
	if (conn->moment.kind == TCP_TEARDOWN_SEGMENT && conn->moment.tcp_flags & TCPHDR_RST) {
		conn->moment.kind = m->kind;
		conn->moment.what = m->what;
		return;
	}
	conn_flush(conn);
	conn->moment = *m;
}

/* The transition to CLOSE follows, and records it. */
static bool event_reset_begins(const struct sock *sk, const struct moment *m, bool is_local)
{
	struct conn_ref ref = conn_track_find(sk, sock_cookie(sk), sk->sk_state);
	struct conn *conn = ref.conn;

	if (conn) {
		conn->reset_received = true;
		conn->reset_local = is_local;
		event_reset_moment(conn, m);
	}
	conn_put(ref);
	return conn;
}

/*
 * Was the RST made on this host, as by a firewall's rule for output? It came by the loopback
 * device, but the peer is reached by another one.
 */
static bool is_local_reset(const struct sock *sk, const struct sk_buff *skb)
{
	return skb && segment_is_by_loopback(skb) && segment_comes_by_wire(sk);
}

/**
 * event_receive_reset() - a RST was accepted
 * @sk: the socket, in the state in which the RST found it
 * @skb: the segment, or NULL where the hook has not got it
 *
 * Source: entry of tcp_reset(), which is also called for data that comes after
 * close(); then no RST was received. Or trace_tcp_receive_reset() in it.
 */
void event_receive_reset(const struct sock *sk, const struct sk_buff *skb)
{
	struct reset_segment segment = { .tcp_flags = TCPHDR_RST };
	bool is_known = true;
	struct moment m;

	if (skb)
		segment = reset_segment_of(skb);
	else
		is_known = reset_segment_take(sk, &segment);
	if (!is_known && may_be_late_data(sk)) {
		netns_count(sock_net(sk), STATS_RST_UNSEEN);
		return;
	}
	if (sk->sk_state == TCP_CLOSE)
		return;
	if (!(segment.tcp_flags & TCPHDR_RST)) {
		event_late_data(sk);
		return;
	}
	netns_count(sock_net(sk), STATS_RST_RECEIVED);
	netns_reset_received(sock_net(sk), sk->sk_state);
	moment_of_sock(&m, sk, sock_clock(), TCP_TEARDOWN_RESET, TCP_TEARDOWN_RST_RECEIVED);
	if (is_known)
		event_reset_known(&m, &segment);
	else
		event_reset_inferred(&m, sk);
	if (!event_reset_begins(sk, &m, is_local_reset(sk, skb))) {
		m.flags |= TCP_TEARDOWN_F_UNTRACKED;
		record_tell_sock(sk, &m, NULL);
	}
}
