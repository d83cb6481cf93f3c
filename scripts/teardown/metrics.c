// SPDX-License-Identifier: GPL-2.0
/*
 * metrics: the module's counters as OpenMetrics, once. They are those of the whole host,
 * for root, or of this network namespace. No address, pid or name is a label: these have
 * too many values for who scrapes.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "complain.h"
#include "names.h"
#include "options.h"
#include "print.h"

#define PROC_FILES	"/proc/net/tcp_teardown"
/* Bounds of the histograms: 4 us, 16 us, ... 4^20 us, 12.7 days. */
#define BOUNDS		20
#define STATES_SPENT	6

/* The columns of latency. */
static const u8 spent_in[STATES_SPENT] = {
	TCP_FIN_WAIT1, TCP_FIN_WAIT2, TCP_CLOSING, TCP_TIME_WAIT, TCP_CLOSE_WAIT, TCP_LAST_ACK
};

/**
 * struct family - lines of summary that are one metric
 * @name: of the metric
 * @help: what it is
 * @begins: what the lines begin with
 * @separator: between its two labels; NULL for one
 * @labels: their names
 */
struct family {
	const char *name;
	const char *help;
	const char *begins;
	const char *separator;
	const char *labels[2];
};

static const struct family families[] = {
	{ "ended", "Ends of connections, by how, and what set them off", "end=", ",by=",
	  { "how", "set_off" } },
	{ "first_closed", "Ends of connections, by whose FIN or RST was first", "first=", NULL,
	  { "first" } },
	{ "resets_sent", "RSTs sent, by the kernel's reason", "rst_sent_for_", NULL,
	  { "reason" } },
	{ "resets_received", "RSTs that ended connections, by state", "rst_received_in_", NULL,
	  { "state" } },
	{ "transitions", "Transitions of connections, from one state to the next", "", ">",
	  { "from", "to" } },
};

static FILE *open_file(const struct options *options, const char *name)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", options->directory, name);
	file = fopen(path, "r");
	if (!file)
		complain("%s: %s", path, strerror(errno));
	return file;
}

static void print_head(const char *name, const char *type, const char *help)
{
	print_format(&out, "# TYPE tcp_teardown_%s %s\n# HELP tcp_teardown_%s %s.\n", name, type,
		     name, help);
}

/* Has that line of summary its labels? They are words, by which nothing can be broken. */
static bool find_labels(const struct family *family, char *name, char *labels[2])
{
	size_t len = strlen(family->begins);

	if (strncmp(name, family->begins, len))
		return false;
	labels[0] = name + len;
	labels[1] = NULL;
	if (!family->separator)
		return true;
	labels[1] = strstr(labels[0], family->separator);
	if (!labels[1])
		return false;
	*labels[1] = '\0';
	labels[1] += strlen(family->separator);
	return true;
}

static bool is_word(const char *text)
{
	if (!text)
		return true;
	while (isalnum((unsigned char)*text) || *text == '_')
		text++;
	return !*text;
}

static void print_family(FILE *summary, const struct family *family)
{
	char line[256], name[128], *labels[2];
	u64 count;

	print_head(family->name, "counter", family->help);
	rewind(summary);
	while (fgets(line, sizeof(line), summary)) {
		if (*line == '#' || sscanf(line, "%127s %llu", name, &count) != 2 ||
		    !find_labels(family, name, labels) || !is_word(labels[0]) ||
		    !is_word(labels[1]))
			continue;
		print_format(&out, "tcp_teardown_%s_total{%s=\"%s\"", family->name,
			     family->labels[0], labels[0]);
		if (labels[1])
			print_format(&out, ",%s=\"%s\"", family->labels[1], labels[1]);
		print_format(&out, "} %llu\n", count);
	}
}

static bool print_summary(const struct options *options)
{
	FILE *summary = open_file(options, "summary");

	if (!summary)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		print_family(summary, &families[i]);
	fclose(summary);
	return true;
}

/* The bound above which all of a bucket is; BOUNDS for none. */
static unsigned int bound_of(u64 from_us)
{
	unsigned int bound = 0;

	while (bound < BOUNDS && 4ULL << (2 * bound) <= from_us)
		bound++;
	return bound;
}

static void read_latency(FILE *file, u64 counts[STATES_SPENT][BOUNDS + 1])
{
	u64 from, n[STATES_SPENT];
	char line[256];

	while (fgets(line, sizeof(line), file)) {
		if (*line == '#' || sscanf(line, "%llu %llu %llu %llu %llu %llu %llu", &from,
					   &n[0], &n[1], &n[2], &n[3], &n[4], &n[5]) != 7)
			continue;
		for (int state = 0; state < STATES_SPENT; state++)
			counts[state][bound_of(from)] += n[state];
	}
}

static void print_histogram(const char *state, const u64 *counts)
{
	u64 sum = 0;

	for (int i = 0; i <= BOUNDS; i++) {
		sum += counts[i];
		print_format(&out, "tcp_teardown_state_duration_seconds_bucket{state=\"%s\",le=\"",
			     state);
		if (i == BOUNDS)
			print_word(&out, "+Inf");
		else
			print_format(&out, "%llu.%06llu", (4ULL << 2 * i) / 1000000,
				     (4ULL << 2 * i) % 1000000);
		print_format(&out, "\"} %llu\n", sum);
	}
}

static void print_latency(const struct options *options)
{
	u64 counts[STATES_SPENT][BOUNDS + 1] = { };
	FILE *file = open_file(options, "latency");

	if (!file)
		return;
	read_latency(file, counts);
	fclose(file);
	print_head("state_duration_seconds", "histogram",
		   "Time in closing states, when they were left");
	for (int state = 0; state < STATES_SPENT; state++)
		print_histogram(state_name(spent_in[state]), counts[state]);
}

/* By state, the third column. */
static void print_connections(const struct options *options)
{
	u64 counts[STATES_SPENT] = { };
	FILE *file = open_file(options, "connections");
	char line[512], state[32];

	if (!file)
		return;
	while (fgets(line, sizeof(line), file)) {
		if (*line == '#' || sscanf(line, "%*s %*s %31s", state) != 1)
			continue;
		for (int i = 0; i < STATES_SPENT; i++)
			counts[i] += !strcmp(state, state_name(spent_in[i]));
	}
	fclose(file);
	print_head("connections", "gauge", "Connections in closing states now");
	for (int i = 0; i < STATES_SPENT; i++)
		print_format(&out, "tcp_teardown_connections{state=\"%s\"} %llu\n",
			     state_name(spent_in[i]), counts[i]);
}

/* debugfs has them, for root. */
static void print_stats(const struct options *options)
{
	FILE *file = open_file(options, "stats");
	u64 lost = 0, written = 0, count;
	char line[256], name[128];

	if (!file)
		return;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%127s %llu", name, &count) != 2)
			continue;
		if (!strcmp(name, "written"))
			written = count;
		else if (!strcmp(name, "overwritten") || !strcmp(name, "dropped"))
			lost += count;
	}
	fclose(file);
	print_head("records", "counter", "Records that were made");
	print_format(&out, "tcp_teardown_records_total %llu\n", written);
	print_head("records_lost", "counter", "Records that were overwritten or had no room");
	print_format(&out, "tcp_teardown_records_lost_total %llu\n", lost);
}

static bool is_readable(const char *directory)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/summary", directory);
	file = fopen(path, "r");
	if (file)
		fclose(file);
	return file;
}

bool metrics(struct options *options)
{
	bool whole_host = strcmp(options->directory, PROC_FILES);

	if (!is_readable(options->directory) && is_readable(PROC_FILES)) {
		say("%s can't be read: these are of this network namespace alone",
		    options->directory);
		options->directory = PROC_FILES;
		whole_host = false;
	}
	if (!print_summary(options))
		return false;
	print_latency(options);
	print_connections(options);
	if (whole_host)
		print_stats(options);
	print_word(&out, "# EOF\n");
	return true;
}
