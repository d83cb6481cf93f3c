// SPDX-License-Identifier: GPL-2.0
#include "verdict.h"

#include <linux/errno.h>
#include <net/tcp.h>

#include "record.h"

bool verdict_knows_minisocks;
bool verdict_knows_waves;
bool verdict_knows_resets;
bool verdict_knows_calls;

static void judge(struct verdict *v, u8 how, u8 set_off)
{
	v->how = how;
	v->end.set_off = set_off;
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

/* The kernel has given up, and only keepalive sends a RST then. */
static u8 timed_out_by(const struct conn *conn)
{
	if (conn->reset_sent)
		return TCP_TEARDOWN_BY_KEEPALIVE;
	return READ_ONCE(verdict_knows_resets) ? TCP_TEARDOWN_BY_RETRIES :
						 TCP_TEARDOWN_BY_UNKNOWN;
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

static void judge_error(struct verdict *v, const struct sock *sk, int from, int err,
			const struct conn *conn)
{
	if (is_reset_error(err) && (1 << from) & (TCPF_FIN_WAIT1 | TCPF_FIN_WAIT2) &&
	    sk->sk_shutdown & RCV_SHUTDOWN && !sock_flag(sk, SOCK_DONE))
		judge(v, TCP_TEARDOWN_UNSEEN, TCP_TEARDOWN_BY_UNKNOWN);
	else if (is_reset_error(err))
		judge(v, TCP_TEARDOWN_RESET_RECEIVED, TCP_TEARDOWN_BY_PEER);
	else if (from == TCP_SYN_SENT && err != ETIMEDOUT &&
		 err != READ_ONCE(sk->sk_err_soft))
		judge(v, TCP_TEARDOWN_REFUSED, TCP_TEARDOWN_BY_ICMP);
	else if (READ_ONCE(inet_csk(sk)->icsk_user_timeout))
		judge(v, TCP_TEARDOWN_TIMED_OUT, TCP_TEARDOWN_BY_USER_TIMEOUT);
	else
		judge(v, TCP_TEARDOWN_TIMED_OUT, timed_out_by(conn));
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

static void judge_sock(struct verdict *v, const struct sock *sk, int from,
		       const struct conn *conn)
{
	int err = READ_ONCE(sk->sk_err);

	if (conn->reset_received)
		judge(v, from == TCP_SYN_SENT ? TCP_TEARDOWN_REFUSED :
						TCP_TEARDOWN_RESET_RECEIVED,
		      TCP_TEARDOWN_BY_PEER);
	else if (conn->late_data)
		judge(v, TCP_TEARDOWN_RESET_SENT, TCP_TEARDOWN_BY_DATA);
	else if (conn->call == TCP_TEARDOWN_BY_UNREAD)
		judge(v, TCP_TEARDOWN_RESET_SENT, conn->call);
	else if (conn->call == TCP_TEARDOWN_BY_LINGER ||
		 conn->call == TCP_TEARDOWN_BY_DISCONNECT ||
		 conn->call == TCP_TEARDOWN_BY_LISTENER)
		judge_abort(v, sends_reset(sk, from), conn->call);
	else if (err == ECONNABORTED)
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

/* Where no FIN was first, whoever ended it was. */
static u8 judge_first(u8 how)
{
	switch (how) {
	case TCP_TEARDOWN_RESET_SENT:
	case TCP_TEARDOWN_ABORTED:
		return TCP_TEARDOWN_FIRST_LOCAL;
	case TCP_TEARDOWN_RESET_RECEIVED:
	case TCP_TEARDOWN_REFUSED:
		return TCP_TEARDOWN_FIRST_PEER;
	}
	return TCP_TEARDOWN_FIRST_NONE;
}

static void verdict_finish(struct verdict *v, const struct conn *conn)
{
	v->end.first = conn->first ?: judge_first(v->how);
	v->end.fins_resent = conn->fins_resent;
	v->end.fins_again = conn->fins_again;
	v->end.pid = conn->pid;
	v->end.bytes = conn->bytes;
	memcpy(v->end.spent, conn->spent, sizeof(v->end.spent));
	memcpy(v->end.comm, conn->comm, sizeof(v->end.comm));
	if (conn->adopted)
		v->flags |= TCP_TEARDOWN_F_ADOPTED;
}

/* It is not remembered. */
static const struct conn nothing;

/**
 * verdict_of_sock() - a connection ends with its full socket
 * @v: the verdict, all 0
 * @sk: the socket, locked, in its last state
 * @from: that state
 * @conn: held, or NULL if it is not remembered
 */
void verdict_of_sock(struct verdict *v, const struct sock *sk, int from,
		     const struct conn *conn)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	if (!conn) {
		conn = &nothing;
		/* Before, there may have been no sign of its end. */
		if ((1 << from) & TCPF_CLOSING_STATES)
			v->flags = TCP_TEARDOWN_F_UNTRACKED;
	}
	judge_sock(v, sk, from, conn);
	verdict_finish(v, conn);
	if ((1 << from) & (TCPF_FIN_WAIT1 | TCPF_CLOSING | TCPF_LAST_ACK) &&
	    tp->snd_nxt != tp->write_seq)
		v->flags |= TCP_TEARDOWN_F_FIN_UNSENT;
}

/* FIN_WAIT2: the peer's FIN is missing. */
static void judge_fin_wait2(struct verdict *v, u8 cause)
{
	switch (cause) {
	case TCP_TEARDOWN_TW_EXPIRED:
		judge(v, TCP_TEARDOWN_FIN_WAIT2_EXPIRED, TCP_TEARDOWN_BY_FIN_TIMEOUT);
		break;
	case TCP_TEARDOWN_TW_RESET:
		judge(v, TCP_TEARDOWN_RESET_RECEIVED, TCP_TEARDOWN_BY_PEER);
		break;
	case TCP_TEARDOWN_TW_ANSWERED:
		judge(v, TCP_TEARDOWN_RESET_SENT, TCP_TEARDOWN_BY_DATA);
		break;
	case TCP_TEARDOWN_TW_NETNS:
		judge(v, TCP_TEARDOWN_ABORTED, TCP_TEARDOWN_BY_NETNS);
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
 * @v: the verdict, all 0
 * @substate: the minisock's, TCP_FIN_WAIT2 or TCP_TIME_WAIT
 * @cause: enum tcp_teardown_timewait, why it dies; 0: that was not seen
 * @conn: held, or NULL if it is not remembered
 */
void verdict_of_tw(struct verdict *v, u8 substate, u8 cause, const struct conn *conn)
{
	if (!conn) {
		conn = &nothing;
		v->flags = TCP_TEARDOWN_F_UNTRACKED;
	}
	if (substate == TCP_FIN_WAIT2)
		judge_fin_wait2(v, cause);
	else
		judge_orderly(v, conn);
	verdict_finish(v, conn);
}

static void verdict_tell(const struct verdict *v, struct tcp_teardown_record *r)
{
	if (!r)
		return;
	r->flags |= v->flags;
	r->end = v->end;
	record_publish(r);
}

/**
 * verdict_tell_sock() - count a verdict and record it
 * @v: from verdict_of_sock()
 * @sk: the full socket
 * @now: its time
 */
void verdict_tell_sock(const struct verdict *v, const struct sock *sk, u64 now)
{
	netns_end(sock_net(sk), v);
	verdict_tell(v, record_of_sock(sk, now, TCP_TEARDOWN_END, v->how));
}

/**
 * verdict_tell_tw() - count a verdict and record it
 * @v: from verdict_of_tw()
 * @tw: the minisock
 * @now: its time
 * @owner: whose it is: its connection is forgotten
 */
void verdict_tell_tw(const struct verdict *v, const struct inet_timewait_sock *tw,
		     u64 now, const struct conn_owner *owner)
{
	netns_end(twsk_net(tw), v);
	verdict_tell(v, record_of_tw(tw, now, TCP_TEARDOWN_END, v->how, owner));
}
