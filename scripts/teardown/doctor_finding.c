// SPDX-License-Identifier: GPL-2.0
/* A finding, as text or JSON. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "doctor.h"
#include "json.h"

#define WIDTH		90
#define INDENT		9
#define CERTAINTY_AT	71

static const char * const certainties[] = {
	[POSSIBLE] = "possible", [LIKELY] = "likely", [CERTAIN] = "certain",
};

void print_count(struct print *print, u64 count)
{
	if (count >= 1000) {
		print_count(print, count / 1000);
		print_format(print, ",%03llu", count % 1000);
	} else {
		print_number(print, count);
	}
}

void print_age(struct print *print, u64 ns)
{
	u64 s = ns / NSEC_PER_SEC;

	if (s >= 86400)
		print_format(print, "%llu d %llu h", s / 86400, s / 3600 % 24);
	else if (s >= 3600)
		print_format(print, "%llu h %llu m", s / 3600, s / 60 % 60);
	else if (s >= 120)
		print_format(print, "%llu m", s / 60);
	else
		print_format(print, "%llu s", s);
}

/* A line of it, where a newline in @text is a blank. */
static void print_sentence(struct print *print, const char *text)
{
	for (; *text; text++)
		print_char(print, *text == '\n' ? ' ' : *text);
	print_char(print, '\n');
}

void finding_doubt(struct finding *finding, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (finding->certainty > POSSIBLE)
		finding->certainty--;
	print_sentence(&finding->but, text);
}

void finding_note(struct finding *finding, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	print_sentence(&finding->note, text);
}

void finding_free(struct finding *finding)
{
	free(finding->fact.text);
	free(finding->who.text);
	free(finding->note.text);
	free(finding->see.text);
	free(finding->but.text);
}

/* A line of words, broken where it is too long. */
static void print_wrapped(const char *text, size_t len)
{
	size_t column = INDENT;

	while (len) {
		size_t word = 0;

		while (word < len && text[word] != ' ')
			word++;
		if (column > INDENT && column + 1 + word > WIDTH) {
			print_format(&out, "\n%*s", INDENT, "");
			column = INDENT;
		} else if (column > INDENT) {
			print_char(&out, ' ');
			column++;
		}
		print_bytes(&out, text, word);
		column += word;
		word += word < len;
		text += word;
		len -= word;
	}
	print_char(&out, '\n');
}

/* Each line of @text behind the label; a command is not broken. */
static void print_lines(const char *label, const char *text, size_t len, bool wrap)
{
	while (len) {
		const char *end = memchr(text, '\n', len);
		size_t line = end ? (size_t)(end - text) : len;

		print_format(&out, "  %-6s ", label);
		if (wrap) {
			print_wrapped(text, line);
		} else {
			print_bytes(&out, text, line);
			print_char(&out, '\n');
		}
		line += !!end;
		text += line;
		len -= line;
	}
}

static void print_words(const char *label, const char *text)
{
	struct print line = { };

	if (!text)
		return;
	print_sentence(&line, text);
	print_lines(label, line.text, line.len, true);
	free(line.text);
}

static void print_print(const char *label, const struct print *print)
{
	print_lines(label, print->text, print->len, true);
}

static void print_head(const struct rule *rule, const struct finding *finding, const char *prefix)
{
	size_t begin = out.len;

	print_format(&out, "%-6s %s", finding->fine ? "FINE" : rule->word, prefix);
	print_bytes(&out, finding->fact.text, finding->fact.len);
	print_pad(&out, begin, CERTAINTY_AT);
	print_format(&out, "  %s\n", certainties[finding->certainty]);
}

static void print_text(const struct rule *rule, const struct finding *finding, const char *prefix)
{
	print_head(rule, finding, prefix);
	print_print("who", &finding->who);
	if (!finding->fine) {
		print_words("why", rule->why);
		print_words("do", rule->do_this);
		print_words("not", rule->not_this);
	}
	print_print("note", &finding->note);
	print_lines("see", finding->see.text, finding->see.len, false);
	if (!finding->fine || finding->note.len)
		print_words("from", rule->from);
	print_print("but", &finding->but);
}

static void json_text(const char *key, const char *text, size_t len)
{
	while (len && text[len - 1] == '\n')
		len--;
	if (len)
		json_name(key, (const u8 *)text, len);
}

static void json_words(const char *key, const char *text)
{
	struct print line = { };

	if (!text)
		return;
	print_sentence(&line, text);
	json_text(key, line.text, line.len);
	free(line.text);
}

static void print_json(const struct rule *rule, const struct place *place,
		       const struct finding *finding)
{
	json_begin();
	json_word("finding", rule->name);
	json_word("word", finding->fine ? "FINE" : rule->word);
	json_word("certainty", certainties[finding->certainty]);
	if (place->netns)
		json_number("netns", place->netns);
	json_text("fact", finding->fact.text, finding->fact.len);
	json_text("who", finding->who.text, finding->who.len);
	if (!finding->fine) {
		json_words("why", rule->why);
		json_words("do", rule->do_this);
		json_words("not", rule->not_this);
	}
	json_text("note", finding->note.text, finding->note.len);
	json_text("see", finding->see.text, finding->see.len);
	json_words("from", rule->from);
	json_text("but", finding->but.text, finding->but.len);
	json_end();
}

void finding_print(const struct doctor *doctor, const struct rule *rule,
		   const struct place *place, struct finding *finding)
{
	if (doctor->options->json)
		print_json(rule, place, finding);
	else
		print_text(rule, finding, netns_prefix(doctor, place));
}
