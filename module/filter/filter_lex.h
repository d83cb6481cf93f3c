/* SPDX-License-Identifier: GPL-2.0 */
/* Splits an expression into words and signs, and reports a mistake in it. */
#ifndef TCP_TEARDOWN_FILTER_LEX_H
#define TCP_TEARDOWN_FILTER_LEX_H

#include "filter/filter.h"

/**
 * struct filter_parser - the state of the parser
 * @filter: the filter whose text it reads, and whose program it makes
 * @at: the next character of the text
 * @self: what "self" means
 * @depth: number of open parentheses
 * @error: set if there is a mistake
 */
struct filter_parser {
	struct filter *filter;
	const char *at;
	const struct filter_self *self;
	unsigned int depth;
	struct filter_error *error;
};

/* A word of the text: where it begins, and its length. */
struct filter_token {
	const char *at;
	size_t len;
};

bool filter_fail(struct filter_parser *p, struct filter_token token, const char *what);
bool filter_fail_here(struct filter_parser *p, const char *what);
void filter_skip_blanks(struct filter_parser *p);
bool filter_take(struct filter_parser *p, const char *sign);
struct filter_token filter_take_word(struct filter_parser *p, const char *beside);
bool filter_take_value(struct filter_parser *p, bool is_name, struct filter_token *token);
bool filter_is_word(struct filter_token token, const char *word);

#endif
