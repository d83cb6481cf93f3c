// SPDX-License-Identifier: GPL-2.0
/* Resets, with a socket or without. */
#include "event.h"

#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/route.h>
#include <net/tcp.h>

#include "record.h"
#include "remember.h"
#include "reset_segment.h"
#include "segment.h"

/* The RST that answers @skb, as tcp_v4_send_reset() makes it. */
static void event_reply(struct tcp_teardown_record *r, const struct sk_buff *skb)
{
	const struct tcphdr *th = tcp_hdr(skb);

	r->window = 0;
	if (th->ack) {
		r->seq = ntohl(th->ack_seq);
		r->ack = 0;
		r->tcp_flags = TCPHDR_RST;
	} else {
		r->seq = 0;
		r->ack = ntohl(th->seq) + th->syn + th->fin + skb->len -
			 (th->doff << 2);
		r->tcp_flags = TCPHDR_RST | TCPHDR_ACK;
	}
}

/* As record_keeps(); without a socket there is no owner, and perhaps no state. */
static bool event_keeps_skb(const struct filter *filter, const struct net *net,
			    const struct sk_buff *skb, u8 state)
{
	struct filter_event event;
	u8 local[16], peer[16];
	int i;

	for (i = 0; i < FILTER_VALUES; i++)
		event.value[i] = FILTER_UNKNOWN;
	record_skb_addresses(skb, local, peer);
	record_ask_addresses(&event, local, peer);
	event.value[FILTER_LOCAL_PORT] = ntohs(tcp_hdr(skb)->dest);
	event.value[FILTER_PEER_PORT] = ntohs(tcp_hdr(skb)->source);
	event.value[FILTER_NETNS] = net->ns.inum;
	event.value[FILTER_KIND] = TCP_TEARDOWN_RESET;
	if (state) {
		event.value[FILTER_FROM] = state;
		event.value[FILTER_STATE] = state;
	}
	return record_wanted(filter, &event);
}

/* Where it happened, by the segment: there is no socket, or only a listener. */
static void event_place_skb(struct tcp_teardown_record *r, const struct net *net,
			    const struct sk_buff *skb, u8 state)
{
	r->cookie = 0;
	r->family = record_place_skb(r, skb);
	r->netns = net->ns.inum;
	r->old_state = state;
	r->new_state = state;
}

/* For a request, in SYN_RECV, its listener answers. */
static u8 nobodys_state(const struct sock *sk, u16 reason)
{
	if (!sk)
		return 0;
	return reason == TCP_TEARDOWN_REASON_INVALID_SYN ? TCP_SYN_RECV : sk->sk_state;
}

static struct tcp_teardown_record *event_active_reset(const struct sock *sk, u64 now)
{
	struct tcp_teardown_record *r;

	r = record_of_sock(sk, now, TCP_TEARDOWN_RESET, TCP_TEARDOWN_RST_SENT);
	if (r) {
		r->seq = acceptable_seq(tcp_sk(sk));
		r->tcp_flags = TCPHDR_RST | TCPHDR_ACK;
	}
	return r;
}

static struct tcp_teardown_record *event_reset_reply(const struct sock *sk,
						     const struct net *net,
						     const struct sk_buff *skb,
						     u16 reason, u64 now)
{
	const u8 kind = TCP_TEARDOWN_RESET, what = TCP_TEARDOWN_RST_REPLY;
	const u8 nobodys = nobodys_state(sk, reason);
	const struct filter *filter = filter_get();
	struct tcp_teardown_record *r = NULL;

	if (sk && sk->sk_state == TCP_TIME_WAIT) {
		r = record_of_tw(inet_twsk(sk), now, kind, what, NULL);
	} else if (sk && sk_fullsock(sk) && inet_sk(sk)->inet_dport) {
		r = record_of_sock(sk, now, kind, what);
	} else if (!filter || event_keeps_skb(filter, net, skb, nobodys)) {
		r = record_claim(now, kind, what);
		if (r)
			event_place_skb(r, net, skb, nobodys);
	}
	if (r)
		event_reply(r, skb);
	return r;
}

/* What ends the connection, if that has not ended before. */
enum seen { SEEN_SENT, SEEN_RECEIVED, SEEN_LATE_DATA };

static void event_reset_seen(const struct sock *sk, enum seen seen)
{
	u64 cookie = record_cookie(sk);
	struct conn_ref ref;

	if (sk->sk_state == TCP_CLOSE)
		return;
	ref = remember_find(sk, cookie, sk->sk_state);
	if (ref.conn) {
		ref.conn->reset_received |= seen == SEEN_RECEIVED;
		ref.conn->reset_sent |= seen == SEEN_SENT;
		ref.conn->late_data |= seen == SEEN_LATE_DATA;
	}
	conn_put(ref);
}

/**
 * event_send_reset() - a RST is sent
 * @sk: full socket, listener, minisock or NULL
 * @skb: the segment that it answers, or NULL: of the socket's own accord
 * @reason: enum tcp_teardown_reason
 *
 * Source: trace_tcp_send_reset(), after tcp_send_active_reset() has sent it, or
 * before tcp_v4_send_reset() and tcp_v6_send_reset() do; see also
 * event_reply_reset(). In answers @sk is not locked, if it is a
 * listener.
 */
void event_send_reset(const struct sock *sk, const struct sk_buff *skb, u16 reason)
{
	u64 now = record_now();
	struct tcp_teardown_record *r;
	const struct net *net;

	if (!skb) {
		event_reset_seen(sk, SEEN_SENT);
		net = sock_net(sk);
		netns_count(net, STATS_RST_SENT);
		r = event_active_reset(sk, now);
	} else {
		net = sk ? sock_net(sk) : dev_net(skb_dst(skb)->dev);
		netns_count(net, STATS_RST_REPLY);
		r = event_reset_reply(sk, net, skb, reason, now);
	}
	netns_reset_sent(net, reason);
	if (!r)
		return;
	r->reset.reason = reason;
	record_publish(r);
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
		event_send_reset(sk, skb, event_reason(sk, skb));
}

/*
 * A RST is accepted at RCV.NXT, or, if something is missing and SACK says so, where the
 * last block ends: see tcp_validate_incoming(). Then which one is not known. Only in
 * ESTABLISHED tcp_reset() is called for nothing but a RST.
 */
static void event_reset_inferred(struct tcp_teardown_record *r, const struct sock *sk)
{
	r->seq = tcp_sk(sk)->rx_opt.num_sacks ? 0 : r->ack;	/* RCV.NXT */
	r->ack = 0;
	r->window = 0;
	r->tcp_flags = r->old_state == TCP_ESTABLISHED ? TCPHDR_RST : 0;
	r->flags = TCP_TEARDOWN_F_INFERRED;
}

static void event_reset_known(struct tcp_teardown_record *r,
			      const struct reset_segment *segment)
{
	r->seq = segment->seq;
	r->ack = segment->ack;
	r->window = segment->window;
	r->tcp_flags = segment->tcp_flags;
}

/*
 * tcp_reset() is called for a RST, and for data that nobody will read after close(): as
 * tcp_rcv_state_process() has it. Without the segment, which one is not known.
 */
static bool may_be_late_data(const struct sock *sk)
{
	return (1 << sk->sk_state) & (TCPF_FIN_WAIT1 | TCPF_FIN_WAIT2) &&
	       READ_ONCE(sk->sk_shutdown) & RCV_SHUTDOWN && !sock_flag(sk, SOCK_DONE);
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
	struct tcp_teardown_record *r;
	bool is_known = true;

	if (skb)
		segment = reset_segment_of(skb);
	else
		is_known = reset_segment_take(sk, &segment);
	if (!is_known && may_be_late_data(sk)) {
		netns_count(sock_net(sk), STATS_RST_UNSEEN);
		return;
	}
	if (!(segment.tcp_flags & TCPHDR_RST)) {
		event_reset_seen(sk, SEEN_LATE_DATA);
		return;
	}
	event_reset_seen(sk, SEEN_RECEIVED);
	netns_count(sock_net(sk), STATS_RST_RECEIVED);
	netns_reset_received(sock_net(sk), sk->sk_state);
	r = record_of_sock(sk, record_now(), TCP_TEARDOWN_RESET,
			   TCP_TEARDOWN_RST_RECEIVED);
	if (!r)
		return;
	if (is_known)
		event_reset_known(r, &segment);
	else
		event_reset_inferred(r, sk);
	record_publish(r);
}
