// SPDX-License-Identifier: GPL-2.0
/*
 * A full ring is read while a real-time process wants the CPU.
 *
 * Shows: a reader of trace yields the CPU between two records, even if one system call
 * skips all of them; so do readers of trace_pipe and trace_pipe_raw, and a write to
 * buffer_size_kb.
 *
 * Modes: icount
 * Needs: root, debugfs.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/files.h"
#include "lib/ktap.h"

#define RING_KB 4096
#define TICK_US 200
/* Time is skipped, so a nanosecond is an instruction; a record takes 2 us as text. */
#define MOST_US 500
/*
 * The kernel maps 64 MiB without a pause: 500 us in a fresh guest, 1160 after all other
 * tests. With its pages allocated without a pause, too, 2000 in a fresh guest.
 */
#define MOST_RESIZE_US 1500

static struct source source;
static atomic_bool stop, ready;
static double worst;
static char room[8 << 20];

/* Wakes up periodically, and notes how late it is. */
static void *tick(void *arg)
{
	struct timespec at;
	double late;

	clock_gettime(CLOCK_MONOTONIC, &at);
	while (!stop) {
		at.tv_nsec += TICK_US * 1000;
		if (at.tv_nsec >= 1000000000) {
			at.tv_nsec -= 1000000000;
			at.tv_sec++;
		}
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
		late = net_now() - (at.tv_sec + at.tv_nsec / 1e9);
		if (late > worst)
			worst = late;
		if (late > TICK_US / 1e6)
			clock_gettime(CLOCK_MONOTONIC, &at);
		ready = true;
	}
	return arg;
}

static void fill(void)
{
	files_clear(ALL_CPUS);
	source_make(&source, RING_KB * 1024 / RECORD_SIZE + 1);
	CHECK(files_account(0).overwritten == 1, "the ring is not full");
}

static pthread_t start(void)
{
	struct sched_param param = { .sched_priority = 50 };
	pthread_t thread;

	worst = 0;
	stop = false;
	ready = false;
	pthread_create(&thread, NULL, tick, NULL);
	REQUIRE(!pthread_setschedparam(thread, SCHED_FIFO, &param), "no real-time process");
	while (!ready)
		usleep(1000);
	worst = 0;
	return thread;
}

static void result(pthread_t thread, const char *what, unsigned int most)
{
	double late = worst;

	stop = true;
	pthread_join(thread, NULL);
	ktap_note("%s: %.0f us late at most", what, late * 1e6);
	CHECK(late < most / 1e6, "%.0f us late", late * 1e6);
	ktap_result("%s", what);
}

static void test_past(void)
{
	int fd = files_open(ALL_CPUS, "trace", O_RDONLY);
	pthread_t thread;
	double from;

	fill();
	thread = start();
	from = net_now();
	CHECK(!pread(fd, room, 1, 1L << 40), "there is something behind the end");
	ktap_note("one pread() of %.1f ms", (net_now() - from) * 1e3);
	result(thread, "one system call goes past all of trace", MOST_US);
	close(fd);
}

static void test_read(int cpu, const char *name)
{
	int fd = files_open(cpu, name, O_RDONLY | O_NONBLOCK);
	pthread_t thread;

	fill();
	thread = start();
	while (read(fd, room, sizeof(room)) > 0)
		;
	result(thread, name, MOST_US);
	close(fd);
}

static void test_resize(void)
{
	pthread_t thread = start();

	files_set("buffer_size_kb", 65536);
	files_set("buffer_size_kb", RING_KB);
	result(thread, "buffer_size_kb is written", MOST_RESIZE_US);
}

int main(void)
{
	files_start();
	pin(0);
	source_open(&source);
	files_set("buffer_size_kb", RING_KB);
	ktap_plan(5);
	test_past();
	test_read(ALL_CPUS, "trace");
	test_read(ALL_CPUS, "trace_pipe");
	test_read(0, "trace_pipe_raw");
	test_resize();
	source_close(&source);
	files_reset();
	return ktap_exit();
}
