// SPDX-License-Identifier: GPL-2.0
#include "event/handed.h"

#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/hash.h>
#include <net/sock.h>

#include "stats/netns.h"

DEFINE_PER_CPU(struct handed_here, handed_here);

#define HANDED_BITS	10
#define HANDED_TRIES	16

/*
 * Full sockets of untracked connections whose place a minisock has taken, hashed by address. They
 * are not kept per CPU, because a task that processes its backlog may move to another CPU.
 */
static const struct sock *handed[1 << HANDED_BITS];

static const struct sock **handed_slot(const struct sock *sk, unsigned int nr)
{
	return &handed[(hash_ptr(sk, HANDED_BITS) + nr) % ARRAY_SIZE(handed)];
}

/**
 * handed_put() - note that a minisock takes the place of a full socket
 * @sk: the full socket, whose connection is untracked
 *
 * The entry is short-lived: tcp_done() takes the socket to CLOSE a moment later.
 *
 * Context: any but NMI.
 */
void handed_put(const struct sock *sk)
{
	unsigned int i;

	for (i = 0; i < HANDED_TRIES; i++)
		if (!READ_ONCE(*handed_slot(sk, i)) &&
		    !cmpxchg(handed_slot(sk, i), NULL, sk))
			return;
	netns_count(sock_net(sk), STATS_HANDED_LOST);
}

/**
 * handed_take() - has a minisock taken the place of this socket?
 * @sk: a full socket in transition to CLOSE
 *
 * Context: any but NMI.
 *
 * Return: true for the first call after handed_put().
 */
bool handed_take(const struct sock *sk)
{
	unsigned int i;

	for (i = 0; i < HANDED_TRIES; i++)
		if (READ_ONCE(*handed_slot(sk, i)) == sk &&
		    cmpxchg(handed_slot(sk, i), sk, NULL) == sk)
			return true;
	return false;
}
