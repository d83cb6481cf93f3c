/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TCP_TEARDOWN_COMPAT_NET_INET_TIMEWAIT_SOCK_H
#define TCP_TEARDOWN_COMPAT_NET_INET_TIMEWAIT_SOCK_H

#include_next <net/inet_timewait_sock.h>
#include <net/net_namespace.h>

/*
 * The kernel counts TW and TWKilled in __inet_twsk_schedule(), when a minisock is born. Up to 5.15
 * it counted them in tw_timer_handler(), when it expired. Which of the two it was, was kept in
 * tw_kill since its birth. Kbuild sets HAVE_TW_KILL.
 */
#ifdef HAVE_TW_KILL
#define TW_COUNTED_AT_EXPIRY	true
#define tw_kill_of(tw)		((tw)->tw_kill)
#else
#define TW_COUNTED_AT_EXPIRY	false
#define tw_kill_of(tw)		false
#endif

/* TCP's death row. From 5.17 to 6.0, net->ipv4.tcp_death_row is a pointer to it. */
static inline const void *tcp_death_row_of(const struct net *net)
{
	return __builtin_choose_expr(__same_type(net->ipv4.tcp_death_row,
						 struct inet_timewait_death_row),
				     (const void *)&net->ipv4.tcp_death_row,
				     *(const void * const *)&net->ipv4.tcp_death_row);
}

/* TCP's hash tables; from 6.1 on a namespace may have its own. */
static inline struct inet_hashinfo *tcp_table_of(const struct net *net)
{
	return ((const struct inet_timewait_death_row *)tcp_death_row_of(net))->hashinfo;
}

/*
 * From 6.11 on, inet_twsk_hashdance_schedule() adds a minisock to the table and also sets its
 * timer. Kbuild sets HAVE_HASHDANCE_SCHEDULE.
 */
#ifdef HAVE_HASHDANCE_SCHEDULE
#define TW_TIMED_AT_BIRTH	true
#else
#define TW_TIMED_AT_BIRTH	false
#endif

#endif
