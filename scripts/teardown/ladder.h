/* SPDX-License-Identifier: GPL-2.0 */
/* A connection as a ladder: both ends side by side, one row a segment. */
#ifndef TEARDOWN_LADDER_H
#define TEARDOWN_LADDER_H

#include "connection.h"

/**
 * struct ladder - how ladders are printed
 * @wide: with the sequence numbers themselves, and the time in each state
 * @colour: with colours
 * @title: above each; NULL for none
 */
struct ladder {
	bool wide;
	bool colour;
	const char *title;
};

/*
 * To out. Settles it. @lost: records that are missing from its time. @remark: what else is
 * wrong with it; NULL for nothing.
 */
void ladder_print(const struct ladder *ladder, struct connection *c, u64 lost,
		  const char *remark);

/* When its first and last record was made. */
void ladder_span(const struct connection *c, u64 *begin, u64 *end);

#endif
