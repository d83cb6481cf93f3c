/* SPDX-License-Identifier: GPL-2.0 */
/* Shared by the grammar of filters, filter_parse.c, and their fields, filter_field.c. */
#ifndef TCP_TEARDOWN_FILTER_PARSE_H
#define TCP_TEARDOWN_FILTER_PARSE_H

#include "filter.h"

/**
 * struct parser - the state of the parser
 * @filter: it reads its text, and makes its program
 * @at: the next character
 * @self: what "self" means
 * @depth: open parentheses
 * @error: set for a mistake
 */
struct parser {
	struct filter *filter;
	const char *at;
	const struct filter_self *self;
	unsigned int depth;
	struct filter_error *error;
};

/* A word of the text. */
struct filter_token {
	const char *at;
	size_t len;
};

enum filter_compare { EQ, NE, LE, GE, LT, GT, COMPARES };

/**
 * struct field - a field that can be compared
 * @name: in an expression
 * @value: enum filter_value
 * @other: a second value that may match instead; 0 for none
 * @may_miss: a record may lack it
 * @is_name: it is the name of a process
 * @max: the largest number; 0 for an address
 * @word: gives the name of a number, if values are names; "?" if it has none
 */
struct field {
	const char *name;
	u8 value;
	u8 other;
	bool may_miss;
	bool is_name;
	u64 max;
	const char *(*word)(u8 number);
};

static inline bool field_has_order(const struct field *field)
{
	return field->max && !field->word && !field->is_name;
}

bool parse_fail(struct parser *p, struct filter_token token, const char *what);
bool is_word(struct filter_token token, const char *word);

const struct field *field_find(struct filter_token name);
const char *field_renamed(struct filter_token name);
bool field_compare(struct parser *p, const struct field *field, enum filter_compare compare,
		   struct filter_token token, struct filter_part *part);

#endif
