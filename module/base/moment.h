/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A moment, from which a record is made: a call or a segment, and what it brings
 * about within the same call of the kernel. One hook begins it, others complete it.
 * For contexts see event.h.
 */
#ifndef TCP_TEARDOWN_MOMENT_H
#define TCP_TEARDOWN_MOMENT_H

#include <linux/compiler.h>
#include <linux/sched.h>
#include <linux/types.h>
#include <linux/uidgid.h>

#include "uapi/tcp_teardown.h"

/**
 * struct flow - which connection; as it lies in a record, from net_cookie on
 * @net_cookie: the network namespace, never used again
 * @cookie: the id of the connection, 0 where there is no socket
 * @local: own address, IPv4 as v4-mapped
 * @peer: the other side's
 * @netns: inode number of the namespace
 * @ifindex: the interface that the socket is bound to, or 0
 * @local_port: own port, host order
 * @peer_port: the other side's
 * @family: AF_INET or AF_INET6
 * @room: 0; a record has other fields there
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
 * struct sock_cred - whose a socket is
 * @uid: who made it; INVALID_UID for unknown
 * @cgroup: id of its cgroup, 0 for unknown
 */
struct sock_cred {
	kuid_t uid;
	u64 cgroup;
};

/**
 * struct closer - the process that called last
 * @start: when its first thread was started, which tells it from a later one with
 *	the same number
 * @pid: thread group, initial pid namespace; 0 for unknown
 * @is_opener: it called connect() or accept(), and nobody has called since
 * @comm: name of its first thread
 * @thread: name of the thread that called
 */
struct closer {
	u64 start;
	u32 pid;
	bool is_opener;
	char comm[TASK_COMM_LEN];
	char thread[TASK_COMM_LEN];
};

/**
 * struct subject - what a record is of
 * @flow: which connection
 * @cred: whose
 * @closer: who called last
 */
struct subject {
	struct flow flow;
	struct sock_cred cred;
	struct closer closer;
};

/**
 * struct moment - what happens at once; fields as those of a record
 * @time: when it began
 * @kind: enum tcp_teardown_kind; 0: there is none
 * @what: the enum that belongs to @kind
 * @from: the state in which it began
 * @to: the state that follows
 * @flags: TCP_TEARDOWN_F_*
 * @seq: see struct tcp_teardown_record
 * @ack: the same
 * @window: the same
 * @len: the same
 * @unsent: the same
 * @reason: enum tcp_teardown_reason
 * @kernel_reason: the kernel's own number of it
 * @timewait: enum tcp_teardown_timewait
 * @how: enum tcp_teardown_how; as all to @fins_again 0 unless the connection ends
 * @first: enum tcp_teardown_first
 * @set_off: enum tcp_teardown_set_off
 * @fins_resent: how often our FIN was sent again
 * @fins_again: how often the peer's FIN came again
 * @timeout_ms: until a timer fires
 * @spent: nanoseconds in @from
 * @unread: bytes received, not read
 * @linger: seconds
 * @age: nanoseconds since the minisock was born
 * @tcp_flags: of a segment
 * @wscale: shift for @window
 * @tries: which try
 *
 * It is copied into a record by words, so it has three parts that lie as there: up to @to,
 * from @flags to @spent, and at the end. What a record has from elsewhere is 0 here.
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
 * struct totals - what a connection was, all in all; as it lies in a record, from rx on
 * @rx: payload received, when the full socket was seen last
 * @tx: payload sent, the same
 * @bytes: payload between the first FIN and the second
 * @spent: nanoseconds; first its lifetime, which is set when it ends, and behind that those
 *	in the states that it has left, by TCP_TEARDOWN_SPENT_* + 1. Before its end, the
 *	first is of states that have no such place.
 */
struct totals {
	u64 rx;
	u64 tx;
	u64 bytes;
	u64 spent[1 + TCP_TEARDOWN_SPENTS];
};

/*
 * Zero whole words, for a few of them in less than memset() takes.
 * @bytes: known when it is compiled, a multiple of 8
 */
static __always_inline void zero_words(void *at, size_t bytes)
{
	u64 *word = at;
	size_t i;

#ifdef CONFIG_CC_IS_GCC		/* as the kernel calls it, it unrolls no loop by itself */
#pragma GCC unroll 64
#endif
	for (i = 0; i < bytes / sizeof(*word); i++)
		WRITE_ONCE(word[i], 0);
}

#endif
