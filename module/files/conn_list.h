/* SPDX-License-Identifier: GPL-2.0 */
/* A list of the connections that are closing, copied and sorted. */
#ifndef TCP_TEARDOWN_CONN_LIST_H
#define TCP_TEARDOWN_CONN_LIST_H

#include <linux/types.h>

#include "format/format.h"

struct net;

/**
 * struct conn_copy - a connection in the list
 * @line: what is printed of it; connections.c adds what depends on the reader
 * @key: sorts the list
 */
struct conn_copy {
	struct format_conn line;
	u64 key;
};

/**
 * struct conn_list - a list; 0 at first, except @net and @shares
 * @net: list only the connections of this namespace; NULL: of all
 * @shares: the reader is unprivileged; such lists share a bound on their memory
 * @now: when the list was made
 * @all: the connections
 * @nr: number of connections in @all
 * @room: how many fit into @all
 * @seen: number of connections that there were, those included that were left out
 * @too_young: connections with this key or a higher one are left out
 * @lacks_room: a connection did not fit
 */
struct conn_list {
	const struct net *net;
	bool shares;
	u64 now;
	struct conn_copy *all;
	unsigned int nr;
	unsigned int room;
	unsigned long seen;
	u64 too_young;
	bool lacks_room;
};

int conn_list_make(struct conn_list *list);
void conn_list_free(struct conn_list *list);

#endif
