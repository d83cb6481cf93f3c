// SPDX-License-Identifier: GPL-2.0
/*
 * Inputs to the filter, by the grammar and at random, each checked by filter_check().
 *
 * usage: filter_torture [INPUTS [SEED]]	default 100000 1
 */
#include "filter_check.h"

int main(int argc, char **argv)
{
	u64 inputs = argc > 1 ? strtoull(argv[1], NULL, 0) : 100000, accepted = 0, i;
	u64 random = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	char *text = malloc(FILTER_INPUT);

	for (i = 0; i < inputs; i++) {
		size_t size = filter_make_text(text, &random);
		/* Of exactly that size, so that AddressSanitizer sees reads beyond it. */
		char *exact = malloc(size ? size : 1);

		memcpy(exact, text, size);
		accepted += filter_check(exact, size, host_random(&random));
		free(exact);
	}
	free(text);
	printf("%llu inputs, %llu accepted\n", inputs,
	       accepted);
	return 0;
}
