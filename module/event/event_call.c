// SPDX-License-Identifier: GPL-2.0
/* Calls that close or abort connections, and the processes that make them. */
#include "event/event.h"

#include <linux/sched.h>
#include <net/mptcp.h>
#include <net/tcp.h>

#include "base/sock.h"
#include "conn/conn_track.h"
#include "conn/verdict.h"
#include "event/event_call.h"
#include "record/record.h"
#include "stats/netns.h"

bool event_calls_sure;

/* Begin the moment of a call by current, with the sequence numbers before the call. */
static void event_moment_of_call(struct moment *m, const struct sock *sk, u8 what)
{
	moment_of_sock(m, sk, sock_clock(), TCP_TEARDOWN_CALL, what);
	m->unread = sock_unread(sk);
	m->unsent = sock_unsent(sk);
	if (sock_flag(sk, SOCK_LINGER)) {
		m->flags = TCP_TEARDOWN_F_LINGER;
		m->linger = sk->sk_lingertime / HZ;
	}
}

/*
 * Record a call that does not end the connection, or a call on an untracked one.
 * @flags: TCP_TEARDOWN_F_UNTRACKED in the second case, otherwise 0
 */
static noinline void event_call_alone(const struct sock *sk, u8 what, u32 flags)
{
	struct subject subject;
	struct moment m;

	record_subject_of_sock(&subject, sk);
	conn_set_closer(&subject.closer);
	event_moment_of_call(&m, sk, what);
	m.flags |= flags;
	record_tell(&subject, &m, NULL);
}

/* Note the call, and the process that makes it. */
static void event_caller(struct conn *conn, u8 what, u8 by)
{
	conn->call = by;
	conn->by_exit = what == TCP_TEARDOWN_EXIT;
	conn->disconnects = what == TCP_TEARDOWN_DISCONNECT || what == TCP_TEARDOWN_LISTENER;
	conn_set_closer(&conn->subject.closer);
}

/*
 * Handle a call that may end the connection.
 * @by: enum tcp_teardown_set_off
 * @goes_on: the call makes a transition, or a minisock, whose hook completes the moment
 */
static void event_called(const struct sock *sk, u8 what, u8 by, bool goes_on)
{
	struct conn_ref ref = conn_track_find(sk, sock_cookie(sk), sk->sk_state);
	struct conn *conn = ref.conn;

	if (unlikely(!conn)) {
		conn_put(ref);
		event_call_alone(sk, what, TCP_TEARDOWN_F_UNTRACKED);
		return;
	}
	conn_flush(conn);
	event_caller(conn, what, by);
	event_moment_of_call(&conn->moment, sk, what);
	if (conn->subject.closer.is_opener)	/* only if a kernel thread calls */
		conn->moment.flags |= TCP_TEARDOWN_F_OPENER;
	if (!goes_on)
		conn_record(conn);
	conn_put(ref);
}

/* Is there a connection that has not ended? */
static bool is_alive(const struct sock *sk)
{
	return (1 << sk->sk_state) & (TCPF_OPEN_STATES | TCPF_CLOSING_STATES);
}

/* Will __tcp_close() discard unread data, and then send a RST? */
static bool has_unread(const struct sock *sk)
{
	return sock_unread(sk) && !skb_queue_empty(&sk->sk_receive_queue);
}

/* Will __tcp_close() make a transition, or call tcp_time_wait()? */
static bool close_goes_on(const struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	if ((1 << sk->sk_state) & (TCPF_OPEN_STATES | TCPF_CLOSE_WAIT) || tp->repair ||
	    has_unread(sk) || (sock_flag(sk, SOCK_LINGER) && !sk->sk_lingertime))
		return true;
	return sk->sk_state == TCP_FIN_WAIT2 &&
	       (READ_ONCE(tp->linger2) < 0 ||
		(tcp_fin_time(sk) <= TCP_TIMEWAIT_LEN && READ_ONCE(verdict_knows_minisocks)));
}

/*
 * Will __tcp_close() make a transition that shows all that the call does? If so, the hook of the
 * transition begins the moment, see event_is_by_close(). If the pool was exhausted, the call is
 * recorded on its own.
 */
static bool close_is_plain(const struct sock *sk)
{
	return (1 << sk->sk_state) & (TCPF_ESTABLISHED | TCPF_CLOSE_WAIT) &&
	       READ_ONCE(event_calls_sure) && !conn_was_exhausted(sock_net(sk)) &&
	       !sock_unread(sk) && !sock_flag(sk, SOCK_LINGER) &&
	       !tcp_sk(sk)->repair && sock_owned_by_user_nocheck(sk);
}

/**
 * event_close() - the application closes the socket
 * @sk: the socket, locked by its user
 *
 * Source: entry of __tcp_close(). Listeners and unconnected sockets are ignored.
 */
void event_close(const struct sock *sk)
{
	if (in_serving_softirq() || sk->sk_state == TCP_LISTEN || !inet_sk(sk)->inet_dport)
		return;
	netns_count(sock_net(sk), current->flags & PF_EXITING ? STATS_EXIT : STATS_CLOSE);
	if (close_is_plain(sk))
		return;
	if (is_alive(sk))
		event_called(sk, what_close(), by_close(), close_goes_on(sk));
	else
		event_call_alone(sk, what_close(), 0);
}

/**
 * event_close_untracked() - record a close() that its hook left to the transition
 * @sk: the socket, which cannot be tracked: the pool has just become exhausted
 */
void event_close_untracked(const struct sock *sk)
{
	event_call_alone(sk, what_close(), TCP_TEARDOWN_F_UNTRACKED);
}

/**
 * event_close_begins() - begin the moment of a close() that its hook left to the transition
 * @sk: the socket, in transition to FIN_WAIT1 or LAST_ACK
 * @conn: held
 */
void event_close_begins(const struct sock *sk, struct conn *conn)
{
	conn_flush(conn);
	event_caller(conn, TCP_TEARDOWN_CLOSE, TCP_TEARDOWN_BY_CLOSE);
	moment_of_sock(&conn->moment, sk, sock_clock(), TCP_TEARDOWN_CALL, TCP_TEARDOWN_CLOSE);
	if (unlikely(current->flags & PF_EXITING)) {
		conn->call = TCP_TEARDOWN_BY_EXIT;
		conn->by_exit = true;
		conn->moment.what = TCP_TEARDOWN_EXIT;
	}
	if (conn->subject.closer.is_opener)	/* only if a kernel thread calls */
		conn->moment.flags |= TCP_TEARDOWN_F_OPENER;
}

/* Will tcp_shutdown() make a transition? */
static bool shutdown_goes_on(const struct sock *sk, int how)
{
	return how & SEND_SHUTDOWN && (1 << sk->sk_state) & TCPF_SHUTDOWN_STATES;
}

/*
 * Does TCP itself call tcp_shutdown()? At the end of the handshake it does, for an earlier
 * shutdown(): in a softirq, or in a thread such as NAPI's. A task that owns the socket is not TCP.
 * MPTCP may not own its subflow, because it locks it by lock_sock_fast().
 */
static bool is_called_by_tcp(const struct sock *sk)
{
	return in_serving_softirq() ||
	       (!sock_owned_by_user_nocheck(sk) && !sk_is_mptcp(sk));
}

/* If an application closes, MPTCP takes over its subflows, and shuts them down itself. */
static u8 by_shutdown(const struct sock *sk)
{
	return sk_is_mptcp(sk) && !sk->sk_socket ? by_close() : TCP_TEARDOWN_BY_SHUTDOWN;
}

/**
 * event_shutdown() - the application shuts down one direction or both
 * @sk: the socket, locked by its user
 * @how: RCV_SHUTDOWN, SEND_SHUTDOWN or both
 *
 * Source: entry of tcp_shutdown(). For other callers see is_called_by_tcp().
 */
void event_shutdown(const struct sock *sk, int how)
{
	static const u8 what[] = {
		[RCV_SHUTDOWN] = TCP_TEARDOWN_SHUT_RD,
		[SEND_SHUTDOWN] = TCP_TEARDOWN_SHUT_WR,
		[SHUTDOWN_MASK] = TCP_TEARDOWN_SHUT_RDWR,
	};
	static const u8 counter[] = {
		[RCV_SHUTDOWN] = STATS_SHUT_RD,
		[SEND_SHUTDOWN] = STATS_SHUT_WR,
		[SHUTDOWN_MASK] = STATS_SHUT_RDWR,
	};

	how &= SHUTDOWN_MASK;
	if (is_called_by_tcp(sk) || !how || !is_alive(sk))
		return;
	netns_count(sock_net(sk), counter[how]);
	if (how & SEND_SHUTDOWN)
		event_called(sk, what[how], by_shutdown(sk), shutdown_goes_on(sk, how));
	else
		event_call_alone(sk, what[how], 0);
}

/*
 * Note that tcp_disconnect() is called. Return: true if close() calls it, as it does with SO_LINGER
 * 0 or TCP_REPAIR; event_close() has begun the moment then. If the connection is untracked, the
 * fields that close() sets before show it.
 */
static bool event_disconnects_in_close(const struct sock *sk)
{
	struct conn_ref ref = conn_find(sock_cookie(sk), common_of_sock(sk));
	bool in_close;

	if (ref.conn) {
		in_close = ref.conn->moment.kind == TCP_TEARDOWN_CALL &&
			   (ref.conn->moment.what == TCP_TEARDOWN_CLOSE ||
			    ref.conn->moment.what == TCP_TEARDOWN_EXIT);
		ref.conn->disconnects = true;
	} else {
		in_close = sk->sk_socket && sk->sk_shutdown == SHUTDOWN_MASK &&
			   (tcp_sk(sk)->repair ||
			    (sock_flag(sk, SOCK_LINGER) && !sk->sk_lingertime));
	}
	conn_put(ref);
	return in_close;
}

/*
 * tcp_disconnect() is called, but not for a call on this socket. The caller is a listener, or else
 * current.
 */
static void event_dropped(const struct sock *sk, u8 by)
{
	struct conn_ref ref = conn_track_find(sk, sock_cookie(sk), sk->sk_state);
	struct conn *conn = ref.conn;

	if (conn) {
		conn->disconnects = true;
		conn->call = by;
		if (by != TCP_TEARDOWN_BY_LISTENER)
			conn_set_closer(&conn->subject.closer);
	}
	conn_put(ref);
}

/*
 * A listener ends a connection that nobody has accepted. In its close(), inet_csk_listen_stop()
 * does; if the last ACK of the handshake comes just after that, inet_csk_reqsk_queue_add() does.
 * Only the former counts as a call. In SYN_RECV, the former ends only those with Fast Open.
 */
static void event_unaccepted(const struct sock *sk)
{
	if (in_serving_softirq() || (sk->sk_state == TCP_SYN_RECV &&
				     !rcu_access_pointer(tcp_sk(sk)->fastopen_rsk))) {
		event_dropped(sk, TCP_TEARDOWN_BY_LISTENER);
	} else {
		netns_count(sock_net(sk), STATS_LISTENER);
		event_called(sk, TCP_TEARDOWN_LISTENER, TCP_TEARDOWN_BY_LISTENER, true);
	}
}

/**
 * event_disconnect() - tcp_disconnect() ends a connection at once
 * @sk: the socket, locked
 *
 * Source: entry of tcp_disconnect(). Its callers are connect() with AF_UNSPEC; close() with
 * SO_LINGER 0 or TCP_REPAIR; a listener that closes, for connections that nobody has accepted,
 * whose sockets it does not own; and MPTCP, for the subflows of an application that closes.
 */
void event_disconnect(const struct sock *sk)
{
	if (!is_alive(sk) || tcp_disconnect_denied(sk))
		return;
	if (!sock_owned_by_user_nocheck(sk)) {
		event_unaccepted(sk);
	} else if (sk_is_mptcp(sk) && !sk->sk_socket) {
		event_dropped(sk, by_close());
	} else if (!event_disconnects_in_close(sk)) {
		netns_count(sock_net(sk), STATS_DISCONNECT);
		event_called(sk, TCP_TEARDOWN_DISCONNECT, TCP_TEARDOWN_BY_DISCONNECT, true);
	}
}

/*
 * The cause of a reset by mptcp_do_fastclose(). A subflow has a struct socket until close() has
 * returned. It has none if nobody has accepted the connection.
 */
static u8 by_fastclose(const struct sock *sk)
{
	const struct sock *mptcp = sk->sk_socket ? sk->sk_socket->sk : NULL;

	if (!mptcp)
		return TCP_TEARDOWN_BY_LISTENER;
	return READ_ONCE(mptcp->sk_shutdown) == SHUTDOWN_MASK ? by_close() :
								TCP_TEARDOWN_BY_DISCONNECT;
}

/**
 * event_subflow_reset() - note why MPTCP resets one of its subflows
 * @conn: the subflow's connection, held
 * @sk: the subflow, which will go to CLOSE
 * @reason: enum tcp_teardown_reason
 *
 * Context: that of event_send_reset(): an application's call; MPTCP's worker, for an application
 * that has closed or for a segment of the peer; or tcp_abort(), which disables softirqs.
 */
void event_subflow_reset(struct conn *conn, const struct sock *sk, u16 reason)
{
	if (current->flags & PF_KTHREAD && !in_serving_softirq()) {
		if (reason == TCP_TEARDOWN_REASON_TCP_ABORT_ON_CLOSE)
			conn->call = TCP_TEARDOWN_BY_CLOSE;
	} else if (!in_softirq()) {
		conn->call = by_fastclose(sk);
		conn_set_closer(&conn->subject.closer);
	}
}

/**
 * event_abort() - a process such as ss -K kills a socket
 * @sk: full socket, minisock, or request; not locked
 *
 * The connection is not tracked here, because an unlocked socket may be in CLOSE already. Later,
 * the socket's error shows that it was killed, see verdict.c. The killer is not the closer.
 *
 * Source: entry of tcp_abort(), which runs in process context and may be preempted.
 */
void event_abort(const struct sock *sk)
{
	if (sk->sk_state == TCP_TIME_WAIT) {
		event_minisock_abort(inet_twsk(sk));
	} else if (is_alive(sk)) {
		netns_count(sock_net(sk), STATS_ABORT);
		event_call_alone(sk, TCP_TEARDOWN_ABORT, 0);
	}
}
