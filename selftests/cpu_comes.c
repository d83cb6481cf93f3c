// SPDX-License-Identifier: GPL-2.0
/*
 * A CPU comes online for the first time while a reader of all CPUs sleeps.
 *
 * Shows: the first record of this CPU wakes the reader, which began to wait when the CPU
 * had no ring.
 *
 * Needs: root, debugfs, two CPUs, CPU hotplug; it loads the module again.
 * Modes: smp slow
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "lib/files.h"
#include "lib/ktap.h"
#include "lib/torture.h"

#define SOON_S 1.0

static struct source source;
static atomic_bool awake;
static char text[4096];

static void *sleep_and_read(void *arg)
{
	int fd = files_open(ALL_CPUS, "trace_pipe", O_RDONLY);

	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	awake = true;
	close(fd);
	return arg;
}

static void await_awake(double seconds)
{
	double until = net_now() + seconds;

	while (!awake && net_now() < until)
		usleep(1000);
}

int main(void)
{
	pthread_t reader;

	files_start();
	if (online_cpus() < 2 || cpu_plug(1, false))
		ktap_skip_all("no CPU that can be plugged");
	ktap_plan(2);
	torture_load("");
	files_start();
	net_new();
	source_open(&source);
	files_clear(ALL_CPUS);
	REQUIRE(!pthread_create(&reader, NULL, sleep_and_read, NULL), "no thread");
	await_awake(0.3);
	CHECK(!cpu_plug(1, true), "CPU 1 stays away");
	await_awake(0.3);
	CHECK(!awake, "woken by %s", text);
	pin(1);
	source_make(&source, 1);
	await_awake(SOON_S);
	CHECK(awake, "not woken in %.0f s", SOON_S);
	/* If the reader still sleeps, a CPU that it knows wakes it. */
	pin(0);
	source_make(&source, 1);
	pthread_join(reader, NULL);
	source_close(&source);
	ktap_result("a record of a CPU that came online later wakes a reader of all CPUs");
	torture_end();
	torture_load("");
	return ktap_exit();
}
