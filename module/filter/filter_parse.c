// SPDX-License-Identifier: GPL-2.0
/* The grammar of filters: from text to a program. */
#include "filter/filter.h"

#include <linux/string.h>

#include "filter/filter_field.h"
#include "filter/filter_lex.h"

/* Searched in this order: an operator that begins like another one must come first. */
static const char * const signs[FILTER_COMPARES] = {
	[FILTER_EQ] = "==", [FILTER_NE] = "!=", [FILTER_LE] = "<=", [FILTER_GE] = ">=",
	[FILTER_LT] = "<", [FILTER_GT] = ">",
};

static bool take_compare(struct filter_parser *p, const struct filter_field *field,
			 enum filter_compare *compare)
{
	filter_skip_blanks(p);
	for (*compare = 0; *compare < FILTER_COMPARES; ++*compare) {
		const char *sign = signs[*compare];

		if (strncmp(p->at, sign, strlen(sign)))
			continue;
		if (*compare > FILTER_NE && !filter_field_has_order(field))
			return filter_fail_here(p, "this field can only be == or !=");
		return filter_take(p, sign);
	}
	return filter_fail_here(p, "== != < <= > or >= is missing");
}

static bool parse_comparison(struct filter_parser *p, struct filter_part *part)
{
	struct filter_token name = filter_take_word(p, "_"), token;
	const struct filter_field *field = filter_field_find(name);
	enum filter_compare compare;

	if (!name.len)
		return filter_fail_here(p, "a field is missing");
	if (!field)
		return filter_fail(p, name, filter_field_renamed(name) ?: "unknown field");
	if (!take_compare(p, field, &compare) || !filter_take_value(p, field->is_name, &token))
		return false;
	if (!token.len)
		return filter_fail_here(p, "a value is missing");
	if (!filter_field_compare(p, field, compare, token, part))
		return false;
	return p->filter->nr <= FILTER_TESTS || filter_fail(p, name, "too many comparisons, from");
}

static bool parse_or(struct filter_parser *p, struct filter_part *part);

/* A comparison or an expression in parentheses. Calls parse_or(), at most FILTER_DEPTH deep. */
static bool parse_operand(struct filter_parser *p, struct filter_part *part)
{
	bool negate = false, good;

	while (filter_take(p, "!"))
		negate = !negate;
	if (!filter_take(p, "(")) {
		good = parse_comparison(p, part);
	} else if (p->depth == FILTER_DEPTH) {
		p->at--;
		good = filter_fail_here(p, "too many parentheses within each other");
	} else {
		p->depth++;
		good = parse_or(p, part) &&
		       (filter_take(p, ")") || filter_fail_here(p, "&& || or ) is missing"));
		p->depth--;
	}
	if (negate && good)
		*part = filter_not(*part);
	return good;
}

static bool parse_and(struct filter_parser *p, struct filter_part *part)
{
	struct filter_part more;

	if (!parse_operand(p, part))
		return false;
	while (filter_take(p, "&&")) {
		if (!parse_operand(p, &more))
			return false;
		*part = filter_and(p->filter, *part, more);
	}
	return true;
}

static bool parse_or(struct filter_parser *p, struct filter_part *part)
{
	struct filter_part more;

	if (!parse_and(p, part))
		return false;
	while (filter_take(p, "||")) {
		if (!parse_and(p, &more))
			return false;
		*part = filter_or(p->filter, *part, more);
	}
	return true;
}

/**
 * filter_parse() - compile an expression
 * @filter: has the text of the expression; its other members are 0, and are set
 * @self: what "self" means
 * @error: set if the expression has a mistake
 *
 * Context: any.
 *
 * Return: false if the expression has a mistake.
 */
bool filter_parse(struct filter *filter, const struct filter_self *self,
		  struct filter_error *error)
{
	struct filter_parser p = {
		.filter = filter,
		.at = filter->text,
		.self = self,
		.error = error,
	};
	struct filter_part all;

	if (!parse_or(&p, &all))
		return false;
	if (*p.at == ')')
		return filter_fail_here(&p, "there is no ( for this )");
	if (*p.at)
		return filter_fail_here(&p, "&& or || is missing");
	filter_end(filter, all);
	return true;
}
