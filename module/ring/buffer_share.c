// SPDX-License-Identifier: GPL-2.0
/* Computes the size of each ring: the requested size, within a bound for all CPUs together. */
#include "ring/buffer_share.h"

#include <linux/minmax.h>
#include <linux/mm.h>

static_assert(BUFFER_KB_MIN * 1024 / RING_SLOT_SIZE >= 2);

#define SLOTS_MIN	(BUFFER_KB_MIN * 1024UL / RING_SLOT_SIZE)
#define NO_BOUND	ULONG_MAX

/* Written at load, or with buffer_resizing held. */
static unsigned long buffer_asked;	/* requested slots of each ring */
static unsigned long buffer_nr_slots;	/* slots of each ring within the bound */
static unsigned long buffer_bound;	/* slots of all rings together */

struct cpumask buffer_cpumask;

static void buffer_set_size(unsigned long asked, unsigned long nr, unsigned long bound)
{
	WRITE_ONCE(buffer_asked, asked);
	WRITE_ONCE(buffer_nr_slots, nr);
	buffer_bound = bound;
}

/**
 * buffer_share_set() - set the size of all rings, and lift the bound
 * @nr: slots of each ring
 *
 * Context: the caller holds buffer_resizing.
 */
void buffer_share_set(unsigned long nr)
{
	buffer_set_size(nr, nr, NO_BOUND);
}

/* Slots of the bound that no ring has taken yet. The caller holds buffer_resizing. */
static unsigned long buffer_rest(void)
{
	unsigned long rest = buffer_bound;
	unsigned int cpu;

	for_each_ring(cpu)
		rest -= min(rest, rcu_dereference_protected(buffer_of(cpu)->ring, true)->mask + 1);
	return rest;
}

/* Count the CPUs without a ring: @cpu, and those in @among. */
static unsigned int buffer_missing(unsigned int cpu, const struct cpumask *among)
{
	unsigned int other, missing = 1;

	for_each_cpu(other, among)
		missing += other != cpu && !cpumask_test_cpu(other, &buffer_cpumask);
	return missing;
}

/**
 * buffer_share() - compute the size of a CPU's new ring
 * @cpu: the CPU
 *
 * At load, the online CPUs share the bound. A CPU that comes online later gets only a part of
 * what is left, because the other present CPUs may come online, too.
 *
 * Context: the caller holds buffer_resizing.
 *
 * Return: the number of slots.
 */
unsigned long buffer_share(unsigned int cpu)
{
	unsigned int missing;

	if (buffer_bound == NO_BOUND)
		return buffer_nr_slots;
	missing = buffer_missing(cpu, cpu_online(cpu) ? cpu_online_mask : cpu_present_mask);
	return min(buffer_nr_slots,
		   rounddown_pow_of_two(max(buffer_rest() / missing, SLOTS_MIN)));
}

static unsigned long slots_to_kb(unsigned long slots)
{
	return slots * RING_SLOT_SIZE / 1024;
}

/* Is @kb between BUFFER_KB_MIN and @max? Report it in the log if not. */
static int buffer_check_kb(const char *name, unsigned int kb, unsigned int max)
{
	if (kb >= BUFFER_KB_MIN && kb <= max)
		return 0;
	pr_err_ratelimited("%s: %u is not within %u to %u\n", name, kb, BUFFER_KB_MIN, max);
	return -EINVAL;
}

/* Is there memory for @slots on each CPU? Report it in the log if not. */
static int buffer_check_memory(unsigned long slots)
{
	unsigned int cpu, cpus = 0;

	for_each_possible_cpu(cpu)
		cpus += ring_is_due(cpu);
	if ((u64)slots * RING_SLOT_SIZE * cpus <= (u64)si_mem_available() << PAGE_SHIFT)
		return 0;
	pr_err_ratelimited("buffer_size_kb: no memory for %lu on each of %u CPUs\n",
			   slots_to_kb(slots), cpus);
	return -ENOMEM;
}

/**
 * buffer_share_check() - may each CPU have a ring of this size?
 * @kb: the size of each ring
 *
 * Return: 0, -EINVAL or -ENOMEM. An error is also reported in the log.
 */
int buffer_share_check(unsigned int kb)
{
	int err = buffer_check_kb("buffer_size_kb", kb, BUFFER_KB_MAX);

	return err ? err : buffer_check_memory(kb_to_slots(kb));
}

/* Divide the bound among the online CPUs. Each gets the same number of slots. */
static int buffer_divide(unsigned int kb, unsigned int total_kb)
{
	const unsigned long asked = kb_to_slots(kb), bound = total_kb * 1024UL / RING_SLOT_SIZE;
	const unsigned int cpus = num_online_cpus();
	unsigned long nr;

	nr = min(asked, rounddown_pow_of_two(max(bound / cpus, SLOTS_MIN)));
	buffer_set_size(asked, nr, bound);
	if (nr < asked)
		pr_info("buffer_size_kb: %lu, not %lu, on each of %u CPUs: buffer_total_kb is %u\n",
			slots_to_kb(nr), slots_to_kb(asked), cpus, total_kb);
	return buffer_check_memory(nr);
}

/**
 * buffer_share_start() - set the size of the rings at load
 * @kb: requested size of each ring
 * @total_kb: bound for all rings together
 *
 * Return: 0, -EINVAL or -ENOMEM. An error is also reported in the log.
 */
int buffer_share_start(unsigned int kb, unsigned int total_kb)
{
	int err = buffer_check_kb("buffer_size_kb", kb, BUFFER_KB_MAX);

	if (!err)
		err = buffer_check_kb("buffer_total_kb", total_kb, BUFFER_TOTAL_KB_MAX);
	return err ? err : buffer_divide(kb, total_kb);
}

/**
 * buffer_size_kb() - get the size of each CPU's ring
 *
 * Return: the size, KiB. The ring of a CPU that came online after load may be smaller.
 */
unsigned int buffer_size_kb(void)
{
	return slots_to_kb(READ_ONCE(buffer_nr_slots));
}

static unsigned long buffer_cpu_kb(unsigned int cpu)
{
	const struct ring *ring;
	unsigned long kb;

	rcu_read_lock();
	ring = rcu_dereference(buffer_of(cpu)->ring);
	kb = ring ? slots_to_kb(ring->mask + 1) : 0;
	rcu_read_unlock();
	return kb;
}

/**
 * buffer_memory() - get the size of one ring or all
 * @cpu: the CPU, or BUFFER_ALL for the sum
 * @memory: set to the size
 */
void buffer_memory(int cpu, struct buffer_memory *memory)
{
	unsigned int i;

	memory->kb = 0;
	memory->asked_kb = 0;
	for_each_possible_cpu(i) {
		if ((cpu != BUFFER_ALL && cpu != i) || !ring_is_due(i))
			continue;
		memory->kb += buffer_cpu_kb(i);
		memory->asked_kb += slots_to_kb(READ_ONCE(buffer_asked));
	}
}
