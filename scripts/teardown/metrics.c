// SPDX-License-Identifier: GPL-2.0
/*
 * metrics: the module's counters as OpenMetrics, or in Prometheus' older text: to stdout,
 * into a file, or for a server that scrapes. They are those of the whole host, for root, or
 * of this network namespace. No address, pid or name is a label: these have too many values.
 */
#include "metrics.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "complain.h"
#include "base/names.h"
#include "options.h"
#include "print.h"
#include "replace.h"

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

/* Lines of summary that are a metric each; what is 0 has no line there. */
static const struct single {
	const char *name;
	const char *line;
	const char *help;
} singles[] = {
	{ "fins_sent_again", "fin_sent_again", "FINs retransmitted" },
	{ "time_wait_refused", "minisock_refused",
	  "Sockets that got no TIME_WAIT: tcp_max_tw_buckets, or no memory" },
	{ "accept_queue_full", "rst_for_full_accept_queue",
	  "RSTs sent because the accept queue of the listener was full" },
	{ "untracked", "untracked", "Transitions of connections that are not tracked" },
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

/* In the older text the counter itself is called "_total", not only its samples. */
static void print_head(const struct options *options, const char *name, const char *type,
		       const char *help)
{
	const char *suffix = options->prometheus && !strcmp(type, "counter") ? "_total" : "";

	print_format(&out, "# TYPE tcp_teardown_%s%s %s\n# HELP tcp_teardown_%s%s %s.\n", name,
		     suffix, type, name, suffix, help);
}

static void print_counter(const struct options *options, const char *name, u64 count,
			  const char *help)
{
	print_head(options, name, "counter", help);
	print_format(&out, "tcp_teardown_%s_total %llu\n", name, count);
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

static void print_family(const struct options *options, FILE *summary,
			 const struct family *family)
{
	char line[256], name[128], *labels[2];
	u64 count;

	print_head(options, family->name, "counter", family->help);
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

static void print_single(const struct options *options, FILE *summary,
			 const struct single *single)
{
	char line[256], name[128];
	u64 found = 0, count;

	rewind(summary);
	while (fgets(line, sizeof(line), summary))
		if (sscanf(line, "%127s %llu", name, &count) == 2 && !strcmp(name, single->line))
			found = count;
	print_counter(options, single->name, found, single->help);
}

static bool print_summary(const struct options *options)
{
	FILE *summary = open_file(options, "summary");

	if (!summary)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		print_family(options, summary, &families[i]);
	for (size_t i = 0; i < ARRAY_SIZE(singles); i++)
		print_single(options, summary, &singles[i]);
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

/* The sum is not known. The older text wants the count; OpenMetrics both or neither. */
static void print_histogram(const struct options *options, const char *state, const u64 *counts)
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
	if (options->prometheus)
		print_format(&out, "tcp_teardown_state_duration_seconds_count{state=\"%s\"} %llu\n",
			     state, sum);
}

static void print_latency(const struct options *options)
{
	u64 counts[STATES_SPENT][BOUNDS + 1] = { };
	FILE *file = open_file(options, "latency");

	if (!file)
		return;
	read_latency(file, counts);
	fclose(file);
	print_head(options, "state_duration_seconds", "histogram",
		   "Time in closing states, when they were left");
	for (int state = 0; state < STATES_SPENT; state++)
		print_histogram(options, state_name(spent_in[state]), counts[state]);
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
	print_head(options, "connections", "gauge", "Connections in closing states now");
	for (int i = 0; i < STATES_SPENT; i++)
		print_format(&out, "tcp_teardown_connections{state=\"%s\"} %llu\n",
			     state_name(spent_in[i]), counts[i]);
}

/* debugfs has them, for root. Where nobody reads, old records are overwritten: no loss. */
static void print_stats(const struct options *options)
{
	FILE *file = open_file(options, "stats");
	u64 lost = 0, written = 0, read = 0, count;
	char line[256], name[128];

	if (!file)
		return;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%127s %llu", name, &count) != 2)
			continue;
		if (!strcmp(name, "written"))
			written = count;
		else if (!strcmp(name, "read"))
			read = count;
		else if (!strcmp(name, "overwritten") || !strcmp(name, "dropped"))
			lost += count;
	}
	fclose(file);
	print_counter(options, "records", written, "Records that were made");
	print_counter(options, "records_read", read, "Records that were read and consumed");
	print_counter(options, "records_lost", lost,
		      "Records that were overwritten or had no room");
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

void choose_directory(struct options *options)
{
	if (is_readable(options->directory) || !is_readable(PROC_FILES))
		return;
	say("%s can't be read: these are of this network namespace alone", options->directory);
	options->directory = PROC_FILES;
}

bool metrics_print(const struct options *options)
{
	if (!print_summary(options))
		return false;
	print_latency(options);
	print_connections(options);
	if (strcmp(options->directory, PROC_FILES))
		print_stats(options);
	if (!options->prometheus)
		print_word(&out, "# EOF\n");
	return true;
}

bool metrics(struct options *options)
{
	if (options->serve && options->output)
		die("--serve and -o exclude each other");
	choose_directory(options);
	if (options->serve)
		return metrics_serve(options);
	options->prometheus |= !!options->output;
	if (!metrics_print(options))
		return false;
	return !options->output || replace_file(options->output, &out);
}
