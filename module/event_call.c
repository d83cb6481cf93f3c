// SPDX-License-Identifier: GPL-2.0
/* The calls that end connections, and who made them. */
#include "event.h"

#include <linux/sched.h>
#include <net/tcp.h>

#include "record.h"
#include "remember.h"

/**
 * event_unread() - bytes that were received and not read
 * @sk: a full socket
 *
 * Context: any; the socket needs not be locked, only there. As tcp_diag_get_info().
 */
u32 event_unread(const struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	int unread = READ_ONCE(tp->rcv_nxt) - READ_ONCE(tp->copied_seq);

	/* rcv_nxt counts the FIN, copied_seq does not. */
	if (unread > 0 && sock_flag(sk, SOCK_DONE))
		unread--;
	return max(unread, 0);
}

/*
 * Who closes: in process context, and only there, that is current. A kernel
 * thread closes what others have left to it, as MPTCP its subflows.
 */
static void event_owner(struct conn *conn)
{
	if (current->flags & PF_KTHREAD)
		return;
	conn->pid = current->tgid;
	memcpy(conn->comm, current->comm, sizeof(conn->comm));
}

static void event_called(const struct sock *sk, u8 by)
{
	struct conn_ref ref = remember_find(sk, record_cookie(sk), sk->sk_state);

	if (ref.conn) {
		ref.conn->call = by;
		event_owner(ref.conn);
	}
	conn_put(ref);
}

static void event_call(const struct sock *sk, u8 what, enum stats_counter counter)
{
	const struct tcp_sock *tp = tcp_sk(sk);
	struct tcp_teardown_record *r;

	netns_count(sock_net(sk), counter);
	r = record_of_sock(sk, record_now(), TCP_TEARDOWN_CALL, what);
	if (!r)
		return;
	r->call.pid = current->tgid;
	r->call.unread = event_unread(sk);
	r->call.unsent = tp->write_seq - tp->snd_nxt;
	if (sock_flag(sk, SOCK_LINGER)) {
		r->flags = TCP_TEARDOWN_F_LINGER;
		r->call.linger = sk->sk_lingertime / HZ;
	}
	memcpy(r->call.comm, current->comm, sizeof(r->call.comm));
	record_publish(r);
}

/* A call in a state from which the connection can still close. */
static bool is_alive(const struct sock *sk)
{
	return (1 << sk->sk_state) & (TCPF_OPEN_STATES | TCPF_CLOSING_STATES);
}

/* What __tcp_close() will do, enum tcp_teardown_set_off. */
static u8 close_by(const struct sock *sk)
{
	if (event_unread(sk) && !tcp_sk(sk)->repair)
		return TCP_TEARDOWN_BY_UNREAD;
	if (sock_flag(sk, SOCK_LINGER) && !sk->sk_lingertime && !tcp_sk(sk)->repair)
		return TCP_TEARDOWN_BY_LINGER;
	if (current->flags & PF_EXITING)
		return TCP_TEARDOWN_BY_EXIT;
	return TCP_TEARDOWN_BY_CLOSE;
}

/**
 * event_close() - the application closes the socket
 * @sk: the socket, locked by its user
 *
 * Source: entry of __tcp_close(). Listeners and sockets that were never
 * connected, or are no longer, are none of ours.
 */
void event_close(const struct sock *sk)
{
	if (in_serving_softirq() || sk->sk_state == TCP_LISTEN || !inet_sk(sk)->inet_dport)
		return;
	if (is_alive(sk))
		event_called(sk, close_by(sk));
	event_call(sk, TCP_TEARDOWN_CLOSE, STATS_CLOSE);
}

/**
 * event_shutdown() - the application shuts down one direction or both
 * @sk: the socket, locked by its user
 * @how: RCV_SHUTDOWN, SEND_SHUTDOWN or both
 *
 * Source: entry of tcp_shutdown(), which is also called in a softirq, when the
 * handshake ends, for a shutdown() that came before.
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
	if (in_serving_softirq() || !how || !is_alive(sk))
		return;
	if (how & SEND_SHUTDOWN)
		event_called(sk, TCP_TEARDOWN_BY_SHUTDOWN);
	event_call(sk, what[how], counter[how]);
}

/* close() with SO_LINGER 0 disconnects; that call is told of already. */
static bool is_in_close(const struct sock *sk)
{
	struct conn_ref ref = conn_find(record_cookie(sk), common_of_sock(sk));
	bool in_close = ref.conn && ref.conn->call == TCP_TEARDOWN_BY_LINGER;

	conn_put(ref);
	return in_close;
}

/**
 * event_disconnect() - a connection is given up at once
 * @sk: the socket, locked
 *
 * Source: entry of tcp_disconnect(): for connect() with AF_UNSPEC, for close()
 * with SO_LINGER 0, and for those whom nobody had accepted, when their listener
 * closes: they have no struct socket.
 */
void event_disconnect(const struct sock *sk)
{
	if (in_serving_softirq() || !is_alive(sk) || is_in_close(sk))
		return;
	if (!sk->sk_socket) {
		event_called(sk, TCP_TEARDOWN_BY_LISTENER);
		event_call(sk, TCP_TEARDOWN_LISTENER, STATS_LISTENER);
	} else {
		event_called(sk, TCP_TEARDOWN_BY_DISCONNECT);
		event_call(sk, TCP_TEARDOWN_DISCONNECT, STATS_DISCONNECT);
	}
}

/**
 * event_abort() - a socket is to be killed, as by ss -K
 * @sk: full socket, minisock, or request; not locked
 *
 * Source: entry of tcp_abort(), in process context, preemptible. Who kills is
 * not the owner, and an unlocked socket may not be remembered: it might have left
 * for CLOSE. That it was killed, its error says: see verdict.c.
 */
void event_abort(const struct sock *sk)
{
	if (sk->sk_state == TCP_TIME_WAIT)
		event_minisock_abort(inet_twsk(sk));
	else if (is_alive(sk))
		event_call(sk, TCP_TEARDOWN_ABORT, STATS_ABORT);
}
