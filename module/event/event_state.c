// SPDX-License-Identifier: GPL-2.0
/* Transitions of full sockets. */
#include "event/event.h"

#include <net/tcp.h>

#include "base/sock.h"
#include "conn/conn.h"
#include "conn/conn_track.h"
#include "conn/verdict.h"
#include "event/event_moment.h"
#include "event/handed.h"
#include "event/segment.h"
#include "record/record.h"
#include "stats/netns.h"

/* Does the orphan end when its FIN is acknowledged? It does with TCP_LINGER2 < 0. */
static __always_inline bool ends_in_fin_wait2(const struct sock *sk)
{
	return sock_flag(sk, SOCK_DEAD) && READ_ONCE(tcp_sk(sk)->linger2) < 0;
}

/* Count a transition. @to: not CLOSE */
static __always_inline void event_count_step(const struct netns *ns,
					     const struct sock *sk, int from, int to, u64 spent)
{
	netns_transition(ns, from, to, spent);
	if (to == TCP_FIN_WAIT2 && unlikely(ends_in_fin_wait2(sk)))
		netns_count_in(ns, STATS_ORPHAN_LINGER2);
}

/*
 * Add to the moment what the transition implies: a FIN is queued, or one was received, which is in
 * the receive queue already.
 */
static __always_inline void event_brings(struct moment *m, const struct sock *sk, int to)
{
	m->to = to;
	if (is_fin_queued(to)) {
		m->flags |= TCP_TEARDOWN_F_FIN_QUEUED;
		m->unsent = sock_unsent(sk);
	} else if (to == TCP_CLOSE_WAIT) {
		segment_fin(m, sk);
	}
}

/*
 * Update the connection for the state that it enters. base_bytes is for the payload between the
 * two FINs: that which we receive if our FIN is the first, that which we send if the peer's is.
 */
static __always_inline void event_enters(struct conn *conn, const struct sock *sk, int to)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	switch (to) {
	case TCP_FIN_WAIT1:
		conn->waves_unseen = !READ_ONCE(verdict_knows_waves);
		conn->fin_call = conn->call;
		conn->fin_waits = segment_fin_waits(tp);
		conn->base_bytes = sock_rx(sk);
		break;
	case TCP_LAST_ACK:
		conn->fin_call = conn->call;
		conn->fin_waits = segment_fin_waits(tp);
		/* If so, the FIN will also carry the ACK of the peer's FIN. */
		conn->three_way = tp->rcv_wup != tp->rcv_nxt;
		break;
	case TCP_CLOSE_WAIT:
		conn->base_bytes = sock_tx(sk);
		conn->fin_with_syn = !!(conn->moment.tcp_flags & TCPHDR_SYN);
		break;
	case TCP_FIN_WAIT2:
		conn->fin_with_ack = conn->moment.kind == TCP_TEARDOWN_SEGMENT &&
				     conn->moment.tcp_flags & TCPHDR_FIN;
		break;
	}
}

/* Will tcp_rcv_state_process() make a minisock next? Then the hook of its birth records this. */
static bool is_to_be_born(const struct sock *sk, const struct moment *m)
{
	return m->kind == TCP_TEARDOWN_SEGMENT &&
	       sock_flag(sk, SOCK_DEAD) && READ_ONCE(tcp_sk(sk)->linger2) >= 0 &&
	       !(m->tcp_flags & TCPHDR_FIN) && !m->len &&
	       tcp_fin_time(sk) <= TCP_TIMEWAIT_LEN &&
	       !sock_owned_by_user_nocheck(sk) && READ_ONCE(verdict_knows_minisocks);
}

/* @told: the pool was exhausted before, so the hook of the call has recorded the call */
static noinline void event_step_untracked(const struct sock *sk, int from, int to, bool told)
{
	const struct netns *ns = netns_hooked(sock_net(sk));
	struct moment m;

	event_count_step(ns, sk, from, to, TCP_TEARDOWN_UNKNOWN);
	netns_count_in(ns, STATS_UNTRACKED);
	if (!told && is_fin_queued(to) && event_is_by_close(sk, NULL))
		event_close_untracked(sk);
	moment_of_sock(&m, sk, sock_clock(), TCP_TEARDOWN_STATE, 0);
	m.spent = TCP_TEARDOWN_UNKNOWN;
	m.flags = TCP_TEARDOWN_F_UNTRACKED;
	event_brings(&m, sk, to);
	record_tell_sock(sk, &m, NULL);
}

/* A transition after which the connection still exists. */
static noinline void event_step(const struct sock *sk, int from, int to)
{
	u64 cookie = sock_cookie(sk);
	struct conn_ref ref = conn_find(cookie, common_of_sock(sk));
	struct conn *conn = ref.conn;
	struct moment *m;
	bool told = false;

	if (!conn) {
		told = conn_was_exhausted(sock_net(sk));
		conn = conn_track(ref.bucket, sk, cookie, from);
	}
	if (unlikely(!conn)) {
		conn_put(ref);
		event_step_untracked(sk, from, to, told);
		return;
	}
	conn_fin_left(conn, sk);
	m = event_moment(conn, sk, from, to);
	event_brings(m, sk, to);
	event_enters(conn, sk, to);
	if (to != TCP_FIN_WAIT2 || !is_to_be_born(sk, m))
		conn_record(conn);
	event_count_step(netns_hooked(sock_net(sk)), sk, from, to, m->spent);
	conn_put(ref);
}

/**
 * event_state() - handle the transition of a full socket
 * @sk: the socket; its sk_state is still @from
 * @from: old state
 * @to: new state, for which event_state_wanted() is true
 *
 * Source: trace_inet_sock_set_state() in inet_sk_state_store().
 */
void event_state(const struct sock *sk, int from, int to)
{
	if (to != TCP_CLOSE)
		event_step(sk, from, to);
	else if (!handed_was_given(sk))
		event_leave(sk, from);
}
