/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Finds out why a minisock dies. inet_twsk_kill() does not say, so hooks note what each CPU does
 * before. For contexts see event.h.
 */
#ifndef TCP_TEARDOWN_MINISOCK_CAUSE_H
#define TCP_TEARDOWN_MINISOCK_CAUSE_H

#include <linux/types.h>

struct inet_timewait_sock;

/* All causes but one have a hook, so a minisock that dies without any of them was killed. */
extern bool minisock_cause_known;
/* The hook of inet_twsk_kill() is attached, or its group is off. */
extern bool minisock_cause_deaths_seen;

void minisock_cause_reached(const struct inet_timewait_sock *tw, u8 tcp_flags);
bool minisock_cause_was_fin_wait2(const struct inet_timewait_sock *tw);
u8 minisock_cause(const struct inet_timewait_sock *tw);

#endif
