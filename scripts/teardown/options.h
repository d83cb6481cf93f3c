/* SPDX-License-Identifier: GPL-2.0 */
/* The verbs, and the options that they share: one table, of which help is made, too. */
#ifndef TEARDOWN_OPTIONS_H
#define TEARDOWN_OPTIONS_H

#include "input.h"

struct filter;

/* Where the module's files are, unless it is said. */
#define MODULE_FILES	"/sys/kernel/debug/tcp_teardown/"

/**
 * struct options - what was asked for
 * @wide: more columns
 * @json: JSON in place of a table
 * @follow: go on with what comes
 * @once: and then end
 * @prometheus: its older text, and not OpenMetrics
 * @count: at most so many; U64_MAX for all
 * @max_connections: that are held in memory
 * @title: above each ladder
 * @output: file to write to
 * @directory: of the module's files
 * @serve: where to listen
 * @interval: ns between two looks
 * @root: before the paths of this host's files
 * @since: counters saved before
 * @netns: the only one that is asked about
 * @sort: by which column
 * @by: what ends are put together by
 * @filter: NULL for none
 * @filter_text: as it was written
 * @input: what is read
 */
struct options {
	bool wide;
	bool json;
	bool follow;
	bool once;
	bool prometheus;
	u64 count;
	u64 max_connections;
	const char *title;
	const char *output;
	const char *directory;
	const char *serve;
	u64 interval;
	const char *root;
	const char *since;
	const char *netns;
	const char *sort;
	const char *by;
	struct filter *filter;
	const char *filter_text;
	struct input input;
};

/**
 * struct verb - what the tool can do
 * @name: the word behind tcp-teardown; may have two, as "export json"
 * @args: behind that, beside options
 * @what: it does, in one line
 * @letters: its options, of those that there are
 * @reads: it reads records: files and a filter may be named
 * @counts: without a file it reads the module's counters
 * @host: without a file it looks at this host, not at stdin
 * @more: what else is to be said
 * @example: of its use
 * @run: returns false where it failed
 */
struct verb {
	const char *name;
	const char *args;
	const char *what;
	const char *letters;
	bool reads;
	bool counts;
	bool host;
	const char *more;
	const char *example;
	bool (*run)(struct options *options);
};

/* False: help was asked for, and was given. Dies of what is wrong. */
bool options_parse(const struct verb *verb, int argc, char **argv, struct options *options);
void options_free(struct options *options);

/* The words of an option, for completion: the @i-th of a verb; NULL behind the last. */
const char *option_word(const struct verb *verb, unsigned int i);

/* verbs.c: all, in the order of the help; the last has no name. */
extern const struct verb verbs[];

/* Each in the file of its name. */
bool show(struct options *options);
bool merge(struct options *options);
bool list(struct options *options);
bool top(struct options *options);
bool live(struct options *options);
bool record(struct options *options);
bool metrics(struct options *options);
bool doctor(struct options *options);
bool export_json(struct options *options);
bool export_dot(struct options *options);
bool export_pcapng(struct options *options);

#endif
