/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One CPU's ring and all of its users, in one thread: each operation may be interrupted
 * at any place by any other one. The test keeps its own accounts and ends the program if
 * the ring's differ.
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
