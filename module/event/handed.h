/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Full sockets that ask for a minisock, until their own transition to CLOSE: if one was
 * born, that is not the end of the connection. For contexts see event.h.
 */
#ifndef TCP_TEARDOWN_HANDED_H
#define TCP_TEARDOWN_HANDED_H

#include <linux/percpu.h>
#include <linux/sched.h>	/* softirq_count(), with PREEMPT_RT */
#include <linux/preempt.h>
#include <linux/types.h>

struct sock;

/**
 * struct handed_here - what tcp_time_wait() is about on this CPU
 * @asks: the full socket that requests a minisock
 * @gave: the full socket whose place a minisock has taken
 *
 * tcp_time_wait() takes the socket to CLOSE before it returns. If softirqs are disabled
 * when it is called, it stays on its CPU, and no other call of it comes between.
 */
struct handed_here {
	const struct sock *asks;
	const struct sock *gave;
};

DECLARE_PER_CPU(struct handed_here, handed_here);

/**
 * handed_ask() - a full socket requests a minisock
 * @sk: it
 *
 * Context: entry of tcp_time_wait(). Return: false if the task may move to another CPU, or
 * if another request may come between; then nothing is noted.
 */
static inline bool handed_ask(const struct sock *sk)
{
	if (IS_ENABLED(CONFIG_PREEMPT_RT) || !softirq_count())
		return false;
	this_cpu_write(handed_here.asks, sk);
	return true;
}

/**
 * handed_give() - a minisock takes the place of a full socket
 * @sk: the full socket
 *
 * Return: true if handed_was_given() will say so at the socket's last transition.
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
 * Return: true once. False, too, if handed_give() was not called, or has returned false.
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
 * Return: true once. False, too, if handed_ask() was not called, or has returned false.
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
