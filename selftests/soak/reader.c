// SPDX-License-Identifier: GPL-2.0
/*
 * usage: reader DEBUGFS_DIRECTORY
 *
 * Takes all records from the raw pipes of all CPUs until it gets SIGTERM, then the rest,
 * and prints what it found: see chain_report(), and
 *
 *	read	records
 *	gaps	missing numbers
 *	wrong	malformed records or streams, records of another CPU
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "chain.h"
#include "lib/stream.h"

#define CPUS_MAX	256
#define ROOM		(1 << 17)

static volatile sig_atomic_t stopped;
static unsigned int cpus;
static struct pollfd fds[CPUS_MAX];
static struct stream streams[CPUS_MAX];
static uint64_t numbers[CPUS_MAX];
static unsigned long nr_read, gaps, wrong;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

static void take(unsigned int cpu, const struct tcp_teardown_record *r)
{
	nr_read++;
	wrong += r->cpu != cpu;
	gaps += r->number - numbers[cpu] - 1;
	numbers[cpu] = r->number;
	chain_add(r);
}

/* Read all there is; false on an error. */
static int drain(unsigned int cpu)
{
	struct stream *stream = &streams[cpu];
	struct tcp_teardown_record r;
	static char room[ROOM];
	ssize_t got;

	while ((got = read(fds[cpu].fd, room, sizeof(room))) > 0) {
		stream_give(stream, room, got);
		while (stream_next(stream, &r))
			take(cpu, &r);
		wrong += !!stream->bad;
	}
	return !got || errno == EAGAIN || errno == EINTR;
}

static int drain_all(void)
{
	unsigned int cpu;

	for (cpu = 0; cpu < cpus; cpu++)
		if (!drain(cpu))
			return 0;
	return 1;
}

static void open_all(const char *dir)
{
	char path[256];

	for (; cpus < CPUS_MAX; cpus++) {
		snprintf(path, sizeof(path), "%s/per_cpu/cpu%u/trace_pipe_raw", dir, cpus);
		fds[cpus].fd = open(path, O_RDONLY | O_NONBLOCK);
		if (fds[cpus].fd < 0)
			break;
		fds[cpus].events = POLLIN;
	}
	if (!cpus) {
		perror(path);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = stop };
	unsigned int cpu;

	if (argc != 2) {
		fprintf(stderr, "usage: reader DEBUGFS_DIRECTORY\n");
		return 1;
	}
	open_all(argv[1]);
	sigaction(SIGTERM, &action, NULL);
	/* A signal right before poll() is noticed a second later. */
	while (!stopped) {
		poll(fds, cpus, 1000);
		if (!drain_all()) {
			perror("reader");
			return 1;
		}
	}
	drain_all();
	for (cpu = 0; cpu < cpus; cpu++)
		wrong += streams[cpu].skipped;
	printf("read %lu\ngaps %lu\nwrong %lu\n", nr_read, gaps, wrong);
	chain_report();
	return 0;
}
