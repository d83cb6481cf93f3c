/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Creates and updates the state of a connection. For contexts see event.h. The caller holds the
 * connection's bucket.
 */
#ifndef TCP_TEARDOWN_CONN_TRACK_H
#define TCP_TEARDOWN_CONN_TRACK_H

#include <net/tcp.h>

#include "base/sock.h"
#include "conn/conn.h"
#include "record/record.h"

struct conn *conn_track(struct hlist_bl_head *bucket, const struct sock *sk, u64 cookie,
			u8 state);
struct conn *conn_track_tw(struct hlist_bl_head *bucket, const struct inet_timewait_sock *tw,
			   u64 cookie, u8 substate);

/**
 * conn_track_find() - find the connection of a full socket, or begin to track it
 * @sk: the socket
 * @cookie: the connection's id
 * @state: as for conn_track()
 *
 * Context: as conn_find().
 *
 * Return: as conn_find(). The connection is NULL if it cannot be tracked.
 */
static inline struct conn_ref conn_track_find(const struct sock *sk, u64 cookie, u8 state)
	__acquires(bitlock)
{
	struct conn_ref ref = conn_find(cookie, common_of_sock(sk));

	if (!ref.conn)
		ref.conn = conn_track(ref.bucket, sk, cookie, state);
	return ref;
}

/* The flags for the record of a connection; NULL: it is untracked. */
static inline u32 conn_flags(const struct conn *conn)
{
	if (unlikely(!conn))
		return TCP_TEARDOWN_F_UNTRACKED;
	return conn->adopted ? TCP_TEARDOWN_F_ADOPTED : 0;
}

/*
 * The flags after a lookup that found no connection. If the pool was never exhausted, the
 * connection was not left untracked: another CPU has untracked it just now, when its minisock
 * died.
 */
static inline u32 conn_flags_not_found(const struct net *net)
{
	return conn_was_exhausted(net) ? TCP_TEARDOWN_F_UNTRACKED : 0;
}

/* Add the flags of a tracked connection. */
static __always_inline void conn_mark(struct moment *m, const struct conn *conn)
{
	if (unlikely(conn->adopted))
		m->flags |= TCP_TEARDOWN_F_ADOPTED;
}

void conn_set_bytes(struct conn *conn, const struct sock *sk);
void conn_set_closer(struct closer *closer);
void conn_flush_now(struct conn *conn);
void conn_fin_left_now(struct conn *conn, const struct sock *sk);

/* Note which side's FIN is the first. The connection is about to enter @to. */
static inline void conn_set_first(struct conn *conn, u8 to)
{
	static const u8 first[TCP_MAX_STATES] = {
		[TCP_FIN_WAIT1] = TCP_TEARDOWN_FIRST_LOCAL,
		[TCP_FIN_WAIT2] = TCP_TEARDOWN_FIRST_LOCAL,
		[TCP_CLOSING] = TCP_TEARDOWN_FIRST_BOTH,
		[TCP_CLOSE_WAIT] = TCP_TEARDOWN_FIRST_PEER,
		[TCP_LAST_ACK] = TCP_TEARDOWN_FIRST_PEER,
	};

	if (!conn->first)
		conn->first = first[conn->state];
	if (!conn->first || to == TCP_CLOSING)
		conn->first = first[to];
}

static inline void conn_set_spent(struct conn *conn, u64 spent)
{
	static const u8 slot_plus_one[TCP_MAX_STATES] = {
		[TCP_FIN_WAIT1] = TCP_TEARDOWN_SPENT_FIN_WAIT1 + 1,
		[TCP_FIN_WAIT2] = TCP_TEARDOWN_SPENT_FIN_WAIT2 + 1,
		[TCP_CLOSING] = TCP_TEARDOWN_SPENT_CLOSING + 1,
		[TCP_TIME_WAIT] = TCP_TEARDOWN_SPENT_TIME_WAIT + 1,
		[TCP_CLOSE_WAIT] = TCP_TEARDOWN_SPENT_CLOSE_WAIT + 1,
		[TCP_LAST_ACK] = TCP_TEARDOWN_SPENT_LAST_ACK + 1,
	};

	conn->totals.spent[slot_plus_one[conn->state]] = spent;
}

/**
 * conn_set_state() - update a connection that enters a state
 * @conn: held
 * @to: the state
 * @now: when it enters it
 *
 * Return: nanoseconds in the old state, TCP_TEARDOWN_UNKNOWN if no hook saw when it was entered.
 */
static inline u64 conn_set_state(struct conn *conn, u8 to, u64 now)
{
	u64 spent = TCP_TEARDOWN_UNKNOWN;

	if (conn->since)
		spent = elapsed(conn->since, now);
	conn_set_spent(conn, spent);
	if (!conn->first || to == TCP_CLOSING)
		conn_set_first(conn, to);
	conn->state = to;
	conn->since = now;
	return spent;
}

/**
 * conn_state_unseen() - correct a state that the connection may have entered unseen
 * @conn: held
 * @state: the state that it is in
 * @left: it has left that state at an unknown time
 *
 * If it has entered or left @state unseen, the time in that state is unknown.
 */
static inline void conn_state_unseen(struct conn *conn, u8 state, bool left)
{
	if (likely(conn->state == state && !left))
		return;
	conn->state = state;
	conn->since = 0;
	conn->since_bound = 0;
}

/**
 * conn_fin_left() - record that a FIN which could not be sent at once has been sent
 * @conn: held
 * @sk: its full socket
 *
 * TCP may have sent it earlier. The record has the time at which a hook finds that out.
 */
static inline void conn_fin_left(struct conn *conn, const struct sock *sk)
{
	if (unlikely(conn->fin_waits && tcp_sk(sk)->snd_nxt == tcp_sk(sk)->write_seq))
		conn_fin_left_now(conn, sk);
}

/**
 * conn_record() - record the moment that has begun, which is complete
 * @conn: held
 */
static inline void conn_record(struct conn *conn)
{
	record_tell(&conn->subject, &conn->moment, NULL);
	conn->moment.kind = 0;
}

/**
 * conn_flush() - record a moment that has begun and that no transition has completed
 * @conn: held
 *
 * If it is a segment that should have changed the state, TCP has refused it.
 */
static inline void conn_flush(struct conn *conn)
{
	if (unlikely(conn->moment.kind))
		conn_flush_now(conn);
}

#endif
