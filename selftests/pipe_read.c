// SPDX-License-Identifier: GPL-2.0
/*
 * trace_pipe and trace_pipe_raw: waiting for records, and reading them.
 *
 * Shows: a read blocks until there is a record, and not much longer; poll, select and
 * epoll; O_NONBLOCK; signals; the text does not depend on the size of the reads; raw
 * reads return a header and whole records; a record that can't be copied to the reader is
 * not lost.
 *
 * Needs: root, debugfs.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/files.h"
#include "lib/ktap.h"
#include "lib/moving.h"

#define SOON_S 1.0	/* a reader is woken within that time */

/* The files that wait; ALL_CPUS has no raw file. */
static const struct place {
	const char *name, *label;
	bool all;
} places[] = {
	{ "trace_pipe", "trace_pipe", true },
	{ "trace_pipe", "cpu0/trace_pipe", false },
	{ "trace_pipe_raw", "cpu0/trace_pipe_raw", false },
};

static struct source source;
static char text[1 << 17];

static bool is_raw(const struct place *place)
{
	return !strcmp(place->name, "trace_pipe_raw");
}

static int open_place(const struct place *place, int flags)
{
	if (is_raw(place))
		return files_open_raw(0, flags);
	return files_open(place->all ? ALL_CPUS : 0, place->name, O_RDONLY | flags);
}

/* A thread that makes a record a while after its start. */
static void *make_later(void *arg)
{
	pin(0);
	usleep(*(int *)arg);
	source_make(&source, 1);
	return NULL;
}

static int wait_read(int fd)
{
	return read(fd, text, RECORD_SIZE) > 0;
}

static int wait_poll(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 20000) == 1 && p.revents == POLLIN;
}

static int wait_select(int fd)
{
	struct timeval patience = { .tv_sec = 20 };
	fd_set set = { };

	FD_SET(fd, &set);
	return select(fd + 1, &set, NULL, NULL, &patience) == 1;
}

static int wait_epoll(int fd)
{
	struct epoll_event event = { .events = EPOLLIN };
	int epoll = epoll_create1(0), ret;

	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
	ret = epoll_wait(epoll, &event, 1, 20000);
	close(epoll);
	return ret == 1;
}

/* Check the record that arrived. */
static void tell_what_came(const struct place *place, bool was_read)
{
	char *pending = files_text(ALL_CPUS, "trace");

	if (was_read && !is_raw(place))
		ktap_note("read: %.128s", text);
	ktap_note("pending: %s", pending);
	free(pending);
}

static void check_waiter(const struct place *place, const char *how, int (*waiter)(int fd))
{
	int fd = open_place(place, 0), delay = 300000;
	double start, end;
	pthread_t maker;

	files_clear(ALL_CPUS);
	start = net_now();
	pthread_create(&maker, NULL, make_later, &delay);
	CHECK(waiter(fd), "%s: %s fails, errno %d", place->label, how, errno);
	end = net_now() - start;
	pthread_join(maker, NULL);
	if (!CHECK(end >= delay / 1e6 && end < delay / 1e6 + SOON_S,
		   "%s: %s returns after %.3f s", place->label, how, end))
		tell_what_came(place, waiter == wait_read);
	close(fd);
}

static void test_waiting(const struct place *place)
{
	check_waiter(place, "read", wait_read);
	check_waiter(place, "poll", wait_poll);
	check_waiter(place, "select", wait_select);
	check_waiter(place, "epoll", wait_epoll);
	ktap_result("%s: read() waits until there is a record", place->label);
}

static void test_nonblock(const struct place *place)
{
	int fd = open_place(place, O_NONBLOCK);
	struct pollfd p = { .fd = fd, .events = POLLIN };

	files_clear(ALL_CPUS);
	CHECK(read(fd, text, sizeof(text)) < 0 && errno == EAGAIN, "errno %d", errno);
	CHECK(!poll(&p, 1, 0), "poll tells of a record that is not there");
	source_make(&source, 1);
	CHECK(poll(&p, 1, 0) == 1 && p.revents == POLLIN, "poll does not tell of it");
	CHECK(read(fd, text, sizeof(text)) > 0, "errno %d", errno);
	CHECK(read(fd, text, sizeof(text)) < 0 && errno == EAGAIN, "errno %d", errno);
	close(fd);
	ktap_result("%s: O_NONBLOCK", place->label);
}

static atomic_int handled;

static void on_signal(int sig)
{
	(void)sig;
	handled++;
}

struct reader {
	const struct place *place;
	atomic_bool ready, done;
	ssize_t ret;
	int error;
};

static void *read_one(void *arg)
{
	struct reader *reader = arg;
	int fd = open_place(reader->place, 0);

	reader->ready = true;
	reader->ret = read(fd, text, sizeof(text));
	reader->error = errno;
	reader->done = true;
	close(fd);
	return NULL;
}

/* Signal a reader that sleeps, until the handler ran. */
static void signal_reader(struct reader *reader, pthread_t *thread, int flags)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = flags };
	struct net_wait wait = { };

	files_clear(ALL_CPUS);
	handled = 0;
	sigaction(SIGUSR1, &action, NULL);
	pthread_create(thread, NULL, read_one, reader);
	while (!reader->ready)
		REQUIRE(net_wait(&wait), "no reader");
	usleep(50000);
	CHECK(!reader->done, "it does not wait");
	pthread_kill(*thread, SIGUSR1);
	while (!handled)
		REQUIRE(net_wait(&wait), "no signal");
}

static void test_signals(const struct place *place)
{
	struct reader reader = { .place = place }, again = { .place = place };
	pthread_t thread;

	signal_reader(&reader, &thread, 0);
	pthread_join(thread, NULL);
	CHECK(reader.ret < 0 && reader.error == EINTR, "read returns %zd, errno %d",
	      reader.ret, reader.error);
	signal_reader(&again, &thread, SA_RESTART);
	usleep(50000);
	CHECK(!again.done, "with SA_RESTART it returns %zd, errno %d", again.ret, again.error);
	source_make(&source, 1);
	pthread_join(thread, NULL);
	CHECK(again.ret > 0, "after SA_RESTART: errno %d", again.error);
	ktap_result("%s: a signal interrupts a read, SA_RESTART restarts it", place->label);
}

static void test_sigint(const struct place *place)
{
	struct net_wait wait = { };
	int status = 0, in;
	pid_t pid;

	files_clear(ALL_CPUS);
	in = open_place(place, 0);
	pid = fork();
	if (!pid) {
		signal(SIGINT, SIG_DFL);
		dup2(in, 0);
		execlp("cat", "cat", NULL);
		_exit(127);
	}
	close(in);
	usleep(200000);
	CHECK(!waitpid(pid, &status, WNOHANG), "cat does not wait, status %x", status);
	kill(pid, SIGINT);
	while (!waitpid(pid, &status, WNOHANG))
		REQUIRE(net_wait(&wait), "SIGINT does not end it");
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT, "status %x", status);
	ktap_result("%s: SIGINT ends cat", place->label);
}

/* Read everything, in pieces of @bite; NUL-terminated. */
static size_t read_all(const struct place *place, char *to, size_t size, size_t bite)
{
	int fd = open_place(place, O_NONBLOCK);
	size_t len = 0;
	ssize_t got;

	while ((got = read(fd, to + len, bite < size - len ? bite : size - len)) > 0) {
		CHECK((size_t)got <= bite, "%zd bytes for %zu", got, bite);
		len += got;
	}
	CHECK(got < 0 && errno == EAGAIN, "errno %d", errno);
	to[len] = '\0';
	close(fd);
	return len;
}

/* The records are the same each time, except for their timestamps. */
static void blank_times(char *at)
{
	struct moving moving = moving_of(at);

	memset(at + moving.from, ' ', moving.to - moving.from);
	for (; at; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (*at && *at != '#')
			memset(at, ' ', 14);
	}
}

static void test_bites(const struct place *place)
{
	static const size_t bites[] = { 1, 7, 79, 4096, 65536 };
	static char all[1 << 15], part[1 << 15];
	size_t len, i;

	/* One record for each connection, with constant contents. */
	for (i = 0; i < ARRAY_SIZE(bites) + 1; i++) {
		files_clear(ALL_CPUS);
		source.made = 0;
		source_make(&source, 30);
		len = read_all(place, i ? part : all, sizeof(all) - 1,
			       i ? bites[i - 1] : sizeof(all) - 1);
		blank_times(i ? part : all);
		CHECK(len > 30 * 80 && !strncmp(all, "# tcp_teardown 2 trace\n", 23), "no text");
		if (i)
			CHECK(!strcmp(all, part), "bites of %zu differ", bites[i - 1]);
	}
	ktap_result("%s: reads of any size give the same text", place->label);
}

static void test_raw_sizes(void)
{
	static const size_t sizes[] = { 256, 257, 511, 512, 600, 2000, 8192 + 255 };
	int fd = open_place(&places[2], O_NONBLOCK);
	unsigned int made = 0, got = 0;
	const struct tcp_teardown_record *r = (void *)text;
	ssize_t len;
	size_t i;

	files_set("buffer_size_kb", 128);	/* numbers begin again */
	files_clear(ALL_CPUS);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		source_make(&source, 40);
		made += 40;
		len = read(fd, text, sizes[i]);
		CHECK(len == (ssize_t)(sizes[i] / RECORD_SIZE * RECORD_SIZE),
		      "%zd bytes for %zu", len, sizes[i]);
		for (int n = 0; n < len / (ssize_t)RECORD_SIZE; n++, got++)
			CHECK(r[n].number == got + 1ULL, "number %llu", r[n].number);
	}
	for (i = 0; i < RECORD_SIZE; i += 1 + i / 2)
		CHECK(read(fd, text, i) < 0 && errno == EINVAL, "%zu bytes: errno %d", i, errno);
	files_check_account(0, (struct account) {
		.written = made,
		.read = got,
		.pending = made - got,
	});
	close(fd);
	ktap_result("raw reads give whole records");
}

/* The wall-clock time, the host, and the boot id. */
static void check_anchor(const struct tcp_teardown_header *header)
{
	char boot[37] = "", *at = boot;
	struct timespec real, mono;
	struct utsname host;
	unsigned int i, byte;
	double offset;
	int fd;

	clock_gettime(CLOCK_REALTIME, &real);
	clock_gettime(CLOCK_MONOTONIC, &mono);
	offset = real.tv_sec - mono.tv_sec + (real.tv_nsec - mono.tv_nsec) / 1e9;
	CHECK(fabs((header->realtime - header->time) / 1e9 - offset) < 0.01,
	      "realtime %llu at %llu", header->realtime, header->time);
	uname(&host);
	CHECK(!strncmp((const char *)header->host, host.nodename, sizeof(header->host)),
	      "host %.65s", header->host);
	fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY);
	REQUIRE(fd >= 0 && read(fd, boot, 36) == 36, "no boot_id");
	close(fd);
	for (i = 0; i < sizeof(header->boot_id); i++, at += 2) {
		at += *at == '-';
		CHECK(sscanf(at, "%2x", &byte) == 1 && byte == header->boot_id[i],
		      "byte %u of boot_id", i);
	}
}

/* The header comes at once, whole, and only once; not into a buffer that is too small. */
static void test_header(void)
{
	void *nowhere = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = files_open(0, "trace_pipe_raw", O_RDONLY);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct tcp_teardown_header header;
	double now = net_now();

	files_clear(ALL_CPUS);
	CHECK(poll(&p, 1, 0) == 1 && p.revents == POLLIN, "poll does not tell of it");
	CHECK(read(fd, nowhere, 4096) < 0 && errno == EFAULT, "errno %d", errno);
	CHECK(read(fd, text, HEADER_SIZE - 1) < 0 && errno == EINVAL, "errno %d", errno);
	CHECK(read(fd, &header, sizeof(header)) == HEADER_SIZE, "no header");
	CHECK(header.kind == TCP_TEARDOWN_HEADER && header.size == HEADER_SIZE &&
	      header.magic == TCP_TEARDOWN_MAGIC && header.version == TCP_TEARDOWN_VERSION &&
	      header.record_size == RECORD_SIZE && !header.cpu && !header.number,
	      "kind %u size %u magic %x version %u record_size %u cpu %u", header.kind,
	      header.size, header.magic, header.version, header.record_size, header.cpu);
	CHECK(header.time / 1e9 > now - SOON_S && header.time / 1e9 < net_now() + SOON_S,
	      "time %llu, now %f", header.time, now);
	check_anchor(&header);
	CHECK(!poll(&p, 1, 0), "poll tells of what is not there");
	close(fd);
	munmap(nowhere, 4096);
	ktap_result("a raw stream begins with a header");
}

static unsigned int count_lines(const char *at)
{
	unsigned int nr = 0;

	for (; (at = strstr(at, " shutdown_rd ")); at++)
		nr++;
	return nr;
}

/* The next read gets what could not be copied. */
static void test_fault(const struct place *place)
{
	bool raw = is_raw(place);
	void *nowhere = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open_place(place, O_NONBLOCK);
	size_t len = 0;
	ssize_t got;

	files_clear(ALL_CPUS);
	source_make(&source, 5);
	CHECK(read(fd, nowhere, 4096) < 0 && errno == EFAULT, "errno %d", errno);
	CHECK(!raw || files_account(0).pending == 5, "records are gone");
	while ((got = read(fd, text + len, sizeof(text) - len - 1)) > 0)
		len += got;
	text[len] = '\0';
	CHECK((raw ? len / RECORD_SIZE : count_lines(text)) == 5, "%zu bytes", len);
	files_check_account(0, (struct account) { .written = 5, .read = 5 });
	close(fd);
	munmap(nowhere, 4096);
	ktap_result("%s: a bad address loses nothing", place->label);
}

int main(void)
{
	size_t i;

	files_start();
	pin(0);
	source_open(&source);
	ktap_plan(5 * ARRAY_SIZE(places) + 2 + 2);
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		test_waiting(&places[i]);
		test_nonblock(&places[i]);
		test_signals(&places[i]);
		test_sigint(&places[i]);
		test_fault(&places[i]);
	}
	test_bites(&places[0]);
	test_bites(&places[1]);
	test_header();
	test_raw_sizes();
	source_close(&source);
	files_reset();
	return ktap_exit();
}
