/* SPDX-License-Identifier: GPL-2.0 */
/* What all tests on the host share. */
#ifndef HOST_HOST_H
#define HOST_HOST_H

#include "kernel.h"

/* Say where and end: what was found is in the core, or in the debugger. */
#define host_check(ok, format, ...) do {					\
	if (!(ok))								\
		host_fail(__FILE__, __LINE__, #ok, format, ##__VA_ARGS__);	\
} while (0)

__printf(4, 5) __noreturn
void host_fail(const char *file, int line, const char *what, const char *format, ...);

u64 host_random(u64 *state);

#endif
