// SPDX-License-Identifier: GPL-2.0
/* Segments that reach a minisock, and the timer that they restart. */
#include "event/event.h"

#include <net/tcp.h>

#include "base/sock.h"
#include "conn/conn.h"
#include "conn/conn_track.h"
#include "event/event_minisock.h"
#include "event/minisock_cause.h"
#include "event/segment.h"
#include "record/record.h"
#include "stats/netns.h"

/*
 * Find the connection of a minisock. If no hook saw its birth, begin to track it. There are two
 * exceptions. A minisock without a cookie is not tracked, because others may have none, either. A
 * minisock that is being killed on another CPU is not tracked, because nobody would untrack it:
 * its timer is stopped before event_minisock_kill() looks into the bucket, which is held here.
 */
static struct conn_ref event_minisock_find(const struct inet_timewait_sock *tw, u8 substate)
	__acquires(bitlock)
{
	u64 cookie = atomic64_read(&tw->tw_cookie);
	struct conn_ref ref = conn_find(cookie, common_of_tw(tw));

	if (!ref.conn && cookie && timer_pending(&tw->tw_timer))
		ref.conn = conn_track_tw(ref.bucket, tw, cookie, substate);
	return ref;
}

/*
 * Will the segment kill the minisock, or take it from FIN_WAIT2 to TIME_WAIT? As
 * tcp_timewait_state_process() decides.
 */
static bool minisock_goes_on(const struct inet_timewait_sock *tw, const struct sk_buff *skb,
			     const struct tcphdr *th)
{
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	u32 nxt = READ_ONCE(tcp_twsk((struct sock *)tw)->tw_rcv_nxt);

	if (READ_ONCE(tw->tw_substate) != TCP_FIN_WAIT2)
		return th->rst && cb->seq == nxt &&
		       !READ_ONCE(twsk_net(tw)->ipv4.sysctl_tcp_rfc1337);
	if (th->rst || (th->syn && !before(cb->seq, nxt)))
		return true;
	return th->ack && after(cb->end_seq, nxt) && cb->end_seq != cb->seq;
}

/* Is it the peer's FIN again, which was received before? */
static bool is_fin_again(const struct inet_timewait_sock *tw, const struct sk_buff *skb,
			 const struct tcphdr *th)
{
	return th->fin && READ_ONCE(tw->tw_substate) == TCP_TIME_WAIT &&
	       TCP_SKB_CB(skb)->end_seq == READ_ONCE(tcp_twsk((struct sock *)tw)->tw_rcv_nxt);
}

/**
 * event_minisock_segment() - a segment reaches a minisock
 * @tw: the minisock, not changed by the segment yet
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
	bool refused = segment_refused_tw(tw, skb, th), fin_again;
	struct conn_ref ref;
	struct moment m;

	minisock_cause_reached(tw, tcp_flag_byte(th));
	moment_of_tw(&m, tw, sock_clock(), TCP_TEARDOWN_SEGMENT,
		     segment_what(cb->seq, cb->end_seq, READ_ONCE(tcptw->tw_rcv_nxt)));
	segment_header(&m, skb, 0);
	if (refused)
		m.flags |= TCP_TEARDOWN_F_REFUSED;
	fin_again = !refused && is_fin_again(tw, skb, th);
	if (th->fin && !refused)
		segment_count(twsk_net(tw), m.what, fin_again);
	ref = event_minisock_find(tw, m.from);
	if (likely(ref.conn)) {
		conn_flush(ref.conn);
		if (!th->syn && !th->rst)
			m.wscale = ref.conn->snd_wscale;
		if (th->rst)
			ref.conn->reset_local = ref.conn->remote &&
						segment_is_by_loopback(skb);
		if (fin_again && ref.conn->fins_again != U8_MAX)
			ref.conn->fins_again++;
		ref.conn->moment = m;
		if (refused || !minisock_goes_on(tw, skb, th))
			conn_record(ref.conn);
	}
	conn_put(ref);
	if (likely(ref.conn))
		return;
	m.flags |= conn_flags_not_found(twsk_net(tw));
	record_tell_tw(tw, &m, NULL);
}

/* A FIN has taken a minisock from FIN_WAIT2 to TIME_WAIT. */
static void event_minisock_time_wait(const struct inet_timewait_sock *tw, u64 now)
{
	struct conn_ref ref = event_minisock_find(tw, TCP_FIN_WAIT2);
	u64 spent = TCP_TEARDOWN_UNKNOWN;
	struct moment alone, *m;

	m = event_minisock_moment(ref.conn, &alone, tw, now, 0);
	if (m->kind == TCP_TEARDOWN_TIMEWAIT)
		m->kind = TCP_TEARDOWN_STATE;
	if (ref.conn)
		spent = conn_set_state(ref.conn, TCP_TIME_WAIT, m->time);
	m->from = TCP_FIN_WAIT2;
	m->to = TCP_TIME_WAIT;
	m->spent = spent;
	m->flags |= conn_flags(ref.conn);
	netns_transition(netns_hooked(twsk_net(tw)), TCP_FIN_WAIT2, TCP_TIME_WAIT, spent);
	if (ref.conn)
		conn_record(ref.conn);
	conn_put(ref);
	if (ref.conn)
		return;
	netns_count(twsk_net(tw), STATS_UNTRACKED);
	record_tell_tw(tw, &alone, NULL);
}

static void event_minisock_rearmed(const struct inet_timewait_sock *tw, u64 now, int timeo)
{
	struct conn_ref ref = event_minisock_find(tw, TCP_TIME_WAIT);
	struct moment m;

	netns_count(twsk_net(tw), STATS_TW_REARMED);
	moment_of_tw(&m, tw, now, TCP_TEARDOWN_TIMEWAIT, TCP_TEARDOWN_TW_REARMED);
	m.timewait = TCP_TEARDOWN_TW_REARMED;
	m.timeout_ms = jiffies_to_msecs(timeo);
	if (ref.conn) {
		conn_flush(ref.conn);
		record_tell(&ref.conn->subject, &m, NULL);
	}
	conn_put(ref);
	if (likely(ref.conn))
		return;
	m.flags |= conn_flags_not_found(twsk_net(tw));
	record_tell_tw(tw, &m, NULL);
}

/**
 * event_minisock_rearm() - a segment has restarted the timer of a minisock
 * @tw: the minisock, as the segment has left it
 * @timeo: jiffies
 *
 * Source: entry of __inet_twsk_schedule(), called by tcp_timewait_state_process().
 */
void event_minisock_rearm(const struct inet_timewait_sock *tw, int timeo)
{
	if (!minisock_is_tcp(tw))
		return;
	if (minisock_cause_was_fin_wait2(tw))
		event_minisock_time_wait(tw, sock_clock());
	else
		event_minisock_rearmed(tw, sock_clock(), timeo);
}
