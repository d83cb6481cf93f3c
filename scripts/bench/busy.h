/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How many instructions this guest has executed, idle ones aside.
 *
 * With "scripts/vm -m icount" a nanosecond of the guest is an instruction, except while
 * the CPU is idle, which skips to the next timer. The kernel accounts for idle time to
 * the nanosecond. The rest is everything that ran on the guest's one CPU: this process,
 * its peers, softirqs, timers, readers.
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
