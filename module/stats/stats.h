/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A block of counters. A namespace has as many as counts.c gives it; whoever reads adds up.
 */
#ifndef TCP_TEARDOWN_STATS_H
#define TCP_TEARDOWN_STATS_H

#include <linux/bitops.h>
#include <linux/minmax.h>
#include <linux/stddef.h>
#include <linux/time64.h>
#include <linux/types.h>
#include <net/tcp_states.h>

#include "uapi/tcp_teardown.h"

/* The names are stats_names[], in stats.c. */
enum stats_counter {
	STATS_CLOSE,
	STATS_EXIT,
	STATS_SHUT_RD,
	STATS_SHUT_WR,
	STATS_SHUT_RDWR,
	STATS_DISCONNECT,
	STATS_LISTENER,
	STATS_ABORT,
	STATS_FIN_RECEIVED,		/* those that no transition tells, see stats_derive() */
	STATS_FIN_DUPLICATE,
	STATS_FIN_OUT_OF_ORDER,
	STATS_FIN_QUEUED,		/* none, see stats_derive() */
	STATS_FIN_RESENT,
	STATS_RST_SENT,
	STATS_RST_REPLY,
	STATS_RST_RECEIVED,
	STATS_RST_UNSEEN,
	STATS_ACCEPT_QUEUE_FULL,
	STATS_TW_ASKED,
	STATS_TW_BORN_FIN_WAIT2,
	STATS_TW_BORN_TIME_WAIT,
	STATS_TW_SHORT,
	STATS_TW_DCCP,
	STATS_TW_REARMED,
	STATS_TW_REFUSED,
	STATS_TW_REFUSED_ORPHAN,
	STATS_TW_EXPIRED,
	STATS_TW_RESET,
	STATS_TW_REOPENED,
	STATS_TW_ANSWERED,
	STATS_TW_REUSED,
	STATS_TW_KILLED,
	STATS_TW_NETNS,
	STATS_TW_UNSEEN,
	STATS_ORPHAN_LINGER2,
	STATS_NO_LOCAL_PORT,
	STATS_CONNECT_FAILED,
	STATS_HALF_CLOSED_DATA,
	STATS_HANDED_LOST,
	STATS_UNTRACKED,
	STATS_OVER_SHARE,
	STATS_COUNTERS
};

extern const char * const stats_names[STATS_COUNTERS];

/* The states whose duration is recorded; the rest of struct stats is by TCP_*. */
enum stats_state {
	STATS_FIN_WAIT1,
	STATS_FIN_WAIT2,
	STATS_CLOSING,
	STATS_TIME_WAIT,
	STATS_CLOSE_WAIT,
	STATS_LAST_ACK,
	STATS_STATES
};

/*
 * Bucket 0 is below a microsecond, n begins at 2^(n-1), the last has no end: it begins at
 * 2^40, 12.7 days.
 */
#define STATS_BUCKETS	42

/**
 * struct stats - what happened
 * @transition: [from][to], minisocks included
 * @spent: how often so long in a state, enum stats_state
 * @count: enum stats_counter
 * @end: how connections ended: [enum tcp_teardown_how][enum tcp_teardown_set_off]
 * @first: who closed first, enum tcp_teardown_first
 * @reset_sent: for that reason, enum tcp_teardown_reason
 * @reset_received: in that state, minisocks included
 */
struct stats {
	unsigned long transition[TCP_MAX_STATES][TCP_MAX_STATES];
	unsigned long spent[STATS_STATES][STATS_BUCKETS];
	unsigned long count[STATS_COUNTERS];
	unsigned long end[TCP_TEARDOWN_HOWS][TCP_TEARDOWN_BYS];
	unsigned long first[TCP_TEARDOWN_FIRSTS];
	unsigned long reset_sent[TCP_TEARDOWN_REASONS];
	unsigned long reset_received[TCP_MAX_STATES];
};

/**
 * stats_state() - the index of a state among those whose duration is recorded
 * @state: TCP_FIN_WAIT1 ...
 *
 * Return: enum stats_state, or negative if it is none.
 */
static inline int stats_state(int state)
{
	static const u8 plus_one[TCP_MAX_STATES] = {
		[TCP_FIN_WAIT1] = STATS_FIN_WAIT1 + 1,
		[TCP_FIN_WAIT2] = STATS_FIN_WAIT2 + 1,
		[TCP_CLOSING] = STATS_CLOSING + 1,
		[TCP_TIME_WAIT] = STATS_TIME_WAIT + 1,
		[TCP_CLOSE_WAIT] = STATS_CLOSE_WAIT + 1,
		[TCP_LAST_ACK] = STATS_LAST_ACK + 1,
	};

	return plus_one[state] - 1;
}

/**
 * stats_bucket() - where a time goes
 * @ns: the time
 */
static inline unsigned int stats_bucket(u64 ns)
{
	return min(fls64(ns / NSEC_PER_USEC), STATS_BUCKETS - 1);
}

/* The number of a counter, for those who raise it. */
#define STATS_AT(counter)	(offsetof(struct stats, counter) / sizeof(unsigned long))

void stats_add(const struct stats *from, struct stats *to);
void stats_derive(struct stats *sum);

#endif
