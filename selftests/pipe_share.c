// SPDX-License-Identifier: GPL-2.0
/*
 * Two readers of the same records share them.
 *
 * Shows, for a file opened twice, for one open file in two processes, and for trace_pipe
 * beside one CPU's files, while records are written: exactly one reader gets each record.
 *
 * The test changes its thread name for each record, which identifies it in binary and in
 * text.
 *
 * Needs: root, debugfs.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/files.h"
#include "lib/ktap.h"
#include "lib/stream.h"

#define CPUS_MAX 64
#define EACH 1500	/* records of each CPU */

enum file { ALL, TEXT, RAW };	/* the last two of CPU 0 */

static const char * const names[] = { "trace_pipe", "cpu0/trace_pipe", "cpu0/trace_pipe_raw" };

/* If both readers read only one CPU, only that CPU writes. */
static const struct sharing {
	enum file one, other;
	bool same_fd;
} sharings[] = {
	{ RAW, RAW, false }, { RAW, RAW, true }, { ALL, ALL, false }, { ALL, ALL, true },
	{ TEXT, TEXT, true }, { ALL, RAW, false }, { TEXT, RAW, false }, { ALL, TEXT, false },
};

/* Shared with the readers: how often each reader got each record. */
static struct shared {
	atomic_uint seen[CPUS_MAX][EACH];
	atomic_uint total, wrong, by[2];
} *shared;

static struct source sources[CPUS_MAX];

static int open_file(enum file file)
{
	if (file == RAW)
		return files_open_raw(0, 0);
	return files_open(file == ALL ? ALL_CPUS : 0, "trace_pipe", O_RDONLY);
}

static void see(const char *comm, int reader)
{
	unsigned int cpu, n;

	if (sscanf(comm, "c%un%u", &cpu, &n) != 2 || cpu >= CPUS_MAX || n >= EACH) {
		shared->wrong++;
		return;
	}
	shared->seen[cpu][n]++;
	shared->by[reader]++;
	shared->total++;
}

static void see_raw(const char *at, ssize_t len, int reader)
{
	struct stream stream = { .begun = true };
	struct tcp_teardown_record r;

	stream_give(&stream, at, len);
	while (stream_next(&stream, &r))
		see((const char *)r.thread, reader);
}

static void see_text(char *at, int reader)
{
	char *line, *thread;

	while ((line = strsep(&at, "\n"))) {
		thread = strstr(line, " thread=");
		if (thread)
			see(thread + 8, reader);
		else if (*line && *line != '#')
			shared->wrong++;
	}
}

static pid_t start_reader(enum file file, int fd, int reader)
{
	static char buf[1 << 14];
	pid_t pid = fork();
	ssize_t len;

	if (pid)
		return pid;
	for (;;) {
		len = read(fd, buf, sizeof(buf) - 1);
		if (len <= 0)
			_exit(1);
		buf[len] = '\0';
		if (file == RAW)
			see_raw(buf, len, reader);
		else
			see_text(buf, reader);
	}
}

static void *write_records(void *arg)
{
	int cpu = (struct source *)arg - sources, n;
	char name[16];

	pin(cpu);
	for (n = 0; n < EACH; n++) {
		snprintf(name, sizeof(name), "c%dn%d", cpu, n);
		prctl(PR_SET_NAME, name);
		source_make(&sources[cpu], 1);
		if (!(n % 100))
			usleep(3000);	/* lets the readers sleep now and then */
	}
	return NULL;
}

static void write_all(int cpus)
{
	pthread_t writers[CPUS_MAX];
	int cpu;

	for (cpu = 0; cpu < cpus; cpu++)
		pthread_create(&writers[cpu], NULL, write_records, &sources[cpu]);
	for (cpu = 0; cpu < cpus; cpu++)
		pthread_join(writers[cpu], NULL);
}

static void check_seen(int cpus)
{
	unsigned int lost = 0, twice = 0;
	int cpu, n;

	for (cpu = 0; cpu < cpus; cpu++) {
		for (n = 0; n < EACH; n++) {
			lost += !shared->seen[cpu][n];
			twice += shared->seen[cpu][n] > 1;
		}
	}
	CHECK(!lost && !twice && !shared->wrong, "%u lost, %u given twice, %u wrong", lost,
	      twice, shared->wrong);
	files_check_account(ALL_CPUS, (struct account) {
		.written = cpus * EACH, .read = cpus * EACH });
}

static void test_sharing(const struct sharing *s)
{
	int fd = open_file(s->one), other = s->same_fd ? fd : open_file(s->other);
	int cpus = s->one == ALL ? online_cpus() : 1, i;
	struct net_wait wait = { };
	pid_t pids[2];

	memset(shared, 0, sizeof(*shared));
	files_clear(ALL_CPUS);
	pids[0] = start_reader(s->one, fd, 0);
	pids[1] = start_reader(s->other, other, 1);
	write_all(cpus);
	while (shared->total < (unsigned int)cpus * EACH && net_wait(&wait))
		;
	usleep(50000);	/* records that come twice would show up */
	/* End both, because one may block the other. */
	for (i = 0; i < 2; i++)
		kill(pids[i], SIGKILL);
	for (i = 0; i < 2; i++)
		waitpid(pids[i], NULL, 0);
	check_seen(cpus);
	ktap_note("%u to one, %u to the other", shared->by[0], shared->by[1]);
	close(fd);
	if (!s->same_fd)
		close(other);
	ktap_result("%s and %s%s", names[s->one], names[s->other],
		    s->same_fd ? ", one open file" : "");
}

/* Two readers wait in one open file; each can be killed while the other still waits. */
static void test_killed(enum file file)
{
	int fd = open_file(file), last = -1, i, victim;
	struct net_wait wait;
	pid_t pids[2];

	for (victim = 0; victim < 2; victim++) {
		files_clear(ALL_CPUS);
		for (i = 0; i < 2; i++) {
			pids[i] = start_reader(file, fd, i);
			usleep(100000);	/* one waits, then the other */
		}
		wait = (struct net_wait) { .patience = 3 };
		kill(pids[victim], SIGKILL);
		while (!(last = waitpid(pids[victim], NULL, WNOHANG)) && net_wait(&wait))
			;
		CHECK(last, "reader %d waits on, unkillable, behind the other", victim);
		kill(pids[!victim], SIGKILL);
		while (waitpid(-1, NULL, 0) > 0)
			;
	}
	close(fd);
	ktap_result("%s: each of two readers of one open file can be killed", names[file]);
}

int main(void)
{
	size_t i;
	int cpu;

	files_start();
	if (online_cpus() > CPUS_MAX)
		ktap_skip_all("more than %d CPUs", CPUS_MAX);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	REQUIRE(shared != MAP_FAILED, "no memory");
	for (cpu = 0; cpu < online_cpus(); cpu++)
		source_open(&sources[cpu]);
	ktap_plan(ARRAY_SIZE(sharings) + ARRAY_SIZE(names));
	for (i = 0; i < ARRAY_SIZE(sharings); i++)
		test_sharing(&sharings[i]);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		test_killed(i);
	for (cpu = 0; cpu < online_cpus(); cpu++)
		source_close(&sources[cpu]);
	files_reset();
	return ktap_exit();
}
