/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TCP_TEARDOWN_COMPAT_LINUX_CPU_H
#define TCP_TEARDOWN_COMPAT_LINUX_CPU_H

#include_next <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/cpumask.h>

/**
 * cpuhp_setup_prepare() - prepare the CPUs that are online, and each that comes later
 * @name: name of the hotplug state
 * @prepare: called now for each CPU that is online, and later for a CPU before it first
 *	runs; must not fail
 *
 * 5.10's cpuhp_setup_state() does not call the callback of a CPUHP_BP_PREPARE_DYN state for CPUs
 * that are online; later kernels and stable trees do. So this calls it itself, on every kernel.
 *
 * Context: process, may sleep.
 *
 * Return: the state, or an error.
 */
static inline int cpuhp_setup_prepare(const char *name, int (*prepare)(unsigned int cpu))
{
	unsigned int cpu;
	int state;

	cpus_read_lock();
	state = cpuhp_setup_state_nocalls_cpuslocked(CPUHP_BP_PREPARE_DYN, name,
						     prepare, NULL);
	if (state >= 0)
		for_each_online_cpu(cpu)
			prepare(cpu);
	cpus_read_unlock();
	return state;
}

#endif
