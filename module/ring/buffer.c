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
 * buffer_look() - begin to read what a CPU's ring holds now, without consuming it
 * @cpu: the CPU
 * @cursor: set to the records that nobody has consumed; if there is no ring, @id is not set.
 *	buffer_peek() finds out which of them have been overwritten.
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
		ring_window(ring, &cursor->end);	/* read after tail, so @pos <= @end */
	}
	rcu_read_unlock();
}

/**
 * buffer_peek() - copy the next record without consuming it
 * @cpu: the CPU
 * @cursor: from buffer_look(); moved past the record
 * @to: set to the record
 * @lost: raised by the number of records before it that were overwritten
 *
 * Return: false if there are no more records, or the next one is still being written.
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
		/* Skip all that is overwritten at once. */
		oldest = min(ring_overtaken(ring), cursor->end);
		*lost += oldest - cursor->pos;
		cursor->pos = oldest;
	}
	rcu_read_unlock();
	return found == RING_WHOLE;
}

/**
 * buffer_lock() - become the only reader that consumes
 * @cpu: the CPU whose records are consumed, or BUFFER_ALL
 *
 * Context: process, may sleep.
 *
 * Return: 0 or -EINTR.
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
 * buffer_next() - copy the oldest record that nobody has consumed
 * @cpu: the CPU
 * @to: set to the record
 * @lost: raised by the number of records that were overwritten before anybody read them
 *
 * The record stays in the ring until buffer_consumed(). If a writer overwrites it before that,
 * it still counts as read.
 *
 * Context: the caller holds buffer_lock().
 *
 * Return: false if there is none.
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
 * buffer_consumed() - consume the record that buffer_next() has copied
 * @cpu: the CPU
 *
 * Context: the caller has held buffer_lock() since buffer_next().
 */
void buffer_consumed(unsigned int cpu)
{
	struct ring *ring = buffer_ring(cpu);

	ring_consumed(ring, ring->tail);
}

/**
 * buffer_span() - find the oldest records that nobody has consumed, to read them in place
 * @cpu: the CPU
 * @max: the highest number to return
 * @first: set to the first record; the others follow it
 *
 * A writer may overwrite them at any time; buffer_span_consumed() says if it has.
 *
 * Context: the caller holds buffer_lock().
 *
 * Return: the number of records; 0 if there is none, or a writer is overwriting the first.
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
 * buffer_span_consumed() - consume records that buffer_span() has found
 * @cpu: the CPU
 * @nr: how many, from the first on
 *
 * Context: the caller has held buffer_lock() since buffer_span().
 *
 * Return: false if a writer has begun to overwrite one of them. Then none is consumed.
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
 * @cpu: the CPU, or BUFFER_ALL
 *
 * Context: process, may sleep.
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
	/* The CPU refused these while it had no ring, see buffer_prepare(). */
	account->written += refused;
	account->dropped += refused;
	account->filtered += READ_ONCE(b->filtered) - b->base_filtered;
}

/**
 * buffer_account() - count what became of all records
 * @cpu: the CPU, or BUFFER_ALL for the sum
 * @account: set to the counts since the accounts were started
 *
 * Context: process, may sleep.
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
