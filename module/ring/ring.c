// SPDX-License-Identifier: GPL-2.0
/*
 * The readers' side of a ring. The writers' side and the rules are in ring.h. Every function
 * here may run on any CPU.
 */
#include "ring/ring.h"

#include <linux/sched.h>
#include <linux/string.h>

/* Slots to initialise before the next cond_resched(): each may be a cache miss. */
#define RING_INIT_BATCH	1024

/**
 * ring_init() - initialise an empty ring
 * @ring: the ring, not visible to a writer yet
 * @slots: its slots
 * @nr: the number of slots, a power of two, at least 2
 *
 * Context: process, may sleep.
 */
void ring_init(struct ring *ring, struct ring_slot *slots, unsigned long nr)
{
	unsigned long i;

	memset(ring, 0, sizeof(*ring));
	ring->mask = nr - 1;
	ring->slots = slots;
	/* Each slot looks as if its record of the round before position 0 were complete. */
	for (i = 0; i < nr; i++) {
		slots[i].seq = i - ring->mask;
		if (!(i % RING_INIT_BATCH))
			cond_resched();
	}
}

/**
 * ring_copy() - copy the record at a position, if it is whole
 * @ring: the ring
 * @pos: the position; its record may have been overwritten
 * @to: set to the slot; undefined unless RING_WHOLE is returned
 *
 * Context: any; no lock needed.
 *
 * Return: what was found.
 */
enum ring_found ring_copy(const struct ring *ring, unsigned long pos,
			  struct ring_slot *to)
{
	const struct ring_slot *slot = &ring->slots[pos & ring->mask];
	u64 seq;

	/* Pairs with the release in ring_publish(). */
	seq = smp_load_acquire(&slot->seq);
	if (seq == pos + 1) {
		/* A writer may overwrite the slot meanwhile. Then the copy is discarded. */
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
 * ring_overtaken() - find the oldest position that is not overwritten
 * @ring: the ring; ring_copy() has just returned RING_GONE
 *
 * Return: the position. All records before it are overwritten, or about to be.
 */
unsigned long ring_overtaken(const struct ring *ring)
{
	/* Seq before head: ring_copy() ends with the barrier. */
	return local_read(&ring->head) - ring->mask - 1;
}

/**
 * ring_span() - count consecutive complete records
 * @ring: the ring
 * @pos: the position of the first
 * @max: the highest number to return
 *
 * The caller may read these records in place, and then ask ring_holds() whether a writer has
 * overwritten any of them meanwhile. The span ends at the end of the slots.
 *
 * Context: any; no lock needed.
 *
 * Return: the number of records, 0 if the first is not complete.
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
 * ring_holds() - does the ring still hold a record and all later ones?
 * @ring: the ring
 * @pos: the record's position; the record was complete before
 *
 * Context: any; no lock needed.
 *
 * Return: true if no writer has begun to overwrite them. Then all that the caller has read of
 * them so far is valid.
 */
bool ring_holds(const struct ring *ring, unsigned long pos)
{
	/* Data before head: pairs with ring_claim(). */
	smp_rmb();
	return local_read(&ring->head) - pos <= ring->mask + 1;
}

/**
 * ring_window() - find the positions that the ring holds and nobody has consumed
 * @ring: the ring
 * @end: set to the position after the newest
 *
 * Context: any. The result is out of date at once unless the caller holds the consumers' lock
 * and no writer is running.
 *
 * Return: the oldest position, *@end if there is none.
 */
unsigned long ring_window(const struct ring *ring, unsigned long *end)
{
	unsigned long tail = READ_ONCE(ring->tail);
	unsigned long held = ring->mask + 1;

	/* Tail before head, so the tail that is read is never beyond the head. */
	smp_rmb();
	*end = local_read(&ring->head);
	return *end - tail > held ? *end - held : tail;
}

/**
 * ring_oldest() - move the tail past the records that were overwritten, and count them
 * @ring: the ring
 *
 * Context: the caller holds the consumers' lock.
 *
 * Return: the oldest position that the ring holds and nobody has consumed.
 */
unsigned long ring_oldest(struct ring *ring)
{
	unsigned long end, oldest = ring_window(ring, &end);

	if (oldest != ring->tail) {
		ring->overwritten += oldest - ring->tail;
		/* Pairs with the acquire in ring_has_room(). */
		smp_store_release(&ring->tail, oldest);
	}
	return oldest;
}

/**
 * ring_consumed() - let writers reuse the slots up to a position
 * @ring: the ring
 * @pos: the last position that the caller has read, at or after ring_oldest()
 *
 * Context: the caller has held the consumers' lock since ring_oldest().
 */
void ring_consumed(struct ring *ring, unsigned long pos)
{
	/* After the copy: pairs with the acquire in ring_has_room(). */
	smp_store_release(&ring->tail, pos + 1);
}

/**
 * ring_clear() - drop all records and restart the accounts
 * @ring: the ring
 *
 * Context: the caller holds the consumers' lock. Writers may be running.
 */
void ring_clear(struct ring *ring)
{
	unsigned long head = local_read(&ring->head);

	ring->overwritten = 0;
	ring->base_tail = head;
	ring->base_dropped = local_read(&ring->dropped);
	/* Pairs with the acquire in ring_has_room(). */
	smp_store_release(&ring->tail, head);
}

/**
 * ring_account() - count what became of all records since the accounts were started
 * @ring: the ring
 * @account: set to the counts
 *
 * Context: the caller holds the consumers' lock. Writers may be running.
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
 * ring_account_add() - add one account to another
 * @to: the sum
 * @more: the account to add
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
 * Context: any. Without the consumers' lock, the result is a hint.
 *
 * Return: true if no record is complete. The writer of one that is not complete yet will wake
 * the readers.
 */
bool ring_is_empty(const struct ring *ring)
{
	unsigned long tail = READ_ONCE(ring->tail);

	return (s64)(READ_ONCE(ring->slots[tail & ring->mask].seq) - (tail + 1)) < 0;
}
