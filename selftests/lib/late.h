/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A socket filter of a listener that lets each segment wait until the listener closes, or
 * for some milliseconds. Then it lets it pass.
 */
#ifndef SELFTESTS_LATE_H
#define SELFTESTS_LATE_H

#include <stdint.h>

/* What the kernel lacks for it, or NULL. */
const char *late_lacks(void);

/* Attach it; no segment has come to it yet. */
void late_attach(int listener);

/* How many segments have come since. */
uint32_t late_segments(void);

/*
 * Until the descriptor is closed, each packet in the caller's namespace takes some tenths
 * of a millisecond more, going out or coming in.
 */
int late_slow_down(void);

#endif
