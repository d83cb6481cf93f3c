/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two hosts, each a namespace, and a lossy link between them.
 *
 *	A wire0 ---- [ bridge ] ---- wire0 B
 *
 * Packets are lost, duplicated and reordered in the bridge's namespace, on the way out to
 * A or to B. So a capture on A's or B's interface has exactly what this host sent and
 * received.
 */
#ifndef SELFTESTS_WIRE_H
#define SELFTESTS_WIRE_H

#include "net.h"

#define WIRE_INTERFACE "wire0"

enum { WIRE_A, WIRE_B, WIRE_ENDS };

extern const char * const wire_names[WIRE_ENDS];

struct wire {
	int netns[WIRE_ENDS];
	uint32_t inode[WIRE_ENDS];
};

/* NULL, or what is missing to make a wire. */
const char *wire_missing(void);

/* Make it; netem has tc's arguments for each direction. */
void wire_make(struct wire *wire, const char *netem);

/* Enter the namespace of one end. */
void wire_enter(const struct wire *wire, unsigned int end);

/* An end's address; NET_IPV4 or NET_IPV6. */
socklen_t wire_address(enum net_family family, unsigned int end, uint16_t port,
		       struct sockaddr_storage *to);

/* How many connections an end still has, not counting TIME_WAIT. */
unsigned int wire_open(const struct wire *wire, unsigned int end);

/* tcpdump at one end. */
struct dump {
	int pid;
	char file[64], log[64];
};

void dump_start(struct dump *dump, const struct wire *wire, unsigned int end);

/* CHECK that it has lost nothing. */
void dump_stop(struct dump *dump);

/* Call see() with each IP packet, the time in ns of CLOCK_REALTIME. */
void dump_read(const struct dump *dump,
	       void (*see)(void *arg, uint64_t time, const uint8_t *packet,
			   unsigned int len), void *arg);

#endif
