// SPDX-License-Identifier: GPL-2.0
#include "conn/conn.h"

#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <net/inet_timewait_sock.h>
#include <net/net_namespace.h>

#include "conn/depot.h"
#include "conn/conn_pool.h"
#include "conn/share.h"

struct hlist_bl_head *conn_table __read_mostly;
u64 conn_mask __read_mostly;
u64 conn_secret __read_mostly;
bool conn_exhausted __read_mostly;
static bool conn_closed;	/* track no more connections */
static bool conn_exhausted_in[SHARES];

/* A connection's memory is a depot_item while it is free. */
static_assert(sizeof(struct depot_item) <= sizeof(struct conn));

static noinline void conn_exhaust(u8 share)
{
	WRITE_ONCE(conn_exhausted_in[share], true);
	if (!READ_ONCE(conn_exhausted))
		WRITE_ONCE(conn_exhausted, true);
}

/**
 * conn_was_exhausted_here() - the slow path of conn_was_exhausted()
 * @net: the namespace
 *
 * Context: as netns_hooked().
 *
 * Return: true if a connection of the namespace's share was ever left untracked.
 */
bool conn_was_exhausted_here(const struct net *net)
{
	return READ_ONCE(conn_exhausted_in[share_of(net)]);
}

/* @has_permit: the namespace had room in its share, but there was no memory */
static noinline struct conn *conn_refuse(const struct net *net, u8 share, bool has_permit)
{
	if (has_permit)
		share_give(share);
	else
		share_refuse(share, net);
	conn_exhaust(share);
	return NULL;
}

/**
 * conn_alloc() - allocate the state of a connection, for conn_make()
 * @net: the connection's namespace
 *
 * Context: any but NMI, interrupts disabled.
 *
 * Return: as conn_make().
 */
struct conn *conn_alloc(const struct net *net)
{
	u8 share = share_of(net);
	struct conn *conn;

	if (unlikely(READ_ONCE(conn_closed))) {
		conn_exhaust(share);
		return NULL;
	}
	if (unlikely(!share_take(share)))
		return conn_refuse(net, share, false);
	conn = conn_pool_get();
	if (unlikely(!conn))
		return conn_refuse(net, share, true);
	zero_words(&conn->subject.closer, sizeof(*conn) -
					  offsetof(struct conn, subject.closer));
	conn->moment.kind = 0;
	conn->share = share;
	return conn;
}

/**
 * conn_untrack() - free the state of a connection
 * @conn: the connection, whose bucket is held
 */
void conn_untrack(struct conn *conn)
{
	__hlist_bl_del(&conn->node);
	share_give(conn->share);
	conn_pool_put(conn);
}

/**
 * conn_is_empty() - is a bucket empty?
 * @bucket: index of the bucket, which is not held
 *
 * Return: true if it is; out of date at once.
 */
bool conn_is_empty(unsigned int bucket)
{
	/* Plain stores change the list head. This only reads whether it is NULL. */
	return data_race(hlist_bl_empty(&conn_table[bucket]));
}

/**
 * conn_buckets() - get the number of buckets
 *
 * Return: the number, for conn_walk().
 */
unsigned int conn_buckets(void)
{
	return conn_mask + 1;
}

/**
 * conn_walk() - call a function for each connection in a bucket
 * @bucket: index of the bucket
 * @see: the function; called with the bucket held and interrupts disabled
 * @arg: passed to @see
 */
void conn_walk(unsigned int bucket, void (*see)(const struct conn *conn, void *arg), void *arg)
{
	struct hlist_bl_head *head = &conn_table[bucket];
	struct hlist_bl_node *pos;
	unsigned long flags;
	struct conn *conn;

	local_irq_save(flags);
	conn_lock(head);
	hlist_bl_for_each_entry(conn, pos, head, node)
		see(conn, arg);
	conn_unlock(head);
	local_irq_restore(flags);
}

/**
 * conn_untrack_all() - untrack connections although they have not ended
 * @these: called for each with the bucket held and interrupts disabled; returns true for those
 *	to untrack. NULL for all connections
 *
 * Context: process, may sleep; the hooks that see the end of these connections, or need their
 * state, are detached.
 */
void conn_untrack_all(bool (*these)(const struct conn *conn))
{
	struct hlist_bl_node *pos, *next;
	unsigned long flags;
	struct conn *conn;
	unsigned int i;

	for (i = 0; i < conn_buckets(); i++) {
		if (conn_is_empty(i))
			continue;
		local_irq_save(flags);
		conn_lock(&conn_table[i]);
		hlist_bl_for_each_entry_safe(conn, pos, next, &conn_table[i], node)
			if (!these || these(conn))
				conn_untrack(conn);
		conn_unlock(&conn_table[i]);
		local_irq_restore(flags);
		cond_resched();
	}
}

/*
 * The default of max_connections: as many as fit into a sixteenth of the host's memory, which is
 * allocated only as it is needed. With 16 GiB, and 384 bytes for each connection, that is
 * 2.6 million, of which one namespace may hold 1.9 million. 20,000 closes a second leave
 * 1.2 million minisocks, as each lives for 60 s. The hash table takes 4 to 8 bytes for each
 * connection: 16 MiB then, a thousandth of the memory. That fraction is the same on a small host.
 *
 * But at least so many that one namespace can hold all the minisocks that tcp_max_tw_buckets
 * allows.
 */
static unsigned int conn_default(void)
{
	const struct inet_timewait_death_row *row = tcp_death_row_of(&init_net);
	long memory = totalram_pages() / 16 * (PAGE_SIZE / L1_CACHE_ALIGN(sizeof(struct conn)));
	long minisocks = READ_ONCE(row->sysctl_max_tw_buckets);

	minisocks += minisocks / 3;	/* see share.h */
	return clamp_t(long, max(memory, minisocks), CONN_MAX_MIN, CONN_MAX_MAX);
}

/**
 * conn_start() - prepare to track connections
 * @max: the highest number to track at once. 0 is replaced by a default that depends on the
 *	host's memory.
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
int conn_start(unsigned int *max)
{
	int err;

	if (!*max)
		*max = conn_default();
	if (*max < CONN_MAX_MIN || *max > CONN_MAX_MAX) {
		pr_err("max_connections: %u is not within %u to %u, nor 0\n", *max,
		       CONN_MAX_MIN, CONN_MAX_MAX);
		return -EINVAL;
	}
	conn_mask = roundup_pow_of_two(*max) / 2 - 1;
	conn_secret = get_random_u64() | 1;
	conn_table = kvcalloc(conn_mask + 1, sizeof(*conn_table), GFP_KERNEL);
	if (!conn_table)
		return -ENOMEM;
	err = conn_pool_start(*max, sizeof(struct conn));
	if (err)
		kvfree(conn_table);
	return err;
}

/**
 * conn_close() - untrack all connections, and track no more
 *
 * Context: process, may sleep; the hook of transitions is still attached, so that no socket that
 * a connection points to is freed.
 */
void conn_close(void)
{
	WRITE_ONCE(conn_closed, true);
	synchronize_rcu();	/* waits for hooks: they run with preemption disabled */
	conn_untrack_all(NULL);
}

/**
 * conn_stop() - free what conn_start() has allocated
 *
 * Context: process, may sleep; no hook and no reader is left.
 */
void conn_stop(void)
{
	conn_untrack_all(NULL);	/* conn_close() was not called if the load failed before */
	conn_pool_stop();
	kvfree(conn_table);
}
