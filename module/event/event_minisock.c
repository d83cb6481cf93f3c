// SPDX-License-Identifier: GPL-2.0
/* Birth and death of minisocks: sockets in TIME_WAIT, and orphans in FIN_WAIT2. */
#include "event/event.h"

#include <net/tcp.h>

#include "base/sock.h"
#include "conn/conn_track.h"
#include "conn/verdict.h"
#include "event/event_minisock.h"
#include "event/handed.h"
#include "event/minisock_cause.h"
#include "event/segment.h"
#include "record/record.h"
#include "stats/netns.h"

/*
 * The task may move to another CPU before the socket's transition to CLOSE. Note the request in
 * the connection, not per CPU.
 */
static noinline void event_time_wait_migrating(const struct sock *sk)
{
	struct conn_ref ref = conn_find(sock_cookie(sk), common_of_sock(sk));

	if (ref.conn)
		ref.conn->tw_requested = true;
	conn_put(ref);
}

/**
 * event_time_wait() - a full socket requests a minisock
 * @sk: the socket
 *
 * If none is born before the socket's own transition to CLOSE, the request was refused.
 *
 * Source: entry of tcp_time_wait().
 */
void event_time_wait(const struct sock *sk)
{
	netns_count(sock_net(sk), STATS_TW_ASKED);
	if (unlikely(!handed_ask(sk)))
		event_time_wait_migrating(sk);
}

/* The minisock has a copy of the socket's cookie. If that was 0, set both now. */
static u64 minisock_cookie(const struct inet_timewait_sock *tw, const struct sock *sk)
{
	u64 cookie = sock_cookie(sk);

	/* The minisock is not hashed yet, so nobody else sets its cookie. */
	if (!atomic64_read(&tw->tw_cookie))
		atomic64_set((atomic64_t *)&tw->tw_cookie, cookie);
	return cookie;
}

/* Begin the moment of a birth, unless a segment or close() has begun it. */
static void event_minisock_begins(struct conn *conn, const struct inet_timewait_sock *tw,
				  int from)
{
	struct moment *m = &conn->moment;

	/*
	 * The moment may be a close() in FIN_WAIT2, or a segment: the peer's FIN, or the ACK of
	 * our FIN, which may have made a transition already. But if the timer of FIN_WAIT2 makes
	 * the minisock, a segment that has begun the moment was dropped, and did not cause this.
	 */
	if (m->to == from && (m->kind == TCP_TEARDOWN_CALL ||
			      (m->kind == TCP_TEARDOWN_SEGMENT &&
			       (m->from != from || tw->tw_substate != from))))
		return;
	conn_flush(conn);
	moment_of_tw(m, tw, sock_clock(), TCP_TEARDOWN_TIMEWAIT, TCP_TEARDOWN_TW_BORN);
	m->from = from;
	m->to = from;
}

/* A tracked connection passes from its full socket to a minisock. */
static void event_minisock_takes_over(struct conn *conn, const struct inet_timewait_sock *tw,
				      const struct sock *sk)
{
	int from = sk->sk_state, to = tw->tw_substate;
	struct moment *m = &conn->moment;

	if (unlikely(!handed_give(sk)))
		conn->old_sk = common_of_sock(sk);
	conn->sk = common_of_tw(tw);
	conn->minisock = true;
	conn->remote = segment_comes_by_wire(sk);
	conn->snd_wscale = tcp_sk(sk)->rx_opt.snd_wscale;
	conn_fin_left(conn, sk);	/* may be so in CLOSING */
	event_minisock_begins(conn, tw, from);
	conn->tw_created = m->time;
	m->timewait = TCP_TEARDOWN_TW_BORN;
	conn_mark(m, conn);
	if (to != from) {
		m->spent = conn_set_state(conn, to, m->time);
		m->to = to;
		conn->three_way |= conn->fin_with_ack;
		netns_transition(netns_hooked(sock_net(sk)), from, to, m->spent);
	}
	conn_set_bytes(conn, sk);
	conn_record(conn);
}

static noinline void event_minisock_born_untracked(const struct inet_timewait_sock *tw,
						   const struct sock *sk)
{
	int from = sk->sk_state, to = tw->tw_substate;
	struct moment m;

	if (!handed_give(sk))
		handed_put(sk);
	moment_of_tw(&m, tw, sock_clock(), TCP_TEARDOWN_TIMEWAIT, TCP_TEARDOWN_TW_BORN);
	m.timewait = TCP_TEARDOWN_TW_BORN;
	m.from = from;
	m.flags |= TCP_TEARDOWN_F_UNTRACKED;
	if (to != from) {
		m.spent = TCP_TEARDOWN_UNKNOWN;
		netns_transition(netns_hooked(sock_net(sk)), from, to, m.spent);
		netns_count(sock_net(sk), STATS_UNTRACKED);
	}
	record_tell_tw(tw, &m, NULL);
}

/**
 * event_minisock_born() - a minisock takes the place of a full socket
 * @tw: the minisock, initialised, not hashed yet
 * @sk: the full socket, still in its last state
 *
 * Source: entry of inet_twsk_hashdance(), from 6.11 inet_twsk_hashdance_schedule().
 */
void event_minisock_born(const struct inet_timewait_sock *tw, const struct sock *sk)
{
	int from = sk->sk_state, to = tw->tw_substate;
	struct conn_ref ref;

	if (sk->sk_protocol != IPPROTO_TCP)
		return;
	netns_count(sock_net(sk), to == TCP_FIN_WAIT2 ? STATS_TW_BORN_FIN_WAIT2 :
							STATS_TW_BORN_TIME_WAIT);
	ref = conn_track_find(sk, minisock_cookie(tw, sk), from);
	if (likely(ref.conn))
		event_minisock_takes_over(ref.conn, tw, sk);
	conn_put(ref);
	if (unlikely(!ref.conn))
		event_minisock_born_untracked(tw, sk);
}

/* Is the cause of death a segment that has reached the minisock in this softirq? */
static bool is_by_segment(u8 cause)
{
	return cause == TCP_TEARDOWN_TW_RESET || cause == TCP_TEARDOWN_TW_REOPENED ||
	       cause == TCP_TEARDOWN_TW_ANSWERED;
}

/**
 * event_minisock_moment() - get the moment of an event of a minisock
 * @conn: held; NULL if it is untracked
 * @alone: memory for the moment, if @conn is NULL
 * @tw: the minisock
 * @now: the time
 * @what: enum tcp_teardown_timewait; 0: a FIN has taken the minisock to TIME_WAIT
 *
 * Return: the moment that a segment has begun, if the segment causes the event; otherwise a new
 * one.
 */
struct moment *event_minisock_moment(struct conn *conn, struct moment *alone,
				     const struct inet_timewait_sock *tw, u64 now, u8 what)
{
	struct moment *m = conn ? &conn->moment : alone;

	if (conn && m->kind == TCP_TEARDOWN_SEGMENT && (!what || is_by_segment(what))) {
		m->timewait = what;
		return m;
	}
	if (conn)
		conn_flush(conn);
	moment_of_tw(m, tw, now, TCP_TEARDOWN_TIMEWAIT, what);
	m->timewait = what;
	return m;
}

/* Count in the way that the kernel counts TW and TWKilled. */
static void event_minisock_counted(const struct inet_timewait_sock *tw, bool is_short)
{
	if (!minisock_is_tcp(tw))	/* DCCP's timer is always set for 60 s */
		netns_count(twsk_net(tw), STATS_TW_DCCP);
	else if (is_short)
		netns_count(twsk_net(tw), STATS_TW_SHORT);
}

/**
 * event_minisock_timed() - the timer of a minisock is set for the first time
 * @tw: the minisock
 * @timeo: jiffies
 *
 * Source: entry of inet_twsk_hashdance_schedule(), and before 6.11 of
 * __inet_twsk_schedule().
 */
void event_minisock_timed(const struct inet_timewait_sock *tw, int timeo)
{
	if (!TW_COUNTED_AT_EXPIRY)
		event_minisock_counted(tw, timeo <= 4 * HZ);
}

static_assert(STATS_TW_NETNS - STATS_TW_EXPIRED ==
	      TCP_TEARDOWN_TW_NETNS - TCP_TEARDOWN_TW_EXPIRED);

static enum stats_counter minisock_counter(u8 cause)
{
	return STATS_TW_EXPIRED + cause - TCP_TEARDOWN_TW_EXPIRED;
}

static void event_minisock_count_death(const struct netns *ns, u8 substate, u8 cause)
{
	netns_count_in(ns, cause ? minisock_counter(cause) : STATS_TW_UNSEEN);
	if (unlikely(cause == TCP_TEARDOWN_TW_RESET))
		netns_inc(ns, netns_block(ns), STATS_AT(reset_received[substate]));
}

static noinline void event_minisock_gone_untracked(const struct inet_timewait_sock *tw, u8 cause)
{
	int from = READ_ONCE(tw->tw_substate);
	const struct netns *ns = netns_hooked(twsk_net(tw));
	struct totals totals;
	struct moment m;

	event_minisock_count_death(ns, from, cause);
	netns_transition(ns, from, TCP_CLOSE, TCP_TEARDOWN_UNKNOWN);
	netns_count_in(ns, STATS_UNTRACKED);
	event_minisock_moment(NULL, &m, tw, sock_clock(), cause);
	if (!cause)
		m.kind = TCP_TEARDOWN_STATE;
	m.to = TCP_CLOSE;
	m.flags |= TCP_TEARDOWN_F_UNTRACKED;
	m.spent = TCP_TEARDOWN_UNKNOWN;
	m.age = TCP_TEARDOWN_UNKNOWN;
	verdict_unknown_tw(&m, &totals, from, cause);
	netns_end(ns, &m);
	record_tell_tw(tw, &m, &totals);
}

/* A minisock dies. @conn: held; @cause: enum tcp_teardown_timewait, 0 if no hook saw it */
static void event_minisock_gone(const struct inet_timewait_sock *tw, struct conn *conn, u8 cause)
{
	const struct netns *ns = netns_hooked(twsk_net(tw));
	int from = READ_ONCE(tw->tw_substate);
	u64 now = sock_clock();
	struct moment *m;

	event_minisock_count_death(ns, from, cause);
	if (!cause)
		conn_flush(conn);
	m = event_minisock_moment(conn, NULL, tw, now, cause);
	if (!cause) {	/* it died earlier, unseen */
		m->kind = TCP_TEARDOWN_STATE;
		m->flags |= TCP_TEARDOWN_F_INFERRED;
	}
	conn_state_unseen(conn, from, !cause);
	m->from = from;
	m->to = TCP_CLOSE;
	m->spent = conn_set_state(conn, TCP_CLOSE, m->time);
	m->age = conn->tw_created && cause ? elapsed(conn->tw_created, m->time) :
					     TCP_TEARDOWN_UNKNOWN;
	conn_mark(m, conn);
	verdict_of_tw(from, cause, conn);
	netns_transition(ns, from, TCP_CLOSE, m->spent);
	netns_end(ns, m);
	record_tell(&conn->subject, m, &conn->totals);
	conn->sk = NULL;
	if (!conn->old_sk)	/* otherwise event_leave() will untrack it */
		conn_untrack(conn);
}

/**
 * event_minisock_kill() - a minisock dies
 * @tw: the minisock
 *
 * Source: entry of inet_twsk_kill(). The minisock's timer calls it in a softirq;
 * inet_twsk_deschedule_put() calls it before the timer fires, in any context.
 */
void event_minisock_kill(const struct inet_timewait_sock *tw)
{
	u8 cause = minisock_cause(tw);
	struct conn_ref ref;

	if (TW_COUNTED_AT_EXPIRY && cause == TCP_TEARDOWN_TW_EXPIRED)
		event_minisock_counted(tw, tw_kill_of(tw));
	if (!minisock_is_tcp(tw))
		return;
	ref = conn_find(atomic64_read(&tw->tw_cookie), common_of_tw(tw));
	if (likely(ref.conn))
		event_minisock_gone(tw, ref.conn, cause);
	conn_put(ref);
	if (unlikely(!ref.conn))
		event_minisock_gone_untracked(tw, cause);
}

static noinline bool event_minisock_died_unseen(const struct inet_timewait_sock *tw, u64 cookie)
{
	struct conn_ref ref = conn_find(cookie, common_of_tw(tw));

	if (ref.conn)
		event_minisock_gone(tw, ref.conn, 0);
	conn_put(ref);
	return ref.conn;
}

/**
 * event_minisock_free() - a minisock is about to be freed
 * @tw: the minisock, of TCP, dead
 *
 * If its connection is still tracked, no hook saw it die: a kprobe was skipped, or
 * inet_twsk_kill() has no hook.
 *
 * Source: entry of tcp_twsk_destructor(), called when the last reference is dropped.
 */
void event_minisock_free(const struct inet_timewait_sock *tw)
{
	u64 cookie = atomic64_read(&tw->tw_cookie);

	if (unlikely(conn_may_be_there(cookie)) && event_minisock_died_unseen(tw, cookie))
		return;
	if (!READ_ONCE(minisock_cause_deaths_seen))
		netns_count(twsk_net(tw), STATS_TW_UNSEEN);
}
