// SPDX-License-Identifier: GPL-2.0
/* RSTs that are sent or received, with a socket or without. */
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

/* Set the numbers of the RST that answers @skb, as tcp_v4_send_reset() does. */
static void reply_header(struct moment *m, const struct sk_buff *skb)
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
 * Is the RST sent because the accept queue is full, with tcp_abort_on_overflow? Then it answers the
 * final ACK of a handshake, and tcp_check_req() gives the reason INVALID_SYN. That is also the
 * reason for a SYN, and for a child that fails otherwise, for example without a route to the
 * peer. If accept() on another CPU has made room since, this returns false.
 */
static bool is_queue_full(const struct sock *sk, const struct sk_buff *skb, u16 reason)
{
	return sk && sk->sk_state == TCP_LISTEN && reason == TCP_TEARDOWN_REASON_INVALID_SYN &&
	       !tcp_hdr(skb)->syn && sk_acceptq_is_full(sk);
}

/* The state for the record. If a listener answers for a request, that is SYN_RECV. */
static u8 reply_state(const struct sock *sk, u16 reason)
{
	if (!sk)
		return 0;
	return reason == TCP_TEARDOWN_REASON_INVALID_SYN ? TCP_SYN_RECV : sk->sk_state;
}

/*
 * Record a RST that answers a segment without a socket, or a listener's. The record describes the
 * segment. If the accept queue is full, it has the listener's id.
 */
static void event_reply_alone(const struct sock *sk, const struct net *net,
			      const struct sk_buff *skb, struct moment *m)
{
	struct subject subject = { .cred.uid = INVALID_UID };

	record_flow_of_skb(&subject.flow, net, skb);
	m->from = reply_state(sk, m->reason);
	m->to = m->from;
	if (is_queue_full(sk, skb, m->reason)) {
		netns_count(net, STATS_ACCEPT_QUEUE_FULL);
		m->flags |= TCP_TEARDOWN_F_QUEUE_FULL;
		subject.flow.cookie = sock_cookie(sk);
	}
	record_tell(&subject, m, NULL);
}

/* Record a RST that answers a segment. */
static void event_reply(const struct sock *sk, const struct net *net,
			const struct sk_buff *skb, struct moment *m)
{
	const u8 kind = TCP_TEARDOWN_RESET, what = TCP_TEARDOWN_RST_REPLY;
	const struct moment reason = *m;

	if (sk && sk->sk_state == TCP_TIME_WAIT)
		moment_of_tw(m, inet_twsk(sk), m->time, kind, what);
	else if (sk && sk_fullsock(sk) && inet_sk(sk)->inet_dport)
		moment_of_sock(m, sk, m->time, kind, what);
	reply_header(m, skb);
	m->reason = reason.reason;
	m->kernel_reason = reason.kernel_reason;
	if (sk && sk->sk_state == TCP_TIME_WAIT)
		record_tell_tw(inet_twsk(sk), m, NULL);
	else if (sk && sk_fullsock(sk) && inet_sk(sk)->inet_dport)
		record_tell_sock(sk, m, NULL);
	else
		event_reply_alone(sk, net, skb, m);
}

/* Note for the verdict that the socket sends a RST, unless the connection has ended. */
static void event_note_reset_sent(const struct sock *sk, u16 reason)
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
 * event_send_reset() - TCP sends a RST
 * @sk: full socket, listener, minisock or NULL; a listener is not locked
 * @skb: the segment that it answers; NULL if the socket sends it of its own accord
 * @reason: enum tcp_teardown_reason
 * @kernel_reason: this kernel's own number for the reason, 0 if it has none
 *
 * Source: trace_tcp_send_reset(): after tcp_send_active_reset() has sent the RST, or before
 * tcp_v4_send_reset() or tcp_v6_send_reset() sends it. See also event_reply_reset().
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
		event_reply(sk, net, skb, &m);
		return;
	}
	event_note_reset_sent(sk, reason);
	moment_of_sock(&m, sk, m.time, TCP_TEARDOWN_RESET, TCP_TEARDOWN_RST_SENT);
	m.seq = acceptable_seq(tcp_sk(sk));
	m.tcp_flags = TCPHDR_RST | TCPHDR_ACK;
	m.reason = reason;
	m.kernel_reason = kernel_reason;
	record_tell_sock(sk, &m, NULL);
}

/* Is the segment addressed to this host? */
static bool is_for_us(const struct sk_buff *skb)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (ip_hdr(skb)->version == 6)
		return ipv6_unicast_destination(skb);
#endif
	return skb_rtable(skb)->rt_type == RTN_LOCAL;
}

/**
 * event_reply_reset() - TCP is about to answer a segment by a RST
 * @sk: full socket, listener, minisock or NULL
 * @skb: the segment
 *
 * TCP does not answer a RST. Without a socket, it does not answer a segment that is addressed to
 * another host. It may also refuse to answer because of a TCP MD5 signature; this function does
 * not check that, and records a RST that is never sent.
 *
 * Source: entry of tcp_v4_send_reset() and tcp_v6_send_reset(), on kernels whose tracepoint leaves
 * out minisocks and segments without a socket.
 */
void event_reply_reset(const struct sock *sk, const struct sk_buff *skb)
{
	if (!tcp_hdr(skb)->rst && (sk || is_for_us(skb)))
		event_send_reset(sk, skb, event_reason(sk, skb), 0);
}

/*
 * The hook has no segment, so infer its numbers. TCP accepts a RST at RCV.NXT, or, with SACK
 * blocks, at the end of the last block, see tcp_validate_incoming(). So with blocks, the number is
 * unknown. Only in ESTABLISHED is it certain that tcp_reset() is called for a RST.
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

/* The hook has the segment. */
static void event_reset_known(struct moment *m, const struct reset_segment *segment)
{
	m->seq = segment->seq;
	m->ack = segment->ack;
	m->window = segment->window;
	m->wscale = 0;
	m->tcp_flags = segment->tcp_flags;
}

/*
 * tcp_rcv_state_process() calls tcp_reset() for a RST and for data after close(). Without the
 * segment, may it be the latter? verdict_error() makes the same test.
 */
static bool may_be_late_data(const struct sock *sk)
{
	return (1 << sk->sk_state) & (TCPF_FIN_WAIT1 | TCPF_FIN_WAIT2) &&
	       READ_ONCE(sk->sk_shutdown) & RCV_SHUTDOWN && !sock_flag(sk, SOCK_DONE);
}

/* Note for the verdict that data came after close(). The transition that follows records it. */
static void event_late_data(const struct sock *sk)
{
	struct conn_ref ref = conn_track_find(sk, sock_cookie(sk), sk->sk_state);

	if (ref.conn)
		ref.conn->late_data = true;
	conn_put(ref);
}

/* Begin the moment of a RST, unless event_segment() has begun it with the same segment. */
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

/*
 * Note the RST for the verdict, and begin its moment. The transition to CLOSE that follows records
 * it. Return: false if the connection cannot be tracked.
 */
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
 * Was the RST made on this host, for example by a firewall's rule for output? If so, it came by the
 * loopback device, although the peer is reached by another one.
 */
static bool is_local_reset(const struct sock *sk, const struct sk_buff *skb)
{
	return skb && segment_is_by_loopback(skb) && segment_comes_by_wire(sk);
}

/**
 * event_receive_reset() - TCP accepts a RST, or data after close()
 * @sk: the socket, whose state has not changed yet
 * @skb: the segment; NULL if the hook does not get it
 *
 * Source: entry of tcp_reset(), or trace_tcp_receive_reset() in it. tcp_reset() is also called for
 * data after close(), for which no RST was received.
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
