/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Processes, each in its own network namespace, that make and end connections as fast as
 * they can, until they are stopped.
 */
#ifndef SELFTESTS_TRAFFIC_H
#define SELFTESTS_TRAFFIC_H

#define TRAFFIC_MAX 16

struct traffic {
	unsigned int nr;
	int pids[TRAFFIC_MAX];
	unsigned long *made;	/* connections of each process; in shared memory */
};

/* Start so many processes; 0: two for each CPU. */
void traffic_start(struct traffic *traffic, unsigned int nr);

unsigned long traffic_made(const struct traffic *traffic);

/* Stop them, and their namespaces; CHECKs that they were still running. */
void traffic_stop(struct traffic *traffic);

/* One connection of the given number over loopback, ended in one of many ways. */
void traffic_one(unsigned int n, const int *listeners);
/* Its two listeners, IPv4 and IPv6; the caller is in a namespace of its own. */
void traffic_listen(int *listeners);

#endif
