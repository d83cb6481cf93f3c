/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From a socket, full or mini, to the memory of its connection. For contexts see
 * event.h; the bucket of a struct conn is held.
 */
#ifndef TCP_TEARDOWN_REMEMBER_H
#define TCP_TEARDOWN_REMEMBER_H

#include <linux/types.h>

#include "conn.h"

struct inet_timewait_sock;
struct sock;

bool remember(const struct sock *sk, u64 cookie, u8 state, struct conn_ref *ref);
bool remember_tw(const struct inet_timewait_sock *tw, u8 substate,
		 struct conn_ref *ref);
u64 remember_state(struct conn *conn, u8 to, u64 now);
void remember_bytes(struct conn *conn, const struct sock *sk);
bool remember_fin_left(struct conn *conn, const struct sock *sk);

#endif
