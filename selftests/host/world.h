/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One CPU's ring and all who use it, in one thread: each operation may be interrupted
 * at any place, and what interrupts it calls any other one. It keeps books of its own
 * and ends the program where the ring's are not the same.
 */
#ifndef HOST_WORLD_H
#define HOST_WORLD_H

#include "host.h"

#define WORLD_SLOTS	16		/* the largest ring */
#define WORLD_RECORDS	8192		/* the longest life */

enum world_op {
	WORLD_WRITE,
	WORLD_CONSUME,		/* all there is */
	WORLD_CONSUME_ONE,
	WORLD_LOOK,		/* a snapshot */
	WORLD_ACCOUNT,
	WORLD_CLEAR,
	WORLD_FLIP,		/* overwrite on or off */
	WORLD_OPS
};

void world_begin(unsigned int slots, bool overwrite);
bool world_may(enum world_op op);
void world_do(enum world_op op);
void world_end(void);
u64 world_written(void);

#endif
