/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * tcp_teardown: the binary record, as per_cpu/cpuN/trace_pipe_raw gives it.
 *
 * A read of that file returns whole records of this one size, in the order in
 * which one CPU made them. Everything is in the host's byte order, ports too;
 * addresses are in network order. Fields that a kind does not define are 0.
 */
#ifndef _UAPI_TCP_TEARDOWN_H
#define _UAPI_TCP_TEARDOWN_H

#include <linux/types.h>

#define TCP_TEARDOWN_MAGIC	0x7464	/* "td" */
#define TCP_TEARDOWN_VERSION	1
#define TCP_TEARDOWN_COMM_LEN	16

/* What a record tells. */
enum tcp_teardown_kind {
	TCP_TEARDOWN_CALL = 1,	/* the application asked for it */
	TCP_TEARDOWN_STATE,	/* a transition */
	TCP_TEARDOWN_SEGMENT,	/* a segment received, a FIN queued or resent */
	TCP_TEARDOWN_RESET,	/* a RST sent or received */
	TCP_TEARDOWN_TIMEWAIT,	/* the life of a minisock */
	TCP_TEARDOWN_END,	/* the connection is gone: the verdict */
	TCP_TEARDOWN_KINDS
};

/* tcp_teardown_record.what of TCP_TEARDOWN_CALL */
enum tcp_teardown_call {
	TCP_TEARDOWN_CLOSE = 1,
	TCP_TEARDOWN_SHUT_RD,
	TCP_TEARDOWN_SHUT_WR,
	TCP_TEARDOWN_SHUT_RDWR,
	TCP_TEARDOWN_DISCONNECT,	/* connect() with AF_UNSPEC */
	TCP_TEARDOWN_LISTENER,		/* close() of the listener that it waited at */
	TCP_TEARDOWN_ABORT,		/* by somebody else, as ss -K */
	TCP_TEARDOWN_CALLS
};

/* .what of TCP_TEARDOWN_SEGMENT */
enum tcp_teardown_segment {
	/* As they arrive; TCP may still refuse them. */
	TCP_TEARDOWN_SEG_RCV = 1,	/* a bare ACK, or begins no later than rcv_nxt */
	TCP_TEARDOWN_SEG_RCV_DUP,	/* ends no later than rcv_nxt: had it before */
	TCP_TEARDOWN_SEG_RCV_OOO,	/* begins beyond rcv_nxt */
	TCP_TEARDOWN_SEG_QUEUE,		/* a FIN is queued; it may leave later */
	TCP_TEARDOWN_SEG_RESEND,	/* a FIN is sent again */
	TCP_TEARDOWN_SEG_LEFT,		/* a FIN that had to wait is found to have left */
	TCP_TEARDOWN_SEG_ACK,		/* an ACK, with nothing else, is sent */
	TCP_TEARDOWN_SEGMENTS
};

/* .what of TCP_TEARDOWN_RESET */
enum tcp_teardown_reset {
	TCP_TEARDOWN_RST_SENT = 1,	/* of the socket's own accord */
	TCP_TEARDOWN_RST_REPLY,		/* in answer to a segment */
	TCP_TEARDOWN_RST_RECEIVED,	/* accepted: the connection ends */
	TCP_TEARDOWN_RESETS
};

/*
 * .reason of TCP_TEARDOWN_RESET: why a RST was sent, in the words of the kernel's
 * enum sk_rst_reason (6.12). The numbers are our own, the same on every kernel.
 * docs/records.md says what each stands for.
 */
enum tcp_teardown_reason {
	TCP_TEARDOWN_REASON_NONE,	/* the RST was received */
	TCP_TEARDOWN_REASON_NOT_SPECIFIED,
	TCP_TEARDOWN_REASON_NO_SOCKET,
	TCP_TEARDOWN_REASON_TCP_INVALID_ACK_SEQUENCE,
	TCP_TEARDOWN_REASON_TCP_RFC7323_PAWS,
	TCP_TEARDOWN_REASON_TCP_TOO_OLD_ACK,
	TCP_TEARDOWN_REASON_TCP_ACK_UNSENT_DATA,
	TCP_TEARDOWN_REASON_TCP_FLAGS,
	TCP_TEARDOWN_REASON_TCP_OLD_ACK,
	TCP_TEARDOWN_REASON_TCP_ABORT_ON_DATA,
	TCP_TEARDOWN_REASON_TCP_TIMEWAIT_SOCKET,
	TCP_TEARDOWN_REASON_INVALID_SYN,
	TCP_TEARDOWN_REASON_TCP_ABORT_ON_CLOSE,
	TCP_TEARDOWN_REASON_TCP_ABORT_ON_LINGER,
	TCP_TEARDOWN_REASON_TCP_ABORT_ON_MEMORY,
	TCP_TEARDOWN_REASON_TCP_STATE,
	TCP_TEARDOWN_REASON_TCP_KEEPALIVE_TIMEOUT,
	TCP_TEARDOWN_REASON_TCP_DISCONNECT_WITH_DATA,
	TCP_TEARDOWN_REASON_MPTCP_RST_EUNSPEC,
	TCP_TEARDOWN_REASON_MPTCP_RST_EMPTCP,
	TCP_TEARDOWN_REASON_MPTCP_RST_ERESOURCE,
	TCP_TEARDOWN_REASON_MPTCP_RST_EPROHIBIT,
	TCP_TEARDOWN_REASON_MPTCP_RST_EWQ2BIG,
	TCP_TEARDOWN_REASON_MPTCP_RST_EBADPERF,
	TCP_TEARDOWN_REASON_MPTCP_RST_EMIDDLEBOX,
	TCP_TEARDOWN_REASON_ERROR,
	TCP_TEARDOWN_REASON_OTHER,	/* a word of a later kernel */
	TCP_TEARDOWN_REASONS
};

/* .what of TCP_TEARDOWN_TIMEWAIT; from TW_EXPIRED on it is gone */
enum tcp_teardown_timewait {
	TCP_TEARDOWN_TW_BORN = 1,	/* new_state: as which */
	TCP_TEARDOWN_TW_REARMED,	/* its timer starts over */
	TCP_TEARDOWN_TW_REFUSED,	/* never born: tcp_max_tw_buckets, or no memory */
	TCP_TEARDOWN_TW_EXPIRED,	/* by its timer */
	TCP_TEARDOWN_TW_RESET,		/* a RST was received */
	TCP_TEARDOWN_TW_REOPENED,	/* a new SYN was received */
	TCP_TEARDOWN_TW_ANSWERED,	/* a segment was answered with a RST */
	TCP_TEARDOWN_TW_REUSED,		/* connect() took its ports */
	TCP_TEARDOWN_TW_KILLED,		/* as by ss -K */
	TCP_TEARDOWN_TW_NETNS,		/* its network namespace went */
	TCP_TEARDOWN_TIMEWAITS
};

/* .what of TCP_TEARDOWN_END: how it ended */
enum tcp_teardown_how {
	TCP_TEARDOWN_UNSEEN = 1,	/* not enough was seen to tell */
	TCP_TEARDOWN_FOUR_WAY,		/* FIN, ACK, FIN, ACK */
	TCP_TEARDOWN_THREE_WAY,		/* FIN, FIN and ACK in one, ACK */
	TCP_TEARDOWN_SIMULTANEOUS,	/* both FINs were on their way at a time */
	TCP_TEARDOWN_ORDERLY,		/* by FINs, which were not seen */
	TCP_TEARDOWN_RESET_SENT,
	TCP_TEARDOWN_RESET_RECEIVED,
	TCP_TEARDOWN_REFUSED,		/* before it was established */
	TCP_TEARDOWN_TIMED_OUT,		/* nothing came back */
	TCP_TEARDOWN_ABORTED,		/* here, and the peer was not told by a RST */
	TCP_TEARDOWN_ORPHAN_KILLED,	/* for want of memory, or too many */
	TCP_TEARDOWN_FIN_WAIT2_EXPIRED,	/* the peer's FIN never came */
	TCP_TEARDOWN_HOWS
};

/* .end.set_off: what brought that about */
enum tcp_teardown_set_off {
	TCP_TEARDOWN_BY_UNKNOWN,
	TCP_TEARDOWN_BY_PEER,		/* its FIN came first, or its RST */
	TCP_TEARDOWN_BY_CLOSE,
	TCP_TEARDOWN_BY_SHUTDOWN,
	TCP_TEARDOWN_BY_EXIT,		/* close() by the exit of a process */
	TCP_TEARDOWN_BY_UNREAD,		/* close() with bytes that were not read */
	TCP_TEARDOWN_BY_LINGER,		/* close() with SO_LINGER 0 */
	TCP_TEARDOWN_BY_LINGER2,	/* close() with TCP_LINGER2 below 0 */
	TCP_TEARDOWN_BY_DISCONNECT,
	TCP_TEARDOWN_BY_LISTENER,	/* close() of the listener */
	TCP_TEARDOWN_BY_KILL,		/* as by ss -K */
	TCP_TEARDOWN_BY_DATA,		/* received after close() */
	TCP_TEARDOWN_BY_KEEPALIVE,
	TCP_TEARDOWN_BY_USER_TIMEOUT,
	TCP_TEARDOWN_BY_RETRIES,	/* sent again so often, in vain */
	TCP_TEARDOWN_BY_FIN_TIMEOUT,	/* tcp_fin_timeout, or TCP_LINGER2 */
	TCP_TEARDOWN_BY_MEMORY,		/* or tcp_max_orphans, or tcp_max_tw_buckets */
	TCP_TEARDOWN_BY_ICMP,
	TCP_TEARDOWN_BY_NETNS,		/* the network namespace went */
	TCP_TEARDOWN_BYS
};

/* .end.first: whose FIN, or RST, was first */
enum tcp_teardown_first {
	TCP_TEARDOWN_FIRST_NONE,	/* nobody's, or that was not seen */
	TCP_TEARDOWN_FIRST_LOCAL,
	TCP_TEARDOWN_FIRST_PEER,
	TCP_TEARDOWN_FIRST_BOTH,
	TCP_TEARDOWN_FIRSTS
};

/* .end.spent: of the first closer, and of the other */
#define TCP_TEARDOWN_SPENT_FIN_WAIT1	0
#define TCP_TEARDOWN_SPENT_FIN_WAIT2	1
#define TCP_TEARDOWN_SPENT_CLOSING	1	/* with FIRST_BOTH */
#define TCP_TEARDOWN_SPENT_TIME_WAIT	2
#define TCP_TEARDOWN_SPENT_CLOSE_WAIT	0	/* with FIRST_PEER */
#define TCP_TEARDOWN_SPENT_LAST_ACK	1	/* with FIRST_PEER */
#define TCP_TEARDOWN_SPENTS		3

/* .flags */
#define TCP_TEARDOWN_F_UNTRACKED	0x0001	/* not remembered: table full, or older than us */
#define TCP_TEARDOWN_F_MINISOCK		0x0002	/* told by a minisock, not a full socket */
#define TCP_TEARDOWN_F_LINGER		0x0004	/* call: SO_LINGER is set */
#define TCP_TEARDOWN_F_INFERRED		0x0008	/* segment: no header left, the socket's view */
#define TCP_TEARDOWN_F_ADOPTED		0x0010	/* it was closing when it was first seen */
#define TCP_TEARDOWN_F_FIN_UNSENT	0x0020	/* end: our FIN was queued and never left */

/* .spent where it is not known */
#define TCP_TEARDOWN_UNKNOWN		(~(__u64)0)

/**
 * struct tcp_teardown_end - the verdict on a connection
 * @first: enum tcp_teardown_first
 * @set_off: enum tcp_teardown_set_off
 * @fins_resent: how often our FIN was sent again
 * @fins_again: duplicate FINs received
 * @pid: of the owner, in the initial pid namespace; 0 where not known
 * @bytes: payload between the first FIN and the second, towards the first closer
 * @spent: microseconds in the states, see TCP_TEARDOWN_SPENT_*; all ones: that
 *	or more; 0: not at all, or not seen
 * @comm: of the owner
 */
struct tcp_teardown_end {
	__u8  first;
	__u8  set_off;
	__u8  fins_resent;
	__u8  fins_again;
	__u32 pid;
	__u32 bytes;
	__u32 spent[TCP_TEARDOWN_SPENTS];
	__u8  comm[TCP_TEARDOWN_COMM_LEN];
};

/**
 * struct tcp_teardown_record - one event in the end of a TCP connection
 * @number: the record's number on its CPU, from 1, without gaps: a gap in what
 *	is read was overwritten. A new buffer size starts the numbers anew.
 * @time: CLOCK_MONOTONIC, nanoseconds, comparable between CPUs
 * @cookie: the connection's id, its socket cookie; 0 where no socket was
 * @local: own address; IPv4 as v4-mapped
 * @peer: the other side's address
 * @netns: inode number of the network namespace
 * @local_port: own port
 * @peer_port: the other side's port
 * @seq: a segment's or a reset's sequence number as on the wire, for a queued
 *	FIN the FIN's own; else SND.NXT
 * @ack: a segment's or a reset's acknowledgment number; else RCV.NXT
 * @window: of a received segment the field as on the wire, unscaled; else the
 *	receive window that the socket offers, in bytes
 * @kind: enum tcp_teardown_kind
 * @what: the enum that belongs to @kind; for TCP_TEARDOWN_STATE 0
 * @old_state: the state as the event found it (TCP_ESTABLISHED ...)
 * @new_state: TCP_TEARDOWN_STATE: the state that follows; else as @old_state
 * @family: AF_INET, or AF_INET6 (of a v4-mapped socket, too)
 * @tcp_flags: of a segment or reset: the header's flags, FIN is 0x01
 * @cpu: where it was made
 * @flags: TCP_TEARDOWN_F_*
 * @magic: TCP_TEARDOWN_MAGIC
 * @spent: @state: nanoseconds in old_state; TCP_TEARDOWN_UNKNOWN where it was
 *	entered unseen
 */
struct tcp_teardown_record {
	__u64 number;
	__u64 time;
	__u64 cookie;
	__u8  local[16];
	__u8  peer[16];
	__u32 netns;
	__u16 local_port;
	__u16 peer_port;
	__u32 seq;
	__u32 ack;
	__u32 window;
	__u8  kind;
	__u8  what;
	__u8  old_state;
	__u8  new_state;
	__u8  family;
	__u8  tcp_flags;
	__u16 cpu;
	__u16 flags;
	__u16 magic;
	union {
		struct {
			__u32 pid;	/* thread group, initial pid namespace */
			__u32 unread;	/* bytes received, not read */
			__u32 unsent;	/* bytes written, not sent */
			__u32 linger;	/* seconds, with F_LINGER */
			__u8  comm[TCP_TEARDOWN_COMM_LEN];
		} call;
		struct {
			__u64 spent;
		} state;
		struct {
			__u32 len;	/* payload bytes */
			__u32 unsent;	/* queue: payload bytes ahead of the FIN */
			__u8  wscale;	/* rcv: shift for window */
			__u8  tries;	/* resend: which try; 0 where not known */
		} segment;
		struct {
			__u16 reason;	/* enum tcp_teardown_reason */
		} reset;
		struct {
			__u64 age;	/* ended: nanoseconds since born */
			__u32 timeout_ms; /* rearmed: until its timer fires */
		} timewait;
		struct tcp_teardown_end end;
		__u8 room[40];
	};
};

#endif /* _UAPI_TCP_TEARDOWN_H */
