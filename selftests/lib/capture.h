/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A packet socket on one interface: evidence that does not come from the module.
 */
#ifndef SELFTESTS_CAPTURE_H
#define SELFTESTS_CAPTURE_H

#include "net.h"

/* The header's flags byte. */
#define FIN 0x01
#define SYN 0x02
#define RST 0x04
#define PSH 0x08
#define ACK 0x10

/* A segment that the kernel sent (out) or received. */
struct segment {
	bool out;
	uint8_t claimed;		/* the kinds of record that describe it, as bits */
	struct net_place from, to;
	uint32_t seq, ack, len;		/* len: payload bytes */
	uint16_t window;
	uint8_t flags;
	uint32_t tsval;			/* of its timestamp; 0 without one */
};

#define CAPTURE_MAX 1024

struct capture {
	int fd;
	unsigned int nr;
	struct segment segments[CAPTURE_MAX];
};

/* Begin; on loopback each segment is seen twice, going out and coming in. */
void capture_start(struct capture *capture, const char *interface);

/* Take in what was captured so far. */
void capture_read(struct capture *capture);

/* Take in the rest; a packet that the capture lost is a failure. */
void capture_stop(struct capture *capture);

/* Parse an IP packet that carries TCP. */
bool segment_parse(struct segment *segment, const uint8_t *packet, unsigned int len);

/* How many segments of that direction have all of the flags. */
unsigned int capture_count(const struct capture *capture, bool out, uint8_t flags);

void segment_note(const struct segment *segment, const char *why);

#endif
