/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Why a minisock dies: inet_twsk_kill() does not say, so what its CPU was at
 * before is kept until then. For contexts see event.h.
 */
#ifndef TCP_TEARDOWN_MINISOCK_CAUSE_H
#define TCP_TEARDOWN_MINISOCK_CAUSE_H

#include <linux/types.h>

struct inet_timewait_sock;

/* All other causes have their hook: who dies of none of them was killed. */
extern bool minisock_cause_known;
/* Deaths have a hook: inet_twsk_kill(). */
extern bool minisock_cause_deaths_seen;

void minisock_cause_reached(const struct inet_timewait_sock *tw, u8 tcp_flags);
bool minisock_cause_was_fin_wait2(const struct inet_timewait_sock *tw);
u8 minisock_cause(const struct inet_timewait_sock *tw);

#endif
