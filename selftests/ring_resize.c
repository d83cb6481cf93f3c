// SPDX-License-Identifier: GPL-2.0
/*
 * The rings are resized, also while records are written and read at full speed.
 *
 * Shows: after many resizes of all CPUs the accounts agree exactly with what the writers
 * made and the readers got; records come in the order of their numbers, which restart
 * with a new ring; records that a resize drops count as overwritten; a refused size is
 * named in the log and changes nothing; the pages of a replaced ring are freed.
 *
 * Needs: root, debugfs.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/files.h"
#include "lib/ktap.h"

#define CPUS_MAX 64
#define STORM_S 1.5
#define LARGE_KB 16384
#define LARGE_TIMES 10

struct worker {
	pthread_t writer, reader;
	int cpu;
	struct source source;
	atomic_ullong made, read;
	unsigned int restarts, wrong;
	unsigned long long number;
};

static struct worker workers[CPUS_MAX];
static atomic_bool stop_writing, stop_reading;

static void *write_storm(void *arg)
{
	struct worker *w = arg;

	pin(w->cpu);
	while (!stop_writing) {
		source_make(&w->source, 50);
		w->made += 50;
	}
	return NULL;
}

static void check_records(struct worker *w, const struct tcp_teardown_record *r, int nr)
{
	for (; nr--; r++) {
		w->restarts += r->number <= w->number;
		w->number = r->number;
		w->wrong += r->size != RECORD_SIZE || r->cpu != w->cpu ||
			    r->kind != TCP_TEARDOWN_CALL ||
			    r->what != TCP_TEARDOWN_SHUT_RD;
	}
}

/* Read with a different size each time. */
static void *read_storm(void *arg)
{
	struct tcp_teardown_record records[100];
	struct worker *w = arg;
	bool last = false;
	int bite = 1, nr;

	for (;;) {
		bite = bite % 100 + 1;
		nr = files_take(w->cpu, records, bite);
		check_records(w, records, nr);
		w->read += nr;
		if (nr)
			continue;
		if (last)
			return NULL;
		last = stop_reading;
		usleep(1000);
	}
}

static unsigned int resize_storm(void)
{
	static const unsigned int sizes[] = { 4, 64, 1024, 8, 4096, 16, 4, 256, 32 };
	double end = net_now() + STORM_S;
	unsigned int resizes = 0;

	while (net_now() < end || resizes < 20)
		files_set("buffer_size_kb", sizes[resizes++ % ARRAY_SIZE(sizes)]);
	return resizes;
}

static void test_storm(unsigned int overwrite)
{
	int cpu, cpus = online_cpus();
	struct account sum = { }, is;
	unsigned int resizes;

	files_reset();
	files_set("overwrite", overwrite);
	stop_writing = false;
	stop_reading = false;
	for (cpu = 0; cpu < cpus; cpu++) {
		workers[cpu].cpu = cpu;
		workers[cpu].made = 0;
		workers[cpu].read = 0;
		workers[cpu].restarts = 0;
		workers[cpu].number = 0;
		pthread_create(&workers[cpu].writer, NULL, write_storm, &workers[cpu]);
		pthread_create(&workers[cpu].reader, NULL, read_storm, &workers[cpu]);
	}
	resizes = resize_storm();
	stop_writing = true;
	for (cpu = 0; cpu < cpus; cpu++)
		pthread_join(workers[cpu].writer, NULL);
	stop_reading = true;
	for (cpu = 0; cpu < cpus; cpu++) {
		pthread_join(workers[cpu].reader, NULL);
		is = files_account(cpu);
		CHECK(!workers[cpu].wrong, "cpu %d: %u wrong", cpu, workers[cpu].wrong);
		CHECK(workers[cpu].restarts <= resizes, "cpu %d: numbers began again %u times",
		      cpu, workers[cpu].restarts);
		CHECK(workers[cpu].read > 0 && workers[cpu].restarts > 0, "it was no storm");
		files_check_account(cpu, (struct account) {
			.written = workers[cpu].made, .read = workers[cpu].read,
			.overwritten = workers[cpu].made - workers[cpu].read - is.dropped,
			.dropped = is.dropped });
		CHECK(!overwrite || !is.dropped, "%llu dropped", is.dropped);
		sum.written += is.written;
		sum.read += is.read;
		sum.overwritten += is.overwritten;
		sum.dropped += is.dropped;
	}
	files_check_account(ALL_CPUS, sum);
	ktap_note("%u resizes, written %llu, read %llu, overwritten %llu, dropped %llu",
		  resizes, sum.written, sum.read, sum.overwritten, sum.dropped);
	ktap_result("resizes while writing and reading, overwrite = %u", overwrite);
}

/*
 * Without traffic: the pending records count as overwritten, once; nothing else changes.
 */
static void test_pending(void)
{
	struct source *source = &workers[0].source;
	struct tcp_teardown_record records[2 * SMALLEST];
	struct account want = { };

	pin(0);
	files_set("buffer_size_kb", SMALLEST_KB);
	files_set("overwrite", 0);
	files_clear(ALL_CPUS);
	source_make(source, SMALLEST + 3);
	CHECK(files_take(0, records, 2) == 2, "not 2 records");
	want = (struct account) { .written = SMALLEST + 3, .read = 2,
				  .pending = SMALLEST - 2, .dropped = 3 };
	files_check_account(0, want);
	files_set("buffer_size_kb", 2 * SMALLEST_KB);
	want.overwritten = want.pending;
	want.pending = 0;
	files_check_account(0, want);
	CHECK(files_get("buffer_size_kb") == 2 * SMALLEST_KB, "not that size");
	source_make(source, 2 * SMALLEST + 1);
	want.written += 2 * SMALLEST + 1;
	want.pending = 2 * SMALLEST;
	want.dropped++;
	files_check_account(0, want);
	CHECK(files_take(0, records, 2 * SMALLEST) == 2 * SMALLEST, "not all records");
	CHECK(records[0].number == 1, "number %llu", records[0].number);
	files_set("buffer_size_kb", 5);
	CHECK(files_get("buffer_size_kb") == 8, "5 becomes %u", files_get("buffer_size_kb"));
	files_clear(ALL_CPUS);
	files_check_account(0, (struct account) { });
	ktap_result("records that a resize drops count as overwritten");
}

/* The log's lines are rate limited; wait once until there may be one again. */
static bool refused(const char *text, int want)
{
	long mark = log_mark();
	int err = files_write(ALL_CPUS, "buffer_size_kb", text);

	CHECK(err == want, "\"%.20s\": errno %d", text, err);
	if (log_has(mark, "tcp_teardown: buffer_size_kb: "))
		return true;
	usleep(5500000);
	mark = log_mark();
	files_write(ALL_CPUS, "buffer_size_kb", text);
	return log_has(mark, "tcp_teardown: buffer_size_kb: ");
}

static void test_refused(void)
{
	static const char * const bad[] = { "0", "3", "1048577", "-1", "abc", "", "4 k" };
	struct account want = { .written = 5, .pending = 5 };
	char *huge = malloc((1 << 20) + 1);
	size_t i;

	memset(huge, '1', 1 << 20);
	huge[1 << 20] = '\0';
	files_reset();
	files_set("buffer_size_kb", 16);
	files_clear(ALL_CPUS);
	source_make(&workers[0].source, 5);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK(refused(bad[i], EINVAL), "\"%s\": nothing in the log", bad[i]);
	CHECK(refused(huge, EINVAL), "1 MiB: nothing in the log");
	/* With enough memory it would be granted. */
	if (sysconf(_SC_PHYS_PAGES) / 1024 * sysconf(_SC_PAGESIZE) <
	    online_cpus() * 1048576L)
		CHECK(refused("1048576", ENOMEM), "1 GiB: nothing in the log");
	CHECK(files_get("buffer_size_kb") == 16, "the size changed");
	files_check_account(ALL_CPUS, want);
	free(huge);
	ktap_result("a size that is refused changes nothing");
}

static unsigned long pages_free(void)
{
	return sysconf(_SC_AVPHYS_PAGES);
}

/* Other users of memory take less than half of this meanwhile. */
static void test_freed(void)
{
	const unsigned long pages = 1024UL * LARGE_KB / sysconf(_SC_PAGESIZE) * online_cpus();
	unsigned long before, after;
	int i;

	files_set("buffer_size_kb", SMALLEST_KB);
	before = pages_free();
	for (i = 0; i < LARGE_TIMES; i++) {
		files_set("buffer_size_kb", LARGE_KB);
		files_set("buffer_size_kb", SMALLEST_KB);
	}
	after = pages_free();
	CHECK(after + LARGE_TIMES * pages / 2 > before, "%lu pages are gone, of %d times %lu",
	      before - after, LARGE_TIMES, pages);
	ktap_result("rings that are replaced give their pages back");
}

int main(void)
{
	int cpu;

	files_start();
	if (online_cpus() > CPUS_MAX)
		ktap_skip_all("more than %d CPUs", CPUS_MAX);
	for (cpu = 0; cpu < online_cpus(); cpu++)
		source_open(&workers[cpu].source);
	ktap_plan(5);
	test_storm(1);
	test_storm(0);
	test_pending();
	test_refused();
	test_freed();
	for (cpu = 0; cpu < online_cpus(); cpu++)
		source_close(&workers[cpu].source);
	files_reset();
	return ktap_exit();
}
