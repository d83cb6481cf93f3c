// SPDX-License-Identifier: GPL-2.0
#include "conn.h"

#include <linux/irqflags.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "reserve.h"

static struct hlist_bl_head *conn_table;
static u64 conn_mask;
static bool conn_closed;

/**
 * conn_find() - hold a connection
 * @cookie: its id
 * @owner: the socket that stands for it
 * @ref: set; @ref->conn is NULL if it is not remembered
 *
 * Context: any but NMI. Interrupts are off until conn_put(), to be called in
 * any case.
 */
void conn_find(u64 cookie, const struct sock_common *owner, struct conn_ref *ref)
	__acquires(bitlock)
{
	struct hlist_bl_node *pos;
	struct conn *conn;

	ref->bucket = &conn_table[cookie & conn_mask];
	local_irq_save(ref->flags);
	hlist_bl_lock(ref->bucket);
	hlist_bl_for_each_entry(conn, pos, ref->bucket, node)
		if (conn->cookie == cookie &&
		    (conn->owner == owner || conn->leaving == owner))
			break;
	ref->conn = pos ? conn : NULL;
}

/**
 * conn_make() - begin to remember a connection
 * @cookie: its id
 * @owner: the socket that stands for it
 * @ref: from conn_find(), which found nothing
 *
 * Return: true, and @ref->conn is all 0 but for what is given here; or false,
 * and counted.
 */
bool conn_make(u64 cookie, const struct sock_common *owner, struct conn_ref *ref)
{
	struct conn *conn = READ_ONCE(conn_closed) ? NULL : reserve_get();

	if (!conn)
		return false;
	memset(conn, 0, sizeof(*conn));
	conn->cookie = cookie;
	conn->owner = owner;
	hlist_bl_add_head(&conn->node, ref->bucket);
	ref->conn = conn;
	return true;
}

/* Interrupts are off, the bucket is held. */
static void conn_remove(struct conn *conn)
{
	__hlist_bl_del(&conn->node);
	reserve_put(conn);
}

/**
 * conn_forget() - the connection is gone
 * @ref: from conn_find(), which found it
 */
void conn_forget(struct conn_ref *ref)
{
	conn_remove(ref->conn);
	ref->conn = NULL;
}

/**
 * conn_put() - let go of what conn_find() held
 * @ref: from conn_find()
 */
void conn_put(struct conn_ref *ref)
	__releases(bitlock)
{
	hlist_bl_unlock(ref->bucket);
	local_irq_restore(ref->flags);
}

/**
 * conn_is_empty() - is there nothing to see in a bucket?
 * @bucket: which
 */
bool conn_is_empty(unsigned int bucket)
{
	return hlist_bl_empty(&conn_table[bucket]);
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
		if (hlist_bl_empty(&conn_table[i]))
			continue;
		local_irq_save(flags);
		hlist_bl_lock(&conn_table[i]);
		hlist_bl_for_each_entry_safe(conn, pos, next, &conn_table[i], node)
			if (conn->minisock || !minisocks)
				conn_remove(conn);
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
