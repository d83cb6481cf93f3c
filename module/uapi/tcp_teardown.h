/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * tcp_teardown: the binary stream that the file per_cpu/cpuN/trace_pipe_raw contains.
 *
 * A stream is one struct tcp_teardown_header, followed by records, struct
 * tcp_teardown_record, in the order in which one CPU made them. A read returns only complete
 * ones. The header and each record begin with the same fields, up to @kind. A reader advances
 * by @size, not by sizeof, skips a @kind that it does not know, and takes fields beyond @size
 * as 0. A later version may add fields at the end, and values to enums; it does not change
 * those that exist. The debugfs file "format" describes the same in text.
 *
 * All fields are in the host's byte order, ports too, but addresses are in network
 * order. Fields that a kind does not define are 0.
 */
#ifndef _UAPI_TCP_TEARDOWN_H
#define _UAPI_TCP_TEARDOWN_H

#include <linux/types.h>

#define TCP_TEARDOWN_MAGIC	0x74647264	/* "tdrd" */
#define TCP_TEARDOWN_VERSION	2
#define TCP_TEARDOWN_COMM_LEN	16
#define TCP_TEARDOWN_HOST_LEN	65

/*
 * The event that a record begins with. What follows from it in the same call of the kernel is in
 * the same record: the transition (@old_state, @new_state), a queued FIN (F_FIN_QUEUED), an event
 * in the life of a minisock (@timewait), the verdict (@how).
 */
enum tcp_teardown_kind {
	TCP_TEARDOWN_HEADER,	/* of the stream */
	TCP_TEARDOWN_CALL,	/* close(), shutdown() ..., see enum tcp_teardown_call */
	TCP_TEARDOWN_STATE,	/* a transition without a call or segment */
	TCP_TEARDOWN_SEGMENT,	/* a segment received, an ACK or a FIN sent */
	TCP_TEARDOWN_RESET,	/* a RST sent, or received and accepted */
	TCP_TEARDOWN_TIMEWAIT,	/* an event in the life of a minisock */
	TCP_TEARDOWN_CONNECT,	/* connect() that failed before a SYN was sent */
	TCP_TEARDOWN_KINDS
};

/* tcp_teardown_record.what of TCP_TEARDOWN_CALL */
enum tcp_teardown_call {
	TCP_TEARDOWN_CLOSE = 1,
	TCP_TEARDOWN_SHUT_RD,
	TCP_TEARDOWN_SHUT_WR,
	TCP_TEARDOWN_SHUT_RDWR,
	TCP_TEARDOWN_DISCONNECT,	/* connect() with AF_UNSPEC */
	TCP_TEARDOWN_LISTENER,		/* close() of the listener while it waited */
	TCP_TEARDOWN_ABORT,		/* by another process, as ss -K */
	TCP_TEARDOWN_EXIT,		/* close() because the process exits */
	TCP_TEARDOWN_CALLS
};

/* .what of TCP_TEARDOWN_SEGMENT */
enum tcp_teardown_segment {
	TCP_TEARDOWN_SEG_RCV = 1,	/* a pure ACK, or begins at or before rcv_nxt */
	TCP_TEARDOWN_SEG_RCV_DUP,	/* ends at or before rcv_nxt: all received before */
	TCP_TEARDOWN_SEG_RCV_OOO,	/* begins beyond rcv_nxt */
	TCP_TEARDOWN_SEG_RESEND,	/* a FIN is retransmitted */
	TCP_TEARDOWN_SEG_LEFT,		/* a FIN that had to wait has been sent */
	TCP_TEARDOWN_SEG_ACK,		/* an ACK, with nothing else, is sent */
	TCP_TEARDOWN_SEGMENTS
};

/* .what of TCP_TEARDOWN_RESET */
enum tcp_teardown_reset {
	TCP_TEARDOWN_RST_SENT = 1,	/* by the socket, not in reply */
	TCP_TEARDOWN_RST_REPLY,		/* in reply to a segment */
	TCP_TEARDOWN_RST_RECEIVED,	/* accepted: the connection ends */
	TCP_TEARDOWN_RESETS
};

/*
 * .reason of TCP_TEARDOWN_RESET: why a RST was sent, in the words of the kernel's
 * enum sk_rst_reason (6.12). The numbers are the same on every kernel. docs/records.md says what
 * each means.
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
	TCP_TEARDOWN_REASON_OTHER,	/* a reason of a later kernel */
	TCP_TEARDOWN_REASONS
};

/* .timewait, and .what of TCP_TEARDOWN_TIMEWAIT; from TW_EXPIRED on, the minisock has ended */
enum tcp_teardown_timewait {
	TCP_TEARDOWN_TW_BORN = 1,	/* new_state: its state */
	TCP_TEARDOWN_TW_REARMED,	/* its timer is restarted */
	TCP_TEARDOWN_TW_REFUSED,	/* not created: tcp_max_tw_buckets, or no memory */
	TCP_TEARDOWN_TW_EXPIRED,	/* by its timer */
	TCP_TEARDOWN_TW_RESET,		/* a RST was received */
	TCP_TEARDOWN_TW_REOPENED,	/* a new SYN was received */
	TCP_TEARDOWN_TW_ANSWERED,	/* a segment was answered with a RST */
	TCP_TEARDOWN_TW_REUSED,		/* connect() took its ports */
	TCP_TEARDOWN_TW_KILLED,		/* as by ss -K */
	TCP_TEARDOWN_TW_NETNS,		/* its network namespace was destroyed */
	TCP_TEARDOWN_TIMEWAITS
};

/* .what of TCP_TEARDOWN_CONNECT */
enum tcp_teardown_connect {
	TCP_TEARDOWN_NO_LOCAL_PORT = 1,	/* EADDRNOTAVAIL */
	TCP_TEARDOWN_CONNECT_FAILED,	/* for another reason */
	TCP_TEARDOWN_CONNECTS
};

/* .how: how the connection ended; 0: it has not ended */
enum tcp_teardown_how {
	TCP_TEARDOWN_UNSEEN = 1,	/* too little was seen */
	TCP_TEARDOWN_FOUR_WAY,		/* FIN, ACK, FIN, ACK */
	TCP_TEARDOWN_THREE_WAY,		/* FIN, FIN and ACK in one, ACK */
	TCP_TEARDOWN_SIMULTANEOUS,	/* the FINs crossed */
	TCP_TEARDOWN_ORDERLY,		/* by FINs; in which of these three ways is not known */
	TCP_TEARDOWN_RESET_SENT,
	TCP_TEARDOWN_RESET_RECEIVED,
	TCP_TEARDOWN_REFUSED,		/* before it was established */
	TCP_TEARDOWN_TIMED_OUT,		/* no answer came, or none that made progress */
	TCP_TEARDOWN_ABORTED,		/* ended here, without a RST to the peer */
	TCP_TEARDOWN_ORPHAN_KILLED,	/* no memory, or too many orphans */
	TCP_TEARDOWN_FIN_WAIT2_EXPIRED,	/* the peer's FIN never came */
	TCP_TEARDOWN_HOWS
};

/* .set_off: what caused the end */
enum tcp_teardown_set_off {
	TCP_TEARDOWN_BY_UNKNOWN,
	TCP_TEARDOWN_BY_PEER,		/* its FIN came first, or its RST */
	TCP_TEARDOWN_BY_CLOSE,
	TCP_TEARDOWN_BY_SHUTDOWN,
	TCP_TEARDOWN_BY_EXIT,		/* close() because the process exited */
	TCP_TEARDOWN_BY_UNREAD,		/* close() with unread bytes */
	TCP_TEARDOWN_BY_LINGER,		/* close() with SO_LINGER 0 */
	TCP_TEARDOWN_BY_LINGER2,	/* close() with TCP_LINGER2 below 0 */
	TCP_TEARDOWN_BY_DISCONNECT,
	TCP_TEARDOWN_BY_LISTENER,	/* close() of the listener */
	TCP_TEARDOWN_BY_KILL,		/* as by ss -K */
	TCP_TEARDOWN_BY_DATA,		/* received after close() */
	TCP_TEARDOWN_BY_KEEPALIVE,
	TCP_TEARDOWN_BY_USER_TIMEOUT,
	TCP_TEARDOWN_BY_RETRIES,	/* too many retransmissions */
	TCP_TEARDOWN_BY_FIN_TIMEOUT,	/* tcp_fin_timeout, or TCP_LINGER2 */
	TCP_TEARDOWN_BY_MEMORY,		/* or tcp_max_orphans, or tcp_max_tw_buckets */
	TCP_TEARDOWN_BY_ICMP,
	TCP_TEARDOWN_BY_NETNS,		/* the network namespace was destroyed */
	TCP_TEARDOWN_BY_CONNECT,	/* connect() took the ports of a minisock */
	TCP_TEARDOWN_BY_FIREWALL,	/* a RST that was made on this host, not by the peer */
	TCP_TEARDOWN_BY_CLOSED_WINDOW,	/* the peer answers, but its window stays closed */
	TCP_TEARDOWN_BYS
};

/* .first: which end's FIN, or RST, came first */
enum tcp_teardown_first {
	TCP_TEARDOWN_FIRST_NONE,	/* nobody's, or not seen */
	TCP_TEARDOWN_FIRST_LOCAL,
	TCP_TEARDOWN_FIRST_PEER,
	TCP_TEARDOWN_FIRST_BOTH,
	TCP_TEARDOWN_FIRSTS
};

/* Indices of .in_state: for the end that closed first, and for the other one */
#define TCP_TEARDOWN_SPENT_FIN_WAIT1	0
#define TCP_TEARDOWN_SPENT_FIN_WAIT2	1
#define TCP_TEARDOWN_SPENT_CLOSING	1	/* with FIRST_BOTH */
#define TCP_TEARDOWN_SPENT_TIME_WAIT	2
#define TCP_TEARDOWN_SPENT_CLOSE_WAIT	0	/* with FIRST_PEER */
#define TCP_TEARDOWN_SPENT_LAST_ACK	1	/* with FIRST_PEER */
#define TCP_TEARDOWN_SPENTS		3

/* .flags */
#define TCP_TEARDOWN_F_UNTRACKED	0x0001	/* no state: table full, pool empty */
#define TCP_TEARDOWN_F_MINISOCK		0x0002	/* of a minisock, not a full socket */
#define TCP_TEARDOWN_F_LINGER		0x0004	/* call: SO_LINGER is set */
#define TCP_TEARDOWN_F_INFERRED		0x0008	/* segment: no header left, the socket's view */
#define TCP_TEARDOWN_F_ADOPTED		0x0010	/* it was already closing when first seen */
#define TCP_TEARDOWN_F_FIN_UNSENT	0x0020	/* end: our FIN was queued and never sent */
#define TCP_TEARDOWN_F_FIN_QUEUED	0x0040	/* our FIN is queued; its number: seq + unsent */
#define TCP_TEARDOWN_F_REFUSED		0x0080	/* segment: TCP does not accept it */
#define TCP_TEARDOWN_F_EXIT		0x0100	/* end: close() because the process exited */
#define TCP_TEARDOWN_F_QUEUE_FULL	0x0200	/* reset: the accept queue was full */
#define TCP_TEARDOWN_F_OPENER		0x0400	/* pid, comm are the opener's */

/* .spent, .in_state, .age and .lifetime if they are not known */
#define TCP_TEARDOWN_UNKNOWN		(~(__u64)0)

/**
 * struct tcp_teardown_header - the beginning of each stream
 * @number: 0
 * @time: CLOCK_MONOTONIC, nanoseconds, as in records
 * @size: of this
 * @kind: TCP_TEARDOWN_HEADER
 * @version: TCP_TEARDOWN_VERSION
 * @record_size: of each record
 * @cpu: whose records follow
 * @magic: TCP_TEARDOWN_MAGIC
 * @realtime: CLOCK_REALTIME at @time, nanoseconds since 1970
 * @boot_id: as /proc/sys/kernel/random/boot_id, 16 bytes; 0 if not known
 * @host: node name of the host
 */
struct tcp_teardown_header {
	__u64 number;
	__u64 time;
	__u16 size;
	__u8  kind;
	__u8  version;
	__u16 record_size;
	__u16 cpu;
	__u32 magic;
	__u32 reserved;
	__u64 realtime;
	__u8  boot_id[16];
	__u8  host[TCP_TEARDOWN_HOST_LEN];
	__u8  room[135];
};

/**
 * struct tcp_teardown_record - one moment in the end of a TCP connection
 * @number: the record's number on its CPU, from 1, without gaps: a gap in what
 *	is read was overwritten. A new buffer size restarts the numbers.
 * @time: CLOCK_MONOTONIC, nanoseconds, comparable between CPUs
 * @size: of this record, in bytes
 * @kind: enum tcp_teardown_kind
 * @what: a value of the enum of @kind; for TCP_TEARDOWN_STATE 0
 * @old_state: the state before the moment (TCP_ESTABLISHED ...); 0 without a socket
 * @new_state: the state after it; the same as @old_state if it does not change
 * @cpu: where it was made
 * @flags: TCP_TEARDOWN_F_*
 * @netns: inode number of the network namespace, which may be reused
 * @net_cookie: the network namespace; never reused
 * @cookie: the connection's id, its socket cookie; 0 if there was no socket
 * @local: local address; IPv4 as v4-mapped
 * @peer: the peer's address
 * @local_port: local port
 * @peer_port: the peer's port
 * @ifindex: the interface that the socket is bound to, as for link-local addresses
 *	and VRFs; 0 for none
 * @seq: a segment's or a reset's sequence number as on the wire; otherwise SND.NXT
 * @ack: a segment's or a reset's acknowledgment number; otherwise RCV.NXT
 * @window: of a received segment the field as on the wire, unscaled; otherwise the
 *	receive window that the socket offers, in bytes
 * @len: of a segment: payload bytes
 * @unsent: call, F_FIN_QUEUED: bytes written and not sent
 * @family: AF_INET, or AF_INET6 (of a v4-mapped socket, too)
 * @tcp_flags: of a segment or reset: the header's flags, FIN is 0x01
 * @wscale: received: shift @window left by it to get bytes; otherwise right, to get the
 *	header's field. 0 in a received SYN or RST, which are not scaled.
 * @tries: resend: which try; 0 if not known
 * @reason: sent reset: enum tcp_teardown_reason
 * @kernel_reason: the running kernel's number of the reason; 0 if it gives none
 * @timewait: enum tcp_teardown_timewait: what happened to a minisock; 0: nothing
 * @how: enum tcp_teardown_how: the connection has ended, this is the verdict; 0: no
 * @first: @how: enum tcp_teardown_first
 * @set_off: @how: enum tcp_teardown_set_off
 * @fins_resent: @how: how often our FIN was retransmitted
 * @fins_again: @how: how often the peer's FIN came again
 * @reserved: 0
 * @timeout_ms: TW_REARMED: until its timer fires
 * @spent: a transition: nanoseconds in @old_state, UNKNOWN if it was entered unseen
 * @pid: call: the caller; @how: the last caller: thread group, initial pid namespace; 0 if
 *	not known. A kernel thread's call has the process that called before.
 * @uid: @how: of the socket, initial user namespace; all ones if not known
 * @cgroup: @how: id of the socket's cgroup; 0 if not known
 * @comm: name of the process @pid, of its first thread
 * @thread: name of the thread that called
 * @unread: call: bytes received and not read
 * @linger: call: seconds, with F_LINGER
 * @rx: @how: payload bytes received over the connection's life
 * @tx: @how: payload bytes sent, each byte once
 * @bytes: @how: payload between the first FIN and the second, towards the first closer
 * @lifetime: @how: nanoseconds since connect() or accept(), UNKNOWN if not seen
 * @in_state: @how: nanoseconds in states, see TCP_TEARDOWN_SPENT_*; UNKNOWN; 0: not
 *	in that state
 * @age: the end of a minisock: nanoseconds since it was born, or UNKNOWN
 */
struct tcp_teardown_record {
	__u64 number;
	__u64 time;
	__u16 size;
	__u8  kind;
	__u8  what;
	__u8  old_state;
	__u8  new_state;
	__u16 cpu;
	__u64 net_cookie;
	__u64 cookie;
	__u8  local[16];
	__u8  peer[16];
	__u32 netns;
	__u32 ifindex;
	__u16 local_port;
	__u16 peer_port;
	__u8  family;
	__u8  tcp_flags;
	__u8  wscale;
	__u8  tries;
	__u32 flags;
	__u32 seq;
	__u32 ack;
	__u32 window;
	__u32 len;
	__u32 unsent;
	__u16 reason;
	__u16 kernel_reason;
	__u8  timewait;
	__u8  how;
	__u8  first;
	__u8  set_off;
	__u8  fins_resent;
	__u8  fins_again;
	__u16 reserved;
	__u32 timeout_ms;
	__u64 spent;
	__u32 pid;
	__u32 uid;
	__u64 cgroup;
	__u8  comm[TCP_TEARDOWN_COMM_LEN];
	__u8  thread[TCP_TEARDOWN_COMM_LEN];
	__u32 unread;
	__u32 linger;
	__u64 rx;
	__u64 tx;
	__u64 bytes;
	__u64 lifetime;
	__u64 in_state[TCP_TEARDOWN_SPENTS];
	__u64 age;
};

#endif /* _UAPI_TCP_TEARDOWN_H */
