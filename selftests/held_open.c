// SPDX-License-Identifier: GPL-2.0
/*
 * A process holds a file open, each file there is, while the module is to go.
 *
 * Shows: each file of debugfs, opened in each way that its mode allows, also by a
 * reader that sleeps in it, holds the module (EAGAIN), which goes on as before, and
 * lets it go when it is closed. A file of /proc does not: the module goes, a read
 * fails with EIO, also after a part was read. An open directory holds nothing.
 * Each time nothing is left.
 *
 * Modes: icount
 * Needs: root, debugfs; it removes the module, and loads it again.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/files.h"
#include "lib/ktap.h"
#include "lib/module.h"
#include "lib/torture.h"

#define DEBUGFS "/sys/kernel/debug/tcp_teardown"
#define PROC "/proc/self/net/tcp_teardown"

static void check_held(const char *path, const char *how)
{
	int err = module_unload();

	if (CHECK(err == EAGAIN, "%s is open for %s: errno %d", path, how, err))
		return;
	if (!err)
		torture_load("");
}

static void hold(const char *path, int flags, const char *how)
{
	int fd = open(path, flags | O_CLOEXEC);

	REQUIRE(fd >= 0, "%s can't be opened for %s", path, how);
	check_held(path, how);
	close(fd);
}

static bool is_pipe(const char *path)
{
	return strstr(path, "trace_pipe");
}

static void test_open(void)
{
	const char * const *file;
	struct stat st;

	for (file = torture_files(); *file; file++) {
		if (strncmp(*file, DEBUGFS, strlen(DEBUGFS)))
			continue;
		REQUIRE(!stat(*file, &st), "no %s", *file);
		hold(*file, O_RDONLY, "reading");
		if (!(st.st_mode & 0200))
			continue;
		hold(*file, O_WRONLY, "writing");
		hold(*file, O_RDWR, "both");
	}
	module_unload_soon();
	module_left_nothing();
	torture_load("");
	ktap_result("an open file of debugfs holds the module");
}

/* In a process that reads until it is killed: it sleeps when all is read. */
static pid_t sleep_in(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char data[4096];
	pid_t pid;

	REQUIRE(fd >= 0, "no %s", path);
	pid = fork();
	if (!pid) {
		while (read(fd, data, sizeof(data)) > 0)
			;
		_exit(1);
	}
	REQUIRE(pid > 0, "no process");
	close(fd);
	usleep(200000);
	return pid;
}

static void test_asleep(void)
{
	const char * const *file;
	int status, sleepers = 0;
	pid_t pid;

	for (file = torture_files(); *file; file++) {
		if (!is_pipe(*file))
			continue;
		pid = sleep_in(*file);
		check_held(*file, "a sleeping reader");
		kill(pid, SIGKILL);
		CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status),
		      "%s: the reader was not asleep", *file);
		sleepers++;
	}
	CHECK(sleepers > 2, "%d sleepers", sleepers);
	module_unload_soon();
	module_left_nothing();
	torture_load("");
	ktap_result("so does a reader that sleeps in it");
}

static void test_proc(void)
{
	static const char * const names[] = { "summary", "latency", "connections" };
	int fds[2 * ARRAY_SIZE(names)];
	char path[64], data[16];
	unsigned int i;
	ssize_t got;

	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		snprintf(path, sizeof(path), PROC "/%s", names[i / 2]);
		fds[i] = open(path, O_RDONLY | O_CLOEXEC);
		REQUIRE(fds[i] >= 0, "no %s", path);
		if (i % 2)
			CHECK(read(fds[i], data, sizeof(data)) > 0, "nothing in %s", path);
	}
	CHECK(!module_unload(), "a file of /proc holds the module");
	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		got = read(fds[i], data, sizeof(data));
		CHECK(got < 0 && errno == EIO, "%s, %s read before: %zd, errno %d",
		      names[i / 2], i % 2 ? "partly" : "not", got, errno);
		CHECK(lseek(fds[i], 0, SEEK_SET) < 0, "%s: lseek", names[i / 2]);
		close(fds[i]);
	}
	module_left_nothing();
	torture_load("");
	ktap_result("an open file of /proc does not");
}

static void test_directory(void)
{
	static const char * const paths[] = { DEBUGFS, DEBUGFS "/per_cpu", PROC };
	int fds[ARRAY_SIZE(paths)];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(paths); i++) {
		fds[i] = open(paths[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		REQUIRE(fds[i] >= 0, "no %s", paths[i]);
	}
	CHECK(!module_unload(), "an open directory holds the module");
	for (i = 0; i < ARRAY_SIZE(paths); i++) {
		CHECK(openat(fds[i], "summary", O_RDONLY) < 0, "%s: a file is there",
		      paths[i]);
		close(fds[i]);
	}
	module_left_nothing();
	torture_load("");
	ktap_result("nor does a directory");
}

int main(void)
{
	files_start();
	ktap_plan(5);
	test_open();
	test_asleep();
	test_proc();
	test_directory();
	torture_end();
	torture_load("");
	return ktap_exit();
}
