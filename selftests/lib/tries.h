/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A FIN that is retransmitted: the kernel's timers decide how often; the test checks that
 * each try is recorded with its number.
 */
#ifndef SELFTESTS_TRIES_H
#define SELFTESTS_TRIES_H

#include "fixture.h"

/* The records before the tries, of one try, and after them. */
struct tries {
	const struct want *first;
	unsigned int nr_first;
	struct want resend;
	const struct want *last;
	unsigned int nr_last;
};

/* CHECK these records, with at least min tries. The connection has ended. */
void tries_expect(struct fixture *self, const struct net_end *end,
		  const struct tries *tries, unsigned int min);

#endif
