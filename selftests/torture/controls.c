// SPDX-License-Identifier: GPL-2.0
/*
 * All controls and all readers at once, under traffic: rings are resized and cleared,
 * filters set and removed, hook groups, overwrite and tracing_on switched.
 *
 * Shows: the accounts of each CPU and of all CPUs always add up; every file can be read
 * at any time; at the end records are made as before.
 *
 * Needs: root, debugfs; it loads the module again.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/files.h"
#include "lib/ktap.h"
#include "lib/torture.h"

static void resize(struct actor *a)
{
	files_set("buffer_size_kb", 4 << torture_random(a, 11));
}

static void clear(struct actor *a)
{
	files_clear((int)torture_random(a, online_cpus() + 1) - 1);
}

static void filter(struct actor *a)
{
	static const char * const filters[] = {
		"none", "kind == state", "port == 443 || addr == 127.0.0.0/8", "uid == 0 &&",
		"netns == self",
		"!(state == CLOSE && (kind == call || end == four_way || from != TIME_WAIT))",
		"cgroup != 1 && remote != ::1", "nonsense",
	};

	files_write(ALL_CPUS, "filter", filters[torture_random(a, ARRAY_SIZE(filters))]);
}

static void switches(struct actor *a)
{
	files_set("overwrite", torture_random(a, 2));
	files_set("tracing_on", torture_random(a, 4) > 0);
}

static void account(struct actor *a)
{
	int cpu = (int)torture_random(a, online_cpus() + 1) - 1;
	struct account is = files_account(cpu);

	CHECK(is.written == is.read + is.pending + is.overwritten + is.dropped,
	      "cpu %d: written %llu read %llu pending %llu overwritten %llu dropped %llu", cpu,
	      is.written, is.read, is.pending, is.overwritten, is.dropped);
}

static void read_raw(struct actor *a)
{
	struct tcp_teardown_record records[64];
	int cpu = torture_random(a, online_cpus()), nr = files_take(cpu, records, 64);

	while (nr--)
		CHECK(records[nr].size == RECORD_SIZE && records[nr].cpu == cpu,
		      "cpu %d: a record that is none", cpu);
}

static void read_texts(struct actor *a)
{
	static const char * const names[] = {
		"trace", "stats", "connections", "hooks", "summary", "latency", "reconcile",
		"filter", "README",
	};

	free(files_text(ALL_CPUS, names[torture_random(a, ARRAY_SIZE(names))]));
}

static void read_pipe(struct actor *a)
{
	int fd = files_open((int)torture_random(a, online_cpus() + 1) - 1, "trace_pipe",
			    O_RDONLY | O_NONBLOCK);
	char text[4096];
	int i;

	for (i = 0; i < 8 && read(fd, text, sizeof(text)) > 0; i++)
		;
	close(fd);
}

int main(void)
{
	struct actor actors[] = {
		{ .name = "resize", .turn = resize, .rest = 5 },
		{ .name = "clear", .turn = clear, .rest = 3 },
		{ .name = "filter", .turn = filter, .rest = 1 },
		{ .name = "groups", .turn = torture_switch_group, .rest = 5 },
		{ .name = "switches", .turn = switches, .rest = 7 },
		{ .name = "account", .turn = account },
		{ .name = "raw", .turn = read_raw },
		{ .name = "raw", .turn = read_raw },
		{ .name = "texts", .turn = read_texts },
		{ .name = "pipe", .turn = read_pipe },
	};
	static const char * const on[] = {
		"-acks", "-opens", "+segments", "+timewait", "+resets", "+calls",
	};
	unsigned int i;

	files_start();
	ktap_plan(2);
	torture_load("");
	torture_run(actors, ARRAY_SIZE(actors), 0);
	ktap_result("all controls and readers at once");
	for (i = 0; i < ARRAY_SIZE(on); i++)
		files_write(ALL_CPUS, "hooks", on[i]);
	torture_end();
	return ktap_exit();
}
