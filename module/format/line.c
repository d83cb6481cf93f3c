// SPDX-License-Identifier: GPL-2.0
#include "format/line.h"

#include <linux/bitops.h>
#include <linux/hex.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/socket.h>
#include <linux/time64.h>

#include "base/names.h"
#include "uapi/tcp_teardown.h"

/**
 * line_copy() - append text
 * @line: the line
 * @text: the text
 * @len: its length; what does not fit is cut off
 */
void line_copy(struct line *line, const char *text, size_t len)
{
	len = min(len, line->size - line->len);
	memcpy(line->to + line->len, text, len);
	line->len += len;
}

/**
 * line_pad() - append spaces, so that a field has a width
 * @line: the line
 * @begin: offset of the field in the line
 * @width: the least width of the field; at most LINE_CHUNK more than it has
 */
void line_pad(struct line *line, size_t begin, size_t width)
{
	char *to = line_room(line);

	if (!to || line->len >= begin + width)
		return;
	memset(to, ' ', LINE_CHUNK);
	line->len = begin + width;
}

/**
 * line_word() - print a word, then spaces
 * @line: the line
 * @word: the word
 * @width: the least number of characters
 */
void line_word(struct line *line, const char *word, size_t width)
{
	size_t begin = line->len;

	line_copy(line, word, strlen(word));
	line_pad(line, begin, width);
}

/**
 * line_name() - print a word of names.h
 * @line: the line
 * @name: the word
 */
void line_name(struct line *line, const struct word *name)
{
	char *to = line_room(line);

	if (!to)
		return;
	memcpy(to, name->text, sizeof(name->text));
	line->len += name->len;
}

static_assert(sizeof_field(struct word, text) <= LINE_CHUNK);

/*
 * Appends room for @len characters, after spaces if @width is larger. Return: the end of that room,
 * because a number is written from its last digit to the first; NULL if there is no room.
 */
static __always_inline char *number_room(struct line *line, size_t len, size_t width)
{
	char *to = line_room(line);

	if (unlikely(!to))
		return NULL;
	if (len < width) {
		memset(to, ' ', LINE_CHUNK);
		len = width;
	}
	line->len += len;
	return to + len;
}

static __always_inline char *put_char(char *end, char c)
{
	*--end = c;
	return end;
}

/* @number: below 100 */
static __always_inline char *put_pair(char *end, u32 number)
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

	return memcpy(end - 2, pairs[number], 2);
}

/* @number: below 10000 */
static __always_inline char *put_four(char *end, u32 number)
{
	return put_pair(put_pair(end, number % 100), number / 100);
}

static __always_inline char *put_number(char *end, u64 number)
{
	u32 rest;

	while (number >= 10000) {
		end = put_four(end, number % 10000);
		number /= 10000;
	}
	rest = number;
	if (rest >= 100) {
		end = put_pair(end, rest % 100);
		rest /= 100;
	}
	return rest >= 10 ? put_pair(end, rest) : put_char(end, '0' + rest);
}

/* 1233 / 4096 is a little more than log10(2). So @guess is the number of digits or one less. */
static __always_inline size_t count_digits(u64 number)
{
	static const u64 tens[] = {
		0, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000,
		10000000000, 100000000000, 1000000000000, 10000000000000, 100000000000000,
		1000000000000000, 10000000000000000, 100000000000000000, 1000000000000000000,
		10000000000000000000ULL,
	};
	unsigned int guess = fls64(number) * 1233 >> 12;

	return guess + (number >= tens[guess]);
}

/**
 * line_unknown() - print "-" instead of a number
 * @line: the line
 * @width: the least number of characters, at most LINE_CHUNK; spaces come first
 */
void line_unknown(struct line *line, size_t width)
{
	char *end = number_room(line, 1, width);

	if (end)
		put_char(end, '-');
}

/**
 * line_number() - print a number
 * @line: the line
 * @number: the number
 * @width: the least number of characters, at most LINE_CHUNK; spaces come first
 */
void line_number(struct line *line, u64 number, size_t width)
{
	char *end = number_room(line, count_digits(number), width);

	if (end)
		put_number(end, number);
}

/**
 * line_hex() - print a hexadecimal number
 * @line: the line
 * @number: the number
 * @width: the least number of characters, at most LINE_CHUNK; spaces come first
 */
void line_hex(struct line *line, u64 number, size_t width)
{
	size_t len = number ? DIV_ROUND_UP(fls64(number), 4) : 1;
	char *end = number_room(line, len, width);

	while (end && len--) {
		end = put_char(end, hex_asc[number & 0xf]);
		number >>= 4;
	}
}

/**
 * line_seconds() - print a time in seconds, with six decimals
 * @line: the line
 * @ns: the time in nanoseconds; for TCP_TEARDOWN_UNKNOWN, "-" is printed
 * @width: the least number of characters, at most LINE_CHUNK; spaces come first
 */
void line_seconds(struct line *line, u64 ns, size_t width)
{
	u64 us = div_u64(ns, NSEC_PER_USEC), s = div_u64(us, USEC_PER_SEC);
	u32 rest = us - s * USEC_PER_SEC;
	char *end;

	if (ns == TCP_TEARDOWN_UNKNOWN) {
		line_unknown(line, width);
		return;
	}
	end = number_room(line, count_digits(s) + 7, width);
	if (!end)
		return;
	end = put_pair(put_four(end, rest % 10000), rest / 10000);
	put_number(put_char(end, '.'), s);
}

static void line_ipv6(struct line *line, const u8 *addr)
{
	char text[sizeof("[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]")];

	line_copy(line, text, scnprintf(text, sizeof(text), "[%pI6c]", addr));
}

static void line_ipv4(struct line *line, const u8 *addr)
{
	int i;

	line_number(line, addr[0], 0);
	for (i = 1; i < 4; i++) {
		line_literal(line, ".");
		line_number(line, addr[i], 0);
	}
}

/**
 * line_address() - print an address and port as ss does, then spaces
 * @line: the line
 * @family: AF_INET6 gets brackets, v4-mapped or not
 * @addr: 16 bytes, IPv4 as v4-mapped
 * @port: host order
 * @width: the least number of characters
 */
void line_address(struct line *line, u8 family, const u8 *addr, u16 port, size_t width)
{
	size_t begin = line->len;

	if (family == AF_INET)
		line_ipv4(line, addr + 12);
	else
		line_ipv6(line, addr);
	line_literal(line, ":");
	line_number(line, port, 0);
	line_pad(line, begin, width);
}

/**
 * line_plain() - print the name of a process as one word
 * @line: the line
 * @name: the name; spaces and unprintable characters become "_", an empty name "-"
 * @len: the most bytes of it
 */
void line_plain(struct line *line, const u8 *name, size_t len)
{
	char *to = line->to + line->len;
	size_t i;

	len = min(len, line->size - line->len);
	for (i = 0; i < len && name[i]; i++)
		to[i] = name[i] > ' ' && name[i] < 0x7f ? name[i] : '_';
	line->len += i;
	if (!i)
		line_literal(line, "-");
}
