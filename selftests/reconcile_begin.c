// SPDX-License-Identifier: GPL-2.0
/*
 * Hook groups are detached and attached while connections are made and closed on all
 * CPUs. Then reconcile starts from a new baseline, and its lines with "=" must be equal.
 *
 * Four processes, each in a network namespace of its own, end connections in many ways.
 * Meanwhile "resets" is switched on, four times, and so is "timewait".
 *
 * Shows: each time the traffic pauses, the kernel's counters and the module's are equal
 * in each line with "=", in each namespace. TCPAbortOnData says "~", and the kernel may have
 * one more: the task may have slept in close() when the comparison began. The test can't hit
 * the short time between the other counts of the kernel and the module's: see
 * baseline_begin().
 *
 * Modes: by name
 *
 * It patches kernel text under traffic on two CPUs, where QEMU's multi-threaded TCG may
 * hang at an int3. So scripts/test runs it by name, with single-threaded TCG.
 *
 * Needs: root, debugfs; two CPUs.
 */
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/files.h"
#include "lib/ktap.h"
#include "lib/net.h"
#include "lib/traffic.h"

#define PROCESSES 4
#define TURNS 4

struct shared {
	atomic_bool runs;
	atomic_uint resting;
	uint32_t inode[PROCESSES];
	atomic_ulong made[PROCESSES];
};

static struct shared *shared;

/* End connections, pausing when the parent asks for it, until killed. */
static void live(unsigned int nr)
{
	unsigned int n = nr;
	int listeners[2];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	net_new();
	shared->inode[nr] = net_inode();
	traffic_listen(listeners);
	for (;;) {
		shared->resting++;
		while (!shared->runs)
			usleep(1000);
		shared->resting--;
		while (shared->runs) {
			traffic_one(n++, listeners);
			shared->made[nr]++;
		}
	}
}

static void await_rest(void)
{
	struct net_wait wait = { };

	while (shared->resting < PROCESSES && net_wait(&wait))
		;
	REQUIRE(shared->resting == PROCESSES, "%u rest", shared->resting);
}

/* Counters may differ for a moment, while an event is in progress. */
static void check_all(void)
{
	struct net_wait wait = { };
	unsigned int i;

	for (i = 0; i < PROCESSES; i++) {
		while (files_reconcile_differs(shared->inode[i]) && net_wait(&wait))
			;
		CHECK(files_check_reconcile(shared->inode[i]), "no line with \"=\"");
	}
}

/* A task that slept in close() counts one more in the kernel. Each namespace has one task. */
static void check_on_data(uint32_t netns)
{
	char *text = files_text(ALL_CPUS, "reconcile"), *line, *rest = text;
	char name[64], proof[8] = "";
	long kernel = 0, ours = 0;
	unsigned int inode;
	bool found = false;

	while (!found && (line = strsep(&rest, "\n")))
		found = sscanf(line, "%u %63s %ld %ld %*s %7s", &inode, name, &kernel, &ours,
			       proof) == 5 &&
			inode == netns && !strcmp(name, "TCPAbortOnData");
	free(text);
	REQUIRE(found, "no TCPAbortOnData");
	CHECK(!strcmp(proof, "~"), "TCPAbortOnData says \"%s\"", proof);
	CHECK(kernel == ours || kernel == ours + 1, "TCPAbortOnData: kernel %ld, ours %ld",
	      kernel, ours);
}

static void run_turn(const char *off, const char *on)
{
	CHECK(!files_write(ALL_CPUS, "hooks", off), "%s", off);
	shared->runs = true;
	while (shared->resting)
		usleep(1000);
	CHECK(!files_write(ALL_CPUS, "hooks", on), "%s", on);
	shared->runs = false;
	await_rest();
	check_all();
}

static void run(const char *off, const char *on)
{
	pid_t pids[PROCESSES];
	unsigned long made = 0;
	unsigned int i, turn;

	memset(shared, 0, sizeof(*shared));
	for (i = 0; i < PROCESSES; i++) {
		pids[i] = fork();
		if (!pids[i])
			live(i);
		REQUIRE(pids[i] > 0, "no process");
	}
	await_rest();
	for (turn = 0; turn < TURNS && !ktap_case_failed(); turn++)
		run_turn(off, on);
	for (i = 0; i < PROCESSES; i++) {
		CHECK(shared->made[i], "process %u has made none", i);
		check_on_data(shared->inode[i]);
		made += shared->made[i];
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
	ktap_note("%u turns, %lu connections", turn, made);
	ktap_result("%s and %s", off, on);
}

/* Otherwise each round waits for the other processes. */
static void go_first(void)
{
	const struct sched_param param = { .sched_priority = 1 };

	REQUIRE(!sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &param),
		"no priority");
}

int main(void)
{
	files_start();
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		ktap_skip_all("one CPU");
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	REQUIRE(shared != MAP_FAILED, "no memory");
	go_first();
	ktap_plan(2);
	run("-resets", "+resets");
	run("-timewait", "+timewait");
	return ktap_exit();
}
