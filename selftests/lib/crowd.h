/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Many connections from A to B, each of a random shape: who closes and how, how
 * much is sent, read, and when. The shape follows from the seed and the
 * connection's number; when things happen, from the machine as well.
 */
#ifndef SELFTESTS_CROWD_H
#define SELFTESTS_CROWD_H

#include "wire.h"

#define CROWD_MAX 50000
/* A's port of connection n is CROWD_PORT + n. */
#define CROWD_PORT 10000

struct crowd {
	const struct wire *wire;
	unsigned int nr;
	uint64_t seed;
};

enum net_family crowd_family(unsigned int conn);

/* B's port of that connection. */
uint16_t crowd_server_port(unsigned int conn);

/* Something new for each salt. */
uint64_t crowd_random(uint64_t seed, uint64_t salt);

/* Make all, and call tick() now and then. */
void crowd_run(const struct crowd *crowd, void (*tick)(void *arg), void *arg);

#endif
