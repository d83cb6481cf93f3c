/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Trace events, for perf, tracefs and BPF: one for each kind of record, and one for the end of a
 * connection. The argument of a raw tracepoint is the record itself, in the format of the ring.
 * See docs/trace-events.md.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM tcp_teardown

#if !defined(TCP_TEARDOWN_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define TCP_TEARDOWN_TRACE_H

#include <linux/in.h>
#include <linux/socket.h>
#include <linux/tracepoint.h>
#include <net/ipv6.h>
#include <net/tcp_states.h>

#include "uapi/tcp_teardown.h"
#include "base/words.h"

#ifndef TCP_TEARDOWN_TRACE_ONCE
#define TCP_TEARDOWN_TRACE_ONCE

int trace_begin(void);
void trace_end(void);

/* The kernel's events have an IPv4 address in four bytes, besides the v4-mapped one. */
static inline void trace_ipv4(u8 *to, const u8 *mapped)
{
	if (ipv6_addr_v4mapped((const struct in6_addr *)mapped))
		memcpy(to, mapped + 12, 4);
	else
		memset(to, 0, 4);
}
#endif

/* Export the enums, so that the print format has their numbers in place of their names. */
#undef EM
#define EM(number, word)	TRACE_DEFINE_ENUM(number);
WORDS_OF_STATE(EM, EM)
WORDS_OF_CALL(EM, EM)
WORDS_OF_SEGMENT(EM, EM)
WORDS_OF_RESET(EM, EM)
WORDS_OF_TIMEWAIT(EM, EM)
WORDS_OF_CONNECT(EM, EM)
WORDS_OF_REASON(EM, EM)
WORDS_OF_HOW(EM, EM)
WORDS_OF_SET_OFF(EM, EM)
WORDS_OF_FIRST(EM, EM)

#undef EM
#undef EMe
#define EM(number, word)	{ number, word },
#define EMe(number, word)	{ number, word }

#define show_family(family)							\
	__print_symbolic(family, { AF_INET, "AF_INET" }, { AF_INET6, "AF_INET6" })
#define show_state(state)							\
	__print_symbolic(state, { 0, "-" }, WORDS_OF_STATE(EM, EMe))
#define show_timewait(timewait)							\
	__print_symbolic(timewait, { 0, "-" }, WORDS_OF_TIMEWAIT(EM, EMe))
#define show_how(how)								\
	__print_symbolic(how, { 0, "-" }, WORDS_OF_HOW(EM, EMe))
#define show_call(what)		__print_symbolic(what, WORDS_OF_CALL(EM, EMe))
#define show_segment(what)	__print_symbolic(what, WORDS_OF_SEGMENT(EM, EMe))
#define show_reset(what)	__print_symbolic(what, WORDS_OF_RESET(EM, EMe))
#define show_connect(what)	__print_symbolic(what, WORDS_OF_CONNECT(EM, EMe))
#define show_first(first)	__print_symbolic(first, WORDS_OF_FIRST(EM, EMe))
#define show_set_off(by)	__print_symbolic(by, WORDS_OF_SET_OFF(EM, EMe))
#define show_reason(reason)							\
	__print_symbolic(reason, { 0, "-" }, WORDS_OF_REASON(EM, EMe))
#define show_flags(flags)	__print_flags(flags, "|", WORDS_OF_FLAG(EM, EMe))
#define show_tcp_flags(flags)	__print_flags(flags, "|",			\
	{ 0x01, "FIN" }, { 0x02, "SYN" }, { 0x04, "RST" }, { 0x08, "PSH" },	\
	{ 0x10, "ACK" }, { 0x20, "URG" }, { 0x40, "ECE" }, { 0x80, "CWR" })

/*
 * The fields of all events. They have the names of sock:inet_sock_set_state and
 * tcp:tcp_retransmit_skb, or else those of the record. Neither these fields nor those of an event
 * have a hole, which would leak memory. Times are signed, -1 if unknown.
 */
#define TEARDOWN_FIELDS								\
	__field(__u64, number)							\
	__field(__u64, net_cookie)						\
	__field(__u64, sock_cookie)						\
	__field(__s64, spent)							\
	__field(__s64, age)							\
	__field(int, oldstate)							\
	__field(int, newstate)							\
	__field(__u16, sport)							\
	__field(__u16, dport)							\
	__field(__u16, family)							\
	__field(__u16, protocol)						\
	__array(__u8, saddr, 4)							\
	__array(__u8, daddr, 4)							\
	__array(__u8, saddr_v6, 16)						\
	__array(__u8, daddr_v6, 16)						\
	__field(__u32, netns)							\
	__field(__u32, ifindex)							\
	__field(__u32, flags)							\
	__field(__u32, seq)							\
	__field(__u32, ack)							\
	__field(__u32, window)							\
	__field(__u32, timeout_ms)						\
	__field(__u8, kind)							\
	__field(__u8, what)							\
	__field(__u8, timewait)							\
	__field(__u8, how)

#define TEARDOWN_ASSIGN								\
	__entry->number = r->number;						\
	__entry->net_cookie = r->net_cookie;					\
	__entry->sock_cookie = r->cookie;					\
	__entry->spent = r->spent;						\
	__entry->age = r->age;							\
	__entry->oldstate = r->old_state;					\
	__entry->newstate = r->new_state;					\
	__entry->sport = r->local_port;						\
	__entry->dport = r->peer_port;						\
	__entry->family = r->family;						\
	__entry->protocol = IPPROTO_TCP;					\
	trace_ipv4(__entry->saddr, r->local);					\
	trace_ipv4(__entry->daddr, r->peer);					\
	memcpy(__entry->saddr_v6, r->local, sizeof(r->local));			\
	memcpy(__entry->daddr_v6, r->peer, sizeof(r->peer));			\
	__entry->netns = r->netns;						\
	__entry->ifindex = r->ifindex;						\
	__entry->flags = r->flags;						\
	__entry->seq = r->seq;							\
	__entry->ack = r->ack;							\
	__entry->window = r->window;						\
	__entry->timeout_ms = r->timeout_ms;					\
	__entry->kind = r->kind;						\
	__entry->what = r->what;						\
	__entry->timewait = r->timewait;					\
	__entry->how = r->how;

#define TEARDOWN_FORMAT								\
	"family=%s sport=%hu dport=%hu saddr=%pI4 daddr=%pI4 saddrv6=%pI6c "	\
	"daddrv6=%pI6c sock_cookie=%llx netns=%u oldstate=%s newstate=%s "	\
	"seq=%u ack=%u window=%u flags=%s spent=%lld timewait=%s how=%s"

#define TEARDOWN_ARGS								\
	show_family(__entry->family), __entry->sport, __entry->dport,		\
	__entry->saddr, __entry->daddr, __entry->saddr_v6, __entry->daddr_v6,	\
	__entry->sock_cookie, __entry->netns, show_state(__entry->oldstate),	\
	show_state(__entry->newstate), __entry->seq, __entry->ack,		\
	__entry->window, show_flags(__entry->flags), __entry->spent,		\
	show_timewait(__entry->timewait), show_how(__entry->how)

#define TEARDOWN_EVENT(name, fields, assign, print)				\
	TRACE_EVENT_FN(name, TP_PROTO(const struct tcp_teardown_record *r),	\
		       TP_ARGS(r), PARAMS(fields), PARAMS(assign), PARAMS(print), \
		       trace_begin, trace_end)

TEARDOWN_EVENT(tcp_teardown_call,
	TP_STRUCT__entry(
		TEARDOWN_FIELDS
		__field(__u32, pid)
		__array(char, comm, TCP_TEARDOWN_COMM_LEN)
		__array(char, thread, TCP_TEARDOWN_COMM_LEN)
		__field(__u32, unread)
		__field(__u32, unsent)
		__field(__u32, linger)
	),
	TP_fast_assign(
		TEARDOWN_ASSIGN
		__entry->pid = r->pid;
		memcpy(__entry->comm, r->comm, sizeof(r->comm));
		memcpy(__entry->thread, r->thread, sizeof(r->thread));
		__entry->unread = r->unread;
		__entry->unsent = r->unsent;
		__entry->linger = r->linger;
	),
	TP_printk("what=%s " TEARDOWN_FORMAT " pid=%u comm=%s unread=%u unsent=%u linger=%u",
		show_call(__entry->what), TEARDOWN_ARGS, __entry->pid, __entry->comm,
		__entry->unread, __entry->unsent, __entry->linger)
);

TEARDOWN_EVENT(tcp_teardown_state,
	TP_STRUCT__entry(
		TEARDOWN_FIELDS
	),
	TP_fast_assign(
		TEARDOWN_ASSIGN
	),
	TP_printk(TEARDOWN_FORMAT, TEARDOWN_ARGS)
);

TEARDOWN_EVENT(tcp_teardown_segment,
	TP_STRUCT__entry(
		TEARDOWN_FIELDS
		__field(__u32, len)
		__field(__u8, tcp_flags)
		__field(__u8, wscale)
		__field(__u16, tries)
	),
	TP_fast_assign(
		TEARDOWN_ASSIGN
		__entry->len = r->len;
		__entry->tcp_flags = r->tcp_flags;
		__entry->wscale = r->wscale;
		__entry->tries = r->tries;
	),
	TP_printk("what=%s tcp_flags=%s " TEARDOWN_FORMAT " len=%u wscale=%u tries=%u",
		show_segment(__entry->what), show_tcp_flags(__entry->tcp_flags), TEARDOWN_ARGS,
		__entry->len, __entry->wscale, __entry->tries)
);

TEARDOWN_EVENT(tcp_teardown_reset,
	TP_STRUCT__entry(
		TEARDOWN_FIELDS
		__field(__u8, tcp_flags)
		__field(__u8, wscale)
		__field(__u16, reason)
		__field(__u32, kernel_reason)
	),
	TP_fast_assign(
		TEARDOWN_ASSIGN
		__entry->tcp_flags = r->tcp_flags;
		__entry->wscale = r->wscale;
		__entry->reason = r->reason;
		__entry->kernel_reason = r->kernel_reason;
	),
	TP_printk("what=%s tcp_flags=%s " TEARDOWN_FORMAT " reason=%s kernel_reason=%u",
		show_reset(__entry->what), show_tcp_flags(__entry->tcp_flags), TEARDOWN_ARGS,
		show_reason(__entry->reason), __entry->kernel_reason)
);

TEARDOWN_EVENT(tcp_teardown_timewait,
	TP_STRUCT__entry(
		TEARDOWN_FIELDS
	),
	TP_fast_assign(
		TEARDOWN_ASSIGN
	),
	TP_printk("what=%s " TEARDOWN_FORMAT " age=%lld timeout_ms=%u",
		show_timewait(__entry->what), TEARDOWN_ARGS, __entry->age, __entry->timeout_ms)
);

TEARDOWN_EVENT(tcp_teardown_connect,
	TP_STRUCT__entry(
		TEARDOWN_FIELDS
		__field(__u32, pid)
		__field(__u32, uid)
		__array(char, comm, TCP_TEARDOWN_COMM_LEN)
		__array(char, thread, TCP_TEARDOWN_COMM_LEN)
	),
	TP_fast_assign(
		TEARDOWN_ASSIGN
		__entry->pid = r->pid;
		__entry->uid = r->uid;
		memcpy(__entry->comm, r->comm, sizeof(r->comm));
		memcpy(__entry->thread, r->thread, sizeof(r->thread));
	),
	TP_printk("what=%s " TEARDOWN_FORMAT " pid=%u comm=%s uid=%u",
		show_connect(__entry->what), TEARDOWN_ARGS, __entry->pid, __entry->comm,
		__entry->uid)
);

/* Emitted once for each connection, besides the event of the record that has the verdict. */
TEARDOWN_EVENT(tcp_teardown_end,
	TP_STRUCT__entry(
		TEARDOWN_FIELDS
		__field(__u64, cgroup)
		__field(__u64, rx)
		__field(__u64, tx)
		__field(__u64, bytes)
		__field(__s64, lifetime)
		__array(__s64, in_state, TCP_TEARDOWN_SPENTS)
		__field(__u16, first)
		__field(__u16, set_off)
		__field(__u16, fins_resent)
		__field(__u16, fins_again)
		__field(__u32, pid)
		__field(__u32, uid)
		__array(char, comm, TCP_TEARDOWN_COMM_LEN)
		__array(char, thread, TCP_TEARDOWN_COMM_LEN)
	),
	TP_fast_assign(
		TEARDOWN_ASSIGN
		__entry->first = r->first;
		__entry->set_off = r->set_off;
		__entry->fins_resent = r->fins_resent;
		__entry->fins_again = r->fins_again;
		__entry->pid = r->pid;
		__entry->uid = r->uid;
		memcpy(__entry->comm, r->comm, sizeof(r->comm));
		memcpy(__entry->thread, r->thread, sizeof(r->thread));
		__entry->cgroup = r->cgroup;
		__entry->rx = r->rx;
		__entry->tx = r->tx;
		__entry->bytes = r->bytes;
		__entry->lifetime = r->lifetime;
		memcpy(__entry->in_state, r->in_state, sizeof(r->in_state));
	),
	TP_printk("first=%s set_off=%s " TEARDOWN_FORMAT " pid=%u comm=%s uid=%u cgroup=%llu "
		"rx=%llu tx=%llu bytes=%llu lifetime=%lld",
		show_first(__entry->first), show_set_off(__entry->set_off), TEARDOWN_ARGS,
		__entry->pid, __entry->comm, __entry->uid, __entry->cgroup, __entry->rx,
		__entry->tx, __entry->bytes, __entry->lifetime)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH record
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
