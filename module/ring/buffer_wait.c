// SPDX-License-Identifier: GPL-2.0
/* Readers wait here for records. */
#include "ring/buffer.h"

#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/sched.h>
#include <linux/workqueue.h>

/*
 * A sleeping reader is woken this long after the first record. By then there is a batch of
 * records, and the writer has paid for one wake-up in 20 ms instead of one for each record.
 */
#define WAKE_DELAY	msecs_to_jiffies(20)

static DECLARE_WAIT_QUEUE_HEAD(buffer_wait_all);

static void buffer_wake_work(struct work_struct *work);

/* One work item wakes the readers of all CPUs. */
static DECLARE_DELAYED_WORK(buffer_wake_later, buffer_wake_work);

/* A reader went to sleep when the work was pending already, so the work has to run again. */
static bool buffer_expected;

/*
 * Make sure that no wake-up is missed. The writer has no barrier between the store of its record
 * and the load of @waiting, so it may not see that the reader waits, while the reader does not
 * see the record. The work that is scheduled here looks 20 ms later, when both stores have
 * become visible.
 */
static void buffer_look_back(void)
{
	if (schedule_delayed_work(&buffer_wake_later, WAKE_DELAY))
		return;
	WRITE_ONCE(buffer_expected, true);
	/* If the work started before the store, it did not see the flag. */
	schedule_delayed_work(&buffer_wake_later, WAKE_DELAY);
}

/* The CPU that records clears this flag: avoid a store that changes nothing. */
static void buffer_arm(struct buffer_cpu *b)
{
	if (!READ_ONCE(b->waiting))
		WRITE_ONCE(b->waiting, true);
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

/*
 * Wake the readers that wait for this CPU, if it has a record. If it has none and @waiting is
 * clear, a writer cleared the flag and another reader took the record. Then set the flag again.
 */
static bool buffer_wake_cpu(unsigned int cpu, bool *again)
{
	struct buffer_cpu *b = buffer_of(cpu);

	if (!buffer_cpu_is_empty(cpu)) {
		wake_up_all(&b->wait);
		return true;
	}
	if (!READ_ONCE(b->waiting)) {
		buffer_arm(b);
		*again = true;
	}
	return false;
}

/* Does a reader wait for this CPU, or for all? */
static bool buffer_is_awaited(int cpu)
{
	/*
	 * A reader enters the queue before it sets @waiting. Whoever scheduled this work is that
	 * reader or has seen @waiting, and the work sees all that came before it was scheduled.
	 */
	return waitqueue_active(buffer_waitqueue(cpu));
}

/*
 * Runs in a worker, WAKE_DELAY after a writer saw @waiting or a reader went to sleep. It skips
 * CPUs that nobody waits for.
 */
static void buffer_wake_work(struct work_struct *work)
{
	bool again = xchg(&buffer_expected, false), found = false;
	const bool all = buffer_is_awaited(BUFFER_ALL);
	unsigned int cpu;

	for_each_ring(cpu)
		if (all || buffer_is_awaited(cpu))
			found |= buffer_wake_cpu(cpu, &again);
	if (found)
		wake_up_all(&buffer_wait_all);
	if (again)
		schedule_delayed_work(&buffer_wake_later, WAKE_DELAY);
}

/**
 * buffer_init_cpu() - initialise a CPU's lock and wait queue
 * @b: the CPU's part of the buffer
 */
void buffer_init_cpu(struct buffer_cpu *b)
{
	init_waitqueue_head(&b->wait);
	mutex_init(&b->lock);
}

/**
 * buffer_wait_stop() - stop the work that wakes readers
 *
 * Context: process, may sleep; no reader and no writer is left.
 */
void buffer_wait_stop(void)
{
	cancel_delayed_work_sync(&buffer_wake_later);
}

/**
 * buffer_wake() - wake the readers that wait for this CPU, a little later
 *
 * Context: that of the writer: any but NMI, preemption disabled. Takes the lock of a timer
 * base. The kernel calls no hooked function under that lock.
 */
void buffer_wake(void)
{
	this_cpu_write(buffer_cpus.waiting, false);
	schedule_delayed_work(&buffer_wake_later, WAKE_DELAY);
}

/**
 * buffer_wake_all() - wake the readers that wait for all CPUs
 *
 * Context: process.
 */
void buffer_wake_all(void)
{
	wake_up_all(&buffer_wait_all);
}

/**
 * buffer_expect() - ask for a wake-up when there is a record
 * @cpu: the CPU, or BUFFER_ALL
 *
 * A reader calls this before each sleep, after it has found no record and has entered
 * buffer_waitqueue(). It may be woken although there is no record.
 */
void buffer_expect(int cpu)
{
	unsigned int i;

	if (cpu != BUFFER_ALL)
		buffer_arm(buffer_of(cpu));
	else
		for_each_ring(i)
			buffer_arm(buffer_of(i));
	buffer_look_back();
}

/**
 * buffer_waitqueue() - get the queue in which readers sleep
 * @cpu: the CPU whose records they read, or BUFFER_ALL
 *
 * Return: the queue.
 */
wait_queue_head_t *buffer_waitqueue(int cpu)
{
	return cpu == BUFFER_ALL ? &buffer_wait_all : &buffer_of(cpu)->wait;
}

/**
 * buffer_is_empty() - is there nothing to consume?
 * @cpu: the CPU, or BUFFER_ALL
 *
 * Return: as ring_is_empty(); true if there is no ring.
 */
bool buffer_is_empty(int cpu)
{
	unsigned int i;

	if (cpu != BUFFER_ALL)
		return buffer_cpu_is_empty(cpu);
	for_each_ring(i)
		if (!buffer_cpu_is_empty(i))
			return false;
	return true;
}
