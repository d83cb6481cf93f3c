/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A moment is a record in the making. It is a system call or a segment, together with the
 * transition that this sets off before the kernel's function returns. The hook of the call or
 * segment begins the moment; the hook of the transition completes it. For contexts see event.h.
 */
#ifndef TCP_TEARDOWN_MOMENT_H
#define TCP_TEARDOWN_MOMENT_H

#include <linux/compiler.h>
#include <linux/sched.h>
#include <linux/types.h>
#include <linux/uidgid.h>

#include "uapi/tcp_teardown.h"

/**
 * struct flow - identifies a connection
 * @net_cookie: cookie of the network namespace, which is never reused
 * @cookie: id of the connection, 0 if there is no socket
 * @local: own address, IPv4 as v4-mapped
 * @peer: the peer's address
 * @netns: inode number of the namespace
 * @ifindex: the interface that the socket is bound to, or 0
 * @local_port: own port, host order
 * @peer_port: the peer's port
 * @family: AF_INET or AF_INET6
 * @room: 0; a record has other fields here
 *
 * The layout is that of a record from net_cookie on.
 */
struct flow {
	u64 net_cookie;
	u64 cookie;
	u8  local[16];
	u8  peer[16];
	u32 netns;
	u32 ifindex;
	u16 local_port;
	u16 peer_port;
	u8  family;
	u8  room[3];
};

/**
 * struct sock_cred - the owner of a socket
 * @uid: the user that created it; INVALID_UID if unknown
 * @cgroup: id of its cgroup, 0 if unknown
 */
struct sock_cred {
	kuid_t uid;
	u64 cgroup;
};

/**
 * struct closer - the process that made the last call on a socket
 * @start: start time of its thread group leader; distinguishes it from a later process with
 *	the same @pid
 * @pid: thread group id in the initial pid namespace, 0 if unknown
 * @is_opener: the call was connect() or accept()
 * @comm: name of the thread group leader
 * @thread: name of the thread that made the call
 */
struct closer {
	u64 start;
	u32 pid;
	bool is_opener;
	char comm[TASK_COMM_LEN];
	char thread[TASK_COMM_LEN];
};

/**
 * struct subject - the connection that a record describes
 * @flow: which connection
 * @cred: its owner
 * @closer: the process that called last
 */
struct subject {
	struct flow flow;
	struct sock_cred cred;
	struct closer closer;
};

/**
 * struct moment - a record in the making; the fields are those of a record
 * @time: when it began
 * @size: not used; the record's own
 * @kind: enum tcp_teardown_kind; 0 if no moment has begun
 * @what: the enum that belongs to @kind
 * @from: the state in which it began
 * @to: the state in which it ends
 * @cpu: not used; the record's own
 * @flags: TCP_TEARDOWN_F_*
 * @seq: see struct tcp_teardown_record
 * @ack: the same
 * @window: the same
 * @len: the same
 * @unsent: the same
 * @reason: enum tcp_teardown_reason
 * @kernel_reason: the kernel's own number for @reason
 * @timewait: enum tcp_teardown_timewait
 * @how: enum tcp_teardown_how; this and the fields up to @fins_again are 0 unless the
 *	connection ends
 * @first: enum tcp_teardown_first
 * @set_off: enum tcp_teardown_set_off
 * @fins_resent: how often our FIN was sent again
 * @fins_again: how often the peer's FIN came again
 * @reserved: 0
 * @timeout_ms: until a timer fires
 * @spent: nanoseconds in @from
 * @unread: bytes received, not read
 * @linger: seconds
 * @age: nanoseconds since the minisock was born
 * @family: 0; a record gets it from the flow
 * @tcp_flags: of the segment
 * @wscale: shift for @window
 * @tries: how often the segment has been retransmitted
 *
 * Three parts are copied to a record word by word, so they have the layout of a record: @time to
 * @to, @flags to @spent, and @unread to the end.
 */
struct moment {
	u64 time;
	u16 size;
	u8  kind;
	u8  what;
	u8  from;
	u8  to;
	u16 cpu;

	u32 flags;
	u32 seq;
	u32 ack;
	u32 window;
	u32 len;
	u32 unsent;
	u16 reason;
	u16 kernel_reason;
	u8  timewait;
	u8  how;
	u8  first;
	u8  set_off;
	u8  fins_resent;
	u8  fins_again;
	u16 reserved;
	u32 timeout_ms;
	u64 spent;

	u32 unread;
	u32 linger;
	u64 age;
	u8  family;
	u8  tcp_flags;
	u8  wscale;
	u8  tries;
};

/**
 * struct totals - totals of a connection that ends
 * @rx: payload received until the last look at the full socket
 * @tx: payload sent until then
 * @bytes: payload between the first FIN and the second
 * @spent: nanoseconds. [0] is the lifetime of the connection, set when it ends; until then the
 *	states without a TCP_TEARDOWN_SPENT_* share it as a scratch place. [n + 1] is the time
 *	in the state whose TCP_TEARDOWN_SPENT_* is n.
 *
 * The layout is that of a record from rx on.
 */
struct totals {
	u64 rx;
	u64 tx;
	u64 bytes;
	u64 spent[1 + TCP_TEARDOWN_SPENTS];
};

/*
 * Zero a few words in less time than a call of memset() takes. The compiler would turn a loop
 * of plain stores into that call, so they are volatile. @bytes is constant and a multiple of 8.
 */
static __always_inline void zero_words(void *at, size_t bytes)
{
	u64 *word = at;
	size_t i;

#ifdef CONFIG_CC_IS_GCC		/* with the kernel's options, gcc unrolls no loop by itself */
#pragma GCC unroll 64
#endif
	for (i = 0; i < bytes / sizeof(*word); i++)
		WRITE_ONCE(word[i], 0);
}

#endif
