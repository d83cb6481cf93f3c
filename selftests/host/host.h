/* SPDX-License-Identifier: GPL-2.0 */
/* Shared by all tests on the host. */
#ifndef HOST_HOST_H
#define HOST_HOST_H

#include "kernel.h"

/* Print where and abort: the details are in the core dump or the debugger. */
#define host_check(ok, format, ...) do {					\
	if (!(ok))								\
		host_fail(__FILE__, __LINE__, #ok, format, ##__VA_ARGS__);	\
} while (0)

__printf(4, 5) __noreturn
void host_fail(const char *file, int line, const char *what, const char *format, ...);

u64 host_random(u64 *state);

#endif
