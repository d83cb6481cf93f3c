// SPDX-License-Identifier: GPL-2.0
#include "line.h"

#include <linux/hex.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/socket.h>
#include <linux/string.h>
#include <linux/time64.h>

#include "uapi/tcp_teardown.h"

/*
 * A number is made from its last digit on, in the middle of so many blanks, and
 * always copied as one chunk, which is a few moves: what is too much is blank.
 */
#define CHUNK	24

/* As far as fields are padded, even of long IPv6 addresses. */
#define BLANK	192U

/**
 * line_begin() - begin a line
 * @to: where to
 * @size: room there
 */
struct line line_begin(char *to, size_t size)
{
	/* So blanks are passed over, not printed. */
	memset(to, ' ', min_t(size_t, size, BLANK));
	return (struct line) { .to = to, .size = size };
}

/**
 * line_copy() - print on
 * @line: where
 * @text: what
 * @len: so much of it
 */
void line_copy(struct line *line, const char *text, size_t len)
{
	len = min(len, line->size - line->len);
	memcpy(line->to + line->len, text, len);
	line->len += len;
}

/**
 * line_pad() - leave blanks behind what was printed
 * @line: where, not far from its begin
 * @begin: where that begins
 * @width: so many characters at least, from there
 */
void line_pad(struct line *line, size_t begin, size_t width)
{
	size_t len = min(max(line->len, begin + width), line->size);

	if (unlikely(len > BLANK))
		memset(line->to + line->len, ' ', len - line->len);
	line->len = len;
}

/**
 * line_word() - print a word, blanks behind it
 * @line: where
 * @word: what
 * @width: so many characters at least
 */
void line_word(struct line *line, const char *word, size_t width)
{
	char *begin = line->to + line->len, *to = begin, *end = line->to + line->size;

	while (*word && to < end)
		*to++ = *word++;
	line->len = to - line->to;
	if (to < begin + width)
		line_pad(line, begin - line->to, width);
}

/* Blanks, and in the middle of them what is made from its end on. */
struct made {
	char text[2 * CHUNK];
};

/* Returns the end. */
static __always_inline char *made_init(struct made *made)
{
	memset(made->text, ' ', sizeof(made->text));
	return made->text + CHUNK;
}

static __always_inline char *put_char(char *begin, char c)
{
	*--begin = c;
	return begin;
}

/* @number: below 100 */
static __always_inline char *put_pair(char *begin, u32 number)
{
	static const char pairs[100][2] = {
		"00", "01", "02", "03", "04", "05", "06", "07", "08", "09",
		"10", "11", "12", "13", "14", "15", "16", "17", "18", "19",
		"20", "21", "22", "23", "24", "25", "26", "27", "28", "29",
		"30", "31", "32", "33", "34", "35", "36", "37", "38", "39",
		"40", "41", "42", "43", "44", "45", "46", "47", "48", "49",
		"50", "51", "52", "53", "54", "55", "56", "57", "58", "59",
		"60", "61", "62", "63", "64", "65", "66", "67", "68", "69",
		"70", "71", "72", "73", "74", "75", "76", "77", "78", "79",
		"80", "81", "82", "83", "84", "85", "86", "87", "88", "89",
		"90", "91", "92", "93", "94", "95", "96", "97", "98", "99",
	};

	return memcpy(begin - 2, pairs[number], 2);
}

/* @number: below 10000 */
static __always_inline char *put_four(char *begin, u32 number)
{
	return put_pair(put_pair(begin, number % 100), number / 100);
}

static __always_inline char *put_number(char *begin, u64 number)
{
	u32 rest;

	while (number >= 10000) {
		begin = put_four(begin, number % 10000);
		number /= 10000;
	}
	rest = number;
	if (rest >= 100) {
		begin = put_pair(begin, rest % 100);
		rest /= 100;
	}
	return rest >= 10 ? put_pair(begin, rest) : put_char(begin, '0' + rest);
}

/* @width: no more than CHUNK; blanks before it. */
static __always_inline void line_made(struct line *line, const struct made *made,
				      const char *begin, size_t width)
{
	const char *end = made->text + CHUNK;
	size_t len = max_t(size_t, end - begin, width);

	begin = end - len;
	if (unlikely(line->size - line->len < CHUNK)) {
		line_copy(line, begin, len);
		return;
	}
	memcpy(line->to + line->len, begin, CHUNK);
	line->len += len;
}

/**
 * line_unknown() - print - in place of a number
 * @line: where
 * @width: so many characters, at most CHUNK; blanks before it
 */
void line_unknown(struct line *line, size_t width)
{
	struct made made;
	char *end = made_init(&made);

	line_made(line, &made, put_char(end, '-'), width);
}

/**
 * line_number() - print a number
 * @line: where
 * @number: what
 * @width: so many characters at least, at most CHUNK; blanks before it
 */
void line_number(struct line *line, u64 number, size_t width)
{
	struct made made;
	char *end = made_init(&made);

	line_made(line, &made, put_number(end, number), width);
}

/**
 * line_hex() - print a number to the base of 16
 * @line: where
 * @number: what
 * @width: so many characters at least, at most CHUNK; blanks before it
 */
void line_hex(struct line *line, u64 number, size_t width)
{
	struct made made;
	char *begin = made_init(&made);

	do {
		begin = put_char(begin, hex_asc[number & 0xf]);
		number >>= 4;
	} while (number);
	line_made(line, &made, begin, width);
}

/**
 * line_seconds() - print a time, to the microsecond
 * @line: where
 * @ns: nanoseconds; TCP_TEARDOWN_UNKNOWN is "-"
 * @width: so many characters at least, at most CHUNK; blanks before it
 */
void line_seconds(struct line *line, u64 ns, size_t width)
{
	u64 us = div_u64(ns, NSEC_PER_USEC), s = div_u64(us, USEC_PER_SEC);
	u32 rest = us - s * USEC_PER_SEC;
	struct made made;
	char *begin;

	if (ns == TCP_TEARDOWN_UNKNOWN) {
		line_unknown(line, width);
		return;
	}
	begin = put_four(made_init(&made), rest % 10000);
	begin = put_pair(begin, rest / 10000);
	begin = put_number(put_char(begin, '.'), s);
	line_made(line, &made, begin, width);
}

static void line_ipv6(struct line *line, const u8 *addr, u16 port)
{
	char text[sizeof("[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]:65535")];

	line_copy(line, text, scnprintf(text, sizeof(text), "[%pI6c]:%u", addr, port));
}

static void line_ipv4(struct line *line, const u8 *addr, u16 port)
{
	struct made made;
	char *begin;
	int i;

	begin = put_number(made_init(&made), port);
	for (i = 3; i >= 0; i--)
		begin = put_number(put_char(begin, i == 3 ? ':' : '.'), addr[i]);
	line_made(line, &made, begin, 0);
}

/**
 * line_address() - print an address and port as ss does, blanks behind
 * @line: where
 * @family: AF_INET6 is given brackets, v4-mapped or not
 * @addr: 16 bytes, IPv4 as v4-mapped
 * @port: host order
 * @width: so many characters at least
 */
void line_address(struct line *line, u8 family, const u8 *addr, u16 port, size_t width)
{
	size_t begin = line->len;

	if (family == AF_INET)
		line_ipv4(line, addr + 12, port);
	else
		line_ipv6(line, addr, port);
	line_pad(line, begin, width);
}

/**
 * line_plain() - print a name that came from a process, as one word
 * @line: where
 * @name: the name; blanks and what can't be printed become _; none is "-"
 * @len: at most so long
 */
void line_plain(struct line *line, const u8 *name, size_t len)
{
	size_t i;
	char c;

	for (i = 0; i < len && name[i]; i++) {
		c = name[i] > ' ' && name[i] < 0x7f ? name[i] : '_';
		line_copy(line, &c, 1);
	}
	if (!i)
		line_literal(line, "-");
}
