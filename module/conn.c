// SPDX-License-Identifier: GPL-2.0
#include "conn.h"

#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "reserve.h"

struct hlist_bl_head *conn_table __read_mostly;
u64 conn_mask __read_mostly;
u64 conn_secret __read_mostly;
static bool conn_closed;

/**
 * conn_make() - begin to remember a connection
 * @bucket: held, by conn_find(), which found nothing
 * @cookie: its id, the same
 * @owner: the socket that stands for it
 *
 * Return: the connection, all 0 but for what is given here; or NULL, and counted.
 */
struct conn *conn_make(struct hlist_bl_head *bucket, u64 cookie,
		       const struct sock_common *owner)
{
	struct conn *conn = READ_ONCE(conn_closed) ? NULL : reserve_get();

	if (!conn)
		return NULL;
	memset(conn, 0, sizeof(*conn));
	conn->cookie = cookie;
	conn->owner = owner;
	hlist_bl_add_head(&conn->node, bucket);
	return conn;
}

/**
 * conn_forget() - the connection is gone
 * @conn: its bucket is held
 */
void conn_forget(struct conn *conn)
{
	__hlist_bl_del(&conn->node);
	reserve_put(conn);
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
 * @skip: do not show the first so many
 * @see: called for each with the bucket held and interrupts off, until it
 *	returns false
 * @arg: for @see
 *
 * Return: false if @see stopped it.
 */
bool conn_walk(unsigned int bucket, unsigned int skip,
	       bool (*see)(const struct conn *conn, void *arg), void *arg)
{
	struct hlist_bl_head *head = &conn_table[bucket];
	struct hlist_bl_node *pos;
	unsigned long flags;
	struct conn *conn;
	bool more = true;

	local_irq_save(flags);
	hlist_bl_lock(head);
	hlist_bl_for_each_entry(conn, pos, head, node) {
		if (skip) {
			skip--;
			continue;
		}
		more = see(conn, arg);
		if (!more)
			break;
	}
	hlist_bl_unlock(head);
	local_irq_restore(flags);
	return more;
}

/**
 * conn_forget_all() - forget, without waiting for their end
 * @minisocks: only those that a minisock stands for
 *
 * Context: process; the hooks that would see the end are detached.
 */
void conn_forget_all(bool minisocks)
{
	struct hlist_bl_node *pos, *next;
	unsigned long flags;
	struct conn *conn;
	u64 i;

	for (i = 0; i <= conn_mask; i++) {
		if (conn_is_empty(i))
			continue;
		local_irq_save(flags);
		hlist_bl_lock(&conn_table[i]);
		hlist_bl_for_each_entry_safe(conn, pos, next, &conn_table[i], node)
			if (conn->minisock || !minisocks)
				conn_forget(conn);
		hlist_bl_unlock(&conn_table[i]);
		local_irq_restore(flags);
		cond_resched();
	}
}

/**
 * conn_start() - make room
 * @max: to remember so many connections; memory is taken as it is needed
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
int conn_start(unsigned int max)
{
	int err;

	if (max < CONN_MAX_MIN || max > CONN_MAX_MAX) {
		pr_err("max_connections: %u is not within %u to %u\n", max,
		       CONN_MAX_MIN, CONN_MAX_MAX);
		return -EINVAL;
	}
	conn_mask = roundup_pow_of_two(max) / 2 - 1;
	conn_secret = get_random_u64() | 1;
	conn_table = kvcalloc(conn_mask + 1, sizeof(*conn_table), GFP_KERNEL);
	if (!conn_table)
		return -ENOMEM;
	err = reserve_start(max);
	if (err)
		kvfree(conn_table);
	return err;
}

/**
 * conn_close() - forget everything, and remember nothing more
 *
 * Context: process; while the hook of transitions is still attached, so that
 * no socket goes that a connection points to.
 */
void conn_close(void)
{
	WRITE_ONCE(conn_closed, true);
	synchronize_rcu();	/* hooks run with preemption disabled */
	conn_forget_all(false);
}

/** conn_stop() - after conn_close(); no hook and no reader is left */
void conn_stop(void)
{
	conn_forget_all(false);
	reserve_stop();
	kvfree(conn_table);
}
