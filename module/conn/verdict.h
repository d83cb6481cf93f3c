/* SPDX-License-Identifier: GPL-2.0 */
/* How a connection ended, judged by what is remembered of it. */
#ifndef TCP_TEARDOWN_VERDICT_H
#define TCP_TEARDOWN_VERDICT_H

#include <linux/types.h>

struct conn;
struct moment;
struct sock;
struct totals;

/* Minisocks are told of: else a socket in FIN_WAIT2 goes one knows not where. */
extern bool verdict_knows_minisocks;
/* The segments that are received in FIN_WAIT1 are looked at. */
extern bool verdict_knows_waves;
/* RSTs that are sent of the socket's own accord are seen. */
extern bool verdict_knows_resets;
/* Calls are seen that send a RST after the transition to CLOSE. */
extern bool verdict_knows_calls;

void verdict_of_sock(const struct sock *sk, int from, struct conn *conn);
void verdict_of_tw(u8 substate, u8 cause, struct conn *conn);
void verdict_unknown_sock(struct moment *m, struct totals *totals, const struct sock *sk,
			  int from);
void verdict_unknown_tw(struct moment *m, struct totals *totals, u8 substate, u8 cause);

#endif
