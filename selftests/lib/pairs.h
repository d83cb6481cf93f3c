/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Many connections over loopback, which a test holds half-closed.
 */
#ifndef SELFTESTS_PAIRS_H
#define SELFTESTS_PAIRS_H

#include "net.h"

/* Both ends; end[0] shuts down first. */
struct pair {
	struct net_end end[2];
};

/* So many pairs, the families in turn. */
void pairs_open(struct pair *pairs, unsigned int nr);

/* end[0] shuts down; end[1] has read the end of the stream. */
void pairs_half_close(const struct pair *pairs, unsigned int nr);

/* Close both ends, end[1] with a RST. */
void pairs_abort(const struct pair *pairs, unsigned int nr);

#endif
