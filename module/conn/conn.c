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
static bool conn_closed;
static bool conn_exhausted_in[SHARES];

/* What it is while it is free. */
static_assert(sizeof(struct depot_item) <= sizeof(struct conn));

static noinline void conn_exhaust(u8 share)
{
	WRITE_ONCE(conn_exhausted_in[share], true);
	if (!READ_ONCE(conn_exhausted))
		WRITE_ONCE(conn_exhausted, true);
}

/**
 * conn_was_exhausted_here() - see conn_was_exhausted()
 * @net: the namespace
 *
 * Context: as netns_hooked().
 */
bool conn_was_exhausted_here(const struct net *net)
{
	return READ_ONCE(conn_exhausted_in[share_of(net)]);
}

/* @has_permit: the namespace has not exceeded its share, but there was no memory */
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
 * conn_alloc() - see conn_make()
 * @net: whose connection
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
 * @conn: its bucket is held
 */
void conn_untrack(struct conn *conn)
{
	__hlist_bl_del(&conn->node);
	share_give(conn->share);
	conn_pool_put(conn);
}

/**
 * conn_is_empty() - is there nothing to see in a bucket?
 * @bucket: which; not held, so out of date at once
 */
bool conn_is_empty(unsigned int bucket)
{
	/* It is filled by plain stores; nothing but the pointer is looked at. */
	return data_race(hlist_bl_empty(&conn_table[bucket]));
}

/** conn_buckets() - how many buckets there are to walk */
unsigned int conn_buckets(void)
{
	return conn_mask + 1;
}

/**
 * conn_walk() - see the connections of one bucket
 * @bucket: which
 * @see: called for each with the bucket held and interrupts off
 * @arg: for @see
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
 * conn_untrack_all() - untrack connections that have not ended
 * @these: called for each with the bucket held and interrupts off; true: untrack this one.
 *	NULL: all
 *
 * Context: process; the hooks that see their end, or need their state, are detached.
 */
void conn_untrack_all(bool (*these)(const struct conn *conn))
{
	struct hlist_bl_node *pos, *next;
	unsigned long flags;
	struct conn *conn;
	u64 i;

	for (i = 0; i <= conn_mask; i++) {
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
 * For how many connections there should be room.
 *
 * A sixteenth of the memory, which is taken only while there are so many: with 16 GiB and
 * 384 bytes a connection, 2.6 million, of which one namespace may hold 1.9 million. 20,000
 * closes a second are 1.2 million minisocks, as each lives for 60 s. The hash table, 4 to 8
 * bytes a connection, takes 16 MiB then: a thousandth of the memory, on a small host as
 * well. Nor so few that one namespace can't hold the minisocks that the host allows itself.
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
 * @max: so many at once; memory is taken as it is needed. 0 is replaced by a default that
 *	depends on the host's memory.
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
 * Context: process; while the hook of transitions is still attached, so that no socket
 * that a connection points to is freed.
 */
void conn_close(void)
{
	WRITE_ONCE(conn_closed, true);
	synchronize_rcu();	/* hooks run with preemption disabled */
	conn_untrack_all(NULL);
}

/** conn_stop() - after conn_close(); no hook and no reader is left */
void conn_stop(void)
{
	conn_untrack_all(NULL);
	conn_pool_stop();
	kvfree(conn_table);
}
