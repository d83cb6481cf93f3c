/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One CPU's ring of slots of a fixed size. This code knows nothing of TCP, does not allocate or
 * wait, and also compiles in user space.
 *
 * Writers run only on the ring's own CPU and may nest: a softirq may interrupt
 * a writer in process context at any instruction and write records of its own.
 * Readers may run on any CPU. The caller serialises those that consume records.
 *
 * Positions count up from 0 and never wrap in practice (unsigned long, 64 bit).
 * The slot of position p is p & mask. Its first word is the slot's state:
 *
 *	p		a writer has claimed position p and is filling the slot
 *	p + 1		record p is complete
 *
 * No two slots ever hold the same number, so one load tells a reader whether the record at
 * its position is still to come, complete, or overwritten. This requires at least two slots:
 * with one, "record p is complete" and "position p + 1 is claimed" would be the same number.
 *
 * A writer claims a position only if the previous record in its slot is complete. If nested
 * writers go once around the ring, they reach the slot that the interrupted writer is still
 * filling. They drop their own record and count it, so no record is torn.
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
	u64 seq;			/* state of the slot; in the end, the record's number */
	u8  data[RING_SLOT_SIZE - sizeof(u64)];
} __aligned(RING_SLOT_SIZE);

/* A slot fills whole cache lines, so no two records share one. */
static_assert(sizeof(struct ring_slot) == RING_SLOT_SIZE);
/* 2^64 records take centuries, 2^32 only minutes. */
static_assert(sizeof(unsigned long) == sizeof(u64));

/**
 * struct ring - the records of one CPU
 * @head: next position to claim; only the ring's CPU writes it
 * @dropped: number of records that were refused; only the ring's CPU writes it
 * @mask: number of slots, a power of two, minus one
 * @slots: the records
 * @id: distinguishes a ring from the one that it replaced
 * @tail: next position to consume. Consumers write it, under the caller's lock; writers that
 *	must not overwrite read it.
 * @overwritten: number of records that were overwritten before a consumer read them. This and
 *	the two members below belong to the consumers.
 * @base_tail: @tail when the accounts last started from 0
 * @base_dropped: @dropped at that time
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
 * @written: records offered to the ring
 * @read: consumed
 * @pending: in the ring, not consumed
 * @overwritten: overwritten by a newer record, or lost with a ring that was replaced
 * @dropped: never stored: the ring was full, or the slot was still being filled
 * @filtered: refused by the filter, so never offered; the ring does not count these
 *
 * written = read + pending + overwritten + dropped, at every instant.
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
	RING_TO_COME,		/* not claimed yet, or being written */
	RING_GONE,		/* overwritten */
};

/*
 * Is the slot's previous record complete, and may it be overwritten? The answer is for @pos: if
 * head has moved on, the caller asks again.
 */
static inline bool ring_has_room(const struct ring *ring, const struct ring_slot *slot,
				 unsigned long pos, bool overwrite)
{
	if (unlikely(READ_ONCE(slot->seq) != pos - ring->mask))
		return false;
	/* Pairs with the releases in ring_oldest(), ring_consumed() and ring_clear(). */
	return overwrite || pos - smp_load_acquire(&ring->tail) <= ring->mask;
}

/**
 * ring_claim() - claim a slot to fill
 * @ring: the ring of this CPU
 * @overwrite: if the ring is full, overwrite the oldest record; otherwise drop the new one
 *
 * Context: any but NMI, preemption disabled, on the ring's CPU; may nest.
 *
 * Return: the slot, to be passed to ring_publish(); NULL, and counted as dropped, if there is
 * none.
 */
static inline struct ring_slot *ring_claim(struct ring *ring, bool overwrite)
{
	unsigned long pos = local_read(&ring->head), seen;
	struct ring_slot *slot;

	for (;; pos = seen) {	/* try again if a nested writer has moved head */
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
 * ring_publish() - let readers see the record in a slot
 * @slot: from ring_claim(), filled
 *
 * Context: as ring_claim(), with preemption disabled since then.
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
