// SPDX-License-Identifier: GPL-2.0
#include "files/conn_list.h"

#include <linux/atomic.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sort.h>
#include <net/net_namespace.h>
#include <net/tcp.h>

#include "base/sock.h"
#include "conn/conn.h"

/* The most lines that are printed, and the room from which they are chosen. */
#define LINES		65536U
#define ROOM_FIRST	64U
#define ROOM_MOST	(LINES + LINES / 4)

/*
 * The most bytes of all lists of unprivileged readers together: four of the longest. While a list
 * grows, its old array is not counted.
 */
#define SHARED_MOST	(64L << 20)

static atomic_long_t shared_bytes;

#define AGE_MOST	((1ULL << 60) - 1)	/* 36 years */

/*
 * The list is sorted by state, then by age, the oldest first. The state that waits for the
 * application comes first.
 */
static u64 copy_key(u8 state, u64 age)
{
	static const u8 before[TCP_MAX_STATES] = {
		[TCP_CLOSE_WAIT] = 6,
		[TCP_LAST_ACK] = 5,
		[TCP_FIN_WAIT1] = 4,
		[TCP_FIN_WAIT2] = 3,
		[TCP_CLOSING] = 2,
		[TCP_TIME_WAIT] = 1,
	};

	return (6ULL - before[state]) << 60 | (AGE_MOST - min_t(u64, age, AGE_MOST));
}

/* To sort a full list takes a million calls of this, so it lets other tasks run. */
static int copy_compare(const void *a, const void *b)
{
	const struct conn_copy *x = a, *y = b;

	cond_resched();
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	/* By id, which is the order in which the sockets got their cookies. */
	if (x->line.subject.flow.cookie != y->line.subject.flow.cookie)
		return x->line.subject.flow.cookie < y->line.subject.flow.cookie ? -1 : 1;
	return 0;
}

/* The file may be closed meanwhile, but its inode is freed only after an RCU grace period. */
static u64 inode_of(const struct sock *sk)
{
	struct socket *sock;
	u64 inode = 0;

	rcu_read_lock();
	sock = READ_ONCE(sk->sk_socket);
	if (sock)
		inode = SOCK_INODE(sock)->i_ino;
	rcu_read_unlock();
	return inode;
}

/* The caller holds the lock of the bucket, so the socket exists: see conn.h. */
static void copy_sock(struct format_conn *to, const struct sock *sk)
{
	to->unread = sock_unread(sk);
	to->inode = inode_of(sk);
	to->rx = sock_rx(sk);
	to->tx = sock_tx(sk);
}

static u64 since(u64 then, u64 now)
{
	return then ? elapsed(then, now) : TCP_TEARDOWN_UNKNOWN;
}

static void copy_conn(struct conn_copy *to, const struct conn *conn, u64 now)
{
	to->line = (struct format_conn) {
		.subject = conn->subject,
		.age = since(conn->since ?: conn->since_bound, now),
		.age_is_bound = !conn->since && conn->since_bound,
		.lifetime = since(conn->opened, now),
		.rx = conn->totals.rx,
		.tx = conn->totals.tx,
		.state = conn->state,
		.minisock = conn->minisock,
		.adopted = conn->adopted,
		/* A minisock has the bytes of its full socket, if the module has seen that one. */
		.knows_bytes = !conn->minisock || uid_valid(conn->subject.cred.uid),
	};
	if (!conn->minisock)
		copy_sock(&to->line, container_of(conn->sk, struct sock, __sk_common));
}

/* A connection may have state while it is still open; then it is not listed. */
static bool is_listed(const struct conn_list *list, const struct conn *conn)
{
	return !((1 << conn->state) & TCPF_OPEN_STATES) &&
	       (!list->net || net_identity(list->net) == conn->subject.flow.net_cookie);
}

/* For conn_walk(): appends a connection, if it belongs to the list and fits. */
static void list_append(const struct conn *conn, void *arg)
{
	struct conn_list *list = arg;
	u64 key;

	if (!is_listed(list, conn))
		return;
	list->seen++;
	key = copy_key(conn->state, since(conn->since ?: conn->since_bound, list->now));
	if (key >= list->too_young)
		return;
	if (list->nr == list->room) {
		list->lacks_room = true;
		return;
	}
	copy_conn(&list->all[list->nr], conn, list->now);
	list->all[list->nr++].key = key;
}

/* Charges memory to the bound that unprivileged readers share. Return: false if it is reached. */
static bool list_charge(const struct conn_list *list, long bytes)
{
	if (!list->shares || atomic_long_add_return(bytes, &shared_bytes) <= SHARED_MOST)
		return true;
	atomic_long_sub(bytes, &shared_bytes);
	return false;
}

static void list_uncharge(const struct conn_list *list, long bytes)
{
	if (list->shares)
		atomic_long_sub(bytes, &shared_bytes);
}

/**
 * conn_list_free() - free the connections of a list
 * @list: the list, empty afterwards
 */
void conn_list_free(struct conn_list *list)
{
	kvfree(list->all);
	list_uncharge(list, list->room * sizeof(*list->all));
	*list = (struct conn_list) { .net = list->net, .shares = list->shares };
}

/* Sorts the list, and keeps the first LINES connections. */
static void list_sort(struct conn_list *list)
{
	sort(list->all, list->nr, sizeof(*list->all), copy_compare, NULL);
	if (list->nr < LINES)
		return;
	list->nr = LINES;
	list->too_young = list->all[LINES - 1].key;
}

static int list_grow(struct conn_list *list)
{
	unsigned int room = clamp(2 * list->room, ROOM_FIRST, ROOM_MOST);
	long more = (room - list->room) * sizeof(*list->all);
	struct conn_copy *all;

	if (!list_charge(list, more))
		return -ENOBUFS;
	all = kvmalloc_array(room, sizeof(*all), GFP_KERNEL_ACCOUNT);
	if (!all) {
		list_uncharge(list, more);
		return -ENOMEM;
	}
	if (list->nr)
		memcpy(all, list->all, list->nr * sizeof(*all));
	kvfree(list->all);
	list->all = all;
	list->room = room;
	return 0;
}

/*
 * Copies a bucket while it is locked, so that no connection is in the list twice. If the bucket
 * does not fit, this makes room and copies all of it again.
 */
static int list_bucket(struct conn_list *list, unsigned int bucket)
{
	unsigned long seen = list->seen;
	unsigned int nr = list->nr;
	int err = 0;

	for (;;) {
		list->lacks_room = false;
		conn_walk(bucket, list_append, list);
		/* If one bucket alone fills the largest room, the rest of it is left out. */
		if (!list->lacks_room || (list->room == ROOM_MOST && nr <= LINES))
			return 0;
		list->nr = nr;
		list->seen = seen;
		if (list->room < ROOM_MOST)
			err = list_grow(list);
		else
			list_sort(list);
		if (err)
			return err;
		nr = list->nr;
	}
}

/**
 * conn_list_make() - list the connections that are closing now
 * @list: an empty list, with @net and @shares set
 *
 * If there are more than LINES, the last ones are left out. Each connection is in one bucket, which
 * is locked while it is copied; different buckets are copied at different times.
 *
 * Context: process, may sleep.
 *
 * Return: 0; -ENOMEM; -ENOBUFS if unprivileged readers have reached the bound that they share.
 */
int conn_list_make(struct conn_list *list)
{
	unsigned int bucket;
	int err = 0;

	list->now = sock_clock();
	list->too_young = ~0ULL;
	for (bucket = 0; bucket < conn_buckets() && !err; bucket++) {
		if (!(bucket % 1024))
			cond_resched();
		if (!conn_is_empty(bucket))
			err = list_bucket(list, bucket);
	}
	if (err)
		conn_list_free(list);
	else
		list_sort(list);
	return err;
}
