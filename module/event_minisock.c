// SPDX-License-Identifier: GPL-2.0
/* Minisocks: TIME_WAIT, and FIN_WAIT2 without an owner. */
#include "event.h"

#include <net/tcp.h>

#include "minisock_cause.h"
#include "record.h"
#include "remember.h"
#include "segment.h"
#include "verdict.h"

static void event_minisock_state(const struct inet_timewait_sock *tw, int from,
				 int to, u64 spent, u16 flags, u64 now,
				 const struct conn_owner *owner)
{
	const struct net *net = twsk_net(tw);
	struct tcp_teardown_record *r;

	netns_transition(net, from, to, spent);
	if (flags & TCP_TEARDOWN_F_UNTRACKED)
		netns_count(net, STATS_UNTRACKED);
	r = record_of_tw_transition(tw, now, from, to, owner);
	if (!r)
		return;
	r->state.spent = spent;
	r->flags |= flags;
	record_publish(r);
}

/**
 * event_time_wait() - a full socket asks for a minisock
 * @sk: the socket
 *
 * Source: entry of tcp_time_wait(). If none is born before the socket's own
 * transition to CLOSE, it was refused.
 */
void event_time_wait(const struct sock *sk)
{
	struct conn_ref ref = conn_find(record_cookie(sk), common_of_sock(sk));

	netns_count(sock_net(sk), STATS_TW_ASKED);
	if (ref.conn)
		ref.conn->asked = true;
	conn_put(ref);
}

/* The minisock has taken the socket's cookie before; if there was none, now. */
static u64 minisock_cookie(const struct inet_timewait_sock *tw, const struct sock *sk)
{
	u64 cookie = record_cookie(sk);

	/* It is not hashed yet. */
	if (!atomic64_read(&tw->tw_cookie))
		atomic64_set((atomic64_t *)&tw->tw_cookie, cookie);
	return cookie;
}

/* These functions serve DCCP, too, whose minisocks are smaller. */
static bool is_tcp(const struct inet_timewait_sock *tw)
{
	return tw->tw_dr == tcp_death_row_of(twsk_net(tw));
}

/**
 * event_minisock_born() - a minisock takes a full socket's place
 * @tw: the minisock, complete, not hashed yet
 * @sk: the full socket, still in its last state
 *
 * Source: entry of inet_twsk_hashdance(), from 6.11 inet_twsk_hashdance_schedule().
 */
void event_minisock_born(const struct inet_timewait_sock *tw, const struct sock *sk)
{
	u64 cookie, now = record_now();
	int from = sk->sk_state, to = tw->tw_substate;
	const struct sock_common *sc = common_of_sock(sk);
	u64 spent = TCP_TEARDOWN_UNKNOWN;
	struct tcp_teardown_record *r;
	struct conn_ref ref;
	bool left = false;
	u16 flags;

	if (sk->sk_protocol != IPPROTO_TCP)
		return;
	cookie = minisock_cookie(tw, sk);
	ref = remember_find(sk, cookie, from);
	if (ref.conn) {
		ref.conn->leaving = sc;
		ref.conn->owner = common_of_tw(tw);
		ref.conn->minisock = true;
		ref.conn->born = now;
		if (to != from)
			spent = remember_state(ref.conn, to, now);
		remember_bytes(ref.conn, sk);
		left = remember_fin_left(ref.conn, sk);
	}
	flags = remember_flags(ref.conn);
	conn_put(ref);

	netns_count(sock_net(sk), to == TCP_FIN_WAIT2 ? STATS_TW_BORN_FIN_WAIT2 :
							STATS_TW_BORN_TIME_WAIT);
	if (left)	/* in CLOSING: of FIN_WAIT1 a transition tells */
		event_tell_fin_left(sk, now);
	if (to != from)
		event_minisock_state(tw, from, to, spent, flags, now, NULL);
	r = record_of_tw(tw, now, TCP_TEARDOWN_TIMEWAIT, TCP_TEARDOWN_TW_BORN, NULL);
	if (r)
		record_publish(r);
}

/*
 * Hold its connection. One whose birth was not seen is remembered from now on. Not
 * if it has no cookie: many may have none. Nor if it is being killed on another CPU:
 * its timer is stopped before event_minisock_kill() looks into the bucket, which is
 * held here.
 */
static struct conn_ref event_minisock_find(const struct inet_timewait_sock *tw, u8 substate)
	__acquires(bitlock)
{
	u64 cookie = atomic64_read(&tw->tw_cookie);
	struct conn_ref ref = conn_find(cookie, common_of_tw(tw));

	if (!ref.conn && cookie && timer_pending(&tw->tw_timer))
		ref.conn = remember_tw(ref.bucket, tw, cookie, substate);
	return ref;
}

static void event_minisock_fin_again(const struct inet_timewait_sock *tw)
{
	struct conn_ref ref = event_minisock_find(tw, READ_ONCE(tw->tw_substate));

	if (ref.conn && ref.conn->fins_again != U8_MAX)
		ref.conn->fins_again++;
	conn_put(ref);
}

/**
 * event_minisock_segment() - a segment reaches a minisock
 * @tw: the minisock, as it was before
 * @skb: the segment
 * @th: its header
 *
 * Source: entry of tcp_timewait_state_process(), in a softirq.
 */
void event_minisock_segment(const struct inet_timewait_sock *tw,
			    const struct sk_buff *skb, const struct tcphdr *th)
{
	const struct tcp_timewait_sock *tcptw = tcp_twsk((struct sock *)tw);
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	struct tcp_teardown_record *r;
	u8 what;

	minisock_reached(tw, tcp_flag_byte(th));
	what = segment_what(cb->seq, cb->end_seq, READ_ONCE(tcptw->tw_rcv_nxt));
	segment_count(twsk_net(tw), what, th->fin);
	if (th->fin && what == TCP_TEARDOWN_SEG_RCV_DUP)
		event_minisock_fin_again(tw);
	r = record_of_tw(tw, record_now(), TCP_TEARDOWN_SEGMENT, what, NULL);
	if (!r)
		return;
	segment_header(r, skb);
	r->segment.len = segment_len(skb);
	record_publish(r);
}

/* The FIN has reached a minisock in FIN_WAIT2. */
static void event_minisock_time_wait(const struct inet_timewait_sock *tw, u64 now)
{
	u64 spent = TCP_TEARDOWN_UNKNOWN;
	struct conn_ref ref = event_minisock_find(tw, TCP_FIN_WAIT2);
	u16 flags;

	netns_count(twsk_net(tw), STATS_FIN_RECEIVED);
	if (ref.conn)
		spent = remember_state(ref.conn, TCP_TIME_WAIT, now);
	flags = remember_flags(ref.conn);
	conn_put(ref);
	event_minisock_state(tw, TCP_FIN_WAIT2, TCP_TIME_WAIT, spent, flags, now,
			     NULL);
}

static void event_minisock_rearmed(const struct inet_timewait_sock *tw)
{
	netns_count(twsk_net(tw), STATS_TW_REARMED);
	conn_put(event_minisock_find(tw, TCP_TIME_WAIT));
}

/* What the kernel counts as TW and TWKilled, and when it does. */
static void event_minisock_counted(const struct inet_timewait_sock *tw, bool is_short)
{
	if (!is_tcp(tw))	/* 60 s, always */
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

/**
 * event_minisock_rearm() - the timer of a minisock is set again
 * @tw: the minisock, as it is after the segment that brought this about
 * @timeo: jiffies
 *
 * Source: entry of __inet_twsk_schedule(), called by tcp_timewait_state_process().
 */
void event_minisock_rearm(const struct inet_timewait_sock *tw, int timeo)
{
	struct tcp_teardown_record *r;
	u64 now;

	if (!is_tcp(tw))
		return;
	now = record_now();
	if (minisock_was_in_fin_wait2(tw)) {
		event_minisock_time_wait(tw, now);
	} else {
		event_minisock_rearmed(tw);
		r = record_of_tw(tw, now, TCP_TEARDOWN_TIMEWAIT, TCP_TEARDOWN_TW_REARMED,
				 NULL);
		if (!r)
			return;
		r->timewait.timeout_ms = jiffies_to_msecs(timeo);
		record_publish(r);
	}
}

static_assert(STATS_TW_NETNS - STATS_TW_EXPIRED ==
	      TCP_TEARDOWN_TW_NETNS - TCP_TEARDOWN_TW_EXPIRED);

static enum stats_counter minisock_counter(u8 cause)
{
	return STATS_TW_EXPIRED + cause - TCP_TEARDOWN_TW_EXPIRED;
}

/* A minisock has died, and @now is not when, if @cause is 0: nobody saw it die. */
static void event_minisock_tell_death(const struct inet_timewait_sock *tw, u8 cause,
				      u64 now, u64 age, const struct conn_owner *owner)
{
	struct tcp_teardown_record *r;

	if (!cause) {
		netns_count(twsk_net(tw), STATS_TW_UNSEEN);
		return;
	}
	netns_count(twsk_net(tw), minisock_counter(cause));
	if (cause == TCP_TEARDOWN_TW_RESET)
		netns_reset_received(twsk_net(tw), READ_ONCE(tw->tw_substate));
	r = record_of_tw(tw, now, TCP_TEARDOWN_TIMEWAIT, cause, owner);
	if (!r)
		return;
	r->timewait.age = age;
	record_publish(r);
}

/* @ref: holds its connection; @cause: enum tcp_teardown_timewait, 0 for unseen */
static void event_minisock_gone(const struct inet_timewait_sock *tw, struct conn_ref ref,
				u8 cause)
	__releases(bitlock)
{
	u64 now = record_now(), age = TCP_TEARDOWN_UNKNOWN, spent = TCP_TEARDOWN_UNKNOWN;
	u16 flags = remember_flags(ref.conn) | (cause ? 0 : TCP_TEARDOWN_F_INFERRED);
	struct conn_owner owner = { .uid = INVALID_UID };
	int from = READ_ONCE(tw->tw_substate);
	struct verdict verdict = { };

	if (ref.conn) {
		remember_unseen(ref.conn, from, !cause);
		spent = remember_state(ref.conn, TCP_CLOSE, now);
		if (ref.conn->born && cause)
			age = elapsed(ref.conn->born, now);
		owner = ref.conn->owner_id;
	}
	verdict_of_tw(&verdict, from, cause, ref.conn);
	if (ref.conn) {
		ref.conn->owner = NULL;
		if (!ref.conn->leaving)	/* else event_leave() does it */
			conn_forget(ref.conn);
	}
	conn_put(ref);

	event_minisock_state(tw, from, TCP_CLOSE, spent, flags, now, &owner);
	event_minisock_tell_death(tw, cause, now, age, &owner);
	verdict_tell_tw(&verdict, tw, now, &owner);
}

/**
 * event_minisock_kill() - a minisock dies
 * @tw: the minisock
 *
 * Source: entry of inet_twsk_kill(), in the softirq of its timer, or, before
 * its time, wherever inet_twsk_deschedule_put() is called.
 */
void event_minisock_kill(const struct inet_timewait_sock *tw)
{
	u64 cookie = atomic64_read(&tw->tw_cookie);
	u8 cause = minisock_cause(tw);

	if (TW_COUNTED_AT_EXPIRY && cause == TCP_TEARDOWN_TW_EXPIRED)
		event_minisock_counted(tw, tw_kill_of(tw));
	if (is_tcp(tw))
		event_minisock_gone(tw, conn_find(cookie, common_of_tw(tw)), cause);
}

/**
 * event_minisock_free() - a minisock is about to be freed
 * @tw: the minisock, of TCP, dead
 *
 * Source: entry of tcp_twsk_destructor(), which is called once for each, when its
 * last reference goes. If its connection is still there, no hook saw it die: a kprobe
 * was skipped, or inet_twsk_kill() has no hook.
 */
void event_minisock_free(const struct inet_timewait_sock *tw)
{
	u64 cookie = atomic64_read(&tw->tw_cookie);
	struct conn_ref ref;

	if (unlikely(conn_may_be_there(cookie))) {
		ref = conn_find(cookie, common_of_tw(tw));
		if (ref.conn) {
			event_minisock_gone(tw, ref, 0);
			return;
		}
		conn_put(ref);
	}
	if (!READ_ONCE(minisock_deaths_seen))
		netns_count(twsk_net(tw), STATS_TW_UNSEEN);
}
