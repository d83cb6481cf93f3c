/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Interrupts a function at any of its instructions. The program is linked statically, so
 * that all called functions are included. x86-64.
 */
#ifndef HOST_STEP_H
#define HOST_STEP_H

#include "host.h"

/* From the linker: the program's instructions, and those of step_trace() itself. */
extern unsigned char __executable_start[], etext[];
extern unsigned char __start_step_own[], __stop_step_own[];

#define STEP_MOST	4096

/**
 * struct step_path - the instructions that a function executes, in order
 * @nr: how many
 * @at: the address of each
 * @before: how often it was at that address before
 */
struct step_path {
	unsigned int nr;
	unsigned char *at[STEP_MOST];
	unsigned int before[STEP_MOST];
};

typedef void (*step_function)(void *with);

void step_begin(void);
void step_trace(struct step_path *path, step_function function, void *with);
void step_arm(const struct step_path *path, unsigned int i, step_function visit, void *with);
bool step_disarm(void);

#endif
