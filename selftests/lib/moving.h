/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Compare texts that are equal except for the time in their first lines.
 */
#ifndef SELFTESTS_MOVING_H
#define SELFTESTS_MOVING_H

#include <stdbool.h>
#include <stddef.h>

/* The part of a text that has the time at which it was opened. */
struct moving {
	size_t from, to;
};

struct moving moving_of(const char *text);
/* Is this equal to @want from @at on, except for that part? */
bool moving_same(const char *seen, const char *want, size_t at, size_t len,
		 struct moving but);

#endif
