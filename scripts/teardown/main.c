// SPDX-License-Identifier: GPL-2.0
/* tcp-teardown: reads what the module tcp_teardown records. */
#include <signal.h>
#include <stdio.h>

#include "complain.h"
#include "completion.h"
#include "options.h"
#include "print.h"

static void print_verbs(FILE *to)
{
	fputs("usage: tcp-teardown VERB [OPTION...] [FILE...] [FILTER]\n\n"
	      "Reads what the kernel module tcp_teardown records, and tells how TCP\n"
	      "connections ended.\n\n", to);
	for (const struct verb *verb = verbs; verb->name; verb++)
		fprintf(to, "  %-16s %s\n", verb->name, verb->what);
	fputs("\ntcp-teardown VERB -h tells more of one, with an example.\n"
	      "Exit status: 0 fine; 1 doctor has found something; 2 something was wrong, and stderr says what.\n"
	      "tcp-teardown --completion prints a completion for bash.\n", to);
}

/* How many words of the command line name that verb; 0: it is another. */
static int names(const struct verb *verb, int argc, char **argv)
{
	size_t first = strcspn(verb->name, " ");

	if (argc < 2 || strlen(argv[1]) != first || strncmp(argv[1], verb->name, first))
		return 0;
	if (!verb->name[first])
		return 1;
	return argc > 2 && !strcmp(argv[2], verb->name + first + 1) ? 2 : 0;
}

static const struct verb *find_verb(int argc, char **argv, int *words)
{
	const struct verb *verb;

	for (verb = verbs; verb->name; verb++) {
		*words = names(verb, argc, argv);
		if (*words)
			return verb;
	}
	return NULL;
}

static int run(const struct verb *verb, int argc, char **argv)
{
	struct options options;

	if (!options_parse(verb, argc, argv, &options))
		return EXIT_FINE;
	signal(SIGPIPE, SIG_IGN);
	input_catch_interrupt();
	if (options.input.nr || !verb->reads || verb->host ||
	    (verb->counts && exit_status() == EXIT_FINE))
		verb->run(&options);
	print_out(true);
	input_tell(&options.input);
	options_free(&options);
	return exit_status();
}

int main(int argc, char **argv)
{
	const struct verb *verb;
	int words;

	verb = find_verb(argc, argv, &words);
	if (verb)
		return run(verb, argc - words, argv + words);
	if (argc > 1 && (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help"))) {
		print_verbs(stdout);
		return EXIT_FINE;
	}
	if (argc == 2 && !strcmp(argv[1], "--completion")) {
		completion_print();
		print_out(true);
		return exit_status();
	}
	print_verbs(stderr);
	if (argc > 1)
		complain("there is no verb '%s'", argv[1]);
	return EXIT_BAD;
}
