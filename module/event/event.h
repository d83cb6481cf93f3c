/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Makes records of what the hooks saw.
 *
 * Context of every function here: preemption disabled, in process context or
 * in a softirq over it, on any CPU; never NMI. None sleeps, allocates or spins,
 * except for the bucket lock of a connection, which is a leaf. The caller holds
 * the socket's lock unless the function says otherwise; minisocks have no lock, so what
 * we read of them may be out of date.
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
 * event_state_wanted() - does a connection close by this transition?
 * @sk: the socket; may be a listener, MPTCP's, or another protocol's
 * @from: old state
 * @to: new state
 */
static __always_inline bool event_state_wanted(const struct sock *sk, int from, int to)
{
	return (1 << to) & (TCPF_CLOSING_STATES | TCPF_CLOSE) &&
	       !((1 << from) & (TCPF_LISTEN | TCPF_CLOSE)) && from != to &&
	       sk->sk_protocol == IPPROTO_TCP;
}

void event_state(const struct sock *sk, int from, int to);
void event_leave(const struct sock *sk, int from);

/* Is the socket closing? CLOSE: a segment was in the backlog when the connection ended. */
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

/* Data of a stream that one side has closed is recorded, segment by segment. */
extern bool event_half_closed_data;
/*
 * All hooks that were requested are attached. Before that, a socket that goes to CLOSE may
 * have a minisock whose birth we did not see, and whose death is the end.
 */
extern bool event_ends_told;
/* The hook of received RSTs is attached. */
extern bool event_resets_seen;

#endif
