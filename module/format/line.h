/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Prints a line of text from left to right, field by field, without vsnprintf(). That takes six
 * times as long for a line, and a reader of trace_pipe must keep up with the load. A short text is
 * copied as a chunk of fixed size, with a few moves, and the next field overwrites the surplus.
 * A field for which there is no room is left out.
 */
#ifndef TCP_TEARDOWN_LINE_H
#define TCP_TEARDOWN_LINE_H

#include <linux/compiler.h>
#include <linux/string.h>
#include <linux/types.h>

struct word;

/* The most characters of a short text or a number, and the most spaces before or after one. */
#define LINE_CHUNK	32

/**
 * struct line - a line and its buffer
 * @to: the buffer; no NUL is written to it
 * @size: bytes of the buffer, without one for the newline
 * @len: number of characters printed
 */
struct line {
	char *to;
	size_t size;
	size_t len;
};

/**
 * line_begin() - begin a line
 * @to: the buffer
 * @size: bytes of the buffer, at least one
 *
 * Return: the line, still empty.
 */
static inline struct line line_begin(char *to, size_t size)
{
	return (struct line) { .to = to, .size = size - 1 };
}

/**
 * line_end() - end a line
 * @line: from line_begin()
 *
 * Return: its length, the newline included.
 */
static inline size_t line_end(struct line *line)
{
	line->to[line->len] = '\n';
	return line->len + 1;
}

/* Return: where the next chunk goes; NULL if there is no room for one. */
static __always_inline char *line_room(struct line *line)
{
	return likely(line->size - line->len >= LINE_CHUNK) ? line->to + line->len : NULL;
}

void line_copy(struct line *line, const char *text, size_t len);
void line_pad(struct line *line, size_t begin, size_t width);
void line_word(struct line *line, const char *word, size_t width);
void line_name(struct line *line, const struct word *name);
void line_unknown(struct line *line, size_t width);
void line_number(struct line *line, u64 number, size_t width);
void line_hex(struct line *line, u64 number, size_t width);
void line_seconds(struct line *line, u64 ns, size_t width);
void line_address(struct line *line, u8 family, const u8 *addr, u16 port, size_t width);
void line_plain(struct line *line, const u8 *name, size_t len);

/* Prints a string literal of at most LINE_CHUNK characters. */
#define line_literal(line, text) line_constant(line, text, sizeof(text) - 1)

/* Prints text whose length is known when this is compiled, at most LINE_CHUNK. */
static __always_inline void line_constant(struct line *line, const char *text, size_t len)
{
	char *to = line_room(line);

	if (to) {
		memcpy(to, text, len);
		line->len += len;
	}
}

#endif
