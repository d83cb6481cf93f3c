/* SPDX-License-Identifier: GPL-2.0 */
/* What a filter can compare: fields, numbers, words, addresses. */
#ifndef TCP_TEARDOWN_FILTER_FIELD_H
#define TCP_TEARDOWN_FILTER_FIELD_H

#include "filter/filter_lex.h"

enum filter_compare {
	FILTER_EQ, FILTER_NE, FILTER_LE, FILTER_GE, FILTER_LT, FILTER_GT, FILTER_COMPARES
};

/**
 * struct filter_field - a field that can be compared
 * @name: in an expression
 * @value: enum filter_value
 * @other: a second value that may match instead; 0 for none
 * @may_miss: a record may lack it
 * @is_name: it is the name of a process
 * @max: the largest number; 0 for an address
 * @word: gives the name of a number, if values are names; "?" if it has none
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
