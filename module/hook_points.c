// SPDX-License-Identifier: GPL-2.0
/* Which hook points there are, and what each calls. */
#include "hook.h"

#include <net/inet_timewait_sock.h>
#include <net/ip.h>
#include <net/rstreason.h>
#include <net/tcp.h>
#include <trace/events/sock.h>
#include <trace/events/tcp.h>

#include "event.h"
#include "uapi/tcp_teardown.h"

DEFINE_PER_CPU(unsigned long [HOOKS], hook_hits);

/*
 * The probes of tracepoints. Up to 6.18 they run with preemption disabled, in
 * later kernels not; the record path does not rely on it. The check makes the
 * compiler compare them with the prototypes of the kernel at hand.
 */
#define HOOK_PROBE(event, hook, proto, call)				\
static void probe_##event proto						\
{									\
	preempt_disable_notrace();					\
	this_cpu_inc(hook_hits[hook]);					\
	call;								\
	preempt_enable_notrace();					\
}									\
static void __maybe_unused check_##event(void)				\
{									\
	check_trace_callback_type_##event(probe_##event);		\
}

HOOK_PROBE(inet_sock_set_state, HOOK_STATE,
	   (void *data, const struct sock *sk, const int from, const int to),
	   event_state(sk, from, to))
HOOK_PROBE(tcp_retransmit_skb, HOOK_RETRANSMIT, TCP_RETRANSMIT_PROTO,
	   TCP_RETRANSMIT_FAILED ? (void)0 : event_retransmit(sk, skb))
HOOK_PROBE(tcp_receive_reset, HOOK_RECEIVE_RESET,
	   (void *data, struct sock *sk), event_receive_reset(sk, NULL))
#if TCP_SEND_RESET_REASON
HOOK_PROBE(tcp_send_reset, HOOK_SEND_RESET,
	   (void *data, const struct sock *sk, const struct sk_buff *skb,
	    const enum sk_rst_reason reason),
	   event_send_reset(sk, skb, rst_reason(reason)))
#else
/* Answers are seen at the entry of the functions that send them. */
static bool is_seen_elsewhere(const struct sk_buff *skb)
{
	return skb && READ_ONCE(hooks[ip_hdr(skb)->version == 6 ? HOOK_REPLY6 :
						HOOK_REPLY4].attached);
}

HOOK_PROBE(tcp_send_reset, HOOK_SEND_RESET,
	   (void *data, const struct sock *sk, const struct sk_buff *skb),
	   is_seen_elsewhere(skb) ? (void)0 :
	   event_send_reset(sk, skb, event_reason(sk, skb)))
#endif

/*
 * The entries of functions: one handler, called through ftrace or through a
 * kprobe, with the function's first arguments, a to d. A kprobe disables
 * preemption, ftrace leaves it as it was.
 */
#define HOOK_ENTRY(name, hook, call)					\
static __always_inline void on_##name(unsigned long a, unsigned long b,	\
				      unsigned long c, unsigned long d)	\
{									\
	this_cpu_inc(hook_hits[hook]);					\
	call;								\
}									\
static notrace void entry_##name(unsigned long ip, unsigned long parent_ip,	\
			 struct ftrace_ops *ops, struct ftrace_regs *regs) \
{									\
	preempt_disable_notrace();					\
	on_##name(ftrace_regs_get_argument(regs, 0),			\
		  ftrace_regs_get_argument(regs, 1),			\
		  ftrace_regs_get_argument(regs, 2),			\
		  ftrace_regs_get_argument(regs, 3));			\
	preempt_enable_notrace();					\
}									\
static notrace int pre_##name(struct kprobe *p, struct pt_regs *regs)		\
{									\
	on_##name(regs_get_kernel_argument(regs, 0),			\
		  regs_get_kernel_argument(regs, 1),			\
		  regs_get_kernel_argument(regs, 2),			\
		  regs_get_kernel_argument(regs, 3));			\
	return 0;							\
}

HOOK_ENTRY(rcv, HOOK_RCV, event_segment((void *)a, (void *)b))
HOOK_ENTRY(fin, HOOK_FIN, event_fin((void *)a))
HOOK_ENTRY(send_fin, HOOK_SEND_FIN, event_send_fin((void *)a))
HOOK_ENTRY(kill, HOOK_KILL, event_minisock_kill((void *)a))
HOOK_ENTRY(timer, HOOK_TIMER, event_minisock_timer((void *)a))
HOOK_ENTRY(born, HOOK_BORN, event_minisock_born((void *)a, (void *)b))
HOOK_ENTRY(time_wait, HOOK_TIME_WAIT, event_time_wait((void *)a))
HOOK_ENTRY(tw_segment, HOOK_TW_SEGMENT,
	   event_minisock_segment((void *)a, (void *)b, (void *)c))
HOOK_ENTRY(tw_schedule, HOOK_TW_SCHEDULE,
	   event_minisock_schedule((void *)a, (int)b, (u8)c))
HOOK_ENTRY(unique, HOOK_UNIQUE, event_minisock_unique((void *)b))
HOOK_ENTRY(abort, HOOK_ABORT, event_abort((void *)a))
HOOK_ENTRY(disconnect, HOOK_DISCONNECT, event_disconnect((void *)a))
HOOK_ENTRY(reply4, HOOK_REPLY4, event_reply_reset((void *)a, (void *)b))
HOOK_ENTRY(reply6, HOOK_REPLY6, event_reply_reset((void *)a, (void *)b))
HOOK_ENTRY(reset, HOOK_RESET,
	   event_receive_reset((void *)a, TCP_RESET_HAS_SKB ? (void *)b : NULL))
HOOK_ENTRY(reset_segment, HOOK_RESET_SEGMENT, event_reset_segment((void *)a, (void *)b))
HOOK_ENTRY(close, HOOK_CLOSE, event_close((void *)a))
HOOK_ENTRY(shutdown, HOOK_SHUTDOWN, event_shutdown((void *)a, (int)b))

HOOK_ENTRY(ack, HOOK_ACK, event_send_ack((void *)a))
HOOK_ENTRY(tw_ack4, HOOK_TW_ACK4, event_minisock_ack((void *)a, (u32)d))
HOOK_ENTRY(tw_ack6, HOOK_TW_ACK6, event_minisock_ack((void *)a, (u32)d))

#define HOOK_TP(event)	.name = #event, .probe = probe_##event
#define HOOK_FN(fn, handler)						\
	.name = #fn, .ftrace = entry_##handler, .pre_handler = pre_##handler

/* In what order, and why, see enum hook_id. */
struct hook hooks[HOOKS] = {
	[HOOK_STATE] = { HOOK_TP(inet_sock_set_state),
		.group = GROUP_TRANSITIONS, .required = true },
	[HOOK_RCV] = { HOOK_FN(tcp_rcv_state_process, rcv),
		.group = GROUP_SEGMENTS },
	[HOOK_FIN] = { HOOK_FN(tcp_fin, fin),
		.group = GROUP_SEGMENTS },
	[HOOK_SEND_FIN] = { HOOK_FN(tcp_send_fin, send_fin),
		.group = GROUP_SEGMENTS },
	[HOOK_RETRANSMIT] = { HOOK_TP(tcp_retransmit_skb),
		.group = GROUP_SEGMENTS },
	/* Or who dies by it would look killed. */
	[HOOK_TIMER] = { HOOK_FN(tw_timer_handler, timer),
		.group = GROUP_TIMEWAIT },
	[HOOK_KILL] = { HOOK_FN(inet_twsk_kill, kill),
		.group = GROUP_TIMEWAIT, .needs = HOOK_TIMER },
	/* A birth without a death would be remembered for ever. */
	[HOOK_BORN] = { HOOK_FN(inet_twsk_hashdance_schedule, born),
		.older_name = "inet_twsk_hashdance",
		.group = GROUP_TIMEWAIT, .needs = HOOK_KILL },
	/* Without births all would look refused. */
	[HOOK_TIME_WAIT] = { HOOK_FN(tcp_time_wait, time_wait),
		.group = GROUP_TIMEWAIT, .needs = HOOK_BORN },
	/* So would one that is adopted. */
	[HOOK_TW_SEGMENT] = { HOOK_FN(tcp_timewait_state_process, tw_segment),
		.group = GROUP_TIMEWAIT, .needs = HOOK_KILL },
	[HOOK_TW_SCHEDULE] = { HOOK_FN(__inet_twsk_schedule, tw_schedule),
		.group = GROUP_TIMEWAIT, .needs = HOOK_TW_SEGMENT },
	[HOOK_UNIQUE] = { HOOK_FN(tcp_twsk_unique, unique),
		.group = GROUP_TIMEWAIT },
	/* The tracepoint has only full sockets, up to 6.9. */
	[HOOK_REPLY4] = { HOOK_FN(tcp_v4_send_reset, reply4),
		.group = GROUP_RESETS, .obsolete = TCP_SEND_RESET_REASON },
	[HOOK_REPLY6] = { HOOK_FN(tcp_v6_send_reset, reply6),
		.group = GROUP_RESETS, .obsolete = TCP_SEND_RESET_REASON },
	[HOOK_SEND_RESET] = { HOOK_TP(tcp_send_reset),
		.group = GROUP_RESETS },
	[HOOK_RESET] = { HOOK_FN(tcp_reset, reset),
		.group = GROUP_RESETS },
	/* Has the segment that tcp_reset() lacks in old kernels, and its tracepoint in all. */
	[HOOK_RESET_SEGMENT] = { HOOK_FN(tcp_rcv_state_process, reset_segment),
		.group = GROUP_RESETS, .unless = TCP_RESET_HAS_SKB ? HOOK_RESET : HOOK_STATE },
	/* Is in tcp_reset(), but has not got the segment. */
	[HOOK_RECEIVE_RESET] = { HOOK_TP(tcp_receive_reset),
		.group = GROUP_RESETS, .unless = HOOK_RESET },
	[HOOK_CLOSE] = { HOOK_FN(__tcp_close, close),
		.group = GROUP_CALLS },
	[HOOK_SHUTDOWN] = { HOOK_FN(tcp_shutdown, shutdown),
		.group = GROUP_CALLS },
	[HOOK_DISCONNECT] = { HOOK_FN(tcp_disconnect, disconnect),
		.group = GROUP_CALLS },
	[HOOK_ABORT] = { HOOK_FN(tcp_abort, abort),
		.group = GROUP_CALLS },
	/* __tcp_send_ack() is inlined there, and otherwise DCTCP's alone. */
	[HOOK_ACK] = { HOOK_FN(tcp_send_ack, ack),
		.group = GROUP_ACKS },
	/* tcp_v4_timewait_ack() and its twin are inlined. */
	[HOOK_TW_ACK4] = { HOOK_FN(tcp_v4_send_ack, tw_ack4),
		.group = GROUP_ACKS },
	[HOOK_TW_ACK6] = { HOOK_FN(tcp_v6_send_response, tw_ack6),
		.group = GROUP_ACKS },
};
