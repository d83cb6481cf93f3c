/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How far the clocks of two hosts are apart. A segment arrives after it was sent: each one
 * that both ends have recorded is a bound, and segments both ways are bounds on both sides.
 */
#ifndef TEARDOWN_CLOCKS_H
#define TEARDOWN_CLOCKS_H

#include "connection.h"

/**
 * struct bounds - of how far the second host's clock is ahead, in ns
 * @low: at least; of segments that it sent
 * @high: at most; of segments that it received
 * @lows: how many such
 * @highs: how many such
 */
struct bounds {
	s64 low;
	s64 high;
	u64 lows;
	u64 highs;
};

/**
 * struct clocks - of two hosts
 * @host: struct source.boot_id, of the first and the second
 * @name: of the hosts
 * @all: of all connections
 */
struct clocks {
	u64 host[2];
	const char *name[2];
	struct bounds all;
};

/* Of one connection; none where its ends are not on both hosts. */
void clocks_look(const struct clocks *clocks, const struct connection *c, struct bounds *bounds);

/* What both say. */
void bounds_join(struct bounds *bounds, const struct bounds *more);

/*
 * Set its records of the second host to the first one's clock. NULL, or in words why
 * it can't be done.
 */
const char *clocks_apply(const struct clocks *clocks, struct connection *c);

/* What was found, as a comment to out. */
void clocks_print(const struct clocks *clocks);

#endif
