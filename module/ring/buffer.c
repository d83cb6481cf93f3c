// SPDX-License-Identifier: GPL-2.0
#include "ring/buffer.h"

#include <linux/cpumask.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/string.h>

DEFINE_PER_CPU(struct buffer_cpu, buffer_cpus);

bool buffer_on __read_mostly = true;
bool buffer_overwrite __read_mostly = true;

DECLARE_RWSEM(buffer_access);

/**
 * buffer_look() - start to look at what a CPU's ring holds now
 * @cpu: whose
 * @cursor: set to what is not consumed; buffer_peek() finds out which of it is gone
 */
void buffer_look(unsigned int cpu, struct buffer_cursor *cursor)
{
	struct buffer_cpu *b = buffer_of(cpu);
	struct ring *ring;

	rcu_read_lock();
	cursor->pos = 0;
	cursor->end = 0;
	ring = rcu_dereference(b->ring);
	if (ring) {
		cursor->id = ring->id;
		cursor->pos = READ_ONCE(ring->tail);
		ring_window(ring, &cursor->end);	/* tail before head: never passed */
	}
	rcu_read_unlock();
}

/**
 * buffer_peek() - copy the next record, consuming nothing
 * @cpu: whose
 * @cursor: from buffer_look(), moves on
 * @to: where to
 * @lost: raised by the records that were overwritten before it, and not consumed
 *
 * Return: false when there is no more.
 */
bool buffer_peek(unsigned int cpu, struct buffer_cursor *cursor,
		 struct ring_slot *to, unsigned long *lost)
{
	struct buffer_cpu *b = buffer_of(cpu);
	enum ring_found found = RING_TO_COME;
	unsigned long oldest;
	struct ring *ring;

	rcu_read_lock();
	ring = rcu_dereference(b->ring);
	while (ring && ring->id == cursor->id && cursor->pos != cursor->end) {
		found = ring_copy(ring, cursor->pos, to);
		if (found != RING_GONE) {
			cursor->pos++;
			break;
		}
		/* Overwritten; this needs no loop to find out how much. */
		oldest = min(ring_overtaken(ring), cursor->end);
		*lost += oldest - cursor->pos;
		cursor->pos = oldest;
	}
	rcu_read_unlock();
	return found == RING_WHOLE;
}

/**
 * buffer_lock() - become the only consumer
 * @cpu: of which CPU's records, or BUFFER_ALL
 *
 * Context: process, may sleep. Return: 0 or -EINTR.
 */
int buffer_lock(int cpu)
{
	int err;

	if (cpu == BUFFER_ALL)
		return down_write_killable(&buffer_access);
	err = down_read_killable(&buffer_access);
	if (err)
		return err;
	err = mutex_lock_interruptible(&buffer_of(cpu)->lock);
	if (err)
		up_read(&buffer_access);
	return err;
}

/**
 * buffer_unlock() - let other readers consume
 * @cpu: as for buffer_lock()
 */
void buffer_unlock(int cpu)
{
	if (cpu == BUFFER_ALL) {
		up_write(&buffer_access);
		return;
	}
	mutex_unlock(&buffer_of(cpu)->lock);
	up_read(&buffer_access);
}

/**
 * buffer_next() - copy the oldest record that was not consumed
 * @cpu: whose
 * @to: where to
 * @lost: raised by the records that were overwritten before
 *
 * Context: has buffer_lock(). The record stays until buffer_consumed(), unless a writer
 * overwrites it; then it counts as read nevertheless.
 *
 * Return: false when there is none.
 */
bool buffer_next(unsigned int cpu, struct ring_slot *to, unsigned long *lost)
{
	struct ring *ring = buffer_ring(cpu);
	enum ring_found found;
	unsigned long before;

	if (!ring)
		return false;
	do {
		before = ring->overwritten;
		found = ring_copy(ring, ring_oldest(ring), to);
		*lost += ring->overwritten - before;
	} while (found == RING_GONE);
	return found == RING_WHOLE;
}

/**
 * buffer_consumed() - the reader has taken the record of buffer_next()
 * @cpu: whose
 */
void buffer_consumed(unsigned int cpu)
{
	struct ring *ring = buffer_ring(cpu);

	ring_consumed(ring, ring->tail);
}

/**
 * buffer_span() - the oldest records that were not consumed, in place
 * @cpu: whose
 * @max: the most to return
 * @first: set to the first; the others follow it
 *
 * Context: has buffer_lock(). A writer may overwrite them, see
 * buffer_span_consumed().
 *
 * Return: how many; 0 if there are none, or a writer is overwriting the first.
 */
unsigned long buffer_span(unsigned int cpu, unsigned long max, const struct ring_slot **first)
{
	struct ring *ring = buffer_ring(cpu);
	unsigned long pos;

	if (!ring)
		return 0;
	pos = ring_oldest(ring);
	*first = &ring->slots[pos & ring->mask];
	return ring_span(ring, pos, max);
}

/**
 * buffer_span_consumed() - the reader has taken records of buffer_span()
 * @cpu: whose
 * @nr: how many, from the first on
 *
 * Return: false if one of them was overwritten since; then none is consumed.
 */
bool buffer_span_consumed(unsigned int cpu, unsigned long nr)
{
	struct ring *ring = buffer_ring(cpu);

	if (!ring_holds(ring, ring->tail))
		return false;
	ring_consumed(ring, ring->tail + nr - 1);
	return true;
}

static void buffer_clear_cpu(unsigned int cpu)
{
	struct buffer_cpu *b = buffer_of(cpu);
	struct ring *ring = buffer_ring(cpu);

	memset(&b->past, 0, sizeof(b->past));
	b->base_refused = READ_ONCE(b->refused);
	b->base_filtered = READ_ONCE(b->filtered);
	if (ring)
		ring_clear(ring);
}

/**
 * buffer_clear() - drop all records and restart the accounts
 * @cpu: where, or BUFFER_ALL
 *
 * Return: 0 or -EINTR.
 */
int buffer_clear(int cpu)
{
	unsigned int i;
	int err = buffer_lock(cpu);

	if (err)
		return err;
	if (cpu != BUFFER_ALL)
		buffer_clear_cpu(cpu);
	else
		for_each_possible_cpu(i)
			buffer_clear_cpu(i);
	buffer_unlock(cpu);
	return 0;
}

static void buffer_account_cpu(unsigned int cpu, struct ring_account *account)
{
	struct buffer_cpu *b = buffer_of(cpu);
	struct ring *ring = buffer_ring(cpu);
	unsigned long refused = READ_ONCE(b->refused) - b->base_refused;
	struct ring_account now;

	ring_account_add(account, &b->past);
	if (ring) {
		ring_account(ring, &now);
		ring_account_add(account, &now);
	}
	/* A CPU without a ring has refused records; see buffer_prepare(). */
	account->written += refused;
	account->dropped += refused;
	account->filtered += READ_ONCE(b->filtered) - b->base_filtered;
}

/**
 * buffer_account() - count what became of all records
 * @cpu: of which CPU, or BUFFER_ALL for the sum
 * @account: set
 *
 * Return: 0 or -EINTR.
 */
int buffer_account(int cpu, struct ring_account *account)
{
	unsigned int i;
	int err = buffer_lock(cpu);

	if (err)
		return err;
	memset(account, 0, sizeof(*account));
	if (cpu != BUFFER_ALL)
		buffer_account_cpu(cpu, account);
	else
		for_each_possible_cpu(i)
			buffer_account_cpu(i, account);
	buffer_unlock(cpu);
	return 0;
}
