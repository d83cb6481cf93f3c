// SPDX-License-Identifier: GPL-2.0
/*
 * Notes which process opens a connection, and when, for the record of its end. An opener is the
 * closer until another call is made. Nothing is recorded now.
 */
#include "event/event.h"

#include <net/tcp.h>

#include "base/sock.h"
#include "conn/conn.h"
#include "conn/conn_track.h"

/* Find the connection, or begin to track it if it is open. */
static struct conn_ref open_find(const struct sock *sk)
	__acquires(bitlock)
{
	const u64 cookie = sock_cookie(sk);
	struct conn_ref ref = conn_find(cookie, common_of_sock(sk));

	if (!ref.conn && (1 << sk->sk_state) & TCPF_OPEN_STATES)
		ref.conn = conn_track(ref.bucket, sk, cookie, sk->sk_state);
	return ref;
}

/* Current opens the connection. If it is a kernel thread, the opener is unknown. */
static void open_by_caller(struct conn *conn)
{
	struct closer *closer = &conn->subject.closer;

	conn->opened = sock_clock();
	conn_set_closer(closer);
	closer->is_opener = closer->pid;
}

/**
 * event_connect() - connect() opens a connection
 * @sk: the socket, locked; in SYN_SENT, with its ports
 *
 * Source: entry of tcp_connect(), before it sends the SYN. With Fast Open, the first sendmsg()
 * calls it.
 */
void event_connect(const struct sock *sk)
{
	struct conn_ref ref;

	if (in_serving_softirq() || sk->sk_state != TCP_SYN_SENT)
		return;
	ref = open_find(sk);
	if (likely(ref.conn))
		open_by_caller(ref.conn);
	conn_put(ref);
}

static bool is_tcp(const struct sock *sk)
{
	return (sk->sk_family == AF_INET || sk->sk_family == AF_INET6) &&
	       sk->sk_protocol == IPPROTO_TCP;
}

/**
 * event_accept() - accept() gives a connection to its caller
 * @sk: a socket of any family, locked if it is TCP's; it may be closing, or closed
 *
 * Source: entry of security_sock_graft(), called by sock_graft() in inet_accept(). MPTCP does not
 * call it for subflows; it has an inlined function for them.
 */
void event_accept(const struct sock *sk)
{
	struct conn_ref ref;

	if (!is_tcp(sk) || in_serving_softirq() ||
	    !((1 << sk->sk_state) & (TCPF_OPEN_STATES | TCPF_CLOSING_STATES)))
		return;
	ref = open_find(sk);
	if (likely(ref.conn)) {
		/* sock_graft() has just set it. Until then it was the listener's. */
		ref.conn->subject.cred.uid = sk->sk_uid;
		open_by_caller(ref.conn);
	}
	conn_put(ref);
}

/**
 * event_is_opened() - is a connection tracked only because a hook saw who opened it?
 * @conn: held
 *
 * Return: true if it is, so it need not be tracked without that hook.
 */
bool event_is_opened(const struct conn *conn)
{
	return (1 << conn->state) & TCPF_OPEN_STATES && conn->opened && !conn->call &&
	       !conn->reset_sent && !conn->moment.kind;
}
