// SPDX-License-Identifier: GPL-2.0
/*
 * Missed kprobe hits are counted: the kernel skips a kprobe that is hit in a softirq
 * while another one runs on that CPU.
 *
 * Traffic goes over loopback with receive packet steering, if the kernel has it, so that
 * interrupts of other CPUs bring packets, also during a kprobe. Not on PREEMPT_RT, where
 * softirqs run in threads, and where the kernel itself warns of steering (6.1:
 * softirq.c:315, also without this module). The function tracer, which skips nothing,
 * counts the calls of the hooked functions in a separate trace instance.
 *
 * Shows: for each hooked function, hits plus missed are the calls that the tracer saw,
 * with attach=kprobe and with attach=auto, where missed is 0.
 *
 * Needs: root, debugfs, tracefs, the function tracer; it loads the module again.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/files.h"
#include "lib/ktap.h"
#include "lib/module.h"
#include "lib/torture.h"
#include "lib/traffic.h"

#define INSTANCE "/sys/kernel/tracing/instances/tt/"
#define STEERING "/sys/class/net/lo/queues/rx-0/rps_cpus"
#define WORKERS 8

static const char * const functions[] = {
	"tcp_rcv_state_process", "tcp_timewait_state_process", "tcp_time_wait", "__tcp_close",
	"inet_twsk_kill",
};

/* Hits and missed of a hook. */
static void hook_counts(const char *name, unsigned long *hits, unsigned long *missed)
{
	char *text = files_text(ALL_CPUS, "hooks"), *line = text;
	size_t len = strlen(name);

	for (; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, name, len) && line[len] == ' ')
			break;
	}
	REQUIRE(line && sscanf(line, "%*s %*s %*s %*s %lu %lu", hits, missed) == 2,
		"hooks has no %s", name);
	free(text);
}

static void witness_start(void)
{
	unsigned int i;

	mkdir(INSTANCE, 0700);
	REQUIRE(!write_text(INSTANCE "buffer_size_kb", "16384", 0), "no buffer");
	for (i = 0; i < ARRAY_SIZE(functions); i++)
		REQUIRE(!write_text(INSTANCE "set_ftrace_filter", functions[i], O_APPEND), "no %s",
			functions[i]);
	REQUIRE(!write_text(INSTANCE "current_tracer", "function", 0), "no function tracer");
}

/* Count the calls of each function; the tracer has lost none. */
static void witness_stop(unsigned long *calls)
{
	char line[512];
	unsigned int i;
	FILE *file;

	write_text(INSTANCE "tracing_on", "0", 0);
	file = fopen(INSTANCE "trace", "re");
	REQUIRE(file, "no trace");
	while (fgets(line, sizeof(line), file)) {
		CHECK(!strstr(line, "LOST"), "the tracer has lost some: %s", line);
		for (i = 0; *line != '#' && i < ARRAY_SIZE(functions); i++) {
			char *at = strstr(line, functions[i]);

			calls[i] += at && at[-1] == ' ' && at[strlen(functions[i])] == ' ';
		}
	}
	fclose(file);
	write_text(INSTANCE "current_tracer", "nop", 0);
	REQUIRE(!rmdir(INSTANCE), "the instance can't be removed");
}

/* Connections whose packets another CPU receives. */
static void work(void)
{
	int listeners[2];
	unsigned int n;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	net_new();
	REQUIRE(!unshare(CLONE_NEWNS) && !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
		!mount("sysfs", "/sys", "sysfs", 0, NULL), "no sysfs of the namespace");
	if (access("/sys/kernel/realtime", F_OK) && !access(STEERING, F_OK))
		REQUIRE(!write_text(STEERING, "f", 0), "no steering");
	net_sysctl("ipv4/tcp_fin_timeout", "1");
	traffic_listen(listeners);
	for (n = 0;; n++)
		traffic_one(n, listeners);
}

static void traffic(void)
{
	pid_t pids[WORKERS];
	int i;

	for (i = 0; i < WORKERS; i++) {
		pids[i] = fork();
		if (!pids[i])
			work();
	}
	usleep(torture_seconds() * 1e6 / 2);
	for (i = 0; i < WORKERS; i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
}

static void test(const char *attach)
{
	unsigned long before[2][ARRAY_SIZE(functions)], hits, missed, calls[8] = { }, all = 0;
	unsigned int i;

	torture_load(attach);
	witness_start();
	files_settle();
	for (i = 0; i < ARRAY_SIZE(functions); i++)
		hook_counts(functions[i], &before[0][i], &before[1][i]);
	REQUIRE(!write_text(INSTANCE "trace", "", O_TRUNC), "the tracer's buffer is not cleared");
	traffic();
	files_settle();
	witness_stop(calls);
	for (i = 0; i < ARRAY_SIZE(functions); i++) {
		hook_counts(functions[i], &hits, &missed);
		hits -= before[0][i];
		missed -= before[1][i];
		all += missed;
		CHECK(hits + missed == calls[i], "%s: %lu hits and %lu missed, %lu calls",
		      functions[i], hits, missed, calls[i]);
		CHECK(calls[i], "%s was never called", functions[i]);
		ktap_note("%s: %lu calls, %lu hits, %lu missed", functions[i], calls[i], hits,
			  missed);
	}
	CHECK(!all || strstr(attach, "kprobe"), "%lu missed by ftrace", all);
	if (!all && strstr(attach, "kprobe"))
		ktap_note("none was missed: that those are counted is not shown here");
	ktap_result("hits plus missed are all calls: %s", attach);
}

int main(void)
{
	files_start();
	if (access("/sys/kernel/tracing/instances", W_OK))
		ktap_skip_all("no tracefs");
	ktap_plan(3);
	test("attach=kprobe");
	test("attach=auto");
	torture_end();
	return ktap_exit();
}
