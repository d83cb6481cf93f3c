// SPDX-License-Identifier: GPL-2.0
#include "event/reset_segment.h"

#include <linux/atomic.h>
#include <linux/hash.h>
#include <net/tcp.h>

#include "event/event.h"

#define SLOT_BITS 6

/* In place of the socket, while the slot is written or read. */
#define SLOT_BUSY ((const struct sock *)1)

/**
 * struct reset_slot - a segment that is kept
 * @sk: the socket that processes it, or processed it last; SLOT_BUSY; NULL
 * @segment: owned by who has set @sk to SLOT_BUSY
 *
 * By socket and not by CPU: a task that processes its backlog may be moved. No two
 * segments of one socket are processed at once. Nobody waits for a slot: where two
 * sockets want the same one, a segment is lost, and its record is "inferred".
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
 * reset_segment_of() - what a record needs of a segment
 * @skb: the segment; TCP has filled in its control block
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

/* A RST, or data that nobody will read: tcp_reset() is called for nothing else. */
static bool may_reset(const struct sock *sk, const struct sk_buff *skb)
{
	const struct tcp_skb_cb *cb = TCP_SKB_CB(skb);

	return tcp_hdr(skb)->rst ||
	       (READ_ONCE(sk->sk_shutdown) & RCV_SHUTDOWN && cb->end_seq != cb->seq);
}

/**
 * event_reset_segment() - a segment reaches a full socket that is not ESTABLISHED
 * @sk: the socket
 * @skb: the segment
 *
 * Source: entry of tcp_rcv_state_process(); attached only where the hook of a
 * received RST has no segment.
 */
void event_reset_segment(const struct sock *sk, const struct sk_buff *skb)
{
	struct reset_slot *slot = slot_of(sk);
	const struct sock *old = READ_ONCE(slot->sk);

	if (!may_reset(sk, skb) || old == SLOT_BUSY ||
	    cmpxchg(&slot->sk, old, SLOT_BUSY) != old)
		return;
	slot->segment = reset_segment_of(skb);
	/* Pairs with the cmpxchg() of reset_segment_take(). */
	smp_store_release(&slot->sk, sk);
}

/**
 * reset_segment_take() - the segment that a socket is processing
 * @sk: the socket, at the entry of tcp_reset()
 * @segment: set, if it is known
 *
 * A socket in ESTABLISHED does not come from tcp_rcv_state_process(): what is kept of
 * it is older.
 *
 * Return: false if it is not known.
 */
bool reset_segment_take(const struct sock *sk, struct reset_segment *segment)
{
	struct reset_slot *slot = slot_of(sk);

	if (sk->sk_state == TCP_ESTABLISHED || cmpxchg(&slot->sk, sk, SLOT_BUSY) != sk)
		return false;
	*segment = slot->segment;
	/* Pairs with the cmpxchg() of event_reset_segment(): it was read before. */
	smp_store_release(&slot->sk, NULL);
	return true;
}
