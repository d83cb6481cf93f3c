// SPDX-License-Identifier: GPL-2.0
/* The grammar of filters: from text to a program. */
#include "filter_parse.h"

#include <linux/ctype.h>
#include <linux/string.h>

/* Longest operator first. */
static const char * const signs[COMPARES] = {
	[EQ] = "==", [NE] = "!=", [LE] = "<=", [GE] = ">=", [LT] = "<", [GT] = ">",
};

/**
 * parse_fail() - report a mistake
 * @p: the parser
 * @token: the word; its length is 0 if there is none
 * @what: is wrong with it
 *
 * Return: false.
 */
bool parse_fail(struct parser *p, struct filter_token token, const char *what)
{
	p->error->what = what;
	p->error->at = token.at - p->filter->text;
	p->error->len = token.len;
	return false;
}

/* A mistake at the current place, not in a word. */
static bool parse_fail_here(struct parser *p, const char *what)
{
	return parse_fail(p, (struct filter_token) { p->at, 0 }, what);
}

static void skip_blanks(struct parser *p)
{
	while (*p->at == ' ' || *p->at == '\t')
		p->at++;
}

static bool take(struct parser *p, const char *sign)
{
	size_t len = strlen(sign);

	skip_blanks(p);
	if (strncmp(p->at, sign, len))
		return false;
	p->at += len;
	return true;
}

/* Letters, digits, and the other characters of numbers, addresses and names. */
static struct filter_token take_word(struct parser *p, const char *beside)
{
	struct filter_token token;

	skip_blanks(p);
	token.at = p->at;
	while (*p->at && isascii(*p->at) && (isalnum(*p->at) || strchr(beside, *p->at)))
		p->at++;
	token.len = p->at - token.at;
	return token;
}

/* A word; a name may be quoted. Return: false if the second quote is missing. */
static bool take_value(struct parser *p, const struct field *field,
		       struct filter_token *token)
{
	const char *end;

	skip_blanks(p);
	if (!field->is_name || (*p->at != '"' && *p->at != '\'')) {
		*token = take_word(p, *p->at == '-' ? "" : "_.:/-");
		return true;
	}
	end = strchr(p->at + 1, *p->at);
	if (!end || memchr(p->at, '\n', end - p->at))
		return parse_fail_here(p, "this quote has no end");
	token->at = p->at + 1;
	token->len = end - token->at;
	p->at = end + 1;
	return true;
}

static bool take_compare(struct parser *p, const struct field *field,
			 enum filter_compare *compare)
{
	skip_blanks(p);
	for (*compare = 0; *compare < COMPARES; ++*compare) {
		const char *sign = signs[*compare];

		if (strncmp(p->at, sign, strlen(sign)))
			continue;
		if (*compare > NE && !field_has_order(field))
			return parse_fail_here(p, "this field can only be == or !=");
		return take(p, sign);
	}
	return parse_fail_here(p, "== != < <= > or >= is missing");
}

static bool parse_comparison(struct parser *p, struct filter_part *part)
{
	struct filter_token name = take_word(p, "_"), token;
	const struct field *field = field_find(name);
	enum filter_compare compare;

	if (!name.len)
		return parse_fail_here(p, "a field is missing");
	if (!field)
		return parse_fail(p, name, field_renamed(name) ?: "unknown field");
	if (!take_compare(p, field, &compare) || !take_value(p, field, &token))
		return false;
	if (!token.len)
		return parse_fail_here(p, "a value is missing");
	if (!field_compare(p, field, compare, token, part))
		return false;
	return p->filter->nr <= FILTER_TESTS || parse_fail(p, name, "too many comparisons, from");
}

static bool parse_or(struct parser *p, struct filter_part *part);

/* Calls parse_or() for parentheses, at most FILTER_DEPTH deep. */
static bool parse_operand(struct parser *p, struct filter_part *part)
{
	bool negate = false, good;

	while (take(p, "!"))
		negate = !negate;
	if (!take(p, "(")) {
		good = parse_comparison(p, part);
	} else if (p->depth == FILTER_DEPTH) {
		p->at--;
		good = parse_fail_here(p, "too many parentheses within each other");
	} else {
		p->depth++;
		good = parse_or(p, part) &&
		       (take(p, ")") || parse_fail_here(p, "&& || or ) is missing"));
		p->depth--;
	}
	if (negate && good)
		*part = filter_not(*part);
	return good;
}

static bool parse_and(struct parser *p, struct filter_part *part)
{
	struct filter_part more;

	if (!parse_operand(p, part))
		return false;
	while (take(p, "&&")) {
		if (!parse_operand(p, &more))
			return false;
		*part = filter_and(p->filter, *part, more);
	}
	return true;
}

static bool parse_or(struct parser *p, struct filter_part *part)
{
	struct filter_part more;

	if (!parse_and(p, part))
		return false;
	while (take(p, "||")) {
		if (!parse_and(p, &more))
			return false;
		*part = filter_or(p->filter, *part, more);
	}
	return true;
}

/**
 * filter_parse() - make the program
 * @filter: with its text; all else is 0
 * @self: what "self" is
 * @error: set if it fails
 *
 * Context: any.
 *
 * Return: false if the expression has a mistake.
 */
bool filter_parse(struct filter *filter, const struct filter_self *self,
		  struct filter_error *error)
{
	struct parser p = {
		.filter = filter,
		.at = filter->text,
		.self = self,
		.error = error,
	};
	struct filter_part all;

	if (!parse_or(&p, &all))
		return false;
	if (*p.at == ')')
		return parse_fail_here(&p, "there is no ( for this )");
	if (*p.at)
		return parse_fail_here(&p, "&& or || is missing");
	filter_end(filter, all);
	return true;
}
