// SPDX-License-Identifier: GPL-2.0
#include "completion.h"

#include "options.h"
#include "print.h"

static void print_options(const struct verb *verb)
{
	const char *word;

	for (unsigned int i = 0; (word = option_word(verb, i)); i++)
		print_format(&out, "%s--%s", i ? " " : "", word);
}

/* The first words, each once: verbs of two words stand behind each other. */
static void print_first_words(void)
{
	const char *before = "";

	for (const struct verb *verb = verbs; verb->name; verb++) {
		int len = strcspn(verb->name, " ");

		if (strncmp(before, verb->name, len) || (before[len] && before[len] != ' '))
			print_format(&out, "%s%.*s", *before ? " " : "", len, verb->name);
		before = verb->name;
	}
}

static void print_second_words(void)
{
	for (const struct verb *verb = verbs; verb->name; verb++) {
		const char *second = strchr(verb->name, ' ');

		if (second)
			print_format(&out, "%s ", second + 1);
	}
}

void completion_print(void)
{
	print_word(&out,
		   "# bash completion for tcp-teardown; made by tcp-teardown --completion\n"
		   "_tcp_teardown()\n{\n"
		   "\tlocal word=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]} options=\n\n"
		   "\t[ \"$verb\" != export ] || verb=\"export ${COMP_WORDS[2]}\"\n"
		   "\tcase $verb in\n");
	for (const struct verb *verb = verbs; verb->name; verb++) {
		print_format(&out, "\t\"%s\") options=\"", verb->name);
		print_options(verb);
		print_word(&out, "\" ;;\n");
	}
	print_word(&out, "\tesac\n\tif [ \"$COMP_CWORD\" = 1 ]; then\n\t\toptions=\"");
	print_first_words();
	print_word(&out, "\"\n\telif [ \"$COMP_CWORD\" = 2 ] && [ \"${COMP_WORDS[1]}\" = export ]; "
		   "then\n\t\toptions=\"");
	print_second_words();
	print_word(&out, "\"\n\tfi\n"
		   "\tmapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$word\")\n}\ncomplete -o default -F _tcp_teardown tcp-teardown\n");
}
