/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A FIN that is sent again and again: how often is for the kernel's timers to
 * say, that each try is told of and numbered is for the test.
 */
#ifndef SELFTESTS_TRIES_H
#define SELFTESTS_TRIES_H

#include "fixture.h"

/* What comes before the tries, one of them, and what comes after. */
struct tries {
	const struct want *first;
	unsigned int nr_first;
	struct want resend;
	const struct want *last;
	unsigned int nr_last;
};

/* CHECK that these came, with min tries or more. The connection has ended. */
void tries_expect(struct fixture *self, const struct net_end *end,
		  const struct tries *tries, unsigned int min);

#endif
