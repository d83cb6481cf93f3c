// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's hooking facilities are disturbed: kprobes are disabled and enabled in
 * debugfs, ftrace by its sysctl; others probe the same functions, by kprobe events of
 * tracefs and by the function tracer, switched on and off.
 *
 * Shows: with ftrace off at load no function is hooked, the file hooks says so, and the
 * tracepoints work; while the module is loaded, ftrace can't be switched off; with
 * kprobes disabled it loads, traces by tracepoints, and can be removed; under traffic
 * none of this does harm, with hooks by ftrace or by kprobes.
 *
 * Needs: root, debugfs, tracefs, kprobes; it loads the module again.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/files.h"
#include "lib/ktap.h"
#include "lib/module.h"
#include "lib/torture.h"
#include "lib/traffic.h"

#define KPROBES "/sys/kernel/debug/kprobes/enabled"
#define FTRACE "/proc/sys/kernel/ftrace_enabled"
#define TRACEFS "/sys/kernel/tracing/"

/* Lines of hooks that have both words. */
static unsigned int hooks_with(const char *kind, const char *status)
{
	char *text = files_text(ALL_CPUS, "hooks"), *line, *rest;
	unsigned int lines = 0;

	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		lines += *line != '#' && strstr(line, kind) && strstr(line, status);
	free(text);
	return lines;
}

/* Hits of all kprobes. */
static unsigned long kprobe_hits(void)
{
	char *text = files_text(ALL_CPUS, "hooks"), *line, *rest;
	unsigned long all = 0, hits;

	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (sscanf(line, "%*s %*s kprobe %*s %lu", &hits) == 1)
			all += hits;
	free(text);
	return all;
}

/* Make some connections, and CHECK that they are recorded. */
static void check_traces(const char *when)
{
	int listeners[2], i;

	net_new();
	traffic_listen(listeners);
	files_clear(ALL_CPUS);
	for (i = 0; i < 30; i++)
		traffic_one(i, listeners);
	CHECK(files_account(ALL_CPUS).written >= 120, "%s: %llu records", when,
	      files_account(ALL_CPUS).written);
	close(listeners[0]);
	close(listeners[1]);
}

static void test_no_ftrace(void)
{
	module_unload_soon();
	CHECK(!write_text(FTRACE, "0", 0), "ftrace is not switched off");
	torture_load("");
	CHECK(hooks_with("kernel.ftrace_enabled is 0", "absent") > 5, "not so many are absent");
	CHECK(!hooks_with("ftrace ", "attached"), "some are attached");
	CHECK(hooks_with("tracepoint", "attached") > 2, "tracepoints are missing");
	check_traces("without ftrace");
	module_unload_soon();
	CHECK(!write_text(FTRACE, "1", 0), "ftrace is not switched on");
	torture_load("");
	CHECK(write_text(FTRACE, "0", 0) == EBUSY, "ftrace can be switched off: errno %d", errno);
	CHECK(hooks_with("ftrace ", "attached") > 10, "not so many are attached");
	check_traces("with ftrace");
	module_unload_soon();
	module_left_nothing();
	ktap_result("ftrace off at load, and not later");
}

static void test_no_kprobes(const char *attach)
{
	unsigned long hits;

	CHECK(!write_text(KPROBES, "0", 0), "kprobes are not switched off");
	torture_load(attach);
	check_traces("without kprobes");
	CHECK(!kprobe_hits(), "%lu hits without kprobes", kprobe_hits());
	CHECK(!write_text(KPROBES, "1", 0), "kprobes are not switched on");
	check_traces("with kprobes again");
	hits = kprobe_hits();
	CHECK(hits || !hooks_with("kprobe ", "attached"), "no hits with kprobes again");
	CHECK(!write_text(KPROBES, "0", 0), "kprobes are not switched off");
	hits = kprobe_hits();
	check_traces("without kprobes again");
	CHECK(kprobe_hits() == hits, "hits without kprobes");
	module_unload_soon();
	module_left_nothing();
	CHECK(!write_text(KPROBES, "1", 0), "kprobes are not switched on");
	ktap_result("kprobes off at load, and later: %s", attach);
}

static void kprobes(struct actor *a)
{
	write_text(KPROBES, torture_random(a, 2) ? "1" : "0", 0);
}

static atomic_ulong neighbours_there, tracers_there;

/* Kprobe events of others on the hooked functions. */
static void neighbours(struct actor *a)
{
	static const char * const functions[] = {
		"tcp_rcv_state_process", "tcp_time_wait", "inet_twsk_kill", "__tcp_close",
		"tcp_reset",
	};
	const char *function = functions[torture_random(a, ARRAY_SIZE(functions))];
	char text[128];

	snprintf(text, sizeof(text), "p:tt/%s %s", function, function);
	if (write_text(TRACEFS "kprobe_events", text, O_APPEND))
		return;
	snprintf(text, sizeof(text), TRACEFS "events/tt/%s/enable", function);
	neighbours_there += !write_text(text, "1", 0);
	usleep(torture_random(a, 20000));
	write_text(text, "0", 0);
	snprintf(text, sizeof(text), "-:tt/%s", function);
	write_text(TRACEFS "kprobe_events", text, O_APPEND);
}

static void tracer(struct actor *a)
{
	write_text(TRACEFS "set_ftrace_filter", torture_random(a, 2) ? "tcp_*" : "inet_*",
		   O_TRUNC);
	tracers_there += !write_text(TRACEFS "current_tracer", "function", 0);
	usleep(torture_random(a, 20000));
	write_text(TRACEFS "current_tracer", "nop", 0);
	CHECK(write_text(FTRACE, "0", 0) == EBUSY, "ftrace can be switched off");
}

static void test_all(const char *attach)
{
	struct actor actors[] = {
		{ .name = "kprobes", .turn = kprobes, .rest = 20 },
		{ .name = "neighbours", .turn = neighbours, .rest = 5 },
		{ .name = "tracer", .turn = tracer, .rest = 20 },
		{ .name = "groups", .turn = torture_switch_group, .rest = 20 },
	};

	neighbours_there = 0;
	tracers_there = 0;
	torture_load(attach);
	torture_run(actors, ARRAY_SIZE(actors), 2);
	CHECK(neighbours_there && tracers_there, "%lu kprobes of others, %lu tracers",
	      (unsigned long)neighbours_there, (unsigned long)tracers_there);
	write_text(KPROBES, "1", 0);
	write_text(TRACEFS "current_tracer", "nop", 0);
	write_text(TRACEFS "set_ftrace_filter", "", O_TRUNC);
	ktap_result("kprobes, ftrace and tracers switched off and on: %s", attach);
	files_write(ALL_CPUS, "hooks", "-acks");
	files_write(ALL_CPUS, "hooks", "-opens");
	files_write(ALL_CPUS, "hooks", "+calls");
	torture_end();
}

int main(void)
{
	files_start();
	if (access(KPROBES, W_OK) || access(FTRACE, W_OK) || access(TRACEFS "kprobe_events", W_OK))
		ktap_skip_all("no kprobes, or no tracefs");
	ktap_plan(7);
	test_no_ftrace();
	test_no_kprobes("attach=auto");
	test_no_kprobes("attach=kprobe");
	test_all("attach=auto");
	test_all("attach=kprobe");
	return ktap_exit();
}
