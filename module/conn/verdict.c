// SPDX-License-Identifier: GPL-2.0
#include "conn/verdict.h"

#include <linux/errno.h>
#include <net/tcp.h>

#include "base/sock.h"
#include "conn/conn.h"
#include "conn/given_up.h"

bool verdict_knows_minisocks;
bool verdict_knows_waves;
bool verdict_knows_resets;
bool verdict_knows_calls;

static const struct conn untracked_conn;	/* stands for any untracked connection */

static void verdict_set(struct moment *m, u8 how, u8 set_off)
{
	m->how = how;
	m->set_off = set_off;
}

/* Does tcp_abort() send a RST in this state? */
static bool abort_sends_reset(int from)
{
	return (1 << from) & (TCPF_ESTABLISHED | TCPF_CLOSE_WAIT | TCPF_FIN_WAIT1 |
			      TCPF_FIN_WAIT2 | TCPF_SYN_RECV);
}

/* Does tcp_disconnect()? */
static bool disconnect_sends_reset(const struct sock *sk, int from)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	return abort_sends_reset(from) ||
	       (tp->snd_nxt != tp->write_seq &&
		(1 << from) & (TCPF_CLOSING | TCPF_LAST_ACK));
}

static void verdict_abort(struct moment *m, bool reset, u8 set_off)
{
	verdict_set(m, reset ? TCP_TEARDOWN_RESET_SENT : TCP_TEARDOWN_ABORTED, set_off);
}

/* Is it unknown whether one segment had the peer's FIN and the ACK of ours? */
static bool are_waves_unseen(const struct conn *conn)
{
	return conn->first == TCP_TEARDOWN_FIRST_LOCAL && !conn->three_way &&
	       (conn->waves_unseen || !READ_ONCE(verdict_knows_waves));
}

/* No hook saw why it ended. If some are not attached, a RST may have been sent. */
static void verdict_rest(struct moment *m, const struct conn *conn)
{
	if (conn->reset_sent)
		verdict_set(m, TCP_TEARDOWN_RESET_SENT, conn->call);
	else if (READ_ONCE(verdict_knows_resets) && READ_ONCE(verdict_knows_calls))
		verdict_set(m, TCP_TEARDOWN_ABORTED, conn->call);
	else
		verdict_set(m, TCP_TEARDOWN_UNSEEN, conn->call);
}

/* Both FINs have been sent and acknowledged; the last ACK may still be in flight. */
static void verdict_orderly(struct moment *m, const struct conn *conn)
{
	u8 how = conn->three_way ? TCP_TEARDOWN_THREE_WAY : TCP_TEARDOWN_FOUR_WAY;

	if (conn->first == TCP_TEARDOWN_FIRST_BOTH)
		how = TCP_TEARDOWN_SIMULTANEOUS;
	else if (!conn->first || conn->adopted == TCP_TIME_WAIT ||
		 conn->adopted == TCP_LAST_ACK || are_waves_unseen(conn))
		how = TCP_TEARDOWN_ORDERLY;
	verdict_set(m, how, conn->first == TCP_TEARDOWN_FIRST_PEER ? TCP_TEARDOWN_BY_PEER :
								     conn->fin_call);
}

static bool is_orderly(const struct sock *sk, int from)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	if (tp->snd_una != tp->write_seq)
		return false;
	/* Otherwise the peer's FIN has come, and a minisock was refused. */
	return from == TCP_LAST_ACK ||
	       ((1 << from) & (TCPF_FIN_WAIT2 | TCPF_CLOSING) &&
		sock_flag(sk, SOCK_DONE));
}

/* tcp_reset() sets these errors, both for a RST and for data after close(). */
static bool is_reset_error(int err)
{
	return err == ECONNRESET || err == EPIPE;
}

/*
 * An ICMP message ends a connection only before it is established. The SYN or the SYN-ACK is not
 * acknowledged then, so the retransmission timer is still set.
 */
static bool is_icmp_error(const struct sock *sk, int from, int err)
{
	return (1 << from) & (TCPF_SYN_SENT | TCPF_SYN_RECV) && err != ETIMEDOUT &&
	       inet_csk(sk)->icsk_pending;
}

/* In the first case, tcp_reset() was called for a RST or for data after close(): for which? */
static void verdict_error(struct moment *m, const struct sock *sk, int from, int err,
			  const struct conn *conn)
{
	if (is_reset_error(err) && (1 << from) & (TCPF_FIN_WAIT1 | TCPF_FIN_WAIT2) &&
	    sk->sk_shutdown & RCV_SHUTDOWN && !sock_flag(sk, SOCK_DONE))
		verdict_set(m, TCP_TEARDOWN_UNSEEN, TCP_TEARDOWN_BY_UNKNOWN);
	else if (is_reset_error(err))
		verdict_set(m, TCP_TEARDOWN_RESET_RECEIVED, TCP_TEARDOWN_BY_PEER);
	else if (!conn->reset_sent && is_icmp_error(sk, from, err))
		verdict_set(m, TCP_TEARDOWN_REFUSED, TCP_TEARDOWN_BY_ICMP);
	else
		verdict_set(m, TCP_TEARDOWN_TIMED_OUT, given_up_by(sk, conn->reset_sent));
}

/*
 * The error that ends the connection, or 0. With IP_RECVERR, an ICMP message sets an error that
 * does not end it: in that case the write queue need not be empty. The timer of an orphan in
 * FIN_WAIT2 sets no error.
 */
static int ending_error(const struct sock *sk, int from)
{
	int err = READ_ONCE(sk->sk_err);

	if (is_reset_error(err) || (1 << from) & (TCPF_SYN_SENT | TCPF_SYN_RECV))
		return err;
	if (tcp_sk(sk)->packets_out || !skb_queue_empty(&sk->sk_write_queue))
		return 0;
	return from == TCP_FIN_WAIT2 && sock_flag(sk, SOCK_DEAD) ? 0 : err;
}

/* An orphan without an error, which has not received the peer's FIN, leaves FIN_WAIT2. */
static void verdict_fin_wait2_orphan(struct moment *m, const struct conn *conn)
{
	if (conn->reset_sent)
		verdict_set(m, TCP_TEARDOWN_FIN_WAIT2_EXPIRED, TCP_TEARDOWN_BY_FIN_TIMEOUT);
	else if (!READ_ONCE(verdict_knows_minisocks) || !READ_ONCE(verdict_knows_resets))
		verdict_set(m, TCP_TEARDOWN_UNSEEN, TCP_TEARDOWN_BY_UNKNOWN);
	else
		verdict_set(m, TCP_TEARDOWN_RESET_SENT, TCP_TEARDOWN_BY_DATA);
}

static void verdict_orphan(struct moment *m, const struct sock *sk, int from,
			   const struct conn *conn)
{
	/*
	 * Does tcp_check_oom() end the socket, at the end of close()? If close() makes a
	 * minisock of a socket, it does that before.
	 */
	bool in_close = !in_serving_softirq() && sock_owned_by_user_nocheck(sk) &&
			READ_ONCE(tcp_sk(sk)->linger2) >= 0 &&
			tcp_fin_time(sk) > TCP_TIMEWAIT_LEN;

	/* This also happens in close(), before anything else can end it. */
	if (from == TCP_FIN_WAIT2 && READ_ONCE(tcp_sk(sk)->linger2) < 0)
		verdict_set(m, TCP_TEARDOWN_RESET_SENT, TCP_TEARDOWN_BY_LINGER2);
	else if (from == TCP_FIN_WAIT2 && !conn->tw_requested && !in_close)
		verdict_fin_wait2_orphan(m, conn);
	else
		verdict_set(m, TCP_TEARDOWN_ORPHAN_KILLED, TCP_TEARDOWN_BY_MEMORY);
}

/*
 * __tcp_close() goes to CLOSE before it orphans the socket: for unread data, by tcp_disconnect(),
 * or from SYN_SENT.
 */
static void verdict_close(struct moment *m, const struct sock *sk, int from,
			  const struct conn *conn)
{
	if (tcp_sk(sk)->repair)
		verdict_set(m, TCP_TEARDOWN_ABORTED, conn->call);
	else if (conn->disconnects)
		verdict_abort(m, disconnect_sends_reset(sk, from), TCP_TEARDOWN_BY_LINGER);
	else if (sock_unread(sk))
		verdict_set(m, TCP_TEARDOWN_RESET_SENT, TCP_TEARDOWN_BY_UNREAD);
	else
		verdict_set(m, TCP_TEARDOWN_ABORTED, conn->call);
}

/* Does close(), which has begun the moment, make this transition? */
static bool is_made_by_close(const struct sock *sk, const struct conn *conn)
{
	return conn->moment.kind == TCP_TEARDOWN_CALL && !sock_flag(sk, SOCK_DEAD) &&
	       (conn->moment.what == TCP_TEARDOWN_CLOSE || conn->moment.what == TCP_TEARDOWN_EXIT);
}

static void verdict_sock(struct moment *m, const struct sock *sk, int from,
			 const struct conn *conn)
{
	int err = ending_error(sk, from);

	if (conn->reset_received)
		verdict_set(m, from == TCP_SYN_SENT ? TCP_TEARDOWN_REFUSED :
						      TCP_TEARDOWN_RESET_RECEIVED,
			    conn->reset_local ? TCP_TEARDOWN_BY_FIREWALL : TCP_TEARDOWN_BY_PEER);
	else if (conn->late_data)
		verdict_set(m, TCP_TEARDOWN_RESET_SENT, TCP_TEARDOWN_BY_DATA);
	else if (is_made_by_close(sk, conn))
		verdict_close(m, sk, from, conn);
	else if (conn->disconnects)
		verdict_abort(m, !tcp_sk(sk)->repair && disconnect_sends_reset(sk, from),
			      conn->call);
	else if (READ_ONCE(sk->sk_err) == ECONNABORTED)
		verdict_abort(m, abort_sends_reset(from), TCP_TEARDOWN_BY_KILL);
	else if (is_orderly(sk, from))
		verdict_orderly(m, conn);
	else if (err)
		verdict_error(m, sk, from, err, conn);
	else if (!check_net(sock_net(sk)))
		verdict_set(m, TCP_TEARDOWN_ABORTED, TCP_TEARDOWN_BY_NETNS);
	else if (sock_flag(sk, SOCK_DEAD))
		verdict_orphan(m, sk, from, conn);
	else
		verdict_rest(m, conn);
}

/* The connection is untracked, so judge only by what the socket itself shows. */
static void verdict_unknown(struct moment *m, const struct sock *sk, int from)
{
	int err = ending_error(sk, from);

	if (is_orderly(sk, from))
		verdict_orderly(m, &untracked_conn);
	else if (err && err != ECONNABORTED)
		verdict_error(m, sk, from, err, &untracked_conn);
	else if (!check_net(sock_net(sk)))
		verdict_set(m, TCP_TEARDOWN_ABORTED, TCP_TEARDOWN_BY_NETNS);
	else
		verdict_set(m, TCP_TEARDOWN_UNSEEN, TCP_TEARDOWN_BY_UNKNOWN);
}

/* If neither side sent a FIN, the side that ended the connection was first. */
static u8 verdict_first(u8 how)
{
	if (how == TCP_TEARDOWN_RESET_SENT || how == TCP_TEARDOWN_ABORTED)
		return TCP_TEARDOWN_FIRST_LOCAL;
	if (how == TCP_TEARDOWN_RESET_RECEIVED || how == TCP_TEARDOWN_REFUSED)
		return TCP_TEARDOWN_FIRST_PEER;
	return TCP_TEARDOWN_FIRST_NONE;
}

static __always_inline void verdict_finish(struct conn *conn)
{
	struct moment *m = &conn->moment;

	if (unlikely(conn->by_exit))
		m->flags |= TCP_TEARDOWN_F_EXIT;
	if (unlikely(conn->subject.closer.is_opener))
		m->flags |= TCP_TEARDOWN_F_OPENER;
	m->first = conn->first ?: verdict_first(m->how);
	if (unlikely(m->set_off == TCP_TEARDOWN_BY_FIREWALL) && !conn->first)
		m->first = TCP_TEARDOWN_FIRST_NONE;
	m->fins_resent = conn->fins_resent;
	m->fins_again = conn->fins_again;
	conn->totals.spent[0] = conn->opened ? elapsed(conn->opened, sock_clock()) :
					       TCP_TEARDOWN_UNKNOWN;
}

static void verdict_finish_unknown(struct moment *m, struct totals *totals)
{
	m->first = verdict_first(m->how);
	*totals = (struct totals) { .spent[0] = TCP_TEARDOWN_UNKNOWN };
}

static void verdict_unsent(struct moment *m, const struct sock *sk, int from)
{
	if ((1 << from) & (TCPF_FIN_WAIT1 | TCPF_CLOSING | TCPF_LAST_ACK) &&
	    tcp_sk(sk)->snd_nxt != tcp_sk(sk)->write_seq)
		m->flags |= TCP_TEARDOWN_F_FIN_UNSENT;
}

/**
 * verdict_of_sock() - judge how a connection ended that ends with its full socket
 * @sk: the socket, locked, still in its last state
 * @from: that state
 * @conn: held; its moment gets the verdict
 */
void verdict_of_sock(const struct sock *sk, int from, struct conn *conn)
{
	verdict_sock(&conn->moment, sk, from, conn);
	verdict_finish(conn);
	verdict_unsent(&conn->moment, sk, from);
}

/* The same for an untracked connection. @m: gets the verdict; @totals: set */
void verdict_unknown_sock(struct moment *m, struct totals *totals, const struct sock *sk,
			  int from)
{
	verdict_unknown(m, sk, from);
	verdict_finish_unknown(m, totals);
	totals->rx = sock_rx(sk);
	totals->tx = sock_tx(sk);
	verdict_unsent(m, sk, from);
}

/* In FIN_WAIT2, the peer's FIN has not come. */
static void verdict_tw(struct moment *m, u8 substate, u8 cause, const struct conn *conn)
{
	if (substate != TCP_FIN_WAIT2) {
		verdict_orderly(m, conn);
		return;
	}
	switch (cause) {
	case TCP_TEARDOWN_TW_EXPIRED:
		verdict_set(m, TCP_TEARDOWN_FIN_WAIT2_EXPIRED, TCP_TEARDOWN_BY_FIN_TIMEOUT);
		break;
	case TCP_TEARDOWN_TW_RESET:
		verdict_set(m, TCP_TEARDOWN_RESET_RECEIVED,
			    conn->reset_local ? TCP_TEARDOWN_BY_FIREWALL : TCP_TEARDOWN_BY_PEER);
		break;
	case TCP_TEARDOWN_TW_ANSWERED:
		verdict_set(m, TCP_TEARDOWN_RESET_SENT, TCP_TEARDOWN_BY_DATA);
		break;
	case TCP_TEARDOWN_TW_NETNS:
		verdict_set(m, TCP_TEARDOWN_ABORTED, TCP_TEARDOWN_BY_NETNS);
		break;
	case TCP_TEARDOWN_TW_REUSED:
		verdict_set(m, TCP_TEARDOWN_ABORTED, TCP_TEARDOWN_BY_CONNECT);
		break;
	case 0:
		verdict_set(m, TCP_TEARDOWN_UNSEEN, TCP_TEARDOWN_BY_UNKNOWN);
		break;
	default:
		verdict_set(m, TCP_TEARDOWN_ABORTED, TCP_TEARDOWN_BY_KILL);
	}
}

/**
 * verdict_of_tw() - judge how a connection ended that ends with its minisock
 * @substate: the minisock's substate, TCP_FIN_WAIT2 or TCP_TIME_WAIT
 * @cause: enum tcp_teardown_timewait, why the minisock dies; 0 if no hook saw that
 * @conn: held; its moment gets the verdict
 */
void verdict_of_tw(u8 substate, u8 cause, struct conn *conn)
{
	verdict_tw(&conn->moment, substate, cause, conn);
	verdict_finish(conn);
}

/* The same for an untracked connection. @m: gets the verdict; @totals: set */
void verdict_unknown_tw(struct moment *m, struct totals *totals, u8 substate, u8 cause)
{
	verdict_tw(m, substate, cause, &untracked_conn);
	verdict_finish_unknown(m, totals);
}
