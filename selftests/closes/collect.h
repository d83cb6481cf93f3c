/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hands the module's records to the runs in whose namespaces they were made.
 */
#ifndef CHECK_KERNEL_COLLECT_H
#define CHECK_KERNEL_COLLECT_H

#include "run.h"

/* Begin: the caller's namespace makes no records. False: see errno. */
bool collect_start(void);

/*
 * Give records to this run until it is released; its netns is set before its first
 * record.
 */
void collect_watch(struct run *run);
void collect_unwatch(struct run *run);

/* Read all available records. */
void collect(void);

/* How many records were lost since the start, because they were not read in time. */
unsigned long long collect_lost(void);

#endif
