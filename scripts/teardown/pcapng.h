/* SPDX-License-Identifier: GPL-2.0 */
/* Blocks of a capture file, to out: draft-ietf-opsawg-pcapng. */
#ifndef TEARDOWN_PCAPNG_H
#define TEARDOWN_PCAPNG_H

#include "print.h"

enum pcapng_direction { PCAPNG_INBOUND = 1, PCAPNG_OUTBOUND = 2 };

/* What begins the file. */
void pcapng_begin(void);

/* An interface, of IP packets without a link's header; they are numbered from 0. */
void pcapng_interface(const struct print *name);

/**
 * struct pcapng_packet - a packet
 * @interface: its number
 * @direction: enum pcapng_direction
 * @time: since 1970, ns
 * @bytes: what was captured of it
 * @len: of @bytes
 * @whole: length of all of it
 * @comment: in words
 */
struct pcapng_packet {
	u32 interface;
	u32 direction;
	u64 time;
	const u8 *bytes;
	u32 len;
	u32 whole;
	const struct print *comment;
};

void pcapng_packet(const struct pcapng_packet *packet);

#endif
