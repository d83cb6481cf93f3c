/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A line of text, printed from left to right, field by field. By hand, for a
 * reader of trace_pipe keeps up with the load: a line of vsnprintf() costs six
 * times as much. What there is no room for is cut off.
 */
#ifndef TCP_TEARDOWN_LINE_H
#define TCP_TEARDOWN_LINE_H

#include <linux/compiler.h>
#include <linux/string.h>
#include <linux/types.h>

/**
 * struct line - where it is printed to
 * @to: the room; no NUL is written
 * @size: of it
 * @len: characters printed
 */
struct line {
	char *to;
	size_t size;
	size_t len;
};

struct line line_begin(char *to, size_t size);
void line_copy(struct line *line, const char *text, size_t len);
void line_pad(struct line *line, size_t begin, size_t width);
void line_word(struct line *line, const char *word, size_t width);
void line_unknown(struct line *line, size_t width);
void line_number(struct line *line, u64 number, size_t width);
void line_hex(struct line *line, u64 number, size_t width);
void line_seconds(struct line *line, u64 ns, size_t width);
void line_address(struct line *line, u8 family, const u8 *addr, u16 port, size_t width);
void line_plain(struct line *line, const u8 *name, size_t len);

static __always_inline void line_constant(struct line *line, const char *text, size_t len)
{
	if (unlikely(line->size - line->len < len)) {
		line_copy(line, text, len);
		return;
	}
	memcpy(line->to + line->len, text, len);	/* a few moves */
	line->len += len;
}

/* What is known when it is compiled. */
#define line_literal(line, text) line_constant(line, text, sizeof(text) - 1)

#endif
