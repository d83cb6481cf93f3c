// SPDX-License-Identifier: GPL-2.0
/*
 * The pool of connection states, and CPUs: memory moves from one CPU to another, the
 * worker that refills the pool stays off isolated CPUs, and an offline CPU keeps none.
 *
 * Shows, by the workqueue trace events: 4,000 connections that begin to close on one CPU
 * and end on another, 200 at a time, never need the worker, and none is untracked. 1,200
 * ends on an isolated CPU need it, and it runs on other CPUs. By connections_ready: what
 * a CPU had is still available when it goes offline and when it comes back. It keeps no
 * permits: after many rounds of offline and online a namespace may hold as many as
 * before.
 *
 * A CPU is isolated by isolcpus= or nohz_full= on the kernel's command line, as in
 *	VM_ARGS="isolcpus=1 nohz_full=1" scripts/vm ... selftests/run pool_cpus
 * otherwise by the cpumask of unbound workqueues in sysfs.
 *
 * Needs: root, debugfs, tracefs, two CPUs, CPU hotplug; it loads the module itself.
 * Modes: smp slow
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/files.h"
#include "lib/ktap.h"
#include "lib/pairs.h"
#include "lib/torture.h"

#define TRACING "/sys/kernel/tracing/"
#define ISOLATED "/sys/devices/system/cpu/isolated"
#define UNBOUND "/sys/devices/virtual/workqueue/cpumask"
#define AT_ONCE 100
#define ROUNDS 20
#define MANY 600
#define PLUGS 12
/* The table's size, and what a CPU may keep of it. */
#define SHARE 768
#define KEPT 128

static struct pair pairs[MANY];

static void put(const char *path, const char *text)
{
	int err = write_text(path, text, 0);

	REQUIRE(!err, "%s = %s: %s", path, text, strerror(err));
}

/* --- the worker ------------------------------------------------------------------- */

static void trace_begin(void)
{
	put(TRACING "trace", "");
	put(TRACING "events/workqueue/workqueue_execute_start/enable", "1");
}

/* How often the worker ran since trace_begin(), and how often on that CPU. */
static unsigned int trace_end(unsigned int cpu, unsigned int *there)
{
	unsigned int ran = 0, at;
	char line[512], *brace;
	FILE *file;

	put(TRACING "events/workqueue/workqueue_execute_start/enable", "0");
	file = fopen(TRACING "trace", "r");
	REQUIRE(file, "no trace");
	*there = 0;
	while (fgets(line, sizeof(line), file)) {
		brace = strstr(line, " [");
		if (line[0] == '#' || !brace || !strstr(line, "function depot_work"))
			continue;
		REQUIRE(sscanf(brace, " [%u]", &at) == 1, "%s", line);
		ran++;
		*there += at == cpu;
	}
	fclose(file);
	return ran;
}

/* --- connections ------------------------------------------------------------------ */

/* Close them all, until none is tracked. */
static void end(unsigned int nr)
{
	pairs_abort(pairs, nr);
	CHECK(!files_stat("connections_now"), "%llu are left", files_stat("connections_now"));
}

/* --- the tests ---------------------------------------------------------------- */

static void test_across(void)
{
	unsigned int i, ran, there;

	torture_load("");
	files_start();
	net_new();
	trace_begin();
	for (i = 0; i < ROUNDS; i++) {
		pin(0);
		pairs_open(pairs, AT_ONCE);
		pairs_half_close(pairs, AT_ONCE);
		pin(1);
		end(AT_ONCE);
	}
	ran = trace_end(1, &there);
	CHECK(!ran, "the worker ran %u times", ran);
	CHECK(!files_stat("connections_table_full"), "%llu untracked",
	      files_stat("connections_table_full"));
	ktap_result("%u connections that end on another CPU need no worker",
		    2 * ROUNDS * AT_ONCE);
}

/*
 * The isolated CPU: by the command line, or CPU 1 from now on. *before: the old UNBOUND.
 */
static unsigned int isolate(char *before, size_t size)
{
	FILE *file = fopen(ISOLATED, "r");
	unsigned int cpu;
	int found;

	before[0] = '\0';
	found = file ? fscanf(file, "%u", &cpu) : 0;
	if (file)
		fclose(file);
	if (found == 1) {
		ktap_note("CPU %u was isolated at boot", cpu);
		return cpu;
	}
	file = fopen(UNBOUND, "r");
	REQUIRE(file && fgets(before, size, file), "no " UNBOUND);
	fclose(file);
	put(UNBOUND, "1");
	return 1;
}

static void test_isolated(void)
{
	unsigned int cpu, ran, there;
	char before[512];

	cpu = isolate(before, sizeof(before));
	torture_load("max_connections=8192");
	files_start();
	net_new();
	pin(cpu);
	trace_begin();
	pairs_open(pairs, MANY);
	pairs_half_close(pairs, MANY);
	end(MANY);
	ran = trace_end(cpu, &there);
	if (before[0])
		put(UNBOUND, before);
	CHECK(ran, "the worker was not asked for");
	CHECK(!there, "%u times of %u it ran on CPU %u, which is isolated", there, ran, cpu);
	ktap_note("the worker ran %u times", ran);
	ktap_result("the worker stays off an isolated CPU during %u ends", 2 * MANY);
}

static void test_offline(void)
{
	unsigned long long ready, gone, back;

	torture_load("");
	files_start();
	net_new();
	pin(1);
	pairs_open(pairs, AT_ONCE);
	pairs_half_close(pairs, AT_ONCE);
	end(AT_ONCE);
	pin(0);
	ready = files_stat("connections_ready");
	CHECK(!cpu_plug(1, false), "CPU 1 stays");
	gone = files_stat("connections_ready");
	CHECK(!cpu_plug(1, true), "CPU 1 stays away");
	back = files_stat("connections_ready");
	CHECK(ready >= AT_ONCE && gone == ready && back == ready,
	      "%llu were ready, %llu without CPU 1, %llu when it was back", ready, gone, back);
	ktap_result("a CPU that goes offline keeps nothing");
}

/*
 * A CPU that kept permits would keep at least 64 each time. A namespace may hold three
 * times what is free, so a quarter of them would be missing there.
 */
static void test_permits(void)
{
	unsigned long long held;
	unsigned int i;

	torture_load("max_connections=1024");
	files_start();
	net_new();
	for (i = 0; i < PLUGS; i++) {
		pin(1);
		pairs_open(pairs, AT_ONCE);
		pairs_half_close(pairs, AT_ONCE);
		end(AT_ONCE);
		pin(0);
		CHECK(!cpu_plug(1, false) && !cpu_plug(1, true), "CPU 1 stays, or stays away");
	}
	pairs_open(pairs, MANY);
	pairs_half_close(pairs, MANY);
	held = files_stat("connections_now");
	CHECK(held >= SHARE - KEPT, "%llu are held, not %d", held, SHARE);
	end(MANY);
	ktap_result("a CPU that goes offline %d times keeps no permit", PLUGS);
}

int main(void)
{
	struct rlimit files = { .rlim_cur = 4096, .rlim_max = 4096 };

	files_start();
	if (online_cpus() < 2 || cpu_plug(1, false) || cpu_plug(1, true))
		ktap_skip_all("no CPU that can be plugged");
	if (access(TRACING "events/workqueue/workqueue_execute_start", F_OK))
		ktap_skip_all("no trace events of workqueues");
	REQUIRE(!setrlimit(RLIMIT_NOFILE, &files), "no more files");
	ktap_plan(5);
	test_across();
	test_isolated();
	test_offline();
	test_permits();
	pin(0);
	torture_end();
	torture_load("");
	return ktap_exit();
}
