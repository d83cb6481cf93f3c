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

/* Instructions since boot. A difference of two has neither one's own cost. */
struct busy {
	unsigned long long begin;		/* when it was asked */
	unsigned long long end;		/* when it was answered */
	unsigned long long idle;
};

struct busy busy_now(void);
unsigned long long busy_between(const struct busy *a, const struct busy *b);

#endif
