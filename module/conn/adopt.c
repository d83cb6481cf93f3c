// SPDX-License-Identifier: GPL-2.0
/*
 * The tables of TCP's sockets are walked as tcp_diag walks them, and what is closing
 * there is remembered. One bucket is locked at a time, and nothing waits under its
 * lock.
 *
 * What is remembered here has still to pass through the hook that forgets it. A full
 * socket is looked at with its lock held and nobody at work on it, so no transition is
 * under way; nor has that to CLOSE been told, for tcp_set_state() takes the socket out of
 * the table before, under the lock of the bucket. Of a minisock see adopt_tw().
 */
#include "conn/adopt.h"

#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/rculist.h>
#include <linux/sched.h>
#include <net/inet_hashtables.h>
#include <net/net_namespace.h>
#include <net/tcp.h>

#include "base/sock.h"
#include "conn/conn.h"
#include "conn/depot.h"
#include "conn/conn_track.h"
#include "conn/conn_pool.h"
#include "conn/share.h"
#include "stats/netns.h"

/* Adopted under one lock. */
#define ADOPT_BATCH	64
/* How often a bucket is looked at again, where a socket or memory is missing. */
#define ADOPT_TRIES	10
/* How often the walk sleeps, for up to a millisecond. */
#define ADOPT_SLEEPS	1000

/**
 * struct adopt - a walk of the tables
 * @minisocks: adopt those, too
 * @full: for some there is no memory or no share, nor will be: they are counted
 * @sleeps: so many are left
 * @made: adopted under this lock
 * @busy: a socket was locked by somebody else
 * @empty: there was none left for one
 */
struct adopt {
	bool minisocks;
	bool full;
	unsigned int sleeps;
	unsigned int made;
	bool busy;
	bool empty;
};

static unsigned long adopted;	/* by whoever holds hooks_lock */

/* May one more be remembered? @net: whose; its bucket is held. */
static bool adopt_may(struct adopt *a, const struct net *net)
{
	if (share_ready(share_of(net)) && conn_pool_ready())
		return true;
	a->empty = true;
	if (a->full)
		netns_count(net, STATS_UNTRACKED);
	return false;
}

/* @conn: held, new; it has been in its state since @since, or longer. */
static void adopt_made(struct adopt *a, struct conn *conn, u64 since)
{
	if (!conn)
		return;
	conn->since_bound = since;
	a->made++;
	WRITE_ONCE(adopted, adopted + 1);
}

/* With the socket locked, and its user not at work, no transition is under way. */
static void adopt_locked(struct adopt *a, const struct sock *sk)
{
	u64 cookie = sock_cookie(sk);
	struct conn_ref ref = conn_find(cookie, common_of_sock(sk));

	if (!ref.conn && adopt_may(a, sock_net(sk)))
		adopt_made(a, conn_track(ref.bucket, sk, cookie, sk->sk_state), sock_clock());
	conn_put(ref);
}

static bool is_adoptable(const struct sock *sk)
{
	return (1 << READ_ONCE(sk->sk_state)) & TCPF_CLOSING_STATES &&
	       sk->sk_protocol == IPPROTO_TCP;
}

/*
 * TCP takes the lock of the socket before that of the bucket, so it is only tried
 * here. lock_sock() would be no better: a user may hold a socket for as long as he
 * likes, and a child that is not accepted yet must not have an owner when its listener
 * closes.
 */
static void adopt_sock(struct adopt *a, struct sock *sk)
{
	if (!is_adoptable(sk))
		return;
	if (!spin_trylock(&sk->sk_lock.slock)) {
		a->busy = true;
		return;
	}
	if (sock_owned_by_user(sk))
		a->busy = true;
	else if (is_adoptable(sk))
		adopt_locked(a, sk);
	spin_unlock(&sk->sk_lock.slock);
}

/*
 * In TIME_WAIT the timer was set for TCP_TIMEWAIT_LEN, at the beginning, or later,
 * when the peer's FIN came again. In FIN_WAIT2 nobody knows for how long it was set.
 */
static u64 adopt_since(const struct inet_timewait_sock *tw, u8 substate)
{
	long left = READ_ONCE(tw->tw_timer.expires) - jiffies;

	if (substate != TCP_TIME_WAIT)
		return sock_clock();
	left = clamp(left, 0L, (long)TCP_TIMEWAIT_LEN);
	return sock_clock() - jiffies_to_nsecs(TCP_TIMEWAIT_LEN - left);
}

/*
 * See event_minisock_find() for its timer. What has died may have no cookie, or have
 * died before it got this one: then its timer is stopped, too. Should this CPU not see
 * that yet, event_minisock_free() finds the connection.
 */
static void adopt_tw(struct adopt *a, const struct inet_timewait_sock *tw)
{
	u64 cookie = sock_cookie((const struct sock *)tw);
	struct conn_ref ref = conn_find(cookie, common_of_tw(tw));
	u8 substate = READ_ONCE(tw->tw_substate);

	if (!ref.conn && timer_pending(&tw->tw_timer) && adopt_may(a, twsk_net(tw)))
		adopt_made(a, conn_track_tw(ref.bucket, tw, cookie, substate),
			   adopt_since(tw, substate));
	conn_put(ref);
}

static void adopt_hold(struct adopt *a, struct inet_hashinfo *table, unsigned int bucket)
{
	spinlock_t *lock = inet_ehash_lockp(table, bucket);
	struct hlist_nulls_node *node;
	struct sock *sk;

	a->made = 0;
	a->busy = false;
	a->empty = false;
	spin_lock_bh(lock);
	sk_nulls_for_each(sk, node, &table->ehash[bucket].chain) {
		if (READ_ONCE(sk->sk_state) != TCP_TIME_WAIT)
			adopt_sock(a, sk);
		else if (a->minisocks)
			adopt_tw(a, inet_twsk(sk));
		if (!a->full && (a->empty || a->made == ADOPT_BATCH))
			break;
	}
	spin_unlock_bh(lock);
}

/* Is the bucket to be looked at once more? @tries: how often in vain. */
static bool adopt_again(struct adopt *a, unsigned int *tries)
{
	if (a->full)
		return false;
	if (a->made && (a->empty || a->made == ADOPT_BATCH))
		return true;
	if (a->empty) {
		a->full = ++*tries == ADOPT_TRIES;
		return true;	/* if only to count what is left */
	}
	if (!a->busy || !a->sleeps || ++*tries == ADOPT_TRIES)
		return false;
	a->sleeps--;
	usleep_range(100, 1000);
	return true;
}

static void adopt_table(struct adopt *a, struct inet_hashinfo *table)
{
	unsigned int bucket, tries;

	for (bucket = 0; bucket <= table->ehash_mask; bucket++) {
		cond_resched();
		tries = 0;
		while (!hlist_nulls_empty(&table->ehash[bucket].chain)) {
			depot_refill();
			adopt_hold(a, table, bucket);
			if (!adopt_again(a, &tries))
				break;
			cond_resched();
		}
	}
}

/* The next namespace with a table of its own (tcp_child_ehash_entries), held. */
static struct net *adopt_next(struct net *net)
{
	struct net *next = net, *found = NULL;

	rcu_read_lock();
	list_for_each_entry_continue_rcu(next, &net_namespace_list, list) {
		if (tcp_table_of(next) != tcp_table_of(&init_net))
			found = maybe_get_net(next);
		if (found)
			break;
	}
	rcu_read_unlock();
	put_net(net);
	return found;
}

/**
 * adopt_all() - remember what is closing already
 * @minisocks: those, too: their death is watched
 *
 * What a user works on all the time is left for its next event.
 *
 * Context: process, may sleep; the hooks are attached, and what ran before has ended
 * (hooks_settle()); the caller serialises.
 */
void adopt_all(bool minisocks)
{
	struct adopt a = { .minisocks = minisocks, .sleeps = ADOPT_SLEEPS };
	struct net *net = get_net(&init_net);	/* the first in the list */

	do
		adopt_table(&a, tcp_table_of(net));
	while ((net = adopt_next(net)));
}

/** adopt_count() - how many have been adopted so */
unsigned long adopt_count(void)
{
	return READ_ONCE(adopted);
}
