/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A line of text, printed from left to right, field by field. It is written by hand, so that a
 * reader of trace_pipe keeps up with the load: a line of vsnprintf() costs six times as much. A
 * short text is copied as one chunk, with a few moves; the next field overwrites its surplus. If
 * there is no room for a field, it is left out.
 */
#ifndef TCP_TEARDOWN_LINE_H
#define TCP_TEARDOWN_LINE_H

#include <linux/compiler.h>
#include <linux/string.h>
#include <linux/types.h>

struct word;

/* The largest length of a short text, and of the spaces before or after it. */
#define LINE_CHUNK	32

/**
 * struct line - a line and its buffer
 * @to: the room; no NUL is written
 * @size: of the room, without the newline
 * @len: characters printed
 */
struct line {
	char *to;
	size_t size;
	size_t len;
};

/**
 * line_begin() - begin a line
 * @to: where to
 * @size: room there, at least for a newline
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

/* Room for a chunk; NULL if there is none. */
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

/* A string literal. */
#define line_literal(line, text) line_constant(line, text, sizeof(text) - 1)

static __always_inline void line_constant(struct line *line, const char *text, size_t len)
{
	char *to = line_room(line);

	if (to) {
		memcpy(to, text, len);
		line->len += len;
	}
}

#endif
