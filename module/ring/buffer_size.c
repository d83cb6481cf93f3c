// SPDX-License-Identifier: GPL-2.0
/* Makes, resizes and frees the rings. */
#include "ring/buffer.h"

#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/err.h>
#include <linux/slab.h>

#include "ring/buffer_alloc.h"
#include "ring/buffer_share.h"

/* Protects the size and the installation of rings; nests inside the CPU hotplug lock. */
static DEFINE_MUTEX(buffer_resizing);
static enum cpuhp_state buffer_hotplug;

/* Context: the caller holds buffer_resizing. */
static void ring_install(unsigned int cpu, struct ring *ring)
{
	static unsigned long id;

	ring->id = ++id;
	rcu_assign_pointer(buffer_of(cpu)->ring, ring);
	cpumask_set_cpu(cpu, &buffer_cpumask);
}

/*
 * A hotplug callback: a CPU gets its ring before it comes online for the first time, and keeps
 * it. If there is no memory, the CPU still comes online. It then refuses records and counts them.
 */
static int buffer_prepare(unsigned int cpu)
{
	struct ring *ring;

	mutex_lock(&buffer_resizing);
	if (!rcu_access_pointer(buffer_of(cpu)->ring)) {
		ring = ring_alloc(cpu, buffer_share(cpu));
		if (ring)
			ring_install(cpu, ring);
		else
			pr_warn("no memory for the ring of cpu %u\n", cpu);
	}
	mutex_unlock(&buffer_resizing);
	/* Readers of all CPUs set @waiting again, now for this CPU, too. */
	buffer_wake_all();
	return 0;
}

/* Allocate a ring for each CPU that should have one, unless @fresh has it already. */
static int buffer_alloc(struct ring **fresh, unsigned long nr)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		if (fresh[cpu] || !ring_is_due(cpu))
			continue;
		fresh[cpu] = ring_alloc(cpu, nr);
		if (!fresh[cpu])
			return -ENOMEM;
	}
	return 0;
}

/* Exchange the rings of @fresh with those in use. */
static void buffer_swap(struct ring **fresh)
{
	struct ring *old;
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		if (!fresh[cpu])
			continue;
		old = buffer_ring(cpu);
		ring_install(cpu, fresh[cpu]);
		fresh[cpu] = old;
	}
}

/* Add the accounts of a ring that no writer sees any more to those of its CPU. */
static void buffer_retire(unsigned int cpu, struct ring *ring)
{
	struct ring_account last;

	ring_account(ring, &last);
	last.overwritten += last.pending;
	last.pending = 0;
	ring_account_add(&buffer_of(cpu)->past, &last);
}

/*
 * Context: the caller holds buffer_access, so no reader consumes. Most memory is allocated
 * before the hotplug lock is taken, so that hotplug need not wait for it. The caller frees the
 * rings that are in @fresh afterwards, also after an error.
 */
static int buffer_replace(struct ring **fresh, unsigned long nr)
{
	unsigned int cpu;
	int err = buffer_alloc(fresh, nr);

	if (err)
		return err;
	cpus_read_lock();
	mutex_lock(&buffer_resizing);
	err = buffer_alloc(fresh, nr);	/* for CPUs that came online meanwhile */
	if (!err) {
		buffer_swap(fresh);
		buffer_share_set(nr);
	}
	mutex_unlock(&buffer_resizing);
	cpus_read_unlock();
	if (err)
		return err;
	synchronize_rcu();
	for_each_possible_cpu(cpu)
		if (fresh[cpu])
			buffer_retire(cpu, fresh[cpu]);
	buffer_wake_all();	/* as in buffer_prepare() */
	return 0;
}

/**
 * buffer_resize() - replace all rings by rings of another size
 * @kb: size of each CPU's ring, rounded up to a power of two. The bound buffer_total_kb, which
 *	was set at load, no longer applies.
 *
 * Records in the old rings that nobody has read count as overwritten.
 *
 * Context: process, may sleep.
 *
 * Return: 0, -EINVAL, -ENOMEM or -EINTR. On failure nothing changes.
 */
int buffer_resize(unsigned int kb)
{
	int err = buffer_share_check(kb);
	struct ring **fresh;
	unsigned int cpu;

	if (err)
		return err;
	fresh = kcalloc(nr_cpu_ids, sizeof(*fresh), GFP_KERNEL);
	if (!fresh)
		return -ENOMEM;
	/* Before the hotplug lock: a reader may be slow, and hotplug must not wait for it. */
	err = buffer_lock(BUFFER_ALL);
	if (!err) {
		err = buffer_replace(fresh, kb_to_slots(kb));
		buffer_unlock(BUFFER_ALL);
	}
	for_each_possible_cpu(cpu)
		ring_free(fresh[cpu]);
	kfree(fresh);
	return err;
}

static void buffer_free_all(void)
{
	struct buffer_cpu *b;
	unsigned int cpu;

	for_each_ring(cpu) {
		b = buffer_of(cpu);
		ring_free(rcu_dereference_protected(b->ring, true));
		RCU_INIT_POINTER(b->ring, NULL);
	}
}

/**
 * buffer_start() - allocate the rings
 * @kb: size of each CPU's ring, rounded up to a power of two
 * @total_kb: bound for all rings together. If need be, each CPU gets less than @kb, but at least
 *	BUFFER_KB_MIN.
 *
 * Return: 0, -EINVAL or -ENOMEM. An error is also reported in the log.
 */
int buffer_start(unsigned int kb, unsigned int total_kb)
{
	unsigned int cpu;
	int err = buffer_share_start(kb, total_kb);

	if (err)
		return err;
	for_each_possible_cpu(cpu)
		buffer_init_cpu(buffer_of(cpu));
	err = cpuhp_setup_prepare("net/tcp_teardown:prepare", buffer_prepare);
	if (err < 0) {
		pr_err("no rings: %pe\n", ERR_PTR(err));
		buffer_free_all();
		return err;
	}
	buffer_hotplug = err;
	for_each_online_cpu(cpu) {
		if (!rcu_access_pointer(buffer_of(cpu)->ring)) {
			buffer_stop();
			return -ENOMEM;
		}
	}
	return 0;
}

/**
 * buffer_stop() - free the rings
 *
 * Context: process, may sleep; no writer and no reader is left.
 */
void buffer_stop(void)
{
	cpuhp_remove_state_nocalls(buffer_hotplug);
	buffer_wait_stop();
	buffer_free_all();
}
