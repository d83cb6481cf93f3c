// SPDX-License-Identifier: GPL-2.0
#include "conn/conn_track.h"

#include <linux/sched.h>
#include <linux/string.h>
#include <net/tcp.h>
#include <asm/word-at-a-time.h>

#include "base/sock.h"

static void conn_track_state(struct conn *conn, u8 state)
{
	conn->state = state;
	if ((1 << state) & TCPF_CLOSING_STATES)
		conn->adopted = state;
}

/**
 * conn_track() - begin to track the connection of a full socket
 * @bucket: the connection's bucket, held
 * @sk: the socket
 * @cookie: the connection's id
 * @state: the state that the connection is in, or is about to leave. If it is a closing state,
 *	the connection counts as adopted.
 *
 * Context: as conn_make().
 *
 * Return: as conn_make(), with its flow, cred and state set.
 */
struct conn *conn_track(struct hlist_bl_head *bucket, const struct sock *sk, u64 cookie,
			u8 state)
{
	struct conn *conn = conn_make(bucket, cookie, common_of_sock(sk));

	if (!conn)
		return NULL;
	flow_of_sock(&conn->subject.flow, sk, cookie);
	conn->subject.cred = sock_cred_of(sk);
	conn_track_state(conn, state);
	return conn;
}

/**
 * conn_track_tw() - begin to track the connection of a minisock whose birth no hook saw
 * @bucket: the connection's bucket, held
 * @tw: the minisock
 * @cookie: the cookie by which the bucket was found. tw_cookie may differ: ss may have created it
 *	meanwhile.
 * @substate: the minisock's substate before the event at hand
 *
 * Context: as conn_make().
 *
 * Return: as conn_make(), with its flow, cred and state set.
 */
struct conn *conn_track_tw(struct hlist_bl_head *bucket, const struct inet_timewait_sock *tw,
			   u64 cookie, u8 substate)
{
	struct conn *conn = conn_make(bucket, cookie, common_of_tw(tw));

	if (!conn)
		return NULL;
	flow_of_tw(&conn->subject.flow, tw, cookie);
	conn->subject.cred = (struct sock_cred) { .uid = INVALID_UID };
	conn_track_state(conn, substate);
	conn->minisock = true;
	return conn;
}

/**
 * conn_set_bytes() - set the payload counts of the connection, and between the two FINs
 * @conn: held
 * @sk: its full socket, which is about to leave its last state
 */
void conn_set_bytes(struct conn *conn, const struct sock *sk)
{
	struct totals *totals = &conn->totals;

	/* tcp_fastopen_add_skb() does not add the FIN to bytes_received. */
	totals->rx = conn->fin_with_syn ? tcp_sk(sk)->bytes_received : sock_rx(sk);
	totals->tx = sock_tx(sk);
	if (conn->adopted)
		return;
	if (conn->first == TCP_TEARDOWN_FIRST_LOCAL ||
	    conn->first == TCP_TEARDOWN_FIRST_BOTH)
		totals->bytes = totals->rx - conn->base_bytes;
	else if (conn->first == TCP_TEARDOWN_FIRST_PEER &&
		 (1 << sk->sk_state) & (TCPF_CLOSE_WAIT | TCPF_LAST_ACK))
		totals->bytes = totals->tx > conn->base_bytes ? totals->tx - conn->base_bytes : 0;
}

/* Copy a task's name, padded with NULs. As strscpy_pad(), but word by word. */
static __always_inline void name_copy(char *to, const char *from)
{
	const struct word_at_a_time constants = WORD_AT_A_TIME_CONSTANTS;
	unsigned long word[TASK_COMM_LEN / sizeof(long)], zero;
	bool ended = false;
	unsigned int i;

	if (TASK_COMM_IS_PADDED) {
		memcpy(to, from, TASK_COMM_LEN);
		return;
	}
	memcpy(word, from, TASK_COMM_LEN);
	for (i = 0; i < ARRAY_SIZE(word); i++) {
		if (ended) {
			word[i] = 0;
		} else if (has_zero(word[i], &zero, &constants)) {
			zero = prep_zero_mask(word[i], zero, &constants);
			word[i] &= zero_bytemask(create_zero_mask(zero));
			ended = true;
		}
	}
	memcpy(to, word, TASK_COMM_LEN);
	to[TASK_COMM_LEN - 1] = '\0';
}

/**
 * conn_set_closer() - note the current process as the last caller
 * @closer: set, unless current is a kernel thread
 *
 * A kernel thread acts for somebody else: MPTCP's worker closes subflows.
 *
 * Context: process.
 */
void conn_set_closer(struct closer *closer)
{
	const struct task_struct *leader = current->group_leader;

	if (current->flags & PF_KTHREAD)
		return;
	closer->pid = current->tgid;
	closer->start = leader->start_boottime;
	closer->is_opener = false;
	name_copy(closer->comm, leader->comm);
	if (current == leader)
		memcpy(closer->thread, closer->comm, sizeof(closer->thread));
	else
		name_copy(closer->thread, current->comm);
}

/**
 * conn_fin_left_now() - the slow path of conn_fin_left()
 * @conn: held
 * @sk: its full socket
 */
noinline void conn_fin_left_now(struct conn *conn, const struct sock *sk)
{
	struct moment m;

	conn->fin_waits = false;
	moment_of_sock(&m, sk, sock_clock(), TCP_TEARDOWN_SEGMENT, TCP_TEARDOWN_SEG_LEFT);
	m.seq = tcp_sk(sk)->write_seq - 1;
	m.tcp_flags = TCPHDR_FIN | TCPHDR_ACK;
	record_tell(&conn->subject, &m, NULL);
}

/**
 * conn_flush_now() - the slow path of conn_flush()
 * @conn: held; a moment has begun
 */
noinline void conn_flush_now(struct conn *conn)
{
	struct moment *m = &conn->moment;

	if (m->kind == TCP_TEARDOWN_SEGMENT && m->from == m->to)
		m->flags |= TCP_TEARDOWN_F_REFUSED;
	record_tell(&conn->subject, m, NULL);
	m->kind = 0;
}
