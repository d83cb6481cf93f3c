/* SPDX-License-Identifier: GPL-2.0 */
/* What live shows, as numbers: from the module's files, or summed up from records. */
#ifndef TEARDOWN_COUNTERS_H
#define TEARDOWN_COUNTERS_H

#include <tcp_teardown.h>

/* The oldest in CLOSE_WAIT: so many at most. */
#define COUNTERS_WAITING	32

/**
 * struct waiting - a connection in CLOSE_WAIT
 * @age: as connections has it, in seconds
 * @local: own end
 * @peer: the other
 * @unread: bytes; "-" where not known
 */
struct waiting {
	char age[24];
	char local[64];
	char peer[64];
	char unread[24];
};

/**
 * struct counters - what has been counted
 * @arrow: transitions, from one state to another
 * @ended: by how
 * @by: of these, what brought it about
 * @first: by who closed first
 * @resets_sent: of any kind
 * @resets_received: that were accepted
 * @untracked: transitions of connections that are not tracked
 * @records: that were made, or read
 * @lost: of them
 * @now: how many connections are in each state
 * @not_listed: connections that @now is without
 * @waiting: the oldest in CLOSE_WAIT
 * @nr_waiting: of them
 */
struct counters {
	u64 arrow[TCP_MAX_STATES][TCP_MAX_STATES];
	u64 ended[TCP_TEARDOWN_HOWS];
	u64 by[TCP_TEARDOWN_HOWS][TCP_TEARDOWN_BYS];
	u64 first[TCP_TEARDOWN_FIRSTS];
	u64 resets_sent;
	u64 resets_received;
	u64 untracked;
	u64 records;
	u64 lost;
	u64 now[TCP_MAX_STATES];
	u64 not_listed;
	struct waiting waiting[COUNTERS_WAITING];
	unsigned int nr_waiting;
};

/* Those of the module's files summary and stats; false after a complaint. */
bool counters_read(struct counters *counters, const char *directory);

/* Those of connections, which takes longest. */
void counters_read_connections(struct counters *counters, const char *directory);

/* Add a record. What was in a state before the first record is not known: at least so many. */
void counters_take(struct counters *counters, const struct tcp_teardown_record *r);

#endif
