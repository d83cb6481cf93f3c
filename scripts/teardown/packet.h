/* SPDX-License-Identifier: GPL-2.0 */
/* From a record to the headers of the segment that it is of. */
#ifndef TEARDOWN_PACKET_H
#define TEARDOWN_PACKET_H

#include "facts.h"

/* IPv6 and TCP, without options. */
#define PACKET_LEN	60

/* Is it of a segment that is on the wire by then? */
bool is_packet(const struct tcp_teardown_record *r);

/* Make the headers; returns their length. @whole: with the payload. */
u32 packet_make(const struct tcp_teardown_record *r, u8 *bytes, u32 *whole);

/*
 * What the sender's record of a segment and the receiver's have in common, as a number
 * that others have not.
 */
u64 packet_key(const struct tcp_teardown_record *r);

#endif
