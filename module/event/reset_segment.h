/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The segment that tcp_reset() is called for. Where that function is not given it,
 * before 5.12, it is kept from the entry of tcp_rcv_state_process() until then. For
 * contexts see event.h.
 */
#ifndef TCP_TEARDOWN_RESET_SEGMENT_H
#define TCP_TEARDOWN_RESET_SEGMENT_H

#include <linux/types.h>

struct sk_buff;
struct sock;

/**
 * struct reset_segment - what a record needs of it
 * @seq: its first sequence number
 * @ack: its acknowledgment number
 * @window: the header's field
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
