/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is remembered of a connection, from the first sign of its closing to the
 * death of its minisock.
 *
 * A connection is found by its socket cookie and by the socket, full or mini,
 * that stands for it now: one socket may live through several connections.
 *
 * Whoever has found one holds its bucket: a bit lock, with interrupts off, so
 * that the same hook may run in process context and in a softirq over it, and
 * so that it is a spinning lock with PREEMPT_RT, too. Within it are only the locks
 * of a workqueue, when the reserve asks for its worker. A connection can't be
 * freed while its bucket is held, and neither can the socket that it points to:
 * that has still to pass through conn_forget(), when its transition to CLOSE is
 * told. So all are forgotten before that hook is detached.
 */
#ifndef TCP_TEARDOWN_CONN_H
#define TCP_TEARDOWN_CONN_H

#include <linux/irqflags.h>
#include <linux/processor.h>	/* which bit_spinlock.h of 6.12 forgets */
#include <linux/list_bl.h>
#include <linux/math64.h>
#include <linux/sched.h>
#include <linux/types.h>
#include <linux/uidgid.h>

#include "uapi/tcp_teardown.h"

/* Bounds of the parameter max_connections. */
#define CONN_MAX_MIN	1024
#define CONN_MAX_MAX	(16 * 1024 * 1024)
#define CONN_MAX	(256 * 1024)

struct sock_common;

/**
 * struct conn_owner - whose a socket is
 * @uid: who made it; INVALID_UID for unknown
 * @cgroup: id of its cgroup, 0 for unknown
 */
struct conn_owner {
	kuid_t uid;
	u64 cgroup;
};

/**
 * struct conn - a connection in teardown
 * @node: in its bucket
 * @cookie: the id
 * @owner: the socket that stands for it, full or mini
 * @leaving: the full socket, between the birth of the minisock and its own
 *	transition to CLOSE, which is no news of the connection
 * @since: when it entered @state, ns; 0 where that was not seen
 * @born: when the minisock was born, ns
 * @net_cookie: the network namespace, never reused
 * @local: own address, IPv4 as v4-mapped
 * @peer: the other side's
 * @netns: inode number of the namespace
 * @local_port: own port, host order
 * @peer_port: the other side's
 * @pid: thread group that last called in process context, 0 for unknown
 * @comm: its name
 * @owner_id: whose the socket is
 * @base: RCV.NXT when our FIN was first, SND.NXT when the peer's was
 * @bytes: payload between the first FIN and the second
 * @spent: microseconds in the states that it has left, see TCP_TEARDOWN_SPENT_*
 * @state: TCP_ESTABLISHED ...
 * @family: AF_INET or AF_INET6
 * @first: enum tcp_teardown_first
 * @call: enum tcp_teardown_set_off: the last call that may end it
 * @fin_by: enum tcp_teardown_set_off: the call that brought our FIN
 * @adopted: the closing state that it was first seen in; 0: it was seen before
 * @fins_resent: how often the FIN was sent again
 * @fins_again: how many duplicate FINs were received
 * @asked: the full socket asked for a minisock
 * @minisock: @owner is one
 * @fin_waits: our FIN could not leave when it was queued
 * @three_way: one segment had the second FIN and the ACK of the first
 * @reset_sent: of its own accord
 * @reset_received: and accepted
 * @late_data: received after close()
 * @waves_unseen: nobody looked at the segments that it received in FIN_WAIT1
 */
struct conn {
	struct hlist_bl_node node;
	u64 cookie;
	const struct sock_common *owner;
	const struct sock_common *leaving;
	u64 since;
	u64 born;
	u64 net_cookie;
	u8  local[16];
	u8  peer[16];
	u32 netns;
	u16 local_port;
	u16 peer_port;
	u32 pid;
	char comm[TASK_COMM_LEN];
	struct conn_owner owner_id;
	u32 base;
	u32 bytes;
	u32 spent[TCP_TEARDOWN_SPENTS];
	u8  state;
	u8  family;
	u8  first;
	u8  call;
	u8  fin_by;
	u8  adopted;
	u8  fins_resent;
	u8  fins_again;
	u8  asked : 1;
	u8  minisock : 1;
	u8  fin_waits : 1;
	u8  three_way : 1;
	u8  reset_sent : 1;
	u8  reset_received : 1;
	u8  late_data : 1;
	u8  waves_unseen : 1;
};

/**
 * struct conn_ref - a held bucket, and what was found there
 * @conn: NULL where there is none
 * @bucket: held
 * @flags: of the interrupts before
 */
struct conn_ref {
	struct conn *conn;
	struct hlist_bl_head *bucket;
	unsigned long flags;
};

extern struct hlist_bl_head *conn_table;
extern u64 conn_mask;
extern u64 conn_secret;

/*
 * Cookies are counted up and anybody may see them, so without a secret a user could
 * have all sockets that go into one bucket, which is walked with interrupts off. Both
 * halves of the product, so that two cookies which are found to meet, by the time that
 * it takes, tell nothing of others.
 */
static inline struct hlist_bl_head *conn_bucket(u64 cookie)
{
	u64 hash = cookie * conn_secret ^ mul_u64_u64_shr(cookie, conn_secret, 64);

	return &conn_table[hash & conn_mask];
}

/**
 * conn_may_be_there() - is anything remembered in its bucket?
 * @cookie: its id
 *
 * Takes no lock, for a caller before whom it was remembered, if it was.
 */
static inline bool conn_may_be_there(u64 cookie)
{
	return !hlist_bl_empty(conn_bucket(cookie));
}

/**
 * conn_find() - hold a connection
 * @cookie: its id
 * @owner: the socket that stands for it
 *
 * Context: any but NMI. Interrupts are off until conn_put(), to be called in
 * any case.
 *
 * Return: the bucket, held, and the connection, NULL if it is not remembered.
 */
static __always_inline struct conn_ref conn_find(u64 cookie, const struct sock_common *owner)
	__acquires(bitlock)
{
	struct conn_ref ref = { .bucket = conn_bucket(cookie) };
	struct hlist_bl_node *pos;
	struct conn *conn;

	local_irq_save(ref.flags);
	hlist_bl_lock(ref.bucket);
	hlist_bl_for_each_entry(conn, pos, ref.bucket, node) {
		if (conn->cookie == cookie &&
		    (conn->owner == owner || conn->leaving == owner)) {
			ref.conn = conn;
			break;
		}
	}
	return ref;
}

/**
 * conn_put() - let go of what conn_find() held
 * @ref: from conn_find()
 */
static inline void conn_put(struct conn_ref ref)
	__releases(bitlock)
{
	hlist_bl_unlock(ref.bucket);
	local_irq_restore(ref.flags);
}

struct conn *conn_make(struct hlist_bl_head *bucket, u64 cookie,
		       const struct sock_common *owner);
void conn_forget(struct conn *conn);

unsigned int conn_buckets(void);
bool conn_is_empty(unsigned int bucket);
bool conn_walk(unsigned int bucket, unsigned int skip,
	       bool (*see)(const struct conn *conn, void *arg), void *arg);
void conn_forget_all(bool minisocks);

int conn_start(unsigned int max);
void conn_close(void);
void conn_stop(void);

#endif
