/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From records to connections. Both ends of one are paired where both are there: over
 * loopback, and between the namespaces of a host or two hosts, if their numbers fit.
 */
#ifndef TEARDOWN_CONNECTION_H
#define TEARDOWN_CONNECTION_H

#include "facts.h"

/* A RST without a socket still belongs to what has ended, for this time. */
#define AFTERWARDS	NSEC_PER_SEC

/* So many records are held for each connection that may be held. */
#define CONN_MOMENTS	16

/**
 * struct moment - a record of a connection
 * @r: it
 * @lost: records that were lost before it, of all CPUs
 * @order: among those of the connection
 */
struct moment {
	struct tcp_teardown_record r;
	u64 lost;
	u32 order;
};

/**
 * struct end - one of the two ends of a connection
 * @addr: its address
 * @port: its port
 * @family: how the address is printed
 * @told: there are records of it
 * @ended: it has ended
 * @id: of its socket; 0 for none
 * @host: where it is; see struct source.boot_id
 * @netns: where it is
 * @seq: of its last record: what it sends next
 * @ack: what its peer sends next
 * @owner: name of the process
 */
struct end {
	u8 addr[16];
	u16 port;
	u8 family;
	bool told;
	bool ended;
	u64 id;
	u64 host;
	u32 netns;
	u32 seq;
	u32 ack;
	u8 owner[TCP_TEARDOWN_COMM_LEN];
};

/**
 * struct connection - the records of a connection
 * @chain: the next one of its bucket
 * @older: the one before, by the first record
 * @younger: the one behind
 * @waiting: the next one of those that are to be shown
 * @due: when it is to be shown
 * @listed: new records may be its
 * @pending: it waits to be shown
 * @wanted: some record of it is wanted
 * @end: A and B, when it is settled
 * @nr: of @moment
 * @room: for them
 * @moment: in the order in which they were read; of time, when it is settled
 */
struct connection {
	struct connection *chain;
	struct connection *older;
	struct connection *younger;
	struct connection *waiting;
	u64 due;
	bool listed;
	bool pending;
	bool wanted;
	struct end end[2];
	unsigned int nr;
	unsigned int room;
	struct moment *moment;
};

/**
 * struct connections - all that are held
 * @bucket: by the four addresses
 * @mask: of its index
 * @nr: connections
 * @moments: records that there is room for
 * @max: connections at most
 * @oldest: by its first record
 * @youngest: the same
 */
struct connections {
	struct connection **bucket;
	u32 mask;
	u64 nr;
	u64 moments;
	u64 max;
	struct connection *oldest;
	struct connection *youngest;
};

void connections_begin(struct connections *all, u64 max);
void connections_free(struct connections *all);

/**
 * struct arrival - what else is known of a record when it comes
 * @host: where it was made
 * @shift: from its clock to that of all
 * @lost: records that were lost before it
 */
struct arrival {
	u64 host;
	s64 shift;
	u64 lost;
};

/* The connection that it belongs to, which may be a new one. */
struct connection *connection_add(struct connections *all, const struct tcp_teardown_record *r,
				  const struct arrival *arrival);

/* One that has to go, if there are more than may be: one that is over before others. */
struct connection *connection_too_much(struct connections *all);

void connection_drop(struct connections *all, struct connection *connection);

/* Each end that has a socket here has ended. */
bool connection_is_over(const struct connection *connection);

/* Which end's record is it? */
static inline unsigned int end_of(const struct connection *connection,
				  const struct tcp_teardown_record *r)
{
	const struct end *end = connection->end;

	return end[0].port != r->local_port || end[1].port != r->peer_port ||
	       memcmp(end[0].addr, r->local, 16) || memcmp(end[1].addr, r->peer, 16);
}

/* Let A be the end that acted first, and sort the records. */
void connection_settle(struct connection *connection);

#endif
