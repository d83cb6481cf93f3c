// SPDX-License-Identifier: GPL-2.0
#include "moving.h"

#include <string.h>

struct moving moving_of(const char *text)
{
	const char *line = strstr(text, "\n# host "), *at = line ? strstr(line, " at ") : NULL;
	struct moving moving = { };

	if (at) {
		moving.from = at - text;
		moving.to = moving.from + strcspn(at, "\n");
	}
	return moving;
}

bool moving_same(const char *seen, const char *want, size_t at, size_t len,
		 struct moving but)
{
	size_t i;

	for (i = at; i < at + len; i++)
		if (seen[i - at] != want[i] && (i < but.from || i >= but.to))
			return false;
	return true;
}
