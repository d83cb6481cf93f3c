/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Why a minisock dies: inet_twsk_kill() does not say, so we keep what its CPU did before. For
 * contexts see event.h.
 */
#ifndef TCP_TEARDOWN_MINISOCK_CAUSE_H
#define TCP_TEARDOWN_MINISOCK_CAUSE_H

#include <linux/types.h>

struct inet_timewait_sock;

/* All other causes have a hook: a minisock that dies without one of them was killed. */
extern bool minisock_cause_known;
/* inet_twsk_kill() has a hook. */
extern bool minisock_cause_deaths_seen;

void minisock_cause_reached(const struct inet_timewait_sock *tw, u8 tcp_flags);
bool minisock_cause_was_fin_wait2(const struct inet_timewait_sock *tw);
u8 minisock_cause(const struct inet_timewait_sock *tw);

#endif
