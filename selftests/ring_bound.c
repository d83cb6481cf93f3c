// SPDX-License-Identifier: GPL-2.0
/*
 * The memory of the rings: the bound over all CPUs, and the NUMA node of each ring.
 *
 * Shows: the online CPUs share buffer_total_kb, and the log says so; a CPU that comes
 * online later gets what is left, or the smallest ring if nothing is left; a CPU that was
 * never online has no ring; a size that is written applies to each CPU, also to later
 * ones; stats has the requested and the actual size; the pages of a ring are on its CPU's
 * NUMA node.
 *
 * Needs: root, debugfs; two CPUs, CPU hotplug and two NUMA nodes, or skips a case; it loads
 * the module itself.
 * Modes: smp slow
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/files.h"
#include "lib/ktap.h"
#include "lib/torture.h"

#define NODES 8
#define CPUS_MAX 1024

static bool pluggable;

static unsigned long figure(int cpu, const char *name)
{
	char *text = files_text(cpu, "stats"), *at = strstr(text, name);
	unsigned long value = at ? strtoul(at + strlen(name), NULL, 10) : ~0UL;

	free(text);
	return value;
}

static void check_ring(int cpu, unsigned long kb, unsigned long asked)
{
	unsigned long is = figure(cpu, "\nring_kb "), was = figure(cpu, "\nring_kb_asked ");

	CHECK(is == kb && was == asked, "cpu %d: %lu of %lu KiB, not %lu of %lu", cpu, is, was,
	      kb, asked);
}

static void load(const char *args, unsigned int size)
{
	long mark = log_mark();

	torture_load(args);
	CHECK(files_get("buffer_size_kb") == size, "%s: buffer_size_kb is %u", args,
	      files_get("buffer_size_kb"));
	CHECK(log_has(mark, "tcp_teardown: buffer_size_kb: ") == !!strstr(args, "total"),
	      "%s: what the log says", args);
}

static void test_shared(void)
{
	const unsigned int cpus = online_cpus();
	unsigned int size = 4096;
	char args[96];
	int cpu;

	/* The default does not fit into the bound on so many CPUs. */
	while (size * cpus > 131072)
		size /= 2;
	snprintf(args, sizeof(args), "buffer_size_kb=%u", size);
	load(args, size);
	check_ring(ALL_CPUS, (unsigned long)size * cpus, (unsigned long)size * cpus);
	/* 1 KiB too little for 128 KiB each. */
	snprintf(args, sizeof(args), "buffer_total_kb=%u", 128 * cpus - 1);
	load(args, 64);
	for (cpu = 0; cpu < (int)cpus; cpu++)
		check_ring(cpu, 64, 4096);
	check_ring(ALL_CPUS, 64 * cpus, 4096 * cpus);
	snprintf(args, sizeof(args), "buffer_total_kb=%u", cpus > 3 ? 16 : 4);
	load(args, 4);
	ktap_result("%u CPUs share the bound", cpus);
}

/* CPU 1 is offline when the module is loaded. */
static void comes(const char *args, unsigned int size, unsigned int later, unsigned int asked)
{
	CHECK(!cpu_plug(1, false), "CPU 1 does not go");
	load(args, size);
	check_ring(1, 0, 0);
	CHECK(!cpu_plug(1, true), "CPU 1 stays away");
	check_ring(0, size, asked);
	check_ring(1, later, asked);
}

static void test_late(void)
{
	const char *name = "a CPU that comes later gets what is left";

	if (!pluggable || online_cpus() != 2) {
		ktap_skip("needs two CPUs, and that one can be plugged", "%s", name);
		return;
	}
	comes("buffer_size_kb=64", 64, 64, 64);
	comes("buffer_size_kb=128 buffer_total_kb=120", 64, 32, 128);
	comes("buffer_total_kb=64", 64, 4, 4096);
	ktap_result("%s", name);
}

static void test_written(void)
{
	CHECK(!pluggable || !cpu_plug(1, false), "CPU 1 does not go");
	torture_load("buffer_total_kb=64");
	files_set("buffer_size_kb", 256);
	check_ring(0, 256, 256);
	if (pluggable) {
		CHECK(!cpu_plug(1, true), "CPU 1 stays away");
		check_ring(1, 256, 256);
	}
	CHECK(figure(ALL_CPUS, "\nring_kb ") == 256UL * online_cpus(), "%lu KiB in all",
	      figure(ALL_CPUS, "\nring_kb "));
	ktap_result("a size that is written applies to each CPU");
}

static int node_of(int cpu)
{
	char path[96];
	int node;

	for (node = 0; node < NODES; node++) {
		snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/node%d", cpu, node);
		if (!access(path, F_OK))
			return node;
	}
	return 0;
}

/* The pages of all rings, by node: vmallocinfo names the caller that allocated them. */
static void pages_of_rings(unsigned long *pages)
{
	FILE *file = fopen("/proc/vmallocinfo", "r");
	char line[1024], *at;

	REQUIRE(file, "no vmallocinfo");
	while (fgets(line, sizeof(line), file)) {
		if (!strstr(line, "[tcp_teardown]") || !strstr(line, " vmap "))
			continue;
		for (at = line; (at = strstr(at, " N")); at++)
			if (strtoul(at + 2, NULL, 10) < NODES && strchr(at, '='))
				pages[strtoul(at + 2, NULL, 10)] +=
					strtoul(strchr(at, '=') + 1, NULL, 10);
	}
	fclose(file);
}

static void test_node(void)
{
	unsigned long want[NODES] = { }, is[NODES] = { };
	const char *name = "a ring is on the node of its CPU";
	int cpu, node, nodes = 0;

	torture_load("buffer_size_kb=1024");
	for (cpu = 0; cpu < online_cpus(); cpu++)
		want[node_of(cpu)] += figure(cpu, "\nring_kb ") * 1024 / sysconf(_SC_PAGESIZE);
	for (node = 0; node < NODES; node++)
		nodes += want[node] > 0;
	if (nodes < 2) {
		ktap_skip("CPUs of one NUMA node only", "%s", name);
		return;
	}
	pages_of_rings(is);
	for (node = 0; node < NODES; node++)
		CHECK(is[node] == want[node], "node %d: %lu pages, not %lu", node, is[node],
		      want[node]);
	ktap_result("%s", name);
}

int main(void)
{
	files_start();
	pluggable = online_cpus() > 1 && !cpu_plug(1, false) && !cpu_plug(1, true);
	ktap_plan(4);
	test_shared();
	test_late();
	test_written();
	test_node();
	torture_load("");
	return ktap_exit();
}
