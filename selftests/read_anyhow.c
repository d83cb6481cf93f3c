// SPDX-License-Identifier: GPL-2.0
/*
 * Each file is read by every system call that can read.
 *
 * Shows, for all files of debugfs and /proc, while nothing changes: reads byte by byte,
 * in pieces of odd sizes, by pread() and preadv() at any offset, after lseek(), by
 * sendfile() and splice(), and into unmapped memory return the same text, or the error
 * that docs/abi or the kernel defines. No file can be mapped; the read-only ones can't be
 * written; the consuming ones can't seek.
 *
 * Nothing changes where time is skipped; elsewhere the ages of other tests' TIME_WAITs
 * do.
 *
 * Modes: icount
 *
 * Needs: root, debugfs.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "lib/files.h"
#include "lib/ktap.h"
#include "lib/moving.h"
#include "lib/torture.h"

#define MOST (1 << 20)

struct text {
	size_t len;
	char at[MOST];
};

static struct text whole, other;
static struct moving moving;	/* for the whole text */
static void *nowhere;	/* unmapped */

static bool consumes(const char *path)
{
	return strstr(path, "trace_pipe");
}

static int open_file(const char *path, int flags)
{
	int fd = open(path, flags | O_NONBLOCK | O_CLOEXEC);

	REQUIRE(fd >= 0, "%s", path);
	return fd;
}

/* Read to the end, @bite bytes at a time. */
static void read_all(int fd, struct text *text, size_t bite)
{
	ssize_t got;

	text->len = 0;
	do {
		got = read(fd, text->at + text->len,
			   bite < MOST - text->len ? bite : MOST - text->len);
		text->len += got > 0 ? got : 0;
	} while (got > 0);
}

static void check_same(const char *path, const char *how)
{
	CHECK(other.len == whole.len && moving_same(other.at, whole.at, 0, whole.len, moving),
	      "%s: %s gives %zu bytes, not those %zu", path, how, other.len, whole.len);
}

static void check_bites(const char *path)
{
	static const size_t bites[] = { 1, 7, 127, 4095 };
	unsigned int i;
	char how[32];
	int fd;

	for (i = 0; i < ARRAY_SIZE(bites); i++) {
		fd = open_file(path, O_RDONLY);
		read_all(fd, &other, bites[i]);
		snprintf(how, sizeof(how), "%zu at once", bites[i]);
		check_same(path, how);
		close(fd);
	}
}

/* The text from @at on, at most @size bytes. */
static size_t there(off_t at, size_t size)
{
	if (at < 0 || at >= (off_t)whole.len)
		return 0;
	return size < whole.len - at ? size : whole.len - at;
}

/* A read may return less than there is, but not nothing. */
static void check_at(const char *path, const char *how, off_t at, size_t size, ssize_t got)
{
	size_t most = there(at, size);

	if (CHECK(got >= 0 && (size_t)got <= most && !got == !most,
		  "%s: %s at %lld gives %zd, errno %d", path, how, (long long)at, got, errno))
		CHECK(moving_same(other.at, whole.at, at, got, moving),
		      "%s: %s at %lld is another text", path, how, (long long)at);
}

static void check_places(const char *path)
{
	const off_t end = whole.len;
	const off_t places[] = { 0, 1, end / 2, end / 3, end - 1, end, end + 1, 1 << 30, 0 };
	int fd = open_file(path, O_RDONLY);
	struct iovec parts[2] = { { other.at, 3 }, { other.at + 3, 50 } };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		check_at(path, "pread", places[i], 60, pread(fd, other.at, 60, places[i]));
		check_at(path, "preadv", places[i], 53, preadv(fd, parts, 2, places[i]));
		CHECK(lseek(fd, places[i], SEEK_SET) == places[i], "%s: lseek to %lld", path,
		      (long long)places[i]);
		check_at(path, "lseek, read", places[i], 60, read(fd, other.at, 60));
	}
	CHECK(pread(fd, other.at, 1, -1) < 0 && errno == EINVAL, "%s: pread at -1", path);
	CHECK(lseek(fd, -1, SEEK_SET) < 0 && errno == EINVAL, "%s: lseek to -1", path);
	CHECK(lseek(fd, 0, 77) < 0 && errno == EINVAL, "%s: lseek from nowhere", path);
	CHECK(pread(fd, other.at, 9, INT64_MAX - 9) <= 0, "%s: pread at the end of all", path);
	CHECK(lseek(fd, 0, SEEK_SET) == 0, "%s: lseek back", path);
	read_all(fd, &other, MOST);
	check_same(path, "again, after all that");
	close(fd);
}

/* The call fails with EINVAL, or returns the same text. */
static void check_sendfile(const char *path)
{
	int from = open_file(path, O_RDONLY), to = memfd_create("to", 0);
	ssize_t got;

	do
		got = sendfile(to, from, NULL, 1000);
	while (got > 0);
	if (got < 0) {
		CHECK(errno == EINVAL, "%s: sendfile", path);
	} else {
		other.len = pread(to, other.at, MOST, 0);
		check_same(path, "sendfile");
	}
	close(to);
	close(from);
}

static void check_splice(const char *path)
{
	int from = open_file(path, O_RDONLY), pipes[2];
	ssize_t got;

	REQUIRE(!pipe(pipes), "no pipe");
	other.len = 0;
	while ((got = splice(from, NULL, pipes[1], NULL, 1000, 0)) > 0)
		other.len += read(pipes[0], other.at + other.len, got);
	if (got < 0)
		CHECK(errno == EINVAL, "%s: splice", path);
	else
		check_same(path, "splice");
	close(pipes[0]);
	close(pipes[1]);
	close(from);
}

static void check_bad_memory(const char *path)
{
	int fd = open_file(path, O_RDONLY);

	CHECK(!read(fd, other.at, 0), "%s: no bytes are an error", path);
	CHECK(read(fd, nowhere, 4096) < 0 && errno == EFAULT, "%s: bad memory: errno %d", path,
	      errno);
	close(fd);
}

/* It can't be mapped and, if it is read-only, not written. */
static void check_refusals(const char *path)
{
	struct stat st;
	int fd = open_file(path, O_RDONLY);
	void *map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);

	CHECK(map == MAP_FAILED && (errno == ENODEV || errno == EIO), "%s: mmap: errno %d",
	      path, errno);
	map = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	CHECK(map == MAP_FAILED, "%s: private mmap", path);
	CHECK(ftruncate(fd, 0), "%s: ftruncate", path);
	close(fd);
	fstatat(AT_FDCWD, path, &st, 0);
	if (st.st_mode & 0222)
		return;
	fd = open(path, O_WRONLY);
	CHECK((fd < 0 || write(fd, "1", 1) < 0) && (errno == EINVAL || errno == EACCES),
	      "%s: a write: errno %d", path, errno);
	close(fd);
}

static void check_consuming(const char *path)
{
	int fd = open_file(path, O_RDONLY), pipes[2];

	CHECK(lseek(fd, 0, SEEK_SET) < 0 && errno == ESPIPE, "%s: lseek", path);
	CHECK(pread(fd, other.at, 200, 0) < 0 && errno == ESPIPE, "%s: pread", path);
	REQUIRE(!pipe(pipes), "no pipe");
	CHECK(splice(fd, NULL, pipes[1], NULL, 128, SPLICE_F_NONBLOCK) < 0, "%s: splice", path);
	CHECK(sendfile(pipes[1], fd, NULL, 128) < 0, "%s: sendfile", path);
	close(pipes[0]);
	close(pipes[1]);
	close(fd);
}

/* None of these calls has consumed a record, except the reads. */
static void test_pipes(void)
{
	struct account before = files_account(ALL_CPUS), after;
	const char * const *file;

	for (file = torture_files(); *file; file++) {
		if (!consumes(*file))
			continue;
		check_consuming(*file);
		check_refusals(*file);
	}
	after = files_account(ALL_CPUS);
	CHECK(!memcmp(&before, &after, sizeof(before)), "the account has changed");
	ktap_result("the consuming files: no seek, no mmap, no splice");
}

static void test_bad_memory(void)
{
	const char * const *file;
	struct account after;
	int fd;

	for (file = torture_files(); *file; file++)
		if (!strstr(*file, "trace_pipe"))
			check_bad_memory(*file);
	fd = files_open_raw(0, O_NONBLOCK);
	CHECK(read(fd, nowhere, 4096) < 0 && errno == EFAULT, "raw, bad memory: errno %d", errno);
	after = files_account(ALL_CPUS);
	CHECK(!after.read, "%llu records were consumed", after.read);
	CHECK(read(fd, other.at, RECORD_SIZE - 1) < 0 && errno == EINVAL, "half a record");
	CHECK(read(fd, other.at, RECORD_SIZE) == RECORD_SIZE, "a record");
	close(fd);
	ktap_result("reads into unmapped memory");
}

static void test_file(const char *path)
{
	int fd = open_file(path, O_RDONLY);

	read_all(fd, &whole, MOST);
	close(fd);
	whole.at[whole.len < MOST ? whole.len : MOST - 1] = '\0';
	moving = moving_of(whole.at);
	CHECK(whole.len && whole.len < MOST, "%s has %zu bytes", path, whole.len);
	check_bites(path);
	check_places(path);
	check_sendfile(path);
	check_splice(path);
	check_refusals(path);
}

static void test_texts(const char *below, const char *name)
{
	const char * const *file;
	int files = 0;

	for (file = torture_files(); *file; file++) {
		if (consumes(*file) || strncmp(*file, below, strlen(below)))
			continue;
		test_file(*file);
		files++;
	}
	CHECK(files > 2, "%d files", files);
	ktap_result("all %d files of %s that consume no records", files, name);
}

int main(void)
{
	struct source source;

	files_start();
	nowhere = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	files_set("buffer_size_kb", SMALLEST_KB);
	pin(0);
	source_open(&source);
	source_close(&source);
	net_settle();
	files_clear(ALL_CPUS);
	source_open(&source);
	source_make(&source, SMALLEST);
	ktap_plan(4);
	test_texts("/sys/kernel/debug", "debugfs");
	test_texts("/proc", "/proc");
	test_pipes();
	test_bad_memory();
	source_close(&source);
	files_reset();
	return ktap_exit();
}
