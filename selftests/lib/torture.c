// SPDX-License-Identifier: GPL-2.0
#include "torture.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "ktap.h"
#include "module.h"
#include "random.h"
#include "traffic.h"

#define FILES_MAX 512

static atomic_bool time_is_up;

unsigned int torture_random(struct actor *actor, unsigned int below)
{
	return random_of(actor->random, ++actor->draws) % below;
}

double torture_seconds(void)
{
	const char *text = getenv("TT_SECONDS");

	return text ? strtod(text, NULL) : 3;
}

void torture_switch_group(struct actor *a)
{
	static const char * const words[] = {
		"segments", "timewait", "resets", "calls", "acks", "opens",
	};
	char word[32];

	snprintf(word, sizeof(word), "%c%s", "+-"[torture_random(a, 2)],
		 words[torture_random(a, ARRAY_SIZE(words))]);
	CHECK(!files_write(ALL_CPUS, "hooks", word), "%s is refused", word);
}

void torture_load(const char *args)
{
	int err;

	if (module_is_loaded())
		module_unload_soon();
	err = module_load(args);
	REQUIRE(!err, "the module does not load: %s", strerror(err));
}

static void *act(void *arg)
{
	struct actor *actor = arg;

	while (!time_is_up) {
		actor->turn(actor);
		actor->turns++;
		if (actor->rest)
			usleep(actor->rest * 1000);
	}
	return NULL;
}

void torture_run(struct actor *actors, unsigned int nr, unsigned int traffic)
{
	struct traffic load;
	unsigned int i;

	traffic_start(&load, traffic);
	time_is_up = false;
	for (i = 0; i < nr; i++) {
		actors[i].random = i + 1;
		REQUIRE(!pthread_create(&actors[i].thread, NULL, act, &actors[i]),
			"no thread");
	}
	usleep(torture_seconds() * 1e6);
	time_is_up = true;
	for (i = 0; i < nr; i++) {
		pthread_join(actors[i].thread, NULL);
		CHECK(actors[i].turns, "%s never did", actors[i].name);
		ktap_note("%s: %lu times", actors[i].name, (unsigned long)actors[i].turns);
	}
	traffic_stop(&load);
}

/* The number of records is exact, and they are on the right CPU. */
static void check_records(void)
{
	struct tcp_teardown_record records[SOURCES];
	struct account want = { .written = SOURCES, .read = SOURCES };
	struct source source;
	int cpu;

	files_start();
	source_open(&source);
	for (cpu = 0; cpu < online_cpus(); cpu++) {
		pin(cpu);
		files_clear(ALL_CPUS);
		source_make(&source, SOURCES);
		CHECK(files_take(cpu, records, SOURCES) == SOURCES,
		      "cpu %d: not %d records", cpu, SOURCES);
		files_check_account(cpu, want);
		files_check_account(ALL_CPUS, want);
	}
	source_close(&source);
}

static void check_all_accounts(void)
{
	struct account sum = { }, all, one;
	int cpu;

	files_set("tracing_on", 0);
	net_settle();
	all = files_account(ALL_CPUS);
	for (cpu = 0; cpu < online_cpus(); cpu++) {
		one = files_account(cpu);
		CHECK(one.written == one.read + one.pending + one.overwritten + one.dropped,
		      "cpu %d: the account does not add up", cpu);
		sum.written += one.written;
		sum.read += one.read;
		sum.pending += one.pending;
		sum.overwritten += one.overwritten;
		sum.dropped += one.dropped;
		sum.filtered += one.filtered;
	}
	CHECK(!memcmp(&sum, &all, sizeof(sum)),
	      "written %llu in all, %llu on the CPUs", all.written, sum.written);
	ktap_note("written %llu read %llu pending %llu overwritten %llu dropped %llu filtered %llu",
		  all.written, all.read, all.pending, all.overwritten, all.dropped,
		  all.filtered);
	files_set("tracing_on", 1);
}

void torture_end(void)
{
	check_all_accounts();
	check_records();
	module_unload_soon();
	module_left_nothing();
	ktap_result("accounts add up, records are made, nothing is left behind");
}

static const char *files[FILES_MAX + 1];
static unsigned int nr_files;

static int see_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	if (type == FTW_F && nr_files < FILES_MAX)
		files[nr_files++] = strdup(path);
	return 0;
}

const char * const *torture_files(void)
{
	unsigned int i;

	for (i = 0; i < nr_files; i++)
		free((void *)files[i]);
	nr_files = 0;
	nftw("/sys/kernel/debug/tcp_teardown", see_file, 8, FTW_PHYS);
	nftw("/proc/self/net/tcp_teardown", see_file, 8, FTW_PHYS);
	REQUIRE(nr_files > 10, "only %u files", nr_files);
	files[nr_files] = NULL;
	return files;
}
