/* SPDX-License-Identifier: GPL-2.0 */
/* What the hook of close() leaves to the next transition. For contexts see event.h. */
#ifndef TCP_TEARDOWN_EVENT_CALL_H
#define TCP_TEARDOWN_EVENT_CALL_H

#include <linux/preempt.h>
#include <linux/sched.h>
#include <net/sock.h>

#include "conn/conn.h"

/* current closes, or exits: what it asks for, and what that sets off. */
static inline u8 what_close(void)
{
	return current->flags & PF_EXITING ? TCP_TEARDOWN_EXIT : TCP_TEARDOWN_CLOSE;
}

static inline u8 by_close(void)
{
	return current->flags & PF_EXITING ? TCP_TEARDOWN_BY_EXIT : TCP_TEARDOWN_BY_CLOSE;
}

/*
 * The hooks of close() and shutdown() miss no call. Then a FIN that a task queues in a
 * socket which it owns is that of close(), unless a hook has begun the moment of a call.
 */
extern bool event_calls_sure;

/**
 * event_is_by_close() - does close() queue this FIN, without a moment of its own?
 * @sk: a full socket in transition to FIN_WAIT1 or LAST_ACK
 * @conn: held, its own; NULL if it is untracked
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
