// SPDX-License-Identifier: GPL-2.0
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <unistd.h>

#include "ktap.h"
#include "module.h"
#include "stream.h"

#define DIR "/sys/kernel/debug/tcp_teardown"

static int dir_path(char *path, size_t size, int cpu, const char *name)
{
	if (cpu == ALL_CPUS)
		return snprintf(path, size, DIR "/%s", name);
	return snprintf(path, size, DIR "/per_cpu/cpu%d/%s", cpu, name);
}

int files_open(int cpu, const char *name, int flags)
{
	char path[256];
	int fd;

	dir_path(path, sizeof(path), cpu, name);
	fd = open(path, flags | O_CLOEXEC);
	REQUIRE(fd >= 0, "%s", path);
	return fd;
}

int files_write(int cpu, const char *name, const char *text)
{
	int fd = files_open(cpu, name, O_WRONLY);
	ssize_t len = write(fd, text, strlen(text));
	int err = len < 0 ? errno : 0;

	close(fd);
	return err;
}

void files_set(const char *name, unsigned int value)
{
	char text[16];

	snprintf(text, sizeof(text), "%u\n", value);
	errno = files_write(ALL_CPUS, name, text);
	REQUIRE(!errno, "%s = %u", name, value);
}

unsigned int files_get(const char *name)
{
	char *text = files_text(ALL_CPUS, name);
	unsigned int value = strtoul(text, NULL, 10);

	free(text);
	return value;
}

void files_clear(int cpu)
{
	errno = files_write(cpu, "trace", "\n");
	REQUIRE(!errno, "trace can't be cleared");
}

char *files_text(int cpu, const char *name)
{
	int fd = files_open(cpu, name, O_RDONLY);
	size_t size = 1 << 16, len = 0;
	char *text = malloc(size);
	ssize_t got;

	while ((got = read(fd, text + len, size - len - 1)) > 0) {
		len += got;
		if (len > size / 2)
			text = realloc(text, size *= 2);
	}
	REQUIRE(!got, "%s can't be read", name);
	text[len] = '\0';
	close(fd);
	return text;
}

static unsigned long long value(const char *text, const char *name)
{
	const char *at = text;
	size_t len = strlen(name);

	while ((at = strchr(at, '\n'))) {
		at++;
		if (!strncmp(at, name, len) && at[len] == ' ')
			return strtoull(at + len, NULL, 10);
	}
	REQUIRE(false, "stats has no %s", name);
	return 0;
}

char *files_hooks(void)
{
	char *text = files_text(ALL_CPUS, "hooks"), *line, *rest, *to = text;
	char hook[64], group[32], kind[32], status[32];

	/* The part of a line that is kept is shorter than the line. */
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (sscanf(line, "%63s %31s %31s %31s", hook, group, kind, status) == 4 &&
		    *line != '#')
			to += sprintf(to, "%s %s %s %s\n", hook, group, kind, status);
	*to = '\0';
	return text;
}

unsigned long long files_stat(const char *name)
{
	char *text = files_text(ALL_CPUS, "stats");
	unsigned long long figure = value(text, name);

	free(text);
	return figure;
}

struct account files_account(int cpu)
{
	char *text = files_text(cpu, "stats");
	struct account account = {
		.written = value(text, "written"),
		.read = value(text, "read"),
		.pending = value(text, "pending"),
		.overwritten = value(text, "overwritten"),
		.dropped = value(text, "dropped"),
		.filtered = value(text, "filtered"),
	};

	free(text);
	return account;
}

bool files_check_account(int cpu, struct account want)
{
	struct account is = files_account(cpu);

	CHECK(is.written == is.read + is.pending + is.overwritten + is.dropped,
	      "cpu %d: the account does not add up", cpu);
	return CHECK(!memcmp(&is, &want, sizeof(is)),
		     "cpu %d: written %llu read %llu pending %llu overwritten %llu dropped %llu filtered %llu, want %llu %llu %llu %llu %llu %llu",
		     cpu, is.written, is.read, is.pending, is.overwritten, is.dropped,
		     is.filtered, want.written, want.read, want.pending, want.overwritten,
		     want.dropped, want.filtered);
}

int files_open_raw(int cpu, int flags)
{
	int fd = files_open(cpu, "trace_pipe_raw", O_RDONLY | flags);
	struct tcp_teardown_record none;
	struct stream stream = { };
	char room[HEADER_SIZE];
	ssize_t got;

	got = stream_read(&stream, fd, room, sizeof(room));
	CHECK(got == HEADER_SIZE && !stream_next(&stream, &none) && stream.begun &&
	      !stream.bad, "%zd bytes of a header: %s", got, stream.bad);
	return fd;
}

int files_take(int cpu, struct tcp_teardown_record *to, int max)
{
	static __thread char room[1 << 16];
	int fd = files_open(cpu, "trace_pipe_raw", O_RDONLY | O_NONBLOCK);
	struct stream stream = { };
	int done = 0, got = 1;
	size_t size;

	while (done < max && got > 0) {
		size = (max - done) * RECORD_SIZE + !stream.begun * HEADER_SIZE;
		got = stream_read(&stream, fd, room, size < sizeof(room) ? size : sizeof(room));
		while (stream_next(&stream, to + done))
			done++;
	}
	CHECK(done == max || (got < 0 && errno == EAGAIN), "errno %d", errno);
	CHECK(!stream.bad && !stream.skipped, "not a stream: %s", stream.bad);
	close(fd);
	return done;
}

void files_reset(void)
{
	files_set("tracing_on", 1);
	files_set("overwrite", 1);
	files_set("filter", 0);
	files_set("buffer_size_kb", 4096);
	files_clear(ALL_CPUS);
}

/*
 * Connections of earlier tests end with their namespaces, a little later; an orphan
 * without an answer keeps its namespace until its retries are used up.
 */
void files_settle(void)
{
	unsigned long long before, after = ~0ULL, held;
	struct net_wait wait = { };
	char *text;

	do {
		before = after;
		usleep(30000);
		text = files_text(ALL_CPUS, "stats");
		after = value(text, "written");
		held = value(text, "connections_now");
		free(text);
	} while ((held || before != after) && net_wait(&wait));
}

void files_start(void)
{
	module_need();
	files_settle();
	net_new();
	files_reset();
}

void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	REQUIRE(!sched_setaffinity(0, sizeof(set), &set), "CPU %d", cpu);
}

int online_cpus(void)
{
	return sysconf(_SC_NPROCESSORS_ONLN);
}

int write_text(const char *path, const char *text, int flags)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | flags), err;

	if (fd < 0)
		return errno;
	err = write(fd, text, strlen(text)) < 0 ? errno : 0;
	close(fd);
	return err;
}

int cpu_plug(int cpu, bool online)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online", cpu);
	return write_text(path, online ? "1" : "0", 0);
}

/* The log has another clock, so a line of our own marks the position. */
long log_mark(void)
{
	static long mark;
	char text[64];
	int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	int len = snprintf(text, sizeof(text), "<7>selftest %d: mark %ld.\n",
			   getpid(), ++mark);

	REQUIRE(fd >= 0 && write(fd, text, len) == len, "no /dev/kmsg");
	close(fd);
	return mark;
}

unsigned int log_count(long since, const char *text)
{
	int size = klogctl(10, NULL, 0), len;
	char *log = malloc(size + 1), *at;
	unsigned int times = 0;
	char mark[64];

	len = klogctl(3, log, size);
	log[len > 0 ? len : 0] = '\0';
	snprintf(mark, sizeof(mark), "selftest %d: mark %ld.\n", getpid(), since);
	at = strstr(log, mark);
	while (at && (at = strstr(at, text))) {
		at++;
		times++;
	}
	free(log);
	return times;
}

bool log_has(long since, const char *text)
{
	return log_count(since, text);
}

void source_open(struct source *source)
{
	int i;

	source->made = 0;
	for (i = 0; i < SOURCES; i++)
		net_pair(i % 2 ? NET_IPV6 : NET_IPV4, &source->end[i], &source->peer[i]);
}

void source_make(struct source *source, unsigned int records)
{
	while (records--) {
		errno = 0;
		shutdown(source->end[source->made % SOURCES].fd, SHUT_RD);
		if (errno)
			REQUIRE(false, "shutdown");
		source->made++;
	}
}

uint64_t source_cookie(const struct source *source, unsigned int nth)
{
	return source->end[nth % SOURCES].cookie;
}

void source_close(struct source *source)
{
	int i;

	for (i = 0; i < SOURCES; i++) {
		net_abort(source->end[i].fd);
		close(source->peer[i].fd);
	}
}

/* Check each line of a namespace with "=". Return: how many; *differs: how many differ */
static unsigned int reconcile_lines(uint32_t netns, bool check, unsigned int *differs)
{
	char *text = files_text(ALL_CPUS, "reconcile"), *line, *rest = text;
	unsigned int same = 0, inode;
	char name[64], proof[8];
	long kernel, ours;

	while ((line = strsep(&rest, "\n"))) {
		if (*line == '#' || sscanf(line, "%u %63s %ld %ld %*s %7s", &inode, name,
					   &kernel, &ours, proof) != 5 ||
		    inode != netns || strcmp(proof, "="))
			continue;
		same++;
		*differs += kernel != ours;
		if (check)
			CHECK(kernel == ours, "%s: \"=\", kernel %ld, ours %ld", name, kernel,
			      ours);
	}
	free(text);
	return same;
}

unsigned int files_check_reconcile(uint32_t netns)
{
	unsigned int differs = 0;

	return reconcile_lines(netns, true, &differs);
}

unsigned int files_reconcile_differs(uint32_t netns)
{
	unsigned int differs = 0;

	reconcile_lines(netns, false, &differs);
	return differs;
}
