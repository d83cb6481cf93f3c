/* SPDX-License-Identifier: GPL-2.0 */
/* How a connection ended, judged by what is remembered of it. */
#ifndef TCP_TEARDOWN_VERDICT_H
#define TCP_TEARDOWN_VERDICT_H

#include <linux/types.h>

#include "uapi/tcp_teardown.h"

struct conn;
struct inet_timewait_sock;
struct sock;

/**
 * struct verdict - how a connection ended; fields as those of a record
 * @how: enum tcp_teardown_how
 * @first: enum tcp_teardown_first
 * @set_off: enum tcp_teardown_set_off
 * @fins_resent: how often our FIN was sent again
 * @fins_again: how often the peer's FIN came again
 * @flags: TCP_TEARDOWN_F_*
 * @rx: payload bytes received
 * @tx: payload bytes sent
 * @bytes: payload between the FINs
 * @lifetime: nanoseconds
 * @in_state: nanoseconds in states, TCP_TEARDOWN_SPENTS of them, the connection's own
 */
struct verdict {
	u8  how;
	u8  first;
	u8  set_off;
	u8  fins_resent;
	u8  fins_again;
	u32 flags;
	u64 rx;
	u64 tx;
	u64 bytes;
	u64 lifetime;
	const u64 *in_state;
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

#endif
