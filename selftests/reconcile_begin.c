// SPDX-License-Identifier: GPL-2.0
/*
 * Groups of hooks go and come while connections are made and closed on all CPUs. Then
 * the file reconcile begins again, and what it calls equal is equal.
 *
 * Four processes, each in a network namespace of its own, end connections in many ways.
 * Meanwhile "resets" is switched on, four times, and so is "timewait".
 *
 * Shows: each time, once the traffic rests, the kernel's counters and the module's are the
 * same in each line with "=", in each namespace. The instant between a count of the
 * kernel's and ours is too short to be met here: see netns_baseline().
 *
 * Modes: by name
 *
 * Hooks come and go under traffic, on two CPUs: QEMU's multi-threaded TCG may stay at an
 * int3 of the kernel's patching for good. So scripts/test names it where that is single.
 *
 * Needs: root, debugfs; two CPUs.
 */
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
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

/* Ends connections, and has a rest where it is told to; until it is killed. */
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

/* What is still in flight may differ for a moment. */
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
		made += shared->made[i];
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
	ktap_note("%u turns, %lu connections", turn, made);
	ktap_result("%s and %s", off, on);
}

/* Else each turn waits until the others have had theirs. */
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
