// SPDX-License-Identifier: GPL-2.0
/* Waiting until there is a record. */
#include "buffer.h"

#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/sched.h>

/*
 * A sleeper is woken this long after the first record that it waits for. It
 * then finds a batch, and the writer pays for one wake-up in 20 ms, not for one
 * a record.
 */
#define WAKE_DELAY	msecs_to_jiffies(20)

static DECLARE_WAIT_QUEUE_HEAD(buffer_wait_all);

static void buffer_expect_cpu(struct buffer_cpu *b)
{
	WRITE_ONCE(b->waiting, true);
	/*
	 * The writer has no barrier between its record and its look at
	 * @waiting; a record that crosses this store is found by a look back,
	 * when both have long been seen. The work may be about to run now: that
	 * does not count.
	 */
	WRITE_ONCE(b->expected, true);
	schedule_delayed_work(&b->wake, WAKE_DELAY);
}

/*
 * Runs in a worker, some time after a record was written or expected. When
 * @waiting is still set, no record has come, and the sleepers sleep on; if one of
 * them has just gone to sleep, look once more. When it is not set, and the record
 * is gone, another reader has had it: look once more.
 */
static void buffer_wake_work(struct work_struct *work)
{
	struct buffer_cpu *b = container_of(to_delayed_work(work),
					    struct buffer_cpu, wake);
	bool expected = xchg(&b->expected, false);
	struct ring *ring;
	bool empty;

	rcu_read_lock();
	ring = rcu_dereference(b->ring);
	empty = !ring || ring_is_empty(ring);
	rcu_read_unlock();
	if (!empty) {
		wake_up_all(&b->wait);
		wake_up_all(&buffer_wait_all);
	} else if (expected) {
		schedule_delayed_work(&b->wake, WAKE_DELAY);
	} else if (!READ_ONCE(b->waiting)) {
		buffer_expect_cpu(b);
	}
}

/**
 * buffer_init_cpu() - prepare a CPU to be waited for
 * @b: the CPU's
 */
void buffer_init_cpu(struct buffer_cpu *b)
{
	INIT_DELAYED_WORK(&b->wake, buffer_wake_work);
	init_waitqueue_head(&b->wait);
	mutex_init(&b->lock);
}

/**
 * buffer_wake() - the record that somebody waits for is there
 *
 * Context: that of the writer: any but NMI, preemption disabled. Takes the lock
 * of a timer base, which no function that has a hook is called under.
 */
void buffer_wake(void)
{
	struct buffer_cpu *b = this_cpu_ptr(&buffer_cpus);

	WRITE_ONCE(b->waiting, false);
	schedule_delayed_work(&b->wake, WAKE_DELAY);
}

/**
 * buffer_wake_all() - have those who sleep for the records of all CPUs look anew
 *
 * Context: process.
 */
void buffer_wake_all(void)
{
	wake_up_all(&buffer_wait_all);
}

/**
 * buffer_expect() - ask for a wake-up
 * @cpu: whose records, or BUFFER_ALL
 *
 * To be called by a reader that found nothing and is on buffer_waitqueue(),
 * before each sleep. It may be woken for nothing.
 */
void buffer_expect(int cpu)
{
	unsigned int i;

	if (cpu != BUFFER_ALL)
		buffer_expect_cpu(buffer_of(cpu));
	else
		for_each_possible_cpu(i)
			if (rcu_access_pointer(buffer_of(i)->ring))
				buffer_expect_cpu(buffer_of(i));
}

/**
 * buffer_waitqueue() - where readers of @cpu, or of BUFFER_ALL, sleep
 * @cpu: which
 */
wait_queue_head_t *buffer_waitqueue(int cpu)
{
	return cpu == BUFFER_ALL ? &buffer_wait_all : &buffer_of(cpu)->wait;
}

static bool buffer_cpu_is_empty(unsigned int cpu)
{
	struct ring *ring;
	bool empty;

	rcu_read_lock();
	ring = rcu_dereference(buffer_of(cpu)->ring);
	empty = !ring || ring_is_empty(ring);
	rcu_read_unlock();
	return empty;
}

/**
 * buffer_is_empty() - is there nothing to consume?
 * @cpu: where, or BUFFER_ALL
 */
bool buffer_is_empty(int cpu)
{
	unsigned int i;

	if (cpu != BUFFER_ALL)
		return buffer_cpu_is_empty(cpu);
	for_each_possible_cpu(i)
		if (!buffer_cpu_is_empty(i))
			return false;
	return true;
}
