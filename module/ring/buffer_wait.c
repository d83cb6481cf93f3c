// SPDX-License-Identifier: GPL-2.0
/* Waiting until there is a record. */
#include "ring/buffer.h"

#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/sched.h>
#include <linux/workqueue.h>

/*
 * A sleeper is woken this long after the first record that it waits for. It then finds a
 * batch, and the writer pays for one wake-up in 20 ms instead of one for each record.
 */
#define WAKE_DELAY	msecs_to_jiffies(20)

static DECLARE_WAIT_QUEUE_HEAD(buffer_wait_all);

static void buffer_wake_work(struct work_struct *work);

/* One work for all CPUs and all sleepers. */
static DECLARE_DELAYED_WORK(buffer_wake_later, buffer_wake_work);

/* A reader went to sleep while the work was about to run: run it once more. */
static bool buffer_expected;

/*
 * The writer has no barrier between its record and its look at @waiting. If a record crosses
 * that store, this work finds it later, when both stores have long been visible.
 */
static void buffer_look_back(void)
{
	if (schedule_delayed_work(&buffer_wake_later, WAKE_DELAY))
		return;
	WRITE_ONCE(buffer_expected, true);
	/* If the work has started since, it may not have seen the flag. */
	schedule_delayed_work(&buffer_wake_later, WAKE_DELAY);
}

/* Another CPU writes this, too: store only a change. */
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
 * A reader sleeps until this CPU has a record. If there is none and @waiting is not set,
 * another reader took the record: then the flag must be set again.
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

/* A reader that slept before the work was scheduled is in a queue when the work runs. */
static bool buffer_is_awaited(int cpu)
{
	/* Pairs with the barrier of the caller that queued the work: it saw the sleeper's flag. */
	return waitqueue_active(buffer_waitqueue(cpu));
}

/*
 * Runs in a worker, some time after a record was written or expected. Skips CPUs that nobody
 * waits for.
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
 * buffer_init_cpu() - prepare waiting for a CPU
 * @b: the CPU's
 */
void buffer_init_cpu(struct buffer_cpu *b)
{
	init_waitqueue_head(&b->wait);
	mutex_init(&b->lock);
}

/** buffer_wait_stop() - stop the work; no reader is left */
void buffer_wait_stop(void)
{
	cancel_delayed_work_sync(&buffer_wake_later);
}

/**
 * buffer_wake() - wake readers, for there is a record
 *
 * Context: that of the writer: any but NMI, preemption disabled. Takes the lock of a timer
 * base; no hooked function is called under it.
 */
void buffer_wake(void)
{
	this_cpu_write(buffer_cpus.waiting, false);
	schedule_delayed_work(&buffer_wake_later, WAKE_DELAY);
}

/**
 * buffer_wake_all() - make the readers of all CPUs look again
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
 * A reader that found nothing and is on buffer_waitqueue() calls this before each sleep. It
 * may be woken although there is no record.
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
 * buffer_waitqueue() - where readers of @cpu, or of BUFFER_ALL, sleep
 * @cpu: which
 */
wait_queue_head_t *buffer_waitqueue(int cpu)
{
	return cpu == BUFFER_ALL ? &buffer_wait_all : &buffer_of(cpu)->wait;
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
	for_each_ring(i)
		if (!buffer_cpu_is_empty(i))
			return false;
	return true;
}
