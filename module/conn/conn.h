/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The state of a connection, from the first sign that it closes to the death of its minisock.
 *
 * A connection is found by its socket's cookie together with the address of the socket, full or
 * mini, that stands for it now. The cookie alone is not enough: one socket may live through
 * several connections.
 *
 * A lookup returns with its hash bucket locked: the caller "holds" the bucket, and with it the
 * connections there. The lock is a bit spinlock, also with PREEMPT_RT. Interrupts are disabled,
 * because a hook may run in a softirq that interrupts the same hook in process context. The raw
 * spinlock of the depot nests inside, and so do the locks of workqueues and timers: the depot may
 * need its worker, and a record may wake readers.
 *
 * While a bucket is held, neither its connections nor the sockets that they point to are freed:
 * a socket is not freed before its transition to CLOSE, and the hook of that transition has to
 * take the bucket to untrack the connection. So all connections are untracked before that hook
 * is detached.
 */
#ifndef TCP_TEARDOWN_CONN_H
#define TCP_TEARDOWN_CONN_H

#include <linux/irqflags.h>
#include <linux/processor.h>	/* bit_spinlock.h of 6.12 needs it and does not include it */
#include <linux/list_bl.h>
#include <linux/types.h>
#include <net/sock.h>

#include "base/moment.h"
#include "uapi/tcp_teardown.h"

/* Bounds of the parameter max_connections. */
#define CONN_MAX_MIN	1024
#define CONN_MAX_MAX	(16 * 1024 * 1024)

/**
 * struct conn - a tracked connection
 * @node: entry in its bucket
 * @sk: the socket that stands for it, full or mini
 * @moment: the moment that has begun and is not recorded yet; @kind is 0 if there is none
 * @subject: which connection it is, its owner, and the process that called last
 * @old_sk: the full socket, from the birth of the minisock to the full socket's own transition
 *	to CLOSE, which is not the end of the connection; otherwise NULL
 * @since: when it entered @state, ns; 0 if no hook saw that
 * @since_bound: if @since is 0: the latest time at which it may have entered @state, ns, or 0
 * @tw_created: when the minisock was born, ns
 * @opened: when connect() or accept() was called, ns; 0 if no hook saw that
 * @base_bytes: if our FIN was first, payload received until then; if the peer's was, payload
 *	sent until then
 * @totals: for the record of its end
 * @state: TCP_ESTABLISHED ...
 * @first: enum tcp_teardown_first
 * @call: enum tcp_teardown_set_off: the last call that may end it
 * @fin_call: enum tcp_teardown_set_off: the call that queued our FIN
 * @adopted: if it was already closing when it was first seen, the state then; otherwise 0
 * @fins_resent: how often our FIN was retransmitted
 * @fins_again: how often the peer's FIN was received again
 * @share: the share of its namespace, see share.h
 * @snd_wscale: window scale of the peer; only set for a minisock
 * @tw_requested: the full socket requested a minisock
 * @minisock: @sk is a minisock
 * @fin_waits: TCP queued our FIN and could not send it at once
 * @fin_with_ack: the segment that acknowledged our FIN had a FIN, too; since then only segments
 *	of the half-closed stream have been received
 * @fin_with_syn: the peer's FIN came with its SYN-ACK
 * @three_way: one segment had the second FIN and the ACK of the first
 * @reset_sent: the socket sent a RST of its own accord
 * @reset_received: the socket accepted a RST
 * @remote: the peer is not reached by the loopback device; only set for a minisock
 * @reset_local: the RST that was received was made on this host
 * @late_data: data was received after close()
 * @waves_unseen: the hook of received segments was not attached in FIN_WAIT1
 * @disconnects: tcp_disconnect() was called, by close() or directly
 * @by_exit: the call was made by the exit of a process
 */
struct conn {
	struct hlist_bl_node node;
	const struct sock_common *sk;
	struct moment moment;
	struct subject subject;
	/* conn_alloc() zeroes subject.closer and all members below. */
	const struct sock_common *old_sk;
	u64 since;
	u64 since_bound;
	u64 tw_created;
	u64 opened;
	u64 base_bytes;
	struct totals totals;
	u8  state;
	u8  first;
	u8  call;
	u8  fin_call;
	u8  adopted;
	u8  fins_resent;
	u8  fins_again;
	u8  share;
	u8  snd_wscale;
	bool tw_requested;
	bool minisock;
	bool fin_waits;
	bool fin_with_ack;
	bool fin_with_syn;
	bool three_way;
	bool reset_sent;
	bool reset_received;
	bool remote;
	bool reset_local;
	bool late_data;
	bool waves_unseen;
	bool disconnects;
	bool by_exit;
};

/**
 * struct conn_ref - a held bucket, and the connection that was found there
 * @conn: the connection, or NULL. After conn_put() it must only be compared with NULL.
 * @bucket: the bucket
 * @flags: the state of interrupts before, for local_irq_restore()
 */
struct conn_ref {
	struct conn *conn;
	struct hlist_bl_head *bucket;
	unsigned long flags;
};

extern struct hlist_bl_head *conn_table;
extern u64 conn_mask;		/* number of buckets, a power of two, minus one */
extern u64 conn_secret;		/* see conn_bucket() */
extern bool conn_exhausted;	/* a connection of any namespace was left untracked */

bool conn_was_exhausted_here(const struct net *net);

/*
 * Was a connection of the namespace ever left untracked? If so, a failed lookup does not prove
 * that the connection has shown no sign of closing.
 */
static inline bool conn_was_exhausted(const struct net *net)
{
	return unlikely(READ_ONCE(conn_exhausted)) && conn_was_exhausted_here(net);
}

/*
 * Cookies are sequential numbers, and every user can see them. Without a secret, a user could
 * put all his sockets into one bucket, which is walked with interrupts disabled. The hash also
 * uses the upper bits of the product, because its lower bits depend only on the cookie's lower
 * bits.
 */
static inline struct hlist_bl_head *conn_bucket(u64 cookie)
{
	u64 hash = cookie * conn_secret;

	return &conn_table[(hash ^ hash >> 40) & conn_mask];
}

/* As hlist_bl_lock(), but does not disable preemption: interrupts are disabled already. */
static __always_inline void conn_lock(struct hlist_bl_head *bucket)
	__acquires(bitlock)
{
#if defined(CONFIG_SMP) || defined(CONFIG_DEBUG_SPINLOCK)
	while (unlikely(test_and_set_bit_lock(0, (unsigned long *)bucket)))
		while (test_bit(0, (unsigned long *)bucket))
			cpu_relax();
#endif
	__acquire(bitlock);
}

static __always_inline void conn_unlock(struct hlist_bl_head *bucket)
	__releases(bitlock)
{
#if defined(CONFIG_SMP) || defined(CONFIG_DEBUG_SPINLOCK)
	__clear_bit_unlock(0, (unsigned long *)bucket);
#endif
	__release(bitlock);
}

/**
 * conn_may_be_there() - may a connection be tracked?
 * @cookie: its id
 *
 * It takes no lock, so the caller must run after the connection would have been tracked.
 *
 * Return: false if its bucket is empty.
 */
static inline bool conn_may_be_there(u64 cookie)
{
	return !hlist_bl_empty(conn_bucket(cookie));
}

/**
 * conn_find() - find a connection, and hold its bucket
 * @cookie: its id
 * @sk: the socket that stands for it
 *
 * The caller calls conn_put(), also if there is no such connection.
 *
 * Context: any but NMI. Interrupts are disabled until conn_put().
 *
 * Return: the bucket, and the connection or NULL.
 */
static __always_inline struct conn_ref conn_find(u64 cookie, const struct sock_common *sk)
	__acquires(bitlock)
{
	struct conn_ref ref = { .bucket = conn_bucket(cookie) };
	struct hlist_bl_node *pos;
	struct conn *conn;

	local_irq_save(ref.flags);
	conn_lock(ref.bucket);
	hlist_bl_for_each_entry(conn, pos, ref.bucket, node) {
		if (conn->subject.flow.cookie == cookie &&
		    (conn->sk == sk || conn->old_sk == sk)) {
			ref.conn = conn;
			break;
		}
	}
	return ref;
}

/**
 * conn_put() - release a bucket
 * @ref: from conn_find()
 */
static inline void conn_put(struct conn_ref ref)
	__releases(bitlock)
{
	conn_unlock(ref.bucket);
	local_irq_restore(ref.flags);
}

struct conn *conn_alloc(const struct net *net);

/**
 * conn_make() - allocate the state of a connection, and add it to its bucket
 * @bucket: held since conn_find(), which found no connection
 * @cookie: the connection's id, as for conn_find()
 * @sk: the socket that stands for it
 *
 * Context: any but NMI, interrupts disabled.
 *
 * Return: the connection, without a moment, and zeroed from subject.closer on. The caller sets
 * its flow and cred. NULL, and counted, if the namespace has used up its share, or if there is no
 * memory.
 */
static __always_inline struct conn *conn_make(struct hlist_bl_head *bucket, u64 cookie,
					      const struct sock_common *sk)
{
	struct conn *conn = conn_alloc(read_pnet(&sk->skc_net));

	if (unlikely(!conn))
		return NULL;
	conn->subject.flow.cookie = cookie;
	conn->sk = sk;
	hlist_bl_add_head(&conn->node, bucket);
	return conn;
}

void conn_untrack(struct conn *conn);

unsigned int conn_buckets(void);
bool conn_is_empty(unsigned int bucket);
void conn_walk(unsigned int bucket, void (*see)(const struct conn *conn, void *arg), void *arg);
void conn_untrack_all(bool (*these)(const struct conn *conn));

int conn_start(unsigned int *max);
void conn_close(void);
void conn_stop(void);

#endif
