/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One CPU's ring of fixed slots. It knows no TCP, does not allocate or wait, and compiles
 * in user space.
 *
 * Writers run only on the ring's own CPU and may nest: a softirq may interrupt
 * a writer in process context at any instruction and write records of its own.
 * Readers may run on any CPU; those that consume are serialised by the caller.
 *
 * Positions count up from 0 and never wrap in practice (unsigned long, 64 bit).
 * The slot of position p is p & mask. Its first word is the slot's state:
 *
 *	p		claimed for position p, being written
 *	p + 1		record p is complete
 *
 * A slot therefore never holds a number that belongs to another slot, and one load tells a
 * reader whether its record is still to come, there, or gone. This requires two slots: with
 * one, "record p is complete" and "p + 1 is claimed" would be the same number.
 *
 * A position is claimed only if the slot's last record is complete. So a writer that nests
 * so deep that it reaches the slot which the interrupted writer is still filling loses its
 * own record, which is counted, and no record is torn.
 */
#ifndef TCP_TEARDOWN_RING_H
#define TCP_TEARDOWN_RING_H

#include <linux/build_bug.h>
#include <linux/cache.h>
#include <linux/compiler.h>
#include <linux/types.h>
#include <asm/barrier.h>
#include <asm/local.h>

#define RING_SLOT_SIZE	256

struct ring_slot {
	u64 seq;			/* becomes the record's number */
	u8  data[RING_SLOT_SIZE - sizeof(u64)];
} __aligned(RING_SLOT_SIZE);

/* One slot, in whole cache lines, so that no two records share one. */
static_assert(sizeof(struct ring_slot) == RING_SLOT_SIZE);
/* 2^64 records take centuries, 2^32 only minutes. */
static_assert(sizeof(unsigned long) == sizeof(u64));

/**
 * struct ring - one CPU's records
 * @head: next position to claim; written by the ring's CPU alone
 * @dropped: records refused; written by the ring's CPU alone
 * @mask: number of slots, a power of two, less one
 * @slots: the records
 * @id: distinguishes a ring from the one that it replaced
 * @tail: next position to consume; written by the reader who holds the
 *	caller's lock, read by writers that must not overwrite
 * @overwritten: records that were overwritten before they were read; reader's
 * @base_tail: @tail when the accounts were last opened; reader's
 * @base_dropped: the same of @dropped
 */
struct ring {
	local_t head;
	local_t dropped;
	unsigned long mask;
	struct ring_slot *slots;
	unsigned long id;
	unsigned long tail ____cacheline_aligned_in_smp;
	unsigned long overwritten;
	unsigned long base_tail;
	unsigned long base_dropped;
};

/**
 * struct ring_account - what became of all records
 *
 * written = read + pending + overwritten + dropped, at every instant.
 *
 * @written: records offered to the ring
 * @read: consumed
 * @pending: held, not consumed
 * @overwritten: lost to a newer record, or with a ring that was replaced
 * @dropped: never stored: the ring was full, or the slot was still being filled
 * @filtered: refused by the filter, so never offered; not counted by the ring
 */
struct ring_account {
	u64 written;
	u64 read;
	u64 pending;
	u64 overwritten;
	u64 dropped;
	u64 filtered;
};

/* What ring_copy() found at a position. */
enum ring_found {
	RING_WHOLE,		/* copied */
	RING_TO_COME,		/* not written yet, or being written */
	RING_GONE,		/* overwritten */
};

/* Is the slot's last record complete, and may it be overwritten? head may have moved. */
static inline bool ring_has_room(const struct ring *ring, const struct ring_slot *slot,
				 unsigned long pos, bool overwrite)
{
	if (unlikely(READ_ONCE(slot->seq) != pos - ring->mask))
		return false;
	/* Pairs with the release in ring_consumed(). */
	return overwrite || pos - smp_load_acquire(&ring->tail) <= ring->mask;
}

/**
 * ring_claim() - get a slot to fill
 * @ring: the ring of this CPU
 * @overwrite: overwrite the oldest record if the ring is full; otherwise refuse
 *
 * Context: any but NMI, preemption disabled, on the ring's CPU; may nest.
 *
 * Return: the slot, for ring_publish(); or NULL, which is counted.
 */
static inline struct ring_slot *ring_claim(struct ring *ring, bool overwrite)
{
	unsigned long pos = local_read(&ring->head), seen;
	struct ring_slot *slot;

	for (;; pos = seen) {	/* a nested writer was here: it may have filled the slot */
		slot = &ring->slots[pos & ring->mask];
		if (likely(ring_has_room(ring, slot, pos, overwrite))) {
			seen = local_cmpxchg(&ring->head, pos, pos + 1);
			if (likely(seen == pos))
				break;
			continue;
		}
		seen = local_read(&ring->head);
		if (seen == pos) {
			local_inc(&ring->dropped);
			return NULL;
		}
	}
	/* Head before seq: a reader that finds the old record gone finds head moved. */
	smp_wmb();
	WRITE_ONCE(slot->seq, pos);
	/* Seq before data: a reader that finds new data finds the old record gone. */
	smp_wmb();
	return slot;
}

/**
 * ring_publish() - the slot is filled
 * @slot: from ring_claim()
 *
 * Context: as ring_claim(), in the same section.
 */
static inline void ring_publish(struct ring_slot *slot)
{
	/* Data before seq: pairs with the acquire in ring_copy(). */
	smp_store_release(&slot->seq, slot->seq + 1);
}

void ring_init(struct ring *ring, struct ring_slot *slots, unsigned long nr);
enum ring_found ring_copy(const struct ring *ring, unsigned long pos,
			  struct ring_slot *to);
unsigned long ring_overtaken(const struct ring *ring);
unsigned long ring_span(const struct ring *ring, unsigned long pos, unsigned long max);
bool ring_holds(const struct ring *ring, unsigned long pos);
unsigned long ring_window(const struct ring *ring, unsigned long *end);
unsigned long ring_oldest(struct ring *ring);
void ring_consumed(struct ring *ring, unsigned long pos);
void ring_clear(struct ring *ring);
void ring_account(struct ring *ring, struct ring_account *account);
void ring_account_add(struct ring_account *to, const struct ring_account *more);
bool ring_is_empty(const struct ring *ring);

#endif
