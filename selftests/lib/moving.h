/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Texts that are the same, except for the time that stands in their heads.
 */
#ifndef SELFTESTS_MOVING_H
#define SELFTESTS_MOVING_H

#include <stdbool.h>
#include <stddef.h>

/* What of a text tells when it was opened, as its head may: each time another. */
struct moving {
	size_t from, to;
};

struct moving moving_of(const char *text);
/* Is this what @want has from @at on, except for that? */
bool moving_same(const char *seen, const char *want, size_t at, size_t len,
		 struct moving but);

#endif
