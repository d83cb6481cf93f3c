// SPDX-License-Identifier: GPL-2.0
/* The table of hooks, and the handler that each calls. */
#include "hook/hook.h"

#include <linux/security.h>
#include <net/inet_timewait_sock.h>
#include <net/ip.h>
#include <net/rstreason.h>
#include <net/tcp.h>
#include <trace/events/sock.h>
#include <trace/events/tcp.h>

#include "event/event.h"
#include "hook/hook_entry.h"
#include "uapi/tcp_teardown.h"

DEFINE_PER_CPU(unsigned long [HOOKS], hook_hits);

/*
 * Defines the probe of a tracepoint. It disables preemption itself, because after 6.18 the kernel
 * no longer does. check_<event>() is never called: it makes the compiler compare the probe with the
 * tracepoint's prototype.
 */
#define HOOK_PROBE(event, hook, proto, wanted, call)			\
static void probe_##event proto						\
{									\
	preempt_disable_notrace();					\
	this_cpu_inc(hook_hits[hook]);					\
	if (wanted)							\
		call;							\
	preempt_enable_notrace();					\
}									\
static void __maybe_unused check_##event(void)				\
{									\
	check_trace_callback_type_##event(probe_##event);		\
}

HOOK_PROBE(inet_sock_set_state, HOOK_STATE,
	   (void *data, const struct sock *sk, const int from, const int to),
	   event_state_wanted(sk, from, to), event_state(sk, from, to))
HOOK_PROBE(tcp_retransmit_skb, HOOK_RETRANSMIT, TCP_RETRANSMIT_PROTO,
	   !TCP_RETRANSMIT_FAILED, event_retransmit(sk, skb))
HOOK_PROBE(tcp_receive_reset, HOOK_RECEIVE_RESET,
	   (void *data, struct sock *sk), true, event_receive_reset(sk, NULL))
#if TCP_SEND_RESET_REASON
HOOK_PROBE(tcp_send_reset, HOOK_SEND_RESET,
	   (void *data, const struct sock *sk, const struct sk_buff *skb,
	    const enum sk_rst_reason reason),
	   true, event_send_reset(sk, skb, rst_reason(reason), reason))
#else
/* The hooks on the functions that send RSTs in reply see them, if they are attached. */
static bool is_seen_elsewhere(const struct sk_buff *skb)
{
	return skb && READ_ONCE(hook_table[ip_hdr(skb)->version == 6 ? HOOK_REPLY6 :
						HOOK_REPLY4].attached);
}

HOOK_PROBE(tcp_send_reset, HOOK_SEND_RESET,
	   (void *data, const struct sock *sk, const struct sk_buff *skb),
	   !is_seen_elsewhere(skb),
	   event_send_reset(sk, skb, event_reason(sk, skb), 0))
#endif

/* The prototypes below name it, but some kernels do not have it. */
enum skb_drop_reason;

HOOK_ENTRY2(HOOK_RCV, tcp_rcv_state_process, struct sock *, sk, struct sk_buff *, skb,
	    (int), (enum skb_drop_reason))
{
	if (event_segment_wanted(sk))
		event_segment(sk, skb);
}

HOOK_CALLBACK1(HOOK_TIMER, tw_timer_handler, struct timer_list, function,
	       struct timer_list *, t, (void))
{
	event_minisock_timer(t);
}

HOOK_STATIC1(HOOK_KILL, inet_twsk_kill, struct inet_timewait_sock *, tw)
{
	event_minisock_kill(tw);
}

HOOK_ENTRY1(HOOK_FREE, tcp_twsk_destructor, struct sock *, sk, (void))
{
	event_minisock_free(inet_twsk(sk));
}

/*
 * inet_twsk_hashdance_schedule() also sets the timer. There the compiler may call a part of
 * __inet_twsk_schedule(), which has no hook, so the time is taken here.
 */
#ifdef HAVE_HASHDANCE_SCHEDULE
#define HOOK_BIRTH inet_twsk_hashdance_schedule
HOOK_ENTRY4(HOOK_BORN, inet_twsk_hashdance_schedule, struct inet_timewait_sock *, tw,
	    struct sock *, sk, struct inet_hashinfo *, hashinfo, int, timeo, (void))
{
	event_minisock_born(tw, sk);
	event_minisock_timed(tw, timeo);
}
#else
#define HOOK_BIRTH inet_twsk_hashdance
HOOK_ENTRY3(HOOK_BORN, inet_twsk_hashdance, struct inet_timewait_sock *, tw,
	    struct sock *, sk, struct inet_hashinfo *, hashinfo, (void))
{
	event_minisock_born(tw, sk);
}
#endif

HOOK_ENTRY1(HOOK_TIME_WAIT, tcp_time_wait, struct sock *, sk, (void, int, int))
{
	event_time_wait(sk);
}

HOOK_ENTRY3(HOOK_TW_SEGMENT, tcp_timewait_state_process, struct inet_timewait_sock *, tw,
	    struct sk_buff *, skb, const struct tcphdr *, th,
	    (enum tcp_tw_status), (enum tcp_tw_status, u32 *),
	    (enum tcp_tw_status, u32 *, enum skb_drop_reason *))
{
	event_minisock_segment(tw, skb, th);
}

HOOK_ENTRY3(HOOK_TW_SCHEDULE, __inet_twsk_schedule, struct inet_timewait_sock *, tw,
	    int, timeo, bool, rearm, (void))
{
	if (rearm)
		event_minisock_rearm(tw, timeo);
	else if (!TW_TIMED_AT_BIRTH)
		event_minisock_timed(tw, timeo);
}

HOOK_ENTRY2(HOOK_UNIQUE, tcp_twsk_unique, struct sock *, sk, struct sock *, sktw,
	    (int, void *))
{
	event_minisock_unique(inet_twsk(sktw));
}

#ifdef HAVE_TCP_RESET_SKB
HOOK_ENTRY2(HOOK_RESET, tcp_reset, struct sock *, sk, struct sk_buff *, skb, (void))
{
	event_receive_reset(sk, skb);
}
#else
HOOK_ENTRY1(HOOK_RESET, tcp_reset, struct sock *, sk, (void))
{
	event_receive_reset(sk, NULL);
}
#endif

HOOK_ENTRY2(HOOK_RESET_SEGMENT, tcp_rcv_state_process, struct sock *, sk,
	    struct sk_buff *, skb, (int), (enum skb_drop_reason))
{
	event_reset_segment(sk, skb);
}

#if TCP_SEND_RESET_REASON
#define HOOK_REPLIES (void, enum sk_rst_reason)
#else
#define HOOK_REPLIES (void)
#endif

HOOK_CALLBACK2(HOOK_REPLY4, tcp_v4_send_reset, struct request_sock_ops, send_reset,
	       const struct sock *, sk, struct sk_buff *, skb, HOOK_REPLIES)
{
	event_reply_reset(sk, skb);
}

HOOK_CALLBACK2(HOOK_REPLY6, tcp_v6_send_reset, struct request_sock_ops, send_reset,
	       const struct sock *, sk, struct sk_buff *, skb, HOOK_REPLIES)
{
	event_reply_reset(sk, skb);
}

HOOK_ENTRY1(HOOK_CLOSE, __tcp_close, struct sock *, sk, (void, long))
{
	event_close(sk);
}

HOOK_ENTRY2(HOOK_SHUTDOWN, tcp_shutdown, struct sock *, sk, int, how, (void))
{
	event_shutdown(sk, how);
}

HOOK_ENTRY1(HOOK_DISCONNECT, tcp_disconnect, struct sock *, sk, (int, int))
{
	event_disconnect(sk);
}

HOOK_ENTRY1(HOOK_ABORT, tcp_abort, struct sock *, sk, (int, int))
{
	event_abort(sk);
}

HOOK_ENTRY1(HOOK_ACK, tcp_send_ack, struct sock *, sk, (void))
{
	event_send_ack(sk);
}

HOOK_STATIC4(HOOK_TW_ACK4, tcp_v4_send_ack, const struct sock *, sk, struct sk_buff *, skb,
	     u32, seq, u32, ack)
{
	event_minisock_ack(sk, ack);
}

HOOK_STATIC4(HOOK_TW_ACK6, tcp_v6_send_response, const struct sock *, sk,
	     struct sk_buff *, skb, u32, seq, u32, ack)
{
	event_minisock_ack(sk, ack);
}

HOOK_ENTRY1(HOOK_CONNECT, tcp_connect, struct sock *, sk, (int))
{
	event_connect(sk);
}

HOOK_ENTRY1(HOOK_ACCEPT, security_sock_graft, struct sock *, sk, (void, struct socket *))
{
	event_accept(sk);
}

#define HOOK_TP(event)	.name = #event, .probe = probe_##event

/* enum hook_id has the order in which they are attached. */
struct hook hook_table[HOOKS] = {
	[HOOK_STATE] = { HOOK_TP(inet_sock_set_state),
		.group = GROUP_TRANSITIONS, .required = true },
	[HOOK_RCV] = { HOOK_FN(HOOK_RCV, tcp_rcv_state_process),
		.group = GROUP_SEGMENTS,
		.shows = "segments received while closing, and three waves of the first closer" },
	[HOOK_RETRANSMIT] = { HOOK_TP(tcp_retransmit_skb),
		.group = GROUP_SEGMENTS, .shows = "FINs sent again" },
	[HOOK_TIMER] = { HOOK_FN(HOOK_TIMER, tw_timer_handler),
		.group = GROUP_TIMEWAIT, .shows = "that a minisock dies by its timer" },
	[HOOK_UNIQUE] = { HOOK_FN(HOOK_UNIQUE, tcp_twsk_unique),
		.group = GROUP_TIMEWAIT, .shows = "that a minisock dies by connect()" },
	[HOOK_FREE] = { HOOK_FN(HOOK_FREE, tcp_twsk_destructor),
		.group = GROUP_TIMEWAIT, .with = HOOK_BORN, .backstop = true,
		.shows = "minisocks that died unseen" },
	/* If births are not seen, a connection ends with its full socket: it would end twice. */
	[HOOK_KILL] = { HOOK_FN(HOOK_KILL, inet_twsk_kill),
		.group = GROUP_TIMEWAIT, .with = HOOK_BORN,
		.shows = "when and why a minisock dies" },
	/* If a birth is seen and the death is not, the connection's state is never freed. */
	[HOOK_BORN] = { HOOK_FN(HOOK_BORN, HOOK_BIRTH),
		.group = GROUP_TIMEWAIT, .needs = HOOK_KILL, .or = HOOK_FREE,
		.shows = "births of minisocks" },
	/* If births are not seen, all minisocks look refused. */
	[HOOK_TIME_WAIT] = { HOOK_FN(HOOK_TIME_WAIT, tcp_time_wait),
		.group = GROUP_TIMEWAIT, .needs = HOOK_BORN,
		.shows = "minisocks that are refused" },
	/*
	 * A segment makes state for a minisock that has none. If births are not seen, deaths may
	 * not be seen either, and then that state is never freed; or the connection ends twice.
	 */
	[HOOK_TW_SEGMENT] = { HOOK_FN(HOOK_TW_SEGMENT, tcp_timewait_state_process),
		.group = GROUP_TIMEWAIT, .needs = HOOK_BORN,
		.shows = "segments that reach a minisock" },
	/* If a part is split off, only its own file can call that; there only births do. */
	[HOOK_TW_SCHEDULE] = { HOOK_FN(HOOK_TW_SCHEDULE, __inet_twsk_schedule),
		.group = GROUP_TIMEWAIT, .needs = HOOK_TW_SEGMENT,
		.parts = TW_TIMED_AT_BIRTH ? HOOK_BORN : HOOK_STATE,
		.shows = "FIN_WAIT2>TIME_WAIT of minisocks, and timers set again" },
	/* Up to 6.9 the tracepoint sees only full sockets. */
	[HOOK_REPLY4] = { HOOK_FN(HOOK_REPLY4, tcp_v4_send_reset),
		.group = GROUP_RESETS, .obsolete = TCP_SEND_RESET_REASON,
		.shows = "RSTs in reply over IPv4, of minisocks and without a socket" },
	[HOOK_REPLY6] = { HOOK_FN(HOOK_REPLY6, tcp_v6_send_reset),
		.group = GROUP_RESETS, .obsolete = TCP_SEND_RESET_REASON,
		.shows = "RSTs in reply over IPv6, of minisocks and without a socket" },
	[HOOK_SEND_RESET] = { HOOK_TP(tcp_send_reset),
		.group = GROUP_RESETS, .shows = "RSTs sent" },
	[HOOK_RESET] = { HOOK_FN(HOOK_RESET, tcp_reset),
		.group = GROUP_RESETS, .shows = "segments of RSTs received" },
	/* It has the segment. The tracepoint never has it, tcp_reset() not before 5.12. */
	[HOOK_RESET_SEGMENT] = { HOOK_FN(HOOK_RESET_SEGMENT, tcp_rcv_state_process),
		.group = GROUP_RESETS, .unless = TCP_RESET_HAS_SKB ? HOOK_RESET : HOOK_STATE,
		.shows = "segments of RSTs received, and data after close()" },
	/* tcp_reset() calls it, but without the segment. */
	[HOOK_RECEIVE_RESET] = { HOOK_TP(tcp_receive_reset),
		.group = GROUP_RESETS, .unless = HOOK_RESET, .shows = "RSTs received" },
	[HOOK_CLOSE] = { HOOK_FN(HOOK_CLOSE, __tcp_close),
		.group = GROUP_CALLS, .shows = "close() and who calls it" },
	[HOOK_SHUTDOWN] = { HOOK_FN(HOOK_SHUTDOWN, tcp_shutdown),
		.group = GROUP_CALLS, .shows = "shutdown() and who calls it" },
	[HOOK_DISCONNECT] = { HOOK_FN(HOOK_DISCONNECT, tcp_disconnect),
		.group = GROUP_CALLS, .shows = "connect() with AF_UNSPEC, listeners closed" },
	[HOOK_ABORT] = { HOOK_FN(HOOK_ABORT, tcp_abort),
		.group = GROUP_CALLS, .shows = "that a socket is killed" },
	/* It has __tcp_send_ack() inlined, which otherwise only DCTCP calls. */
	[HOOK_ACK] = { HOOK_FN(HOOK_ACK, tcp_send_ack),
		.group = GROUP_ACKS, .shows = "ACKs sent" },
	/* Their callers tcp_v4_timewait_ack() and tcp_v6_timewait_ack() are inlined. */
	[HOOK_TW_ACK4] = { HOOK_FN(HOOK_TW_ACK4, tcp_v4_send_ack),
		.group = GROUP_ACKS, .shows = "ACKs sent by minisocks over IPv4" },
	[HOOK_TW_ACK6] = { HOOK_FN(HOOK_TW_ACK6, tcp_v6_send_response),
		.group = GROUP_ACKS, .shows = "ACKs sent by minisocks over IPv6" },
	[HOOK_CONNECT] = { HOOK_FN(HOOK_CONNECT, tcp_connect),
		.group = GROUP_OPENS, .shows = "who connects" },
	/* sock_graft() calls only this, and is itself inlined in inet_accept(). */
	[HOOK_ACCEPT] = { HOOK_FN(HOOK_ACCEPT, security_sock_graft),
		.group = GROUP_OPENS, .shows = "who accepts" },
};
