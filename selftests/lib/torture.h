/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Torture: actors each repeat one action, all at once and under traffic, for $TT_SECONDS
 * (3). Then check that the module still works.
 */
#ifndef SELFTESTS_TORTURE_H
#define SELFTESTS_TORTURE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

/**
 * struct actor - a thread
 * @name: what it does
 * @turn: does it once
 * @arg: for @turn
 * @rest: milliseconds between two turns
 * @turns: how often it did; if never, the case fails
 * @random: the seed of its random numbers
 * @draws: how many of them it has used
 */
struct actor {
	const char *name;
	void (*turn)(struct actor *actor);
	void *arg;
	unsigned int rest;
	atomic_ulong turns;
	uint64_t random, draws;
	pthread_t thread;
};

/* A number below @below. */
unsigned int torture_random(struct actor *actor, unsigned int below);

double torture_seconds(void);

/* A turn: attach or detach a group of hooks. */
void torture_switch_group(struct actor *a);

/* Load the module again, with these parameters besides $TT_ARGS. */
void torture_load(const char *args);

/* Run all actors, and so many processes of traffic (see traffic_start()). */
void torture_run(struct actor *actors, unsigned int nr, unsigned int traffic);

/*
 * CHECK that accounts add up, that new records are exact in number, and that the module
 * can be removed and leaves nothing.
 */
void torture_end(void);

/* Every file of the module in debugfs and /proc; ends with NULL. */
const char * const *torture_files(void);

#endif
