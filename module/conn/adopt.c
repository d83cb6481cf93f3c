// SPDX-License-Identifier: GPL-2.0
/*
 * Walks the hash tables of TCP's sockets as tcp_diag does, and begins to track the connections
 * that are closing. It locks one bucket of a table at a time, and does not wait under that lock.
 *
 * A connection must not be tracked here after the hook that would untrack it has run. For a full
 * socket, that is the hook of the transition to CLOSE. No transition is under way: this code holds
 * the socket's spinlock, and no user owns the socket. Nor has the transition to CLOSE happened:
 * before it, tcp_set_state() takes the socket out of the table, under the lock of the bucket. For
 * minisocks see adopt_tw().
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

/* How many connections to adopt before the bucket is unlocked. */
#define ADOPT_BATCH	64
/* How often to look at a bucket again in vain, if a socket is locked or there is no memory. */
#define ADOPT_TRIES	10
/* How often the whole walk may sleep, for up to a millisecond each time. */
#define ADOPT_SLEEPS	1000

/**
 * struct adopt - a walk of the tables
 * @minisocks: adopt minisocks, too
 * @full: the pool or a share stays exhausted: from now on, count what cannot be adopted
 * @sleeps: how often the walk may still sleep
 * @made: adopted since the bucket was locked
 * @busy: somebody else has locked a socket in this bucket
 * @empty: the pool or a share was exhausted in this bucket
 */
struct adopt {
	bool minisocks;
	bool full;
	unsigned int sleeps;
	unsigned int made;
	bool busy;
	bool empty;
};

static unsigned long adopted;	/* whoever holds hooks_lock writes it */

/* Can one more connection of @net be tracked? The caller holds its bucket. */
static bool adopt_may(struct adopt *a, const struct net *net)
{
	if (share_ready(share_of(net)) && conn_pool_ready())
		return true;
	a->empty = true;
	if (a->full)
		netns_count(net, STATS_UNTRACKED);
	return false;
}

/* Count an adopted connection. @conn: held, or NULL; it entered its state at @since or before */
static void adopt_made(struct adopt *a, struct conn *conn, u64 since)
{
	if (!conn)
		return;
	conn->since_bound = since;
	a->made++;
	WRITE_ONCE(adopted, adopted + 1);
}

/* The socket is locked and no user owns it, so no transition is under way. */
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
 * Try to lock the socket. TCP takes the lock of a socket before that of a bucket, so waiting for
 * it here could deadlock. lock_sock() after the walk would be no better: a user may own a socket
 * for as long as he likes, and a child that nobody has accepted must not have an owner when its
 * listener closes.
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
 * The latest time at which a minisock may have entered its substate. In TIME_WAIT, its timer was
 * set for TCP_TIMEWAIT_LEN: at the beginning, or again when the peer's FIN came again. In
 * FIN_WAIT2, it is unknown for how long the timer was set.
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
 * For why the timer has to be pending see event_minisock_find(). There, a minisock without a
 * cookie is not tracked; here, it gets one, although it may have died before that. Then its timer
 * is stopped, too. If this CPU does not see that yet, event_minisock_free() will find and untrack
 * the connection.
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

/* Adopt what is closing in one bucket of a table, up to ADOPT_BATCH connections. */
static void adopt_bucket(struct adopt *a, struct inet_hashinfo *table, unsigned int bucket)
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

/* Look at the bucket once more? @tries: how often that has been in vain */
static bool adopt_again(struct adopt *a, unsigned int *tries)
{
	if (a->full)
		return false;
	if (a->made && (a->empty || a->made == ADOPT_BATCH))
		return true;
	if (a->empty) {
		a->full = ++*tries == ADOPT_TRIES;
		return true;	/* even with @full set: to count the rest */
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
			adopt_bucket(a, table, bucket);
			if (!adopt_again(a, &tries))
				break;
			cond_resched();
		}
	}
}

/* Put @net and get the next namespace with a table of its own (tcp_child_ehash_entries). */
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
 * adopt_all() - begin to track the connections that are closing already
 * @minisocks: also those of minisocks; the hook of their death is attached
 *
 * A socket that a user owns all the time is skipped. It will be tracked at its next event.
 *
 * Context: process, may sleep; the hooks are attached, and calls that began before that have
 * ended, see hooks_settle(). The caller serialises.
 */
void adopt_all(bool minisocks)
{
	struct adopt a = { .minisocks = minisocks, .sleeps = ADOPT_SLEEPS };
	struct net *net = get_net(&init_net);	/* the first one in the list */

	do
		adopt_table(&a, tcp_table_of(net));
	while ((net = adopt_next(net)));
}

/**
 * adopt_count() - get how many connections adopt_all() has adopted
 *
 * Return: the number.
 */
unsigned long adopt_count(void)
{
	return READ_ONCE(adopted);
}
