// SPDX-License-Identifier: GPL-2.0
/*
 * The module is loaded and removed under traffic, with different parameters each time,
 * while readers read every file over and over, or wait for records.
 *
 * Shows: the module can't be removed while a file of debugfs is read; when those readers
 * are killed, it can, while /proc is read; nothing is left; it traced each time.
 *
 * Needs: root, debugfs; it removes the module, and loads it again.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/files.h"
#include "lib/ktap.h"
#include "lib/module.h"
#include "lib/torture.h"

#define READERS_MAX 512

/* Files of debugfs first; files of /proc do not prevent the removal. */
static pid_t readers[READERS_MAX];
static unsigned int nr_readers, nr_holding;

/* Reads the file over and over until killed, or sleeps in it. */
static void read_for_ever(const char *path)
{
	char text[4096];
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		while (fd >= 0 && read(fd, text, sizeof(text)) > 0)
			;
		close(fd);
		usleep(1000);
	}
}

static void start_readers(void)
{
	const char * const *file;

	for (file = torture_files(), nr_readers = nr_holding = 0; *file; file++, nr_readers++) {
		nr_holding += !strncmp(*file, "/sys/", 5);
		readers[nr_readers] = fork();
		if (!readers[nr_readers])
			read_for_ever(*file);
		REQUIRE(readers[nr_readers] > 0, "no process");
	}
}

static void stop_readers(unsigned int from, unsigned int to)
{
	unsigned int i;
	int status;

	for (i = from; i < to; i++)
		kill(readers[i], SIGKILL);
	for (i = from; i < to; i++)
		CHECK(waitpid(readers[i], &status, 0) == readers[i] && WIFSIGNALED(status),
		      "a reader has ended: status %x", status);
}

static void random_parameters(struct actor *a, char *to, size_t size)
{
	static const char * const groups[] = {
		"all", "transitions", "timewait", "segments,resets", "calls,acks", "opens,calls",
	};

	snprintf(to, size, "buffer_size_kb=%u max_connections=%u overwrite=%u groups=%s attach=%s",
		 4 << torture_random(a, 9), 1024 << torture_random(a, 8), torture_random(a, 2),
		 groups[torture_random(a, ARRAY_SIZE(groups))],
		 torture_random(a, 4) ? "auto" : "kprobe");
}

static void await_records(const char *parameters)
{
	struct net_wait wait = { };

	while (!files_account(ALL_CPUS).written && net_wait(&wait))
		;
	CHECK(files_account(ALL_CPUS).written, "%s: no record comes", parameters);
}

static void turn(struct actor *a)
{
	char parameters[128];
	int sleeper, err;

	random_parameters(a, parameters, sizeof(parameters));
	errno = module_load(parameters);
	REQUIRE(!errno, "%s: not loaded", parameters);
	start_readers();
	await_records(parameters);
	sleeper = files_open(0, "trace_pipe", O_RDONLY);
	err = module_unload();
	CHECK(err == EAGAIN, "it is in use: errno %d", err);
	close(sleeper);
	if (torture_random(a, 2))
		usleep(torture_random(a, 30000));
	stop_readers(0, nr_holding);
	module_unload_soon();
	module_left_nothing();
	stop_readers(nr_holding, nr_readers);
}

int main(void)
{
	struct actor actors[] = { { .name = "load and remove", .turn = turn } };

	files_start();
	ktap_plan(2);
	module_unload_soon();
	torture_run(actors, ARRAY_SIZE(actors), 0);
	ktap_result("loaded and removed under traffic, with readers in every file");
	torture_load("");
	torture_end();
	return ktap_exit();
}
