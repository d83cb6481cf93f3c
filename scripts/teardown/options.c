// SPDX-License-Identifier: GPL-2.0
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "choose.h"
#include "complain.h"

#define MAX_CONNECTIONS	65536

/* An option is shown in the help of a verb that has its letter; those above 'z' have none. */
#define OPTION_MAX_CONNECTIONS	'{'
#define OPTION_SERVE		'|'
#define OPTION_ONCE		'}'
#define OPTION_SINCE		127
#define OPTION_ROOT		'~'

static const struct word_option {
	struct option option;
	const char *arg;
	const char *what;
} all[] = {
	{ { "wide", no_argument, NULL, 'w' }, NULL,
	  "with sequence numbers as on the wire, and the time in each state" },
	{ { "count", required_argument, NULL, 'n' }, "N", "at most N of them" },
	{ { "title", required_argument, NULL, 't' }, "TITLE", "above each" },
	{ { "sort", required_argument, NULL, 's' }, "COLUMN",
	  "by time, lifetime, rx, tx, bytes or slowest; the largest first, time but last" },
	{ { "by", required_argument, NULL, 'b' }, "WHAT",
	  "port (the lower one of both ends'), peer, comm, cgroup or netns" },
	{ { "json", no_argument, NULL, 'j' }, NULL, "as JSON, one object a line" },
	{ { "follow", no_argument, NULL, 'f' }, NULL, "of this host, as it happens, until ^C" },
	{ { "output", required_argument, NULL, 'o' }, "FILE", "write there" },
	{ { "directory", required_argument, NULL, 'd' }, "DIR",
	  "where the module's files are (" MODULE_FILES ")" },
	{ { "interval", required_argument, NULL, 'i' }, "SECONDS", "between two looks (1)" },
	{ { "once", no_argument, NULL, OPTION_ONCE }, NULL, "one picture as text, and end" },
	{ { "prometheus", no_argument, NULL, 'p' }, NULL,
	  "as Prometheus' text 0.0.4, for promtool and the textfile collector" },
	{ { "serve", required_argument, NULL, OPTION_SERVE }, "[ADDR:]PORT",
	  "answer GET /metrics by HTTP until ^C, at 127.0.0.1 without ADDR" },
	{ { "since", required_argument, NULL, OPTION_SINCE }, "FILE",
	  "count from then: a copy of /proc/net/tcp_teardown/summary; netstat may follow it" },
	{ { "netns", required_argument, NULL, 'N' }, "NETNS",
	  "only of that network namespace: its inode number, or self" },
	{ { "root", required_argument, NULL, OPTION_ROOT }, "DIR",
	  "a copy of /proc and /sys is there, in place of this host's" },
	{ { "max-connections", required_argument, NULL, OPTION_MAX_CONNECTIONS }, "N",
	  "hold at most N in memory, with room for 16 records each (65536: 200 MB)" },
	{ { "help", no_argument, NULL, 'h' }, NULL, "this" },
};

static bool has(const struct verb *verb, int letter)
{
	return letter == 'h' || strchr(verb->letters, letter);
}

static void print_option(const struct word_option *option)
{
	char words[48];
	int len = 0;

	if (option->option.val <= 'z')
		len = snprintf(words, sizeof(words), "-%c, ", option->option.val);
	len += snprintf(words + len, sizeof(words) - len, "--%s", option->option.name);
	if (option->arg)
		snprintf(words + len, sizeof(words) - len, " %s", option->arg);
	printf("  %-24s %s\n", words, option->what);
}

static void print_help(const struct verb *verb)
{
	printf("usage: tcp-teardown %s [OPTION...]%s%s\n\n%s.%s%s\n\n", verb->name,
	       *verb->args ? " " : "", verb->args, verb->what, *verb->more ? "\n" : "",
	       verb->more);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (has(verb, all[i].option.val))
			print_option(&all[i]);
	if (verb->reads)
		printf("\nFILE is text of trace or trace_pipe, raw records of trace_pipe_raw, or\n"
		       "a recording; several are read by time. - is stdin%s\n"
		       "FILTER is as docs/filter.md has it: an argument with == != < or > in it.\n",
		       verb->host ? "." : ", which is read without a\n"
		       "FILE, too; on a terminal, this host's module.");
	printf("\nExample:\n  %s\n", verb->example);
}

const char *option_word(const struct verb *verb, unsigned int i)
{
	for (size_t j = 0; j < ARRAY_SIZE(all); j++)
		if (has(verb, all[j].option.val) && !i--)
			return all[j].option.name;
	return NULL;
}

static u64 number(const char *text)
{
	char *end;
	u64 number;

	errno = 0;
	number = strtoull(text, &end, 10);
	if (*end || end == text || *text == '-' || errno)
		die("'%s' is not a number", text);
	return number;
}

/* Seconds, as ns. */
static u64 duration(const char *text)
{
	char *end;
	double seconds = strtod(text, &end);

	if (*end || end == text || !(seconds >= 0.1 && seconds <= 3600))
		die("'%s' is not 0.1 to 3600 seconds", text);
	return seconds * NSEC_PER_SEC;
}

static void set(struct options *options, int letter)
{
	switch (letter) {
	case 'w':
		options->wide = true;
		break;
	case 'j':
		options->json = true;
		break;
	case 'f':
		options->follow = true;
		break;
	case 'n':
		options->count = number(optarg);
		break;
	case 't':
		options->title = optarg;
		break;
	case 'o':
		options->output = optarg;
		break;
	case 'd':
		options->directory = optarg;
		break;
	case 'b':
		options->by = optarg;
		break;
	case 's':
		options->sort = optarg;
		break;
	case 'i':
		options->interval = duration(optarg);
		break;
	case 'p':
		options->prometheus = true;
		break;
	case OPTION_ONCE:
		options->once = true;
		break;
	case OPTION_SERVE:
		options->serve = optarg;
		break;
	case OPTION_SINCE:
		options->since = optarg;
		break;
	case 'N':
		options->netns = optarg;
		break;
	case OPTION_ROOT:
		options->root = optarg;
		break;
	default:
		options->max_connections = number(optarg);
		if (!options->max_connections || options->max_connections > 1ULL << 32)
			die("--max-connections is 1 to 4294967296");
	}
}

/* A comparison, and no path. */
static bool is_filter(const char *arg)
{
	return strpbrk(arg, "=<>") && *arg != '/' && *arg != '.';
}

static void take_argument(struct options *options, const char *arg)
{
	if (!is_filter(arg)) {
		input_add(&options->input, arg);
		return;
	}
	if (options->filter)
		die("two filters: '%s' and '%s'; join them with && or ||", options->filter_text,
		    arg);
	options->filter = choose_parse(arg);
	options->filter_text = arg;
}

/* A shell's redirection or pipe; not what cron or a daemon has there. */
static bool is_stdin_given(void)
{
	struct stat st;

	return !fstat(STDIN_FILENO, &st) &&
	       (S_ISREG(st.st_mode) || S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode));
}

/* What is read where nothing is named. */
static void take_default(const struct verb *verb, struct options *options)
{
	const char *own = options->follow ? MODULE_FILES "trace_pipe" : MODULE_FILES "trace";

	if (verb->counts && !options->follow &&
	    (strcmp(options->directory, MODULE_FILES) || options->root || !is_stdin_given()))
		return;
	if (options->follow || isatty(STDIN_FILENO))
		input_add(&options->input, own);
	else
		input_add(&options->input, "-");
}

bool options_parse(const struct verb *verb, int argc, char **argv, struct options *options)
{
	struct option long_options[ARRAY_SIZE(all) + 1] = { };
	char letters[2 * ARRAY_SIZE(all) + 2] = "";
	unsigned int nr = 0;
	int letter;

	*options = (struct options) {
		.count = U64_MAX,
		.max_connections = MAX_CONNECTIONS,
		.directory = MODULE_FILES,
		.interval = NSEC_PER_SEC,
	};
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		char *end = letters + strlen(letters);

		if (!has(verb, all[i].option.val))
			continue;
		long_options[nr++] = all[i].option;
		if (all[i].option.val <= 'z')
			sprintf(end, "%c%s", all[i].option.val, all[i].arg ? ":" : "");
	}
	optind = 1;
	while ((letter = getopt_long(argc, argv, letters, long_options, NULL)) != -1) {
		if (letter == 'h') {
			print_help(verb);
			return false;
		}
		if (letter == '?')
			die("-h tells more");
		set(options, letter);
	}
	if (!verb->reads && optind < argc && !is_filter(argv[optind]))
		die("'%s' is too much; -h tells more", argv[optind]);
	for (int i = optind; i < argc; i++)
		take_argument(options, argv[i]);
	if (verb->reads && !verb->host && !options->input.nr && exit_status() == EXIT_FINE)
		take_default(verb, options);
	return true;
}

void options_free(struct options *options)
{
	input_free(&options->input);
	free(options->filter);
}
