/* SPDX-License-Identifier: GPL-2.0 */
/* How a connection ended, judged by what is remembered of it. */
#ifndef TCP_TEARDOWN_VERDICT_H
#define TCP_TEARDOWN_VERDICT_H

#include <linux/types.h>

#include "uapi/tcp_teardown.h"

struct conn;
struct conn_owner;
struct inet_timewait_sock;
struct sock;

/**
 * struct verdict - what an end record tells
 * @how: enum tcp_teardown_how
 * @flags: TCP_TEARDOWN_F_*
 * @end: the rest
 */
struct verdict {
	u8 how;
	u16 flags;
	struct tcp_teardown_end end;
};

/* Minisocks are told of: else a socket in FIN_WAIT2 goes one knows not where. */
extern bool verdict_knows_minisocks;
/* The segments that are received in FIN_WAIT1 are looked at. */
extern bool verdict_knows_waves;
/* RSTs that are sent of the socket's own accord are seen. */
extern bool verdict_knows_resets;
/* Calls are seen that send a RST after the transition to CLOSE. */
extern bool verdict_knows_calls;

void verdict_of_sock(struct verdict *v, const struct sock *sk, int from,
		     const struct conn *conn);
void verdict_of_tw(struct verdict *v, u8 substate, u8 cause, const struct conn *conn);

void verdict_tell_sock(const struct verdict *v, const struct sock *sk, u64 now);
void verdict_tell_tw(const struct verdict *v, const struct inet_timewait_sock *tw,
		     u64 now, const struct conn_owner *owner);

#endif
