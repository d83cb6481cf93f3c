// SPDX-License-Identifier: GPL-2.0
#include "collect.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/files.h"

#define WATCHED_MAX 8

static int *fds;
static struct stream *streams;
static size_t nr_fds;
static struct run *watched[WATCHED_MAX];
static unsigned long long lost_before;

static unsigned long long lost(void)
{
	FILE *file = fopen(DEBUGFS_DIR "/stats", "re");
	unsigned long long value, sum = 0;
	char line[256], name[64];

	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%63s %llu", name, &value) == 2 &&
		    (!strcmp(name, "overwritten") || !strcmp(name, "dropped")))
			sum += value;
	fclose(file);
	return sum;
}

static bool open_all(const glob_t *paths)
{
	size_t i;

	fds = calloc(paths->gl_pathc, sizeof(*fds));
	streams = calloc(paths->gl_pathc, sizeof(*streams));
	for (i = 0; fds && streams && i < paths->gl_pathc; i++) {
		fds[i] = open(paths->gl_pathv[i], O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		if (fds[i] < 0)
			return false;
	}
	nr_fds = i;
	return nr_fds;
}

bool collect_start(void)
{
	glob_t paths;
	bool opened;

	errno = write_text(DEBUGFS_DIR "/filter", "netns != self\n", 0);
	if (errno)
		return false;
	errno = ENOENT;
	if (glob(DEBUGFS_DIR "/per_cpu/cpu*/trace_pipe_raw", 0, NULL, &paths))
		return false;
	opened = open_all(&paths);
	globfree(&paths);
	collect();
	lost_before = lost();
	return opened;
}

void collect_watch(struct run *run)
{
	unsigned int i;

	for (i = 0; i < WATCHED_MAX; i++) {
		if (watched[i])
			continue;
		watched[i] = run;
		return;
	}
	abort();
}

void collect_unwatch(struct run *run)
{
	unsigned int i;

	for (i = 0; i < WATCHED_MAX; i++)
		if (watched[i] == run)
			watched[i] = NULL;
}

static void keep(struct run *run, const struct tcp_teardown_record *record)
{
	if (run->nr_records + FACTS_MAX > RUN_RECORDS)
		run->overrun = true;
	else
		run->nr_records += facts_of(record, run->record + run->nr_records);
}

static void hand_over(const struct tcp_teardown_record *record)
{
	unsigned int i;

	for (i = 0; i < WATCHED_MAX; i++)
		if (watched[i] && watched[i]->netns == record->netns)
			keep(watched[i], record);
}

static void collect_cpu(int fd, struct stream *stream)
{
	struct tcp_teardown_record record;
	char room[1 << 14];

	while (stream_read(stream, fd, room, sizeof(room)) > 0)
		while (stream_next(stream, &record))
			hand_over(&record);
}

void collect(void)
{
	size_t i;

	for (i = 0; i < nr_fds; i++)
		collect_cpu(fds[i], &streams[i]);
}

unsigned long long collect_lost(void)
{
	return lost() - lost_before;
}
