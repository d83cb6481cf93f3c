// SPDX-License-Identifier: GPL-2.0
/* Connections that end with their full socket, without a minisock. */
#include "event/event.h"

#include <net/tcp.h>

#include "base/sock.h"
#include "conn/conn.h"
#include "conn/conn_track.h"
#include "conn/verdict.h"
#include "event/event_moment.h"
#include "event/handed.h"
#include "record/record.h"
#include "stats/netns.h"

static __always_inline void event_count_end(const struct netns *ns,
					    const struct sock *sk, int from, u64 spent)
{
	netns_transition(ns, from, TCP_CLOSE, spent);
	/* If a minisock receives the FIN, its transition shows that. Here, none was born. */
	if (from == TCP_FIN_WAIT2 && sock_flag(sk, SOCK_DONE))
		netns_count_in(ns, STATS_FIN_RECEIVED);
}

static noinline void event_end_untracked(const struct sock *sk, int from)
{
	const struct netns *ns = netns_hooked(sock_net(sk));
	struct totals totals;
	struct moment m;

	event_count_end(ns, sk, from, TCP_TEARDOWN_UNKNOWN);
	moment_of_sock(&m, sk, sock_clock(), TCP_TEARDOWN_STATE, 0);
	m.to = TCP_CLOSE;
	m.spent = TCP_TEARDOWN_UNKNOWN;
	/* In an earlier state, this may be the first sign that it closes. */
	if ((1 << from) & TCPF_CLOSING_STATES) {
		m.flags = TCP_TEARDOWN_F_UNTRACKED;
		netns_count_in(ns, STATS_UNTRACKED);
	}
	verdict_unknown_sock(&m, &totals, sk, from);
	netns_end(ns, &m);
	record_tell_sock(sk, &m, &totals);
}

/* The connection ends because the socket's request for a minisock was refused. */
static void event_refused(const struct sock *sk, struct moment *m)
{
	netns_count(sock_net(sk), STATS_TW_REFUSED);
	if (m->how == TCP_TEARDOWN_ORPHAN_KILLED)
		netns_count(sock_net(sk), STATS_TW_REFUSED_ORPHAN);
	m->timewait = TCP_TEARDOWN_TW_REFUSED;
	if (m->kind != TCP_TEARDOWN_STATE)
		return;
	m->kind = TCP_TEARDOWN_TIMEWAIT;
	m->what = TCP_TEARDOWN_TW_REFUSED;
}

/* The connection ends with its full socket. @conn: held; untracked here */
static noinline void event_end(const struct sock *sk, int from, struct conn *conn)
{
	const struct netns *ns = netns_hooked(sock_net(sk));
	struct moment *m;

	conn_fin_left(conn, sk);
	m = event_moment(conn, sk, from, TCP_CLOSE);
	m->to = TCP_CLOSE;
	conn_set_bytes(conn, sk);
	if (sock_flag(sk, SOCK_DONE))	/* the peer's FIN came, and no minisock was born */
		conn->three_way |= conn->fin_with_ack;
	verdict_of_sock(sk, from, conn);
	if (conn->tw_requested)
		event_refused(sk, m);
	event_count_end(ns, sk, from, m->spent);
	netns_end(ns, m);
	record_tell(&conn->subject, m, &conn->totals);
	conn_untrack(conn);
}

/* Did connect() fail before it sent a SYN? Then there was no connection. */
static bool is_failed_connect(const struct sock *sk, int from, const struct conn *conn)
{
	return from == TCP_SYN_SENT && !tcp_sk(sk)->segs_out && !in_serving_softirq() &&
	       !(conn && conn->moment.kind);
}

/*
 * Is it a child socket that is dropped, while its request goes on? No application has seen it.
 * tcp_v4_syn_recv_sock() drops it if there is no memory, or if the listener has just released its
 * port. inet_ehash_nolisten() drops it if another CPU has completed the request first; only then
 * the child still has its port.
 */
static bool is_dropped_child(const struct sock *sk, int from, const struct conn *conn)
{
	bool has_port;

	if (likely(from != TCP_SYN_RECV))
		return false;
	has_port = inet_csk(sk)->icsk_bind_hash && !(sk->sk_userlocks & SOCK_BINDPORT_LOCK);
	return !sk->sk_socket && (sock_flag(sk, SOCK_DEAD) || has_port) &&
	       !(conn && conn->disconnects);
}

static noinline void event_connect_failed(const struct sock *sk)
{
	/* tcp_v4_connect() chooses the initial sequence number after the port. */
	const u8 what = inet_sk(sk)->inet_sport && tcp_sk(sk)->write_seq ?
			TCP_TEARDOWN_CONNECT_FAILED : TCP_TEARDOWN_NO_LOCAL_PORT;
	struct subject subject;
	struct moment m;

	netns_count(sock_net(sk), what == TCP_TEARDOWN_NO_LOCAL_PORT ?
				  STATS_NO_LOCAL_PORT : STATS_CONNECT_FAILED);
	record_subject_of_sock(&subject, sk);
	conn_set_closer(&subject.closer);
	moment_of_sock(&m, sk, sock_clock(), TCP_TEARDOWN_CONNECT, what);
	m.seq = 0;
	m.ack = 0;
	m.window = 0;
	record_tell(&subject, &m, NULL);
}

bool event_ends_told;

/**
 * event_leave() - handle the transition of a full socket to CLOSE
 * @sk: the socket, for which handed_was_given() is false
 * @from: its last state
 *
 * Context: see event.h; only event_state() calls it.
 */
void event_leave(const struct sock *sk, int from)
{
	const struct sock_common *sc = common_of_sock(sk);
	bool refused = handed_was_refused(sk);
	u64 cookie = sock_cookie(sk);
	struct conn_ref ref = conn_find(cookie, sc);

	if (unlikely(is_failed_connect(sk, from, ref.conn))) {
		if (ref.conn)
			conn_untrack(ref.conn);
		conn_put(ref);
		event_connect_failed(sk);
		return;
	}
	if (unlikely(is_dropped_child(sk, from, ref.conn))) {
		if (ref.conn)
			conn_untrack(ref.conn);
		conn_put(ref);
		return;
	}
	if (ref.conn && ref.conn->old_sk == sc) {
		ref.conn->old_sk = NULL;
		if (!ref.conn->sk)	/* the minisock has died already */
			conn_untrack(ref.conn);
		conn_put(ref);
		return;
	}
	if (unlikely(!READ_ONCE(event_ends_told))) {
		if (ref.conn)
			conn_untrack(ref.conn);
		conn_put(ref);
		handed_take(sk);
		return;
	}
	/* If this is also the first sign that it closes, no earlier one was missed. */
	if (!ref.conn && !conn_was_exhausted(sock_net(sk)))
		ref.conn = conn_track(ref.bucket, sk, cookie, from);
	if (ref.conn) {
		if (unlikely(refused))
			ref.conn->tw_requested = true;
		event_end(sk, from, ref.conn);
	}
	conn_put(ref);
	if (unlikely(!ref.conn) && !handed_take(sk))
		event_end_untracked(sk, from);
}
