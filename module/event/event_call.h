/* SPDX-License-Identifier: GPL-2.0 */
/* Calls of close() that their transition records. For contexts see event.h. */
#ifndef TCP_TEARDOWN_EVENT_CALL_H
#define TCP_TEARDOWN_EVENT_CALL_H

#include <linux/preempt.h>
#include <linux/sched.h>
#include <net/sock.h>

#include "conn/conn.h"

/* Current closes the socket, maybe as it exits: the call for the record, the cause of the end. */
static inline u8 what_close(void)
{
	return current->flags & PF_EXITING ? TCP_TEARDOWN_EXIT : TCP_TEARDOWN_CLOSE;
}

static inline u8 by_close(void)
{
	return current->flags & PF_EXITING ? TCP_TEARDOWN_BY_EXIT : TCP_TEARDOWN_BY_CLOSE;
}

/*
 * The hooks of close() and shutdown() miss no call. So if a task queues a FIN in a socket that it
 * owns, and no hook has begun the moment of a call, the call is close().
 */
extern bool event_calls_sure;

/**
 * event_is_by_close() - does a close() queue this FIN that its hook left to the transition?
 * @sk: a full socket in transition to FIN_WAIT1 or LAST_ACK
 * @conn: held; NULL if it is untracked
 *
 * Return: true if it does.
 */
static inline bool event_is_by_close(const struct sock *sk, const struct conn *conn)
{
	return READ_ONCE(event_calls_sure) && !in_serving_softirq() &&
	       sk->sk_shutdown == SHUTDOWN_MASK && sock_owned_by_user_nocheck(sk) &&
	       !(conn && conn->moment.kind == TCP_TEARDOWN_CALL);
}

void event_close_untracked(const struct sock *sk);
void event_close_begins(const struct sock *sk, struct conn *conn);

#endif
