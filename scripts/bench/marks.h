/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Marks for executed.c: instructions without effect that no compiler emits: "nopl" with
 * the mark as displacement.
 */
#ifndef BENCH_MARKS_H
#define BENCH_MARKS_H

#include <sys/cdefs.h>

#define MARK_BEGIN	0x7e570001	/* count from 0 */
#define MARK_CONNECTION	0x7e570002	/* the next connection begins */
#define MARK_CLOSED	0x7e570003	/* all are closed; their minisocks are not dead */
#define MARK_END	0x7e570004	/* write down what was counted */

/* @which: a constant */
static __always_inline void mark(int which)
{
	asm volatile("nopl %c0(%%rax)" : : "i" (which) : "memory");
}

#endif
