/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Connections made and ended as fast as they go, by processes that each have a
 * network namespace of their own, until they are stopped.
 */
#ifndef SELFTESTS_TRAFFIC_H
#define SELFTESTS_TRAFFIC_H

#define TRAFFIC_MAX 16

struct traffic {
	unsigned int nr;
	int pids[TRAFFIC_MAX];
	unsigned long *made;	/* connections, of each; shared memory */
};

/* So many processes; 0: two for each CPU. */
void traffic_start(struct traffic *traffic, unsigned int nr);

unsigned long traffic_made(const struct traffic *traffic);

/* CHECKs that they were still at work; their namespaces go with them. */
void traffic_stop(struct traffic *traffic);

/* One connection of the given number over loopback, ended in one of many ways. */
void traffic_one(unsigned int n, const int *listeners);
/* Its two listeners, IPv4 and IPv6; the caller is in a namespace of its own. */
void traffic_listen(int *listeners);

#endif
