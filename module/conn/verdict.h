/* SPDX-License-Identifier: GPL-2.0 */
/* Judges how a connection ended, by its socket and by the state that hooks have kept of it. */
#ifndef TCP_TEARDOWN_VERDICT_H
#define TCP_TEARDOWN_VERDICT_H

#include <linux/types.h>

struct conn;
struct moment;
struct sock;
struct totals;

/*
 * The hooks of minisocks are attached. Without them, it is unknown how an orphan left FIN_WAIT2.
 */
extern bool verdict_knows_minisocks;
/* The hook of received segments is attached. */
extern bool verdict_knows_waves;
/* The hook of RSTs that a socket sends of its own accord is attached. */
extern bool verdict_knows_resets;
/* The hooks of calls that send a RST after the transition to CLOSE are attached. */
extern bool verdict_knows_calls;

void verdict_of_sock(const struct sock *sk, int from, struct conn *conn);
void verdict_of_tw(u8 substate, u8 cause, struct conn *conn);
void verdict_unknown_sock(struct moment *m, struct totals *totals, const struct sock *sk,
			  int from);
void verdict_unknown_tw(struct moment *m, struct totals *totals, u8 substate, u8 cause);

#endif
