// SPDX-License-Identifier: GPL-2.0
/*
 * CPUs go offline and online while records are made and read and rings are resized. Some
 * CPUs are offline when the module is loaded.
 *
 * Shows: no record is lost: for each CPU the readers got as many as the account says; a
 * CPU that was offline at load gets its ring when it comes online; the accounts always
 * add up.
 *
 * Needs: root, debugfs, two CPUs, CPU hotplug; it loads the module again.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/files.h"
#include "lib/ktap.h"
#include "lib/torture.h"

#define CPUS_MAX 64

static int cpus;
static atomic_ullong taken[CPUS_MAX];
static atomic_ulong moves;

static void plug(struct actor *a)
{
	int before = online_cpus();

	cpu_plug(1 + torture_random(a, cpus - 1), torture_random(a, 2));
	moves += online_cpus() != before;
}

static void account(struct actor *a)
{
	int cpu = (int)torture_random(a, cpus + 1) - 1;
	struct account is = files_account(cpu);

	CHECK(is.written == is.read + is.pending + is.overwritten + is.dropped,
	      "cpu %d: the account does not add up", cpu);
}

static void drain(int cpu)
{
	struct tcp_teardown_record records[128];
	int nr, i;

	do {
		nr = files_take(cpu, records, 128);
		for (i = 0; i < nr; i++)
			CHECK(records[i].cpu == cpu, "cpu %d: a record of %u", cpu, records[i].cpu);
		taken[cpu] += nr;
	} while (nr == 128);
}

static void read_raw(struct actor *a)
{
	drain(torture_random(a, cpus));
}

static void resize(struct actor *a)
{
	files_set("buffer_size_kb", 64 << torture_random(a, 5));
}

int main(void)
{
	struct actor actors[] = {
		{ .name = "plug", .turn = plug, .rest = 20 },
		{ .name = "account", .turn = account, .rest = 1 },
		{ .name = "read", .turn = read_raw },
		{ .name = "read", .turn = read_raw },
		{ .name = "resize", .turn = resize, .rest = 50 },
	};
	struct account is;
	int cpu;

	cpus = sysconf(_SC_NPROCESSORS_CONF);
	if (cpus < 2 || cpus > CPUS_MAX || access("/sys/devices/system/cpu/cpu1/online", W_OK))
		ktap_skip_all("no CPU that can be plugged");
	files_start();
	ktap_plan(2);
	CHECK(!cpu_plug(cpus - 1, false), "cpu %d does not go", cpus - 1);
	torture_load("");
	CHECK(files_account(cpus - 1).written == 0, "an account of a CPU that is offline");
	torture_run(actors, ARRAY_SIZE(actors), 2 * cpus);
	CHECK(moves > 1, "CPUs were not plugged");
	for (cpu = 0; cpu < cpus; cpu++) {
		CHECK(!cpu || !cpu_plug(cpu, true) || errno == EINVAL, "cpu %d stays away", cpu);
		drain(cpu);
		is = files_account(cpu);
		CHECK(is.read == taken[cpu], "cpu %d: %llu read, the readers got %llu", cpu,
		      is.read, (unsigned long long)taken[cpu]);
	}
	ktap_note("%lu moves", (unsigned long)moves);
	ktap_result("CPUs go offline and online");
	torture_end();
	return ktap_exit();
}
