// SPDX-License-Identifier: GPL-2.0
#include "event/reset_segment.h"

#include <linux/atomic.h>
#include <linux/hash.h>
#include <net/tcp.h>

#include "event/event.h"

#define SLOT_BITS 6

/* In place of the socket, while the slot is being written or read. */
#define SLOT_BUSY ((const struct sock *)1)

/**
 * struct reset_slot - keeps a segment
 * @sk: the socket that is processing the segment, or was; NULL if the slot is free; or SLOT_BUSY
 * @segment: whoever has set @sk to SLOT_BUSY may access it
 *
 * Slots are hashed by the socket's address. They are not per CPU, because a task that processes its
 * backlog may move to another CPU. A socket processes one segment at a time. Nobody waits for a
 * slot: if two sockets use the same slot, a segment is lost, and its record is "inferred".
 */
struct reset_slot {
	const struct sock *sk;
	struct reset_segment segment;
};

static struct reset_slot reset_slots[1 << SLOT_BITS];

static struct reset_slot *slot_of(const struct sock *sk)
{
	return &reset_slots[hash_ptr(sk, SLOT_BITS)];
}

/**
 * reset_segment_of() - copy the fields of a segment that a record needs
 * @skb: the segment; TCP has filled in its control block
 *
 * Return: the copy.
 */
struct reset_segment reset_segment_of(const struct sk_buff *skb)
{
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);
	const struct tcphdr *th = tcp_hdr(skb);

	return (struct reset_segment) {
		.seq = cb->seq,
		.ack = cb->ack_seq,
		.window = ntohs(th->window),
		.tcp_flags = tcp_flag_byte(th),
	};
}

/* May TCP call tcp_reset() for it? It does for a RST, and for data that nobody will read. */
static bool may_reset(const struct sock *sk, const struct sk_buff *skb)
{
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);

	return tcp_hdr(skb)->rst ||
	       (READ_ONCE(sk->sk_shutdown) & RCV_SHUTDOWN && cb->end_seq != cb->seq);
}

/**
 * event_reset_segment() - keep a segment for which TCP may call tcp_reset()
 * @sk: the socket, not in ESTABLISHED
 * @skb: the segment
 *
 * Source: entry of tcp_rcv_state_process(). It is attached only if the hook of received RSTs does
 * not get the segment.
 */
void event_reset_segment(const struct sock *sk, const struct sk_buff *skb)
{
	struct reset_slot *slot = slot_of(sk);
	const struct sock *old = READ_ONCE(slot->sk);

	if (!may_reset(sk, skb) || old == SLOT_BUSY ||
	    cmpxchg(&slot->sk, old, SLOT_BUSY) != old)
		return;
	slot->segment = reset_segment_of(skb);
	/* The segment before the store: pairs with the cmpxchg() in reset_segment_take(). */
	smp_store_release(&slot->sk, sk);
}

/**
 * reset_segment_take() - get the segment that a socket is processing
 * @sk: the socket, at the entry of tcp_reset()
 * @segment: set if the segment is known
 *
 * tcp_rcv_state_process() does not process the segments of a socket in ESTABLISHED. If a segment
 * of such a socket is kept, it is an older one.
 *
 * Return: false if the segment is not known.
 */
bool reset_segment_take(const struct sock *sk, struct reset_segment *segment)
{
	struct reset_slot *slot = slot_of(sk);

	if (sk->sk_state == TCP_ESTABLISHED || cmpxchg(&slot->sk, sk, SLOT_BUSY) != sk)
		return false;
	*segment = slot->segment;
	/* The read before the store: pairs with the cmpxchg() in event_reset_segment(). */
	smp_store_release(&slot->sk, NULL);
	return true;
}
