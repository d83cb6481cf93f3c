// SPDX-License-Identifier: GPL-2.0
/*
 * Readers of every file, with every kind of read, are killed at any moment, under
 * traffic, while the rings are resized and cleared.
 *
 * Each file is opened once, and every second reader shares that open file.
 *
 * Shows: a killed reader leaves no lock held: others read the shared file to its end; the
 * accounts add up; the module can be removed.
 *
 * Needs: root, debugfs; it loads the module again.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/files.h"
#include "lib/ktap.h"
#include "lib/torture.h"

#define FILES_MAX 512

static const char * const *files;
static unsigned int nr_files;
static int shared[FILES_MAX];
static char buffer[1 << 16];

static void read_bytes(int fd, struct actor *a)
{
	size_t size = torture_random(a, 2) ? 1 : 1 + torture_random(a, sizeof(buffer));
	int times = 1 + torture_random(a, 400);

	while (times-- && read(fd, buffer, size) > 0)
		if (!torture_random(a, 50))
			usleep(torture_random(a, 5000));	/* a slow one */
}

static void read_at(int fd, struct actor *a)
{
	struct iovec parts[3] = { { buffer, 1 }, { buffer + 1, 200 }, { buffer + 300, 9 } };
	off_t at = (off_t)torture_random(a, 1 << 30) << torture_random(a, 33);

	lseek(fd, at, torture_random(a, 3));
	if (read(fd, buffer, 100) < 0)
		lseek(fd, torture_random(a, 4000), SEEK_SET);
	if (pread(fd, buffer, 500, torture_random(a, 1 << 20)) < 0 ||
	    preadv(fd, parts, 3, at) < 0)
		lseek(fd, -1, SEEK_CUR);
}

static void read_without(int fd, struct actor *a)
{
	int to = memfd_create("to", 0), pipes[2];
	void *map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	ssize_t got;

	REQUIRE(map == MAP_FAILED, "a file can be mapped");
	got = sendfile(to, fd, NULL, torture_random(a, 100000));
	if (!pipe(pipes))
		got += splice(fd, NULL, pipes[1], NULL, 1 + torture_random(a, 5000),
			      SPLICE_F_NONBLOCK);
	/* Into memory of which half is writable. */
	map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	munmap((char *)map + 4096, 4096);
	got += read(fd, (char *)map + 3000, 4096);
	munmap(map, 4096);
	close(pipes[0]);
	close(pipes[1]);
	close(to);
	(void)got;
}

static void wait_for(int fd, struct actor *a)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	poll(&poll_fd, 1, torture_random(a, 50));
	if (poll_fd.revents & POLLIN)
		read_bytes(fd, a);
}

static void read_on(unsigned int file, struct actor *a)
{
	static void (* const ways[])(int fd, struct actor *a) = {
		read_bytes, read_at, read_without, wait_for,
	};
	int flags = torture_random(a, 2) ? O_NONBLOCK : 0, fd = shared[file];

	if (torture_random(a, 2))
		fd = open(files[file], O_RDONLY | flags);
	if (fd < 0)
		_exit(1);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		ways[torture_random(a, ARRAY_SIZE(ways))](fd, a);
}

static void reader(struct actor *a)
{
	unsigned int file = torture_random(a, nr_files);
	unsigned int time = torture_random(a, 60000);
	pid_t pid = fork();
	int status;

	if (!pid) {
		a->random += time;
		read_on(file, a);
	}
	usleep(time);
	kill(pid, SIGKILL);
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
	      WTERMSIG(status) == SIGKILL, "%s: a reader ended with status %x", files[file],
	      status);
}

static void share_files(void)
{
	for (files = torture_files(); files[nr_files]; nr_files++) {
		REQUIRE(nr_files < FILES_MAX, "too many files");
		shared[nr_files] = open(files[nr_files], O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		REQUIRE(shared[nr_files] >= 0, "%s", files[nr_files]);
	}
}

/* With a lock still held it would not return. */
static void check_shared(void)
{
	unsigned int i;

	for (i = 0; i < nr_files; i++) {
		lseek(shared[i], 0, SEEK_SET);
		CHECK(read(shared[i], buffer, sizeof(buffer)) >= 0 || errno == EAGAIN,
		      "%s: errno %d", files[i], errno);
		close(shared[i]);
	}
}

static void disturb(struct actor *a)
{
	if (torture_random(a, 2))
		files_set("buffer_size_kb", 4 << torture_random(a, 9));
	else
		files_clear((int)torture_random(a, online_cpus() + 1) - 1);
}

static void account(struct actor *a)
{
	int cpu = (int)torture_random(a, online_cpus() + 1) - 1;
	struct account is = files_account(cpu);

	CHECK(is.written == is.read + is.pending + is.overwritten + is.dropped,
	      "cpu %d: the account does not add up", cpu);
}

int main(void)
{
	struct actor actors[] = {
		{ .name = "readers", .turn = reader }, { .name = "readers", .turn = reader },
		{ .name = "readers", .turn = reader }, { .name = "readers", .turn = reader },
		{ .name = "readers", .turn = reader }, { .name = "readers", .turn = reader },
		{ .name = "disturb", .turn = disturb, .rest = 30 },
		{ .name = "account", .turn = account, .rest = 5 },
	};

	files_start();
	ktap_plan(2);
	torture_load("");
	share_files();
	torture_run(actors, ARRAY_SIZE(actors), 0);
	check_shared();
	ktap_result("readers of %u files, killed at any moment", nr_files);
	torture_end();
	return ktap_exit();
}
