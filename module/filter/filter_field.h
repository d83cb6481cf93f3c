/* SPDX-License-Identifier: GPL-2.0 */
/* Compiles a comparison: the fields, and the numbers, words and addresses that they can be. */
#ifndef TCP_TEARDOWN_FILTER_FIELD_H
#define TCP_TEARDOWN_FILTER_FIELD_H

#include "filter/filter_lex.h"

/* The operators, in the order in which filter_parse.c searches for them. */
enum filter_compare {
	FILTER_EQ, FILTER_NE, FILTER_LE, FILTER_GE, FILTER_LT, FILTER_GT, FILTER_COMPARES
};

/**
 * struct filter_field - a field that can be compared
 * @name: its name in an expression
 * @value: the enum filter_value that is compared
 * @other: another one that may match instead; 0 if there is none
 * @may_miss: a record may lack the value
 * @is_name: it is the name of a process
 * @max: the largest number; 0 for an address
 * @word: if the field's values are words, returns that of a number, or "?"; otherwise NULL
 */
struct filter_field {
	const char *name;
	u8 value;
	u8 other;
	bool may_miss;
	bool is_name;
	u64 max;
	const char *(*word)(u8 number);
};

/* Can it be compared by < and >? */
static inline bool filter_field_has_order(const struct filter_field *field)
{
	return field->max && !field->word && !field->is_name;
}

const struct filter_field *filter_field_find(struct filter_token name);
const char *filter_field_renamed(struct filter_token name);
bool filter_field_compare(struct filter_parser *p, const struct filter_field *field,
			  enum filter_compare compare, struct filter_token token,
			  struct filter_part *part);

#endif
