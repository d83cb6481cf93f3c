/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Remembers full sockets from their request for a minisock until their own transition to CLOSE. If
 * a minisock has taken over, that transition is not the end of the connection. For contexts see
 * event.h.
 *
 * Usually this is known per CPU: handed_ask(), handed_give(), handed_was_given(),
 * handed_was_refused(). If the task may move to another CPU in between, a tracked connection
 * keeps it (struct conn.old_sk), and handed_put() and handed_take() do for an untracked one.
 */
#ifndef TCP_TEARDOWN_HANDED_H
#define TCP_TEARDOWN_HANDED_H

#include <linux/percpu.h>
#include <linux/sched.h>	/* softirq_count(), with PREEMPT_RT */
#include <linux/preempt.h>
#include <linux/types.h>

struct sock;

/**
 * struct handed_here - the call of tcp_time_wait() that runs on this CPU
 * @asks: the full socket that has requested a minisock, or NULL
 * @gave: the full socket whose place a minisock has taken, or NULL
 *
 * tcp_time_wait() takes the socket to CLOSE before it returns. If it is called with softirqs
 * disabled, it stays on its CPU, and no other call of it can run there meanwhile.
 */
struct handed_here {
	const struct sock *asks;
	const struct sock *gave;
};

DECLARE_PER_CPU(struct handed_here, handed_here);

/**
 * handed_ask() - note that a full socket requests a minisock
 * @sk: the full socket
 *
 * Context: entry of tcp_time_wait().
 *
 * Return: false if the task may move to another CPU, or another request may run on this one
 * meanwhile. Then nothing is noted.
 */
static inline bool handed_ask(const struct sock *sk)
{
	if (IS_ENABLED(CONFIG_PREEMPT_RT) || !softirq_count())
		return false;
	this_cpu_write(handed_here.asks, sk);
	return true;
}

/**
 * handed_give() - note that a minisock takes the place of a full socket
 * @sk: the full socket
 *
 * Return: true if handed_was_given() will return true at the socket's last transition.
 */
static inline bool handed_give(const struct sock *sk)
{
	if (this_cpu_read(handed_here.asks) != sk)
		return false;
	this_cpu_write(handed_here.asks, NULL);
	this_cpu_write(handed_here.gave, sk);
	return true;
}

/**
 * handed_was_given() - has a minisock taken the place of this socket?
 * @sk: a full socket in transition to CLOSE
 *
 * Return: true for the first call after handed_give() has returned true.
 */
static inline bool handed_was_given(const struct sock *sk)
{
	if (this_cpu_read(handed_here.gave) != sk)
		return false;
	this_cpu_write(handed_here.gave, NULL);
	return true;
}

/**
 * handed_was_refused() - was this socket's request refused?
 * @sk: a full socket in transition to CLOSE
 *
 * Return: true for the first call after handed_ask() has returned true, unless handed_give() was
 * called since.
 */
static inline bool handed_was_refused(const struct sock *sk)
{
	if (likely(this_cpu_read(handed_here.asks) != sk))
		return false;
	this_cpu_write(handed_here.asks, NULL);
	return true;
}

void handed_put(const struct sock *sk);
bool handed_take(const struct sock *sk);

#endif
