/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The state of a connection, from the first sign of its closing to the death of its
 * minisock.
 *
 * A connection is found by its socket cookie and by the socket, full or mini,
 * that stands for it now: one socket may live through several connections.
 *
 * A lookup returns with the bucket held: a bit lock, with interrupts off, because the
 * same hook may run in process context and in a softirq on top of it; it spins with
 * PREEMPT_RT, too. Within it only the raw spinlock of the depot is taken, and those of a
 * workqueue, when the depot needs its worker. While a bucket is held, neither its
 * connections can be freed nor the sockets that they point to: a socket's hook of the
 * transition to CLOSE has to untrack its connection first. So all connections are
 * untracked before that hook is detached.
 */
#ifndef TCP_TEARDOWN_CONN_H
#define TCP_TEARDOWN_CONN_H

#include <linux/irqflags.h>
#include <linux/processor.h>	/* which bit_spinlock.h of 6.12 forgets */
#include <linux/list_bl.h>
#include <linux/types.h>
#include <net/sock.h>

#include "base/moment.h"
#include "uapi/tcp_teardown.h"

/* Bounds of the parameter max_connections. */
#define CONN_MAX_MIN	1024
#define CONN_MAX_MAX	(16 * 1024 * 1024)

/**
 * struct conn - a connection in teardown
 * @node: in its bucket
 * @sk: the socket that stands for it, full or mini
 * @moment: what has begun and is not recorded yet; @kind 0: nothing
 * @subject: which connection it is, whose, and who called last
 * @old_sk: the full socket, between the birth of the minisock and its own
 *	transition to CLOSE, which is not the end of the connection
 * @since: when it entered @state, ns; 0 where that was not seen
 * @since_bound: where @since is 0: it entered @state then or before, ns; or 0
 * @tw_created: when the minisock was born, ns
 * @opened: when connect() or accept() was called, ns; 0 where that was not seen
 * @base_bytes: payload received when our FIN was first, sent when the peer's was
 * @totals: for its end
 * @state: TCP_ESTABLISHED ...
 * @first: enum tcp_teardown_first
 * @call: enum tcp_teardown_set_off: the last call that may end it
 * @fin_call: enum tcp_teardown_set_off: the call that brought our FIN
 * @adopted: the closing state that it was first seen in; 0: it was seen before
 * @fins_resent: how often the FIN was sent again
 * @fins_again: how often the peer's FIN came again
 * @share: of its namespace, see share.h
 * @snd_wscale: what the peer shifts its windows by; of a minisock
 * @tw_requested: the full socket requested a minisock
 * @minisock: @sk is one
 * @fin_waits: TCP could not send our FIN when it was queued
 * @fin_with_ack: the segment that acknowledged our FIN has a FIN, too; since then only
 *	segments of the stream have come
 * @fin_with_syn: the peer's FIN came with its SYN-ACK
 * @three_way: one segment had the second FIN and the ACK of the first
 * @reset_sent: the socket sent a RST by itself
 * @reset_received: the socket accepted a RST
 * @remote: the peer is not reached by the loopback device; of a minisock
 * @reset_local: that RST was made on this host
 * @late_data: received after close()
 * @waves_unseen: segments that it received in FIN_WAIT1 were not seen
 * @disconnects: tcp_disconnect() was called, by close() or by itself
 * @by_exit: the call was made by the exit of a process
 */
struct conn {
	struct hlist_bl_node node;
	const struct sock_common *sk;
	struct moment moment;
	struct subject subject;
	/* subject.closer and all members below are 0 at first. */
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
extern bool conn_exhausted;

bool conn_was_exhausted_here(const struct net *net);

/*
 * Was a connection of the namespace ever left untracked? Then a failed lookup proves nothing
 * about what a connection has done.
 */
static inline bool conn_was_exhausted(const struct net *net)
{
	return unlikely(READ_ONCE(conn_exhausted)) && conn_was_exhausted_here(net);
}

/*
 * Cookies are counted up and anybody may see them, so without a secret a user could
 * put all his sockets into one bucket, which is walked with interrupts off. The upper
 * bits of the product are used, too: its lower bits are alike where the cookies' are.
 */
static inline struct hlist_bl_head *conn_bucket(u64 cookie)
{
	u64 hash = cookie * conn_secret;

	return &conn_table[(hash ^ hash >> 40) & conn_mask];
}

/* As hlist_bl_lock(), without disabling preemption: interrupts are off already. */
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
 * conn_may_be_there() - is any connection in its bucket?
 * @cookie: its id
 *
 * Takes no lock: if the connection is tracked, that happened before the caller runs.
 */
static inline bool conn_may_be_there(u64 cookie)
{
	return !hlist_bl_empty(conn_bucket(cookie));
}

/**
 * conn_find() - hold a connection
 * @cookie: its id
 * @sk: the socket that stands for it
 *
 * Context: any but NMI. Interrupts are off until conn_put(), to be called in
 * any case.
 *
 * Return: the bucket, held, and the connection, NULL if it is untracked.
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
 * conn_put() - let go of what conn_find() held
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
 * conn_make() - allocate the state of a connection
 * @bucket: held, by conn_find(), which found nothing
 * @cookie: its id, the same
 * @sk: the socket that stands for it
 *
 * Return: the connection, without a moment, and 0 from subject.closer on; the caller sets
 * its flow and cred. NULL, and counted, if the pool is exhausted.
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
