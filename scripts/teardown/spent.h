/* SPDX-License-Identifier: GPL-2.0 */
/* The times in states that the last record of a connection has. */
#ifndef TEARDOWN_SPENT_H
#define TEARDOWN_SPENT_H

#include <tcp_teardown.h>

/* Which state is the i-th of in_state, by who closed first; 0: none. */
u8 spent_state(const struct tcp_teardown_record *r, unsigned int i);

/*
 * The state that it was in for the longest time, and how long; 0 where none is known.
 * TIME_WAIT is left out: it takes its minute, whatever happens.
 */
u8 slowest_state(const struct tcp_teardown_record *r, u64 *ns);

#endif
