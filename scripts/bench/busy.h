/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How many instructions this guest has executed, idle ones aside.
 *
 * With "scripts/vm -m icount" a nanosecond of the guest is an instruction, but for
 * the time in which the CPU idles, which is skipped to the next timer. The kernel
 * keeps account of that time to the nanosecond. What is left is everything that
 * ran on the guest's one CPU: this process, its peers, softirqs, timers, readers.
 */
#ifndef BENCH_BUSY_H
#define BENCH_BUSY_H

#include <stdint.h>

/* Instructions since boot. A difference of two has neither one's own cost. */
struct busy {
	uint64_t begin;		/* when it was asked */
	uint64_t end;		/* when it was answered */
	uint64_t idle;
};

struct busy busy_now(void);
uint64_t busy_between(const struct busy *a, const struct busy *b);

#endif
