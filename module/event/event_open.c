// SPDX-License-Identifier: GPL-2.0
/*
 * Who opens a connection, and when. Nothing is recorded now: it is kept for the record of
 * the end, if nobody closes the connection.
 */
#include "event/event.h"

#include <net/tcp.h>

#include "base/sock.h"
#include "conn/conn.h"
#include "conn/conn_track.h"

/* Hold the connection; track it if it is open and untracked. */
static struct conn_ref open_find(const struct sock *sk)
	__acquires(bitlock)
{
	const u64 cookie = sock_cookie(sk);
	struct conn_ref ref = conn_find(cookie, common_of_sock(sk));

	if (!ref.conn && (1 << sk->sk_state) & TCPF_OPEN_STATES)
		ref.conn = conn_track(ref.bucket, sk, cookie, sk->sk_state);
	return ref;
}

/* If a kernel thread opens it, we do not know for whom. */
static void open_by_caller(struct conn *conn)
{
	struct closer *closer = &conn->subject.closer;

	conn->opened = sock_clock();
	conn_set_closer(closer);
	closer->is_opener = closer->pid;
}

/**
 * event_connect() - a connection is opened by connect()
 * @sk: the socket, locked; in SYN_SENT, with its ports
 *
 * Source: entry of tcp_connect(), before the SYN is sent: with Fast Open, that is in
 * the first sendmsg().
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
 * @sk: of any family, locked if it is TCP's; it may be closing, or closed
 *
 * Source: entry of security_sock_graft(), from sock_graft() in inet_accept(). Not for the
 * subflows of MPTCP, which has a function of its own for that, inlined.
 */
void event_accept(const struct sock *sk)
{
	struct conn_ref ref;

	if (!is_tcp(sk) || in_serving_softirq() ||
	    !((1 << sk->sk_state) & (TCPF_OPEN_STATES | TCPF_CLOSING_STATES)))
		return;
	ref = open_find(sk);
	if (likely(ref.conn)) {
		/* sock_graft() has just set it: before, it was the listener's. */
		ref.conn->subject.cred.uid = sk->sk_uid;
		open_by_caller(ref.conn);
	}
	conn_put(ref);
}

/**
 * event_is_opened() - do we know of a connection only who opened it?
 * @conn: held
 */
bool event_is_opened(const struct conn *conn)
{
	return (1 << conn->state) & TCPF_OPEN_STATES && conn->opened && !conn->call &&
	       !conn->reset_sent && !conn->moment.kind;
}
