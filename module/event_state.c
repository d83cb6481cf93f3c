// SPDX-License-Identifier: GPL-2.0
/* Transitions of full sockets. */
#include "event.h"

#include <net/tcp.h>

#include "record.h"
#include "remember.h"
#include "verdict.h"

/*
 * What passes between the first FIN and the second: to us while our FIN is the
 * first, from us while the peer's is. The socket is about to enter @to.
 */
static void event_waves(const struct sock *sk, struct conn *conn, int to)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	switch (to) {
	case TCP_FIN_WAIT1:
		conn->waves_unseen = !READ_ONCE(verdict_knows_waves);
		conn->fin_by = conn->call;
		conn->base = tp->rcv_nxt;
		break;
	case TCP_CLOSE_WAIT:
		conn->base = tp->snd_nxt;
		break;
	case TCP_LAST_ACK:
		conn->fin_by = conn->call;
		/* Else the ACK of the peer's FIN is still owed. */
		conn->three_way = tp->rcv_wup != tp->rcv_nxt;
		remember_bytes(conn, sk);
		break;
	}
}

static bool is_closing(int from, int to)
{
	return from != to && (1 << to) & (TCPF_CLOSING_STATES | TCPF_CLOSE) &&
	       !((1 << from) & (TCPF_LISTEN | TCPF_CLOSE));
}

static void event_tell_state(const struct sock *sk, int to, u64 now, u64 spent, u16 flags)
{
	struct tcp_teardown_record *r;

	netns_transition(sock_net(sk), sk->sk_state, to, spent);
	if (flags & TCP_TEARDOWN_F_UNTRACKED)
		netns_count(sock_net(sk), STATS_UNTRACKED);
	r = record_of_transition(sk, now, to);
	if (!r)
		return;
	r->state.spent = spent;
	r->flags = flags;
	record_publish(r);
}

/* An orphan that may not wait for the FIN goes with the ACK of its own. */
static bool is_given_up(const struct sock *sk)
{
	return sock_flag(sk, SOCK_DEAD) && READ_ONCE(tcp_sk(sk)->linger2) < 0;
}

/* To another state of the same connection. */
static noinline void event_step(const struct sock *sk, int from, int to, u64 now)
{
	struct conn_ref ref = remember_find(sk, record_cookie(sk), from);
	u16 flags = remember_flags(ref.conn);
	u64 spent = TCP_TEARDOWN_UNKNOWN;
	bool fin_left = false;

	if (likely(ref.conn)) {
		spent = remember_state(ref.conn, to, now);
		fin_left = remember_fin_left(ref.conn, sk);
		event_waves(sk, ref.conn, to);
	}
	conn_put(ref);
	if (unlikely(fin_left))
		event_tell_fin_left(sk, now);
	if (to == TCP_FIN_WAIT2 && is_given_up(sk))
		netns_count(sock_net(sk), STATS_ORPHAN_LINGER2);
	event_tell_state(sk, to, now, spent, flags);
}

static void event_refused(const struct sock *sk, u64 now, u8 how)
{
	struct tcp_teardown_record *r;

	netns_count(sock_net(sk), STATS_TW_REFUSED);
	if (how == TCP_TEARDOWN_ORPHAN_KILLED)
		netns_count(sock_net(sk), STATS_TW_REFUSED_ORPHAN);
	r = record_of_sock(sk, now, TCP_TEARDOWN_TIMEWAIT, TCP_TEARDOWN_TW_REFUSED);
	if (r)
		record_publish(r);
}

/* The connection ends with its full socket. @ref: holds it, if it is remembered. */
static noinline void event_end(const struct sock *sk, int from, u64 now, struct conn_ref ref)
	__releases(bitlock)
{
	bool matters = (1 << from) & TCPF_CLOSING_STATES, fin_left = false, refused = false;
	u64 spent = TCP_TEARDOWN_UNKNOWN;
	struct verdict verdict = { };
	u16 flags = 0;

	/* The first sign of closing may be the last: nothing is lost. */
	if (!ref.conn && matters)
		ref.conn = remember(ref.bucket, sk, record_cookie(sk), from);
	if (ref.conn || matters)
		flags = remember_flags(ref.conn);
	if (ref.conn) {
		spent = remember_state(ref.conn, TCP_CLOSE, now);
		refused = ref.conn->asked;
		fin_left = remember_fin_left(ref.conn, sk);
		remember_bytes(ref.conn, sk);
	}
	verdict_of_sock(&verdict, sk, from, ref.conn);
	if (ref.conn)
		conn_forget(ref.conn);
	conn_put(ref);
	if (fin_left)
		event_tell_fin_left(sk, now);
	if (refused)
		event_refused(sk, now, verdict.how);
	event_tell_state(sk, TCP_CLOSE, now, spent, flags);
	verdict_tell_sock(&verdict, sk, now);
}

/* With its full socket, or goes on with a minisock: then this is no news of it. */
static noinline void event_leave(const struct sock *sk, int from, u64 now)
{
	const struct sock_common *sc = common_of_sock(sk);
	struct conn_ref ref = conn_find(record_cookie(sk), sc);

	if (!ref.conn || ref.conn->leaving != sc) {
		event_end(sk, from, now, ref);
		return;
	}
	ref.conn->leaving = NULL;
	if (!ref.conn->owner)	/* the minisock was faster */
		conn_forget(ref.conn);
	conn_put(ref);
}

/**
 * event_state() - a full socket changes its state
 * @sk: the socket; its sk_state is still @from
 * @from: old state
 * @to: new state
 *
 * Source: trace_inet_sock_set_state() in inet_sk_state_store(). Also called for
 * listeners, for MPTCP sockets and for other protocols.
 */
void event_state(const struct sock *sk, int from, int to)
{
	if (sk->sk_protocol != IPPROTO_TCP || !is_closing(from, to))
		return;
	if (to == TCP_CLOSE)
		event_leave(sk, from, record_now());
	else
		event_step(sk, from, to, record_now());
}
