/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The module's records, handed to the runs in whose namespaces they were made.
 */
#ifndef CHECK_KERNEL_COLLECT_H
#define CHECK_KERNEL_COLLECT_H

#include "run.h"

/* Begin: only other namespaces than the caller's make records. False, and errno. */
bool collect_start(void);

/* Records go to it until it is let go; its netns is known before its first record. */
void collect_watch(struct run *run);
void collect_unwatch(struct run *run);

/* Take in what there is now. */
void collect(void);

/* How many records were lost since the start, because nobody read them in time. */
unsigned long long collect_lost(void);

#endif
