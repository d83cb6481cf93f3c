// SPDX-License-Identifier: GPL-2.0
/*
 * The cost of sleeping readers.
 *
 * Shows: one work item wakes all of them, however many CPUs and readers there are: it
 * runs about twice for each single record, and not at all without records; records of
 * another CPU do not wake a reader of one CPU; no record waits for long; a reader that
 * uses edge-triggered epoll is woken each time.
 *
 * Needs: root, debugfs, tracefs.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/files.h"
#include "lib/ktap.h"

#define TRACING "/sys/kernel/tracing/"
#define EVENT TRACING "events/workqueue/workqueue_execute_start/enable"
#define CPUS_MAX 256
#define RECORDS 20
#define GAP_US 100000
/* One run after the reader has gone to sleep, one to wake it, and one to spare. */
#define RUNS_EACH 3
#define SOON_S 1.0

struct reader {
	pthread_t thread;
	int fd;
	atomic_int tid;
	atomic_uint reads;
};

static struct source source;
static struct reader readers[CPUS_MAX + 1];

static void *read_on(void *arg)
{
	static __thread char text[1 << 16];
	struct reader *reader = arg;

	reader->tid = syscall(SYS_gettid);
	while (read(reader->fd, text, sizeof(text)) > 0)
		reader->reads++;
	return NULL;
}

/* ALL_CPUS as text, one CPU in binary. */
static void reader_start(struct reader *reader, int cpu)
{
	*reader = (struct reader) { };
	reader->fd = cpu == ALL_CPUS ? files_open(cpu, "trace_pipe", O_RDONLY) :
				       files_open_raw(cpu, 0);
	REQUIRE(!pthread_create(&reader->thread, NULL, read_on, reader), "no thread");
}

/* Whether the reader sleeps. */
static void reader_stop(struct reader *reader)
{
	pthread_cancel(reader->thread);
	pthread_join(reader->thread, NULL);
	close(reader->fd);
}

static unsigned int works(void)
{
	FILE *file = fopen(TRACING "trace", "r");
	unsigned int nr = 0;
	char line[512];

	REQUIRE(file, "no trace");
	while (fgets(line, sizeof(line), file))
		nr += !!strstr(line, "buffer_wake_work");
	fclose(file);
	return nr;
}

/* How often the work runs while records are made one by one, and while none is made. */
static void check_works(const char *who, unsigned int most)
{
	unsigned int i, busy, idle;

	usleep(500000);
	write_text(TRACING "trace", "\n", O_TRUNC);
	for (i = 0; i < RECORDS; i++) {
		source_make(&source, 1);
		usleep(GAP_US);
	}
	usleep(200000);
	busy = works();
	usleep(1000000);
	idle = works() - busy;
	ktap_note("%s: %u works for %d records, then %u", who, busy, RECORDS, idle);
	CHECK(busy <= most && (busy >= RECORDS / 2 || !most), "%s: %u works for %d records", who,
	      busy, RECORDS);
	CHECK(!idle, "%s: %u works for nothing", who, idle);
}

static void test_works(void)
{
	int cpu, cpus = online_cpus();

	if (write_text(EVENT, "1\n", 0)) {
		ktap_skip("no trace events of workqueues", "one work item for all CPUs");
		return;
	}
	check_works("no reader", 0);
	reader_start(&readers[0], ALL_CPUS);
	check_works("a reader of all CPUs", RUNS_EACH * RECORDS);
	reader_stop(&readers[0]);
	for (cpu = 0; cpu < cpus; cpu++)
		reader_start(&readers[cpu], cpu);
	check_works("a reader of each CPU", RUNS_EACH * RECORDS);
	CHECK(readers[0].reads >= RECORDS / 2, "%u reads of %d records", readers[0].reads, RECORDS);
	for (cpu = 0; cpu < cpus; cpu++)
		reader_stop(&readers[cpu]);
	write_text(EVENT, "0\n", 0);
	ktap_result("one work item for all %d CPUs", cpus);
}

/* How often the reader has slept so far. */
static unsigned long sleeps(const struct reader *reader)
{
	static const char name[] = "\nvoluntary_ctxt_switches:";
	char path[64], text[4096] = "", *at;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/status", reader->tid);
	fd = open(path, O_RDONLY);
	REQUIRE(fd >= 0 && read(fd, text, sizeof(text) - 1) > 0, "no status");
	close(fd);
	at = strstr(text, name);
	return at ? strtoul(at + strlen(name), NULL, 10) : 0;
}

static void test_others(void)
{
	const char *name = "a reader of one CPU sleeps on when another has a record";
	unsigned long before, after;
	unsigned int i;

	if (online_cpus() < 2) {
		ktap_skip("one CPU", "%s", name);
		return;
	}
	reader_start(&readers[0], ALL_CPUS);
	reader_start(&readers[1], 1);
	usleep(300000);
	before = sleeps(&readers[1]);
	for (i = 0; i < RECORDS; i++) {
		source_make(&source, 1);
		usleep(30000);
	}
	after = sleeps(&readers[1]);
	CHECK(after == before && !readers[1].reads, "it woke %lu times and read %u times",
	      after - before, readers[1].reads);
	CHECK(readers[0].reads > 1, "the reader of all has read %u times", readers[0].reads);
	reader_stop(&readers[0]);
	reader_stop(&readers[1]);
	ktap_result("%s", name);
}

/* Also if the record is made while the reader goes to sleep, or on another CPU. */
static void test_soon(void)
{
	unsigned int i;
	double from;

	reader_start(&readers[0], ALL_CPUS);
	for (i = 0; i < 5 * RECORDS; i++) {
		pin(i % online_cpus());
		source_make(&source, 1);
		from = net_now();
		while (files_account(ALL_CPUS).pending && net_now() - from < SOON_S)
			usleep(1000);
		if (!CHECK(net_now() - from < SOON_S, "record %u waits", i))
			break;
		usleep(i * 7919 % 30000);
	}
	reader_stop(&readers[0]);
	ktap_result("no record waits");
}

/* The record that should wake the reader is gone when the work runs. */
static void test_taken(void)
{
	struct tcp_teardown_record record;
	unsigned int reads;
	double from;

	pin(0);
	reader_start(&readers[0], ALL_CPUS);
	usleep(200000);
	source_make(&source, 1);
	if (files_take(0, &record, 1) != 1)
		ktap_note("the reader was faster");
	usleep(200000);
	reads = readers[0].reads;
	source_make(&source, 1);
	from = net_now();
	while (readers[0].reads == reads && net_now() - from < SOON_S)
		usleep(1000);
	CHECK(readers[0].reads > reads, "the next record waits");
	reader_stop(&readers[0]);
	ktap_result("another reader takes the record first");
}

static void test_edge(void)
{
	int fd = files_open(ALL_CPUS, "trace_pipe", O_RDONLY | O_NONBLOCK);
	int epoll = epoll_create1(0);
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	static char text[1 << 16];
	int i;

	files_clear(ALL_CPUS);
	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
	for (i = 0; i < 3; i++) {
		CHECK(!epoll_wait(epoll, &event, 1, 100), "an event without a record");
		source_make(&source, 1);
		CHECK(epoll_wait(epoll, &event, 1, 3000) == 1, "no event for record %d", i);
		while (read(fd, text, sizeof(text)) > 0)
			;
		CHECK(errno == EAGAIN, "errno %d", errno);
	}
	close(epoll);
	close(fd);
	ktap_result("edge-triggered epoll: an event for each batch");
}

int main(void)
{
	files_start();
	if (online_cpus() > CPUS_MAX)
		ktap_skip_all("more than %d CPUs", CPUS_MAX);
	if (access(TRACING "trace", F_OK))
		mount("tracefs", TRACING, "tracefs", 0, NULL);
	pin(0);
	source_open(&source);
	ktap_plan(5);
	test_works();
	test_others();
	test_soon();
	test_taken();
	test_edge();
	source_close(&source);
	files_reset();
	return ktap_exit();
}
