// SPDX-License-Identifier: GPL-2.0
/*
 * The readers' side of one CPU's ring; the writers' side and the rules are in
 * ring.h. Every function here may run on any CPU.
 */
#include "ring/ring.h"

#include <linux/sched.h>
#include <linux/string.h>

/* Each slot may be a cache miss. */
#define RING_INIT_BATCH	1024

/**
 * ring_init() - make an empty ring of @slots
 * @ring: not yet visible to a writer
 * @slots: @nr of them
 * @nr: a power of two, 2 or more
 *
 * Context: process, may sleep.
 */
void ring_init(struct ring *ring, struct ring_slot *slots, unsigned long nr)
{
	unsigned long i;

	memset(ring, 0, sizeof(*ring));
	ring->mask = nr - 1;
	ring->slots = slots;
	/* As if the round before position 0 were complete and consumed. */
	for (i = 0; i < nr; i++) {
		slots[i].seq = i - ring->mask;
		if (!(i % RING_INIT_BATCH))
			cond_resched();
	}
}

/**
 * ring_copy() - copy the record at a position, if it is whole
 * @ring: the ring
 * @pos: the position; it may have been overwritten
 * @to: set; undefined unless RING_WHOLE is returned
 *
 * Context: any; no lock needed.
 */
enum ring_found ring_copy(const struct ring *ring, unsigned long pos,
			  struct ring_slot *to)
{
	const struct ring_slot *slot = &ring->slots[pos & ring->mask];
	u64 seq;

	/* Pairs with the release in ring_publish(). */
	seq = smp_load_acquire(&slot->seq);
	if (seq == pos + 1) {
		/* A writer may overwrite it meanwhile; then the copy is not used. */
		data_race(memcpy(to, slot, sizeof(*to)));
		/* Data before seq: pairs with ring_claim(). */
		smp_rmb();
		seq = READ_ONCE(slot->seq);
		if (seq == pos + 1)
			return RING_WHOLE;
	}
	/* Seq before head: pairs with ring_claim(). */
	smp_rmb();
	return (s64)(seq - (pos + 1)) < 0 ? RING_TO_COME : RING_GONE;
}

/**
 * ring_overtaken() - up to which position records are overwritten
 * @ring: the ring; ring_copy() has just found one RING_GONE
 *
 * Return: the first position after them. What is before it is overwritten, or about to be.
 */
unsigned long ring_overtaken(const struct ring *ring)
{
	/* Not before ring_copy() has read seq: it ends with a barrier. */
	return local_read(&ring->head) - ring->mask - 1;
}

/**
 * ring_span() - how many consecutive records are complete
 * @ring: the ring
 * @pos: the position of the first
 * @max: the most to look at
 *
 * Context: any; no lock needed. They may be read in place; afterwards ring_holds() tells
 * whether they were complete all the time.
 */
unsigned long ring_span(const struct ring *ring, unsigned long pos, unsigned long max)
{
	const struct ring_slot *slot = &ring->slots[pos & ring->mask];
	unsigned long nr = 0, room = ring->mask + 1 - (pos & ring->mask);

	/* Pairs with the release in ring_publish(). */
	while (nr < max && nr < room && smp_load_acquire(&slot[nr].seq) == pos + nr + 1)
		nr++;
	return nr;
}

/**
 * ring_holds() - has no writer begun to overwrite this record or a later one?
 * @ring: the ring
 * @pos: the record's position; it was complete before
 *
 * Context: any; no lock needed. True holds for everything that was read before.
 */
bool ring_holds(const struct ring *ring, unsigned long pos)
{
	/* Data before head: pairs with ring_claim(). */
	smp_rmb();
	return local_read(&ring->head) - pos <= ring->mask + 1;
}

/**
 * ring_window() - which positions are held and not consumed
 * @ring: the ring
 * @end: set to the position after the newest
 *
 * Context: any; out of date at once unless the consumers' lock is held and no
 * writer is at work.
 *
 * Return: the oldest position, @end if there is none.
 */
unsigned long ring_window(const struct ring *ring, unsigned long *end)
{
	unsigned long tail = READ_ONCE(ring->tail);
	unsigned long held = ring->mask + 1;

	/* Tail before head: so tail is never seen beyond head. */
	smp_rmb();
	*end = local_read(&ring->head);
	return *end - tail > held ? *end - held : tail;
}

/**
 * ring_oldest() - the oldest position that is held and not consumed
 * @ring: the ring
 *
 * Counts what was overwritten. Context: holds the consumers' lock.
 */
unsigned long ring_oldest(struct ring *ring)
{
	unsigned long end, oldest = ring_window(ring, &end);

	if (oldest != ring->tail) {
		ring->overwritten += oldest - ring->tail;
		/* Pairs with the acquire in ring_claim(). */
		smp_store_release(&ring->tail, oldest);
	}
	return oldest;
}

/**
 * ring_consumed() - the record at @pos was read and may go
 * @ring: the ring
 * @pos: from ring_oldest(); it was copied completely since
 *
 * Context: has held the consumers' lock since ring_oldest().
 */
void ring_consumed(struct ring *ring, unsigned long pos)
{
	/* After the copy: pairs with the acquire in ring_claim(). */
	smp_store_release(&ring->tail, pos + 1);
}

/**
 * ring_clear() - drop all records and restart the accounts
 * @ring: the ring
 *
 * Context: holds the consumers' lock. Writers may be running.
 */
void ring_clear(struct ring *ring)
{
	unsigned long head = local_read(&ring->head);

	ring->overwritten = 0;
	ring->base_tail = head;
	ring->base_dropped = local_read(&ring->dropped);
	/* Pairs with the acquire in ring_claim(). */
	smp_store_release(&ring->tail, head);
}

/**
 * ring_account() - count what became of all records
 * @ring: the ring
 * @account: set
 *
 * Context: holds the consumers' lock. Writers may be running.
 */
void ring_account(struct ring *ring, struct ring_account *account)
{
	unsigned long end, oldest = ring_window(ring, &end);

	account->dropped = local_read(&ring->dropped) - ring->base_dropped;
	account->overwritten = ring->overwritten + oldest - ring->tail;
	account->read = ring->tail - ring->base_tail - ring->overwritten;
	account->pending = end - oldest;
	account->written = end - ring->base_tail + account->dropped;
	account->filtered = 0;
}

/**
 * ring_account_add() - add up accounts
 * @to: the sum
 * @more: added to it
 */
void ring_account_add(struct ring_account *to, const struct ring_account *more)
{
	to->written += more->written;
	to->read += more->read;
	to->pending += more->pending;
	to->overwritten += more->overwritten;
	to->dropped += more->dropped;
	to->filtered += more->filtered;
}

/**
 * ring_is_empty() - is there nothing to consume?
 * @ring: the ring
 *
 * Context: any; a hint unless the consumers' lock is held. A record that is still being
 * written does not count: its writer will wake the waiters.
 */
bool ring_is_empty(const struct ring *ring)
{
	unsigned long tail = READ_ONCE(ring->tail);

	return (s64)(READ_ONCE(ring->slots[tail & ring->mask].seq) - (tail + 1)) < 0;
}
