/* SPDX-License-Identifier: GPL-2.0 */
/* The closing connections, copied and sorted. */
#ifndef TCP_TEARDOWN_CONN_LIST_H
#define TCP_TEARDOWN_CONN_LIST_H

#include <linux/types.h>

#include "format/format.h"

struct net;

/**
 * struct conn_copy - an entry of the list
 * @line: what is printed for every reader
 * @key: the list is sorted by it
 */
struct conn_copy {
	struct format_conn line;
	u64 key;
};

/**
 * struct conn_list - a list; 0 at first, except @net and @shares
 * @net: only of this namespace; NULL for all
 * @shares: for an unprivileged reader: see SHARED_MOST
 * @now: when it was made
 * @all: the list
 * @nr: how many there are
 * @room: how many fit
 * @seen: how many connections there were
 * @too_young: those with this key or a higher one are left out
 * @lacks_room: one did not fit
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
