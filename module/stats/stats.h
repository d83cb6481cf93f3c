/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A block of counters. A namespace has several, see counts.h; a reader adds them up.
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

/* Their names are in stats_names[], see stats.c. */
enum stats_counter {
	STATS_CLOSE,
	STATS_EXIT,
	STATS_SHUT_RD,
	STATS_SHUT_WR,
	STATS_SHUT_RDWR,
	STATS_DISCONNECT,
	STATS_LISTENER,
	STATS_ABORT,
	STATS_FIN_RECEIVED,		/* hooks count only some, see stats_derive() */
	STATS_FIN_DUPLICATE,
	STATS_FIN_OUT_OF_ORDER,
	STATS_FIN_QUEUED,		/* hooks count none, see stats_derive() */
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

/* The states whose duration is counted. All other arrays of states are indexed by TCP_*. */
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
 * Bucket 0 is for times below a microsecond; bucket n begins at 2^(n-1) microseconds. The last
 * one begins at 2^40, 12.7 days, and has no upper end.
 */
#define STATS_BUCKETS	42

/**
 * struct stats - a block of counters
 * @transition: transitions, [from][to], minisocks included
 * @spent: how long a state lasted, [enum stats_state][bucket]
 * @count: enum stats_counter
 * @end: how connections ended, [enum tcp_teardown_how][enum tcp_teardown_set_off]
 * @first: which side closed first, enum tcp_teardown_first
 * @reset_sent: RSTs sent, by enum tcp_teardown_reason
 * @reset_received: RSTs received, by state, minisocks included
 *
 * All members are unsigned long: STATS_AT() numbers the counters, and hooks raise them by number.
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
 * stats_state() - get the index of a state in struct stats.spent
 * @state: TCP_FIN_WAIT1 ...
 *
 * Return: enum stats_state, or negative if the duration of that state is not counted.
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
 * stats_bucket() - get the bucket of a duration
 * @ns: nanoseconds
 *
 * Return: the index of the bucket.
 */
static inline unsigned int stats_bucket(u64 ns)
{
	return min(fls64(ns / NSEC_PER_USEC), STATS_BUCKETS - 1);
}

/* The number of a counter, by which netns_inc() raises it. */
#define STATS_AT(counter)	(offsetof(struct stats, counter) / sizeof(unsigned long))

void stats_add(const struct stats *from, struct stats *to);
void stats_derive(struct stats *sum);

#endif
