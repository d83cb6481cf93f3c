/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The segment for which tcp_reset() is called. Before 5.12, that function does not get it as an
 * argument. There, it is kept from the entry of tcp_rcv_state_process() on. For contexts see
 * event.h.
 */
#ifndef TCP_TEARDOWN_RESET_SEGMENT_H
#define TCP_TEARDOWN_RESET_SEGMENT_H

#include <linux/types.h>

struct sk_buff;
struct sock;

/**
 * struct reset_segment - the fields of the segment that a record needs
 * @seq: its first sequence number
 * @ack: its acknowledgment number
 * @window: the window field of its header
 * @tcp_flags: TCPHDR_*
 */
struct reset_segment {
	u32 seq;
	u32 ack;
	u16 window;
	u8 tcp_flags;
};

struct reset_segment reset_segment_of(const struct sk_buff *skb);
bool reset_segment_take(const struct sock *sk, struct reset_segment *segment);

#endif
