/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Many connections from A to B, each of a random shape: which end closes and how, how
 * much is sent and read, and when. The seed and the connection's number determine the
 * shape; the actual timing also depends on the machine.
 */
#ifndef SELFTESTS_WORKLOAD_H
#define SELFTESTS_WORKLOAD_H

#include "wire.h"

#define WORKLOAD_MAX 50000
/* A's port of connection n is WORKLOAD_PORT + n. */
#define WORKLOAD_PORT 10000

struct workload {
	const struct wire *wire;
	unsigned int nr;
	uint64_t seed;
};

enum net_family workload_family(unsigned int conn);

/* B's port of that connection. */
uint16_t workload_server_port(unsigned int conn);

/* Make all connections, calling tick() now and then. */
void workload_run(const struct workload *workload, void (*tick)(void *arg), void *arg);

#endif
