// SPDX-License-Identifier: GPL-2.0
/*
 * A process holds a file of the module open while the module is to be removed; each file
 * in turn.
 *
 * Shows: an open file of debugfs, in each mode that it allows, also with a sleeping
 * reader, prevents the removal (EAGAIN) until it is closed, and the module works on. An
 * open file of /proc does not: the module is removed, and reads then fail with EIO, even
 * after a partial read. An open directory prevents nothing. rmmod waits for a reader of
 * /proc that is stuck in a page fault, and meanwhile network namespaces can be created.
 * Each time nothing of the module is left.
 *
 * Modes: icount
 * Needs: root, debugfs; it removes the module, and loads it again.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
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
	ktap_result("an open file of debugfs prevents the removal");
}

/* In a process that reads until it is killed: it sleeps when it has read everything. */
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
	ktap_result("a reader that sleeps in debugfs prevents the removal");
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
	ktap_result("an open file of /proc does not prevent the removal");
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
	ktap_result("an open directory does not prevent the removal");
}

/* A page whose first access does not return until the process is killed. */
static void *endless_page(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	size_t size = getpagesize();
	void *page;

	REQUIRE(fd >= 0, "no userfaultfd");
	page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	reg.range = (struct uffdio_range){ .start = (uintptr_t)page, .len = size };
	REQUIRE(page != MAP_FAILED && !ioctl(fd, UFFDIO_API, &api) &&
		!ioctl(fd, UFFDIO_REGISTER, &reg), "userfaultfd refuses");
	return page;
}

/* A process that reads the file into such a page. */
static pid_t get_stuck(const char *path)
{
	pid_t pid = fork();
	void *page;
	int fd;

	if (!pid) {
		page = endless_page();
		fd = open(path, O_RDONLY);
		(void)!read(fd, page, 4096);
		_exit(1);
	}
	REQUIRE(pid > 0, "no process");
	usleep(200000);
	REQUIRE(!waitpid(pid, NULL, WNOHANG), "the reader is not stuck");
	return pid;
}

/* In a separate process: 0 when done, or errno. */
static pid_t in_process(int (*act)(void))
{
	pid_t pid = fork();

	if (!pid)
		_exit(act());
	REQUIRE(pid > 0, "no process");
	return pid;
}

static int new_namespace(void)
{
	return unshare(CLONE_NEWNET) ? errno : 0;
}

/* Done without an error, and within five seconds. */
static bool is_done(pid_t pid)
{
	int status, i;

	for (i = 0; i < 500; i++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) && !WEXITSTATUS(status);
		usleep(10000);
	}
	return false;
}

static void test_stuck(void)
{
	static const char name[] = "while a reader of /proc is stuck, namespaces can be made";
	pid_t reader, remover, maker;

	if (access("/proc/sys/vm/unprivileged_userfaultfd", F_OK)) {
		ktap_skip("no userfaultfd", "%s", name);
		return;
	}
	reader = get_stuck(PROC "/summary");
	remover = in_process(module_unload);
	sleep(60);	/* until it waits for this reader alone; time is skipped */
	CHECK(!waitpid(remover, NULL, WNOHANG), "the module did not wait for the reader");
	maker = in_process(new_namespace);
	CHECK(is_done(maker), "no namespace in five seconds");
	kill(reader, SIGKILL);
	waitpid(reader, NULL, 0);
	CHECK(is_done(remover), "the module is not removed");
	module_left_nothing();
	torture_load("");
	ktap_result("%s", name);
}

int main(void)
{
	files_start();
	ktap_plan(6);
	test_open();
	test_asleep();
	test_proc();
	test_directory();
	test_stuck();
	torture_end();
	torture_load("");
	return ktap_exit();
}
