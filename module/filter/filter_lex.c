// SPDX-License-Identifier: GPL-2.0
/* Splits an expression into words and signs, and reports a mistake in it. */
#include "filter/filter_lex.h"

#include <linux/ctype.h>
#include <linux/string.h>

/**
 * filter_fail() - report a mistake in a word
 * @p: the parser
 * @token: the word
 * @what: the message; the word follows it in the log
 *
 * Return: false.
 */
bool filter_fail(struct filter_parser *p, struct filter_token token, const char *what)
{
	p->error->what = what;
	p->error->at = token.at - p->filter->text;
	p->error->len = token.len;
	return false;
}

/**
 * filter_fail_here() - report a mistake at the next character
 * @p: the parser
 * @what: the message
 *
 * Return: false.
 */
bool filter_fail_here(struct filter_parser *p, const char *what)
{
	return filter_fail(p, (struct filter_token) { p->at, 0 }, what);
}

/**
 * filter_skip_blanks() - go to the next character that is no blank
 * @p: the parser
 */
void filter_skip_blanks(struct filter_parser *p)
{
	while (*p->at == ' ' || *p->at == '\t')
		p->at++;
}

/**
 * filter_take() - read a sign, if it comes next
 * @p: the parser
 * @sign: the sign, of one or two characters
 *
 * Return: false if something else comes next.
 */
bool filter_take(struct filter_parser *p, const char *sign)
{
	size_t len = strlen(sign);

	filter_skip_blanks(p);
	if (strncmp(p->at, sign, len))
		return false;
	p->at += len;
	return true;
}

/**
 * filter_take_word() - read a word
 * @p: the parser
 * @beside: the characters that it may contain beside letters and digits
 *
 * Return: the word; its length is 0 if there is none.
 */
struct filter_token filter_take_word(struct filter_parser *p, const char *beside)
{
	struct filter_token token;

	filter_skip_blanks(p);
	token.at = p->at;
	while (*p->at && isascii(*p->at) && (isalnum(*p->at) || strchr(beside, *p->at)))
		p->at++;
	token.len = p->at - token.at;
	return token;
}

/**
 * filter_take_value() - read a value
 * @p: the parser
 * @is_name: it is the name of a process, which may be quoted
 * @token: set to the value, without quotes; its length is 0 if there is none
 *
 * Return: false after filter_fail(), if the second quote is missing.
 */
bool filter_take_value(struct filter_parser *p, bool is_name, struct filter_token *token)
{
	const char *end;

	filter_skip_blanks(p);
	if (!is_name || (*p->at != '"' && *p->at != '\'')) {
		*token = filter_take_word(p, *p->at == '-' ? "" : "_.:/-");
		return true;
	}
	end = strchr(p->at + 1, *p->at);
	if (!end || memchr(p->at, '\n', end - p->at))
		return filter_fail_here(p, "this quote has no end");
	token->at = p->at + 1;
	token->len = end - token->at;
	p->at = end + 1;
	return true;
}

/**
 * filter_is_word() - compare a word
 * @token: a word of the expression
 * @word: what it is compared with
 *
 * Return: true if they are the same.
 */
bool filter_is_word(struct filter_token token, const char *word)
{
	return strlen(word) == token.len && !memcmp(token.at, word, token.len);
}
