// SPDX-License-Identifier: GPL-2.0
/*
 * trace: a snapshot that does not disturb other readers.
 *
 * Shows: reading it in pieces of any size, several times at once, with lseek and pread,
 * consumes nothing and gives the same text; other readers, of snapshots and of
 * trace_pipe_raw, do not disturb it; records of all CPUs are sorted by time; a line says
 * what was overwritten before or during the read.
 *
 * Needs: root, debugfs.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/files.h"
#include "lib/ktap.h"
#include "lib/moving.h"

#define CPUS_MAX 64
#define HELD 200	/* records of several pages of text */

static struct source sources[CPUS_MAX];
static char got[1 << 20];
static char *want;
static size_t want_len;
static struct moving moving;	/* for its text */

static void fill(void)
{
	files_set("buffer_size_kb", 1024);
	files_clear(ALL_CPUS);
	pin(0);
	source_make(&sources[0], HELD);
	want = files_text(ALL_CPUS, "trace");
	moving = moving_of(want);
	want_len = strlen(want);
	CHECK(want_len > HELD * 100, "%zu bytes", want_len);
}

static void done(void)
{
	files_check_account(ALL_CPUS, (struct account) { .written = HELD, .pending = HELD });
	free(want);
}

/* Read from the file's position to its end, @bite bytes at a time. */
static size_t read_on(int fd, char *to, size_t bite)
{
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, to + len, bite)) > 0)
		len += n;
	CHECK(!n, "read fails");
	return len;
}

static void check_same(const char *what, size_t from, size_t len)
{
	CHECK(from + len == want_len && moving_same(got, want, from, len, moving),
	      "%s: other text, %zu bytes for %zu", what, len, want_len - from);
}

static void test_bites(void)
{
	static const size_t bites[] = { 1, 13, 100, 4096, 1 << 16 };
	size_t i;
	int fd;

	fill();
	for (i = 0; i < ARRAY_SIZE(bites); i++) {
		fd = files_open(ALL_CPUS, "trace", O_RDONLY);
		check_same("bites", 0, read_on(fd, got, bites[i]));
		close(fd);
	}
	done();
	ktap_result("reads of any size give the same text");
}

static void test_seek(void)
{
	static const size_t places[] = { 20000, 5, 0, 4096, 4095, 9999 };
	size_t i;
	int fd;

	fill();
	fd = files_open(ALL_CPUS, "trace", O_RDONLY);
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		CHECK(lseek(fd, places[i], SEEK_SET) == (off_t)places[i], "lseek");
		check_same("lseek", places[i], read_on(fd, got, 1000));
	}
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		CHECK(pread(fd, got, 300, places[i]) == 300 &&
		      moving_same(got, want, places[i], 300, moving), "pread at %zu", places[i]);
	}
	close(fd);
	done();
	ktap_result("lseek and pread");
}

static void test_several(void)
{
	int fds[4];
	size_t i, half = 7777;
	char *one;

	fill();
	for (i = 0; i < ARRAY_SIZE(fds); i++)
		fds[i] = files_open(i % 2 ? 0 : ALL_CPUS, "trace", O_RDONLY);
	/* Read half of each, each with its own size, then the rest. */
	for (i = 0; i < ARRAY_SIZE(fds); i++)
		CHECK(read(fds[i], got, half / (i + 1)) > 0, "read fails");
	one = files_text(0, "trace");
	CHECK(strlen(one) == want_len && moving_same(one, want, 0, want_len, moving),
	      "cpu0/trace differs");
	free(one);
	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		off_t at = lseek(fds[i], 0, SEEK_CUR);

		check_same("several", at, read_on(fds[i], got, 512));
		close(fds[i]);
	}
	done();
	ktap_result("several snapshots at once");
}

/* A consumer takes the records; the reader of the snapshot still sees them. */
static void test_consumer(void)
{
	static struct tcp_teardown_record records[HELD];
	int fd;
	size_t len;

	fill();
	fd = files_open(ALL_CPUS, "trace", O_RDONLY);
	len = read(fd, got, 100);
	CHECK(files_take(0, records, HELD) == HELD, "not all records");
	len += read_on(fd, got + len, 4096);
	check_same("after a consumer", 0, len);
	close(fd);
	CHECK(!strstr(files_text(ALL_CPUS, "trace"), "shutdown_rd"), "not consumed");
	files_check_account(ALL_CPUS, (struct account) { .written = HELD, .read = HELD });
	free(want);
	ktap_result("a consumer does not disturb a snapshot");
}

static pthread_barrier_t together;

static void *make_many(void *arg)
{
	struct source *source = arg;

	pin(source - sources);
	pthread_barrier_wait(&together);
	source_make(source, HELD);
	return NULL;
}

/* Times never decrease; all records are there; the CPUs alternate. */
static void test_order(void)
{
	int cpu, cpus = online_cpus(), lines = 0, changes = 0, last = -1;
	pthread_t threads[CPUS_MAX];
	double time, before = 0;
	char *text, *line, *rest;

	files_set("buffer_size_kb", 1024);
	files_clear(ALL_CPUS);
	pthread_barrier_init(&together, NULL, cpus);
	for (cpu = 0; cpu < cpus; cpu++)
		pthread_create(&threads[cpu], NULL, make_many, &sources[cpu]);
	for (cpu = 0; cpu < cpus; cpu++)
		pthread_join(threads[cpu], NULL);
	text = files_text(ALL_CPUS, "trace");
	for (rest = text; (line = strsep(&rest, "\n"));) {
		if (*line == '#' || sscanf(line, "%lf %d", &time, &cpu) != 2)
			continue;
		CHECK(time >= before, "%f after %f", time, before);
		before = time;
		changes += cpu != last;
		last = cpu;
		lines++;
	}
	CHECK(lines == cpus * HELD, "%d of %d records", lines, cpus * HELD);
	ktap_note("the CPU changes %d times", changes);
	free(text);
	ktap_result("records of %d CPUs in the order of time", cpus);
}

/* Overwritten during the read: shown and lost records add up. */
static void test_overtaken(void)
{
	int fd, slots = 16 * 1024 / RECORD_SIZE, lines = 0, lost = 0, cpu, nr;
	char *line, *rest = got;
	size_t len;

	files_set("buffer_size_kb", 16);
	files_clear(ALL_CPUS);
	pin(0);
	source_make(&sources[0], slots);
	fd = files_open(ALL_CPUS, "trace", O_RDONLY);
	len = read(fd, got, 100);
	source_make(&sources[0], slots - 10);
	len += read_on(fd, got + len, 4096);
	got[len] = '\0';
	close(fd);
	while ((line = strsep(&rest, "\n"))) {
		if (sscanf(line, "# cpu %d lost %d records", &cpu, &nr) == 2) {
			CHECK(!cpu, "cpu %d", cpu);
			lost += nr;
		}
		lines += *line && *line != '#';
	}
	CHECK(lines + lost == slots && lost > 0 && lines >= 10, "%d shown and %d lost of %d",
	      lines, lost, slots);
	files_check_account(0, (struct account) { .written = 2 * slots - 10,
			    .pending = slots, .overwritten = slots - 10 });
	ktap_result("trace says what was overwritten during a read");
}

/* Overwritten before the read: one line, at the beginning, where they are missing. */
static void check_lost(int from, int lost, int shown)
{
	char *text = files_text(from, "trace"), *line, *rest = text;
	int cpu, nr, lines = 0, told = 0;

	while ((line = strsep(&rest, "\n"))) {
		if (sscanf(line, "# cpu %d lost %d records here", &cpu, &nr) == 2) {
			CHECK(!cpu && nr == lost && !lines, "cpu %d lost %d, after %d", cpu, nr,
			      lines);
			told++;
		}
		lines += *line && *line != '#';
	}
	CHECK(lines == shown && told == !!lost, "%d shown, %d lines of a loss", lines, told);
	free(text);
}

static void test_lost(void)
{
	int slots = 16 * 1024 / RECORD_SIZE, i;

	files_set("buffer_size_kb", 16);
	files_clear(ALL_CPUS);
	pin(0);
	source_make(&sources[0], slots);
	check_lost(ALL_CPUS, 0, slots);
	source_make(&sources[0], 10);
	/* Reading consumes nothing, so the line comes again. */
	for (i = 0; i < 2; i++) {
		check_lost(ALL_CPUS, 10, slots);
		check_lost(0, 10, slots);
	}
	source_make(&sources[0], 5 * slots);
	check_lost(ALL_CPUS, 10 + 5 * slots, slots);
	files_clear(ALL_CPUS);
	source_make(&sources[0], 3);
	check_lost(ALL_CPUS, 0, 3);
	ktap_result("trace says what was overwritten before a read");
}

int main(void)
{
	int cpu;

	files_start();
	if (online_cpus() > CPUS_MAX)
		ktap_skip_all("more than %d CPUs", CPUS_MAX);
	for (cpu = 0; cpu < online_cpus(); cpu++)
		source_open(&sources[cpu]);
	ktap_plan(7);
	test_bites();
	test_seek();
	test_several();
	test_consumer();
	test_order();
	test_overtaken();
	test_lost();
	for (cpu = 0; cpu < online_cpus(); cpu++)
		source_close(&sources[cpu]);
	files_reset();
	return ktap_exit();
}
