/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Makes records of what the hooks see.
 *
 * Context of every function here, unless it says otherwise: process context or softirq, never
 * NMI; preemption is disabled, at least while the function runs. It does not sleep or allocate.
 * The only lock that it spins on is the bucket lock of a connection, see conn.h. The kernel holds
 * the socket's lock. A minisock has no lock, so what is read of it may be out of date.
 */
#ifndef TCP_TEARDOWN_EVENT_H
#define TCP_TEARDOWN_EVENT_H

#include <linux/in.h>
#include <linux/types.h>
#include <net/sock.h>
#include <net/tcp_states.h>

#include "base/sock.h"

struct conn;
struct inet_timewait_sock;
struct sk_buff;
struct tcphdr;
struct timer_list;

/**
 * event_state_wanted() - is this transition a step in the closing of a connection?
 * @sk: the socket; may be a listener, or a socket of MPTCP or of another protocol
 * @from: old state
 * @to: new state
 *
 * Return: true if it is, so event_state() has to be called.
 */
static __always_inline bool event_state_wanted(const struct sock *sk, int from, int to)
{
	return (1 << to) & (TCPF_CLOSING_STATES | TCPF_CLOSE) &&
	       !((1 << from) & (TCPF_LISTEN | TCPF_CLOSE)) && from != to &&
	       sk->sk_protocol == IPPROTO_TCP;
}

void event_state(const struct sock *sk, int from, int to);
void event_leave(const struct sock *sk, int from);

/* Is the socket closing, or in CLOSE? A segment may have been in the backlog when it ended. */
static __always_inline bool event_segment_wanted(const struct sock *sk)
{
	return (1 << sk->sk_state) & (TCPF_CLOSING_STATES | TCPF_CLOSE);
}

void event_segment(const struct sock *sk, const struct sk_buff *skb);
void event_send_ack(const struct sock *sk);
void event_retransmit(const struct sock *sk, const struct sk_buff *skb);
void event_send_reset(const struct sock *sk, const struct sk_buff *skb, u16 reason,
		      u16 kernel_reason);
u16 event_reason(const struct sock *sk, const struct sk_buff *skb);
void event_reply_reset(const struct sock *sk, const struct sk_buff *skb);
void event_reset_segment(const struct sock *sk, const struct sk_buff *skb);
void event_receive_reset(const struct sock *sk, const struct sk_buff *skb);
void event_close(const struct sock *sk);
void event_shutdown(const struct sock *sk, int how);
void event_disconnect(const struct sock *sk);
void event_subflow_reset(struct conn *conn, const struct sock *sk, u16 reason);
void event_abort(const struct sock *sk);
void event_connect(const struct sock *sk);
void event_accept(const struct sock *sk);
bool event_is_opened(const struct conn *conn);
void event_time_wait(const struct sock *sk);
void event_minisock_born(const struct inet_timewait_sock *tw, const struct sock *sk);
void event_minisock_segment(const struct inet_timewait_sock *tw,
			    const struct sk_buff *skb, const struct tcphdr *th);
void event_minisock_ack(const struct sock *sk, u32 ack);
void event_minisock_timed(const struct inet_timewait_sock *tw, int timeo);
void event_minisock_rearm(const struct inet_timewait_sock *tw, int timeo);
void event_minisock_unique(const struct inet_timewait_sock *tw);
void event_minisock_abort(const struct inet_timewait_sock *tw);
void event_minisock_timer(const struct timer_list *timer);
void event_minisock_kill(const struct inet_timewait_sock *tw);
void event_minisock_free(const struct inet_timewait_sock *tw);

/* Record each segment of a half-closed stream, instead of counting it. */
extern bool event_half_closed_data;
/*
 * All requested hooks are attached. Before that, a socket that goes to CLOSE may have a minisock
 * whose birth no hook saw. The connection ends with that minisock then.
 */
extern bool event_ends_told;
/* The hook of received RSTs is attached. */
extern bool event_resets_seen;

#endif
