// SPDX-License-Identifier: GPL-2.0
#include "verdict.h"

#include <linux/errno.h>
#include <net/tcp.h>

#include "given_up.h"
#include "record.h"

bool verdict_knows_minisocks;
bool verdict_knows_waves;
bool verdict_knows_resets;
bool verdict_knows_calls;

static const struct conn nothing;	/* of one that is not remembered */

static void judge(struct verdict *v, u8 how, u8 set_off)
{
	v->how = how;
	v->set_off = set_off;
}

/* As tcp_abort() decides whether the peer is told. */
static bool needs_reset(int from)
{
	return (1 << from) & (TCPF_ESTABLISHED | TCPF_CLOSE_WAIT | TCPF_FIN_WAIT1 |
			      TCPF_FIN_WAIT2 | TCPF_SYN_RECV);
}

/* As tcp_disconnect() decides it. */
static bool sends_reset(const struct sock *sk, int from)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	return needs_reset(from) ||
	       (tp->snd_nxt != tp->write_seq &&
		(1 << from) & (TCPF_CLOSING | TCPF_LAST_ACK));
}

static void judge_abort(struct verdict *v, bool reset, u8 set_off)
{
	judge(v, reset ? TCP_TEARDOWN_RESET_SENT : TCP_TEARDOWN_ABORTED, set_off);
}

/* Whether the peer's FIN was in one segment with the ACK of ours. */
static bool are_waves_unseen(const struct conn *conn)
{
	return conn->first == TCP_TEARDOWN_FIRST_LOCAL && !conn->three_way &&
	       (conn->waves_unseen || !READ_ONCE(verdict_knows_waves));
}

/* Nobody was seen to end it: without the hooks that would tell, a RST may have. */
static void judge_rest(struct verdict *v, const struct conn *conn)
{
	if (conn->reset_sent)
		judge(v, TCP_TEARDOWN_RESET_SENT, conn->call);
	else if (READ_ONCE(verdict_knows_resets) && READ_ONCE(verdict_knows_calls))
		judge(v, TCP_TEARDOWN_ABORTED, conn->call);
	else
		judge(v, TCP_TEARDOWN_UNSEEN, conn->call);
}

/* Both FINs have been sent and acknowledged; the last ACK may be under way. */
static void judge_orderly(struct verdict *v, const struct conn *conn)
{
	u8 how = conn->three_way ? TCP_TEARDOWN_THREE_WAY : TCP_TEARDOWN_FOUR_WAY;

	if (conn->first == TCP_TEARDOWN_FIRST_BOTH)
		how = TCP_TEARDOWN_SIMULTANEOUS;
	else if (!conn->first || conn->adopted == TCP_TIME_WAIT ||
		 conn->adopted == TCP_LAST_ACK || are_waves_unseen(conn))
		how = TCP_TEARDOWN_ORDERLY;
	judge(v, how, conn->first == TCP_TEARDOWN_FIRST_PEER ? TCP_TEARDOWN_BY_PEER :
							conn->fin_by);
}

static bool is_orderly(const struct sock *sk, int from)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	if (tp->snd_una != tp->write_seq)
		return false;
	/* Of the others, one whose peer's FIN came goes for a minisock. */
	return from == TCP_LAST_ACK ||
	       ((1 << from) & (TCPF_FIN_WAIT2 | TCPF_CLOSING) &&
		sock_flag(sk, SOCK_DONE));
}

/* tcp_reset() sets these, for a RST, and for data that nobody will read. */
static bool is_reset_error(int err)
{
	return err == ECONNRESET || err == EPIPE;
}

/*
 * An ICMP message ends a connection that is not established, while the SYN, or the
 * SYN-ACK, waits for an answer: the timer that would end it is still set.
 */
static bool is_icmp_error(const struct sock *sk, int from, int err)
{
	return (1 << from) & (TCPF_SYN_SENT | TCPF_SYN_RECV) && err != ETIMEDOUT &&
	       inet_csk(sk)->icsk_pending;
}

static void judge_error(struct verdict *v, const struct sock *sk, int from, int err,
			const struct conn *conn)
{
	if (is_reset_error(err) && (1 << from) & (TCPF_FIN_WAIT1 | TCPF_FIN_WAIT2) &&
	    sk->sk_shutdown & RCV_SHUTDOWN && !sock_flag(sk, SOCK_DONE))
		judge(v, TCP_TEARDOWN_UNSEEN, TCP_TEARDOWN_BY_UNKNOWN);
	else if (is_reset_error(err))
		judge(v, TCP_TEARDOWN_RESET_RECEIVED, TCP_TEARDOWN_BY_PEER);
	else if (!conn->reset_sent && is_icmp_error(sk, from, err))
		judge(v, TCP_TEARDOWN_REFUSED, TCP_TEARDOWN_BY_ICMP);
	else
		judge(v, TCP_TEARDOWN_TIMED_OUT, given_up_by(sk, conn->reset_sent));
}

/*
 * The error that ends a connection. With IP_RECVERR, an ICMP message leaves one that
 * ends nothing; what ends it throws away all that was to be sent, before. An orphan
 * in FIN_WAIT2 has a timer of its own, which leaves none.
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

/* Nobody holds the socket, no error was set, and the peer's FIN is missing. */
static void judge_fin_wait2_orphan(struct verdict *v, const struct conn *conn)
{
	if (conn->reset_sent)
		judge(v, TCP_TEARDOWN_FIN_WAIT2_EXPIRED, TCP_TEARDOWN_BY_FIN_TIMEOUT);
	else if (!READ_ONCE(verdict_knows_minisocks) || !READ_ONCE(verdict_knows_resets))
		judge(v, TCP_TEARDOWN_UNSEEN, TCP_TEARDOWN_BY_UNKNOWN);
	else
		judge(v, TCP_TEARDOWN_RESET_SENT, TCP_TEARDOWN_BY_DATA);
}

static void judge_orphan(struct verdict *v, const struct sock *sk, int from,
			 const struct conn *conn)
{
	/*
	 * At the end of its own close(), see tcp_check_oom(). What may not wait
	 * there as a full socket has gone before.
	 */
	bool in_close = !in_serving_softirq() && sock_owned_by_user_nocheck(sk) &&
			READ_ONCE(tcp_sk(sk)->linger2) >= 0 &&
			tcp_fin_time(sk) > TCP_TIMEWAIT_LEN;

	/* In close(), too, and before anything else that might end it. */
	if (from == TCP_FIN_WAIT2 && READ_ONCE(tcp_sk(sk)->linger2) < 0)
		judge(v, TCP_TEARDOWN_RESET_SENT, TCP_TEARDOWN_BY_LINGER2);
	else if (from == TCP_FIN_WAIT2 && !conn->asked && !in_close)
		judge_fin_wait2_orphan(v, conn);
	else
		judge(v, TCP_TEARDOWN_ORPHAN_KILLED, TCP_TEARDOWN_BY_MEMORY);
}

/*
 * What __tcp_close() has done: it orphans the socket behind what resets it. Without
 * unread data there, only tcp_disconnect() or SYN_SENT lead to CLOSE.
 */
static void judge_close(struct verdict *v, const struct sock *sk, int from,
			const struct conn *conn)
{
	if (tcp_sk(sk)->repair)
		judge(v, TCP_TEARDOWN_ABORTED, conn->call);
	else if (conn->disconnects)
		judge_abort(v, sends_reset(sk, from), TCP_TEARDOWN_BY_LINGER);
	else if (sock_unread(sk))
		judge(v, TCP_TEARDOWN_RESET_SENT, TCP_TEARDOWN_BY_UNREAD);
	else
		judge(v, TCP_TEARDOWN_ABORTED, conn->call);
}

/* The transition is that of the call which has begun the moment. */
static bool is_by_close(const struct sock *sk, const struct conn *conn)
{
	const struct moment *m = &conn->moment;

	return m->kind == TCP_TEARDOWN_CALL && !sock_flag(sk, SOCK_DEAD) &&
	       (m->what == TCP_TEARDOWN_CLOSE || m->what == TCP_TEARDOWN_EXIT);
}

static void judge_sock(struct verdict *v, const struct sock *sk, int from,
		       const struct conn *conn)
{
	int err = ending_error(sk, from);

	if (conn->reset_received)
		judge(v, from == TCP_SYN_SENT ? TCP_TEARDOWN_REFUSED :
						TCP_TEARDOWN_RESET_RECEIVED,
		      conn->reset_local ? TCP_TEARDOWN_BY_FIREWALL : TCP_TEARDOWN_BY_PEER);
	else if (conn->late_data)
		judge(v, TCP_TEARDOWN_RESET_SENT, TCP_TEARDOWN_BY_DATA);
	else if (is_by_close(sk, conn))
		judge_close(v, sk, from, conn);
	else if (conn->disconnects)
		judge_abort(v, !tcp_sk(sk)->repair && sends_reset(sk, from), conn->call);
	else if (READ_ONCE(sk->sk_err) == ECONNABORTED)
		judge_abort(v, needs_reset(from), TCP_TEARDOWN_BY_KILL);
	else if (is_orderly(sk, from))
		judge_orderly(v, conn);
	else if (err)
		judge_error(v, sk, from, err, conn);
	else if (!check_net(sock_net(sk)))
		judge(v, TCP_TEARDOWN_ABORTED, TCP_TEARDOWN_BY_NETNS);
	else if (sock_flag(sk, SOCK_DEAD))
		judge_orphan(v, sk, from, conn);
	else
		judge_rest(v, conn);
}

/*
 * It is not remembered, and what was done with it is not known: only what the socket
 * itself proves.
 */
static void judge_unknown(struct verdict *v, const struct sock *sk, int from)
{
	int err = ending_error(sk, from);

	if (is_orderly(sk, from))
		judge_orderly(v, &nothing);
	else if (err && err != ECONNABORTED)
		judge_error(v, sk, from, err, &nothing);
	else if (!check_net(sock_net(sk)))
		judge(v, TCP_TEARDOWN_ABORTED, TCP_TEARDOWN_BY_NETNS);
	else
		judge(v, TCP_TEARDOWN_UNSEEN, TCP_TEARDOWN_BY_UNKNOWN);
}

/* Where no FIN was first, whoever ended it was. */
static u8 judge_first(u8 how)
{
	if (how == TCP_TEARDOWN_RESET_SENT || how == TCP_TEARDOWN_ABORTED)
		return TCP_TEARDOWN_FIRST_LOCAL;
	if (how == TCP_TEARDOWN_RESET_RECEIVED || how == TCP_TEARDOWN_REFUSED)
		return TCP_TEARDOWN_FIRST_PEER;
	return TCP_TEARDOWN_FIRST_NONE;
}

static __always_inline void verdict_finish(struct verdict *v, const struct conn *conn)
{
	v->flags = conn->by_exit ? TCP_TEARDOWN_F_EXIT : 0;
	if (unlikely(conn->subject.closer.is_opener))
		v->flags |= TCP_TEARDOWN_F_OPENER;
	v->first = conn->first ?: judge_first(v->how);
	if (unlikely(v->set_off == TCP_TEARDOWN_BY_FIREWALL) && !conn->first)
		v->first = TCP_TEARDOWN_FIRST_NONE;
	v->fins_resent = conn->fins_resent;
	v->fins_again = conn->fins_again;
	v->rx = conn->rx;
	v->tx = conn->tx;
	v->bytes = conn->bytes;
	v->lifetime = conn->opened ? elapsed(conn->opened, record_now()) : TCP_TEARDOWN_UNKNOWN;
	v->in_state = conn->in_state_plus_one + 1;
}

static void verdict_finish_unknown(struct verdict *v)
{
	*v = (struct verdict) {
		.how = v->how,
		.first = judge_first(v->how),
		.set_off = v->set_off,
		.lifetime = TCP_TEARDOWN_UNKNOWN,
		.in_state = nothing.in_state_plus_one,
	};
}

/**
 * verdict_of_sock() - a connection ends with its full socket
 * @v: set
 * @sk: the socket, locked, in its last state
 * @from: that state
 * @conn: held, with the moment in which it ends; or NULL if it is not remembered
 */
void verdict_of_sock(struct verdict *v, const struct sock *sk, int from,
		     const struct conn *conn)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	if (conn) {
		judge_sock(v, sk, from, conn);
		verdict_finish(v, conn);
	} else {
		judge_unknown(v, sk, from);
		verdict_finish_unknown(v);
		v->rx = sock_rx(sk);
		v->tx = sock_tx(sk);
	}
	if ((1 << from) & (TCPF_FIN_WAIT1 | TCPF_CLOSING | TCPF_LAST_ACK) &&
	    tp->snd_nxt != tp->write_seq)
		v->flags |= TCP_TEARDOWN_F_FIN_UNSENT;
}

/* FIN_WAIT2: the peer's FIN is missing. */
static void judge_fin_wait2(struct verdict *v, u8 cause, const struct conn *conn)
{
	switch (cause) {
	case TCP_TEARDOWN_TW_EXPIRED:
		judge(v, TCP_TEARDOWN_FIN_WAIT2_EXPIRED, TCP_TEARDOWN_BY_FIN_TIMEOUT);
		break;
	case TCP_TEARDOWN_TW_RESET:
		judge(v, TCP_TEARDOWN_RESET_RECEIVED,
		      conn->reset_local ? TCP_TEARDOWN_BY_FIREWALL : TCP_TEARDOWN_BY_PEER);
		break;
	case TCP_TEARDOWN_TW_ANSWERED:
		judge(v, TCP_TEARDOWN_RESET_SENT, TCP_TEARDOWN_BY_DATA);
		break;
	case TCP_TEARDOWN_TW_NETNS:
		judge(v, TCP_TEARDOWN_ABORTED, TCP_TEARDOWN_BY_NETNS);
		break;
	case TCP_TEARDOWN_TW_REUSED:
		judge(v, TCP_TEARDOWN_ABORTED, TCP_TEARDOWN_BY_CONNECT);
		break;
	case 0:
		judge(v, TCP_TEARDOWN_UNSEEN, TCP_TEARDOWN_BY_UNKNOWN);
		break;
	default:
		judge(v, TCP_TEARDOWN_ABORTED, TCP_TEARDOWN_BY_KILL);
	}
}

/**
 * verdict_of_tw() - a connection ends with its minisock
 * @v: set
 * @substate: the minisock's, TCP_FIN_WAIT2 or TCP_TIME_WAIT
 * @cause: enum tcp_teardown_timewait, why it dies; 0: that was not seen
 * @conn: held, or NULL if it is not remembered
 */
void verdict_of_tw(struct verdict *v, u8 substate, u8 cause, const struct conn *conn)
{
	if (substate == TCP_FIN_WAIT2)
		judge_fin_wait2(v, cause, conn ?: &nothing);
	else
		judge_orderly(v, conn ?: &nothing);
	if (conn)
		verdict_finish(v, conn);
	else
		verdict_finish_unknown(v);
}
