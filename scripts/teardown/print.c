// SPDX-License-Identifier: GPL-2.0
#include "print.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <tcp_teardown.h>

#include "complain.h"

/* Written when there is so much. */
#define OUT_FULL	65536

struct print out;

/* Where the next @len bytes go. */
static char *print_room(struct print *print, size_t len)
{
	size_t room = print->room ?: 256;

	while (room - print->len < len)
		room *= 2;
	if (room != print->room) {
		print->text = realloc(print->text, room);
		if (!print->text)
			die("no memory for %zu bytes of text", room);
		print->room = room;
	}
	return print->text + print->len;
}

void print_bytes(struct print *print, const void *bytes, size_t len)
{
	char *to = print_room(print, len);

	if (len)
		memcpy(to, bytes, len);
	print->len += len;
}

void print_word(struct print *print, const char *word)
{
	print_bytes(print, word, strlen(word));
}

void print_char(struct print *print, char c)
{
	*print_room(print, 1) = c;
	print->len++;
}

void print_number(struct print *print, u64 number)
{
	char digits[20], *end = digits + sizeof(digits), *at = end;

	do {
		*--at = '0' + number % 10;
		number /= 10;
	} while (number);
	print_bytes(print, at, end - at);
}

void print_hex(struct print *print, u64 number)
{
	char digits[16], *end = digits + sizeof(digits), *at = end;

	do {
		*--at = "0123456789abcdef"[number & 0xf];
		number >>= 4;
	} while (number);
	print_bytes(print, at, end - at);
}

void print_format(struct print *print, const char *format, ...)
{
	size_t room = 80;
	va_list args;
	int len;

	for (;;) {
		char *to = print_room(print, room);

		va_start(args, format);
		len = vsnprintf(to, room, format, args);
		va_end(args);
		if (len < 0)
			return;
		if ((size_t)len < room)
			break;
		room = len + 1;
	}
	print->len += len;
}

void print_pad(struct print *print, size_t begin, size_t width)
{
	size_t is = print->len - begin;

	if (is >= width)
		return;
	memset(print_room(print, width - is), ' ', width - is);
	print->len = begin + width;
}

void print_right(struct print *print, size_t begin, size_t width)
{
	size_t is = print->len - begin;

	if (is >= width)
		return;
	print_room(print, width - is);
	memmove(print->text + begin + width - is, print->text + begin, is);
	memset(print->text + begin, ' ', width - is);
	print->len = begin + width;
}

void print_seconds(struct print *print, u64 ns, unsigned int digits)
{
	u64 rest = ns % NSEC_PER_SEC;
	char *to;

	if (ns == TCP_TEARDOWN_UNKNOWN) {
		print_char(print, '-');
		return;
	}
	print_number(print, ns / NSEC_PER_SEC);
	to = print_room(print, 10);
	if (digits == 6)
		rest /= NSEC_PER_USEC;
	to[0] = '.';
	for (unsigned int i = digits; i; i--) {
		to[i] = '0' + rest % 10;
		rest /= 10;
	}
	print->len += digits + 1;
}

void print_duration(struct print *print, u64 ns)
{
	if (ns >= NSEC_PER_SEC)
		print_format(print, "%.3f s", ns / 1e9);
	else if (ns >= NSEC_PER_MSEC)
		print_format(print, "%.1f ms", ns / 1e6);
	else
		print_format(print, "%.0f us", ns / 1e3);
}

/* What is the same in each moment of one second is printed once. */
void print_moment(struct print *print, u64 ns)
{
	static char second[sizeof("2026-11-29T01:39:54.")];
	static u64 of = U64_MAX;
	char *to;

	if (ns / NSEC_PER_SEC != of) {
		time_t time = ns / NSEC_PER_SEC;
		struct tm tm;

		of = ns / NSEC_PER_SEC;
		gmtime_r(&time, &tm);
		if (tm.tm_year > 9999 - 1900 ||
		    !strftime(second, sizeof(second), "%Y-%m-%dT%H:%M:%S.", &tm))
			memcpy(second, "9999-12-31T23:59:59.", sizeof(second));
	}
	print_word(print, second);
	to = print_room(print, 7);
	for (u64 i = 6, us = ns % NSEC_PER_SEC / NSEC_PER_USEC; i; i--, us /= 10)
		to[i - 1] = '0' + us % 10;
	to[6] = 'Z';
	print->len += 7;
}

static void print_ipv4(struct print *print, const u8 *addr)
{
	for (int i = 0; i < 4; i++) {
		if (i)
			print_char(print, '.');
		print_number(print, addr[i]);
	}
}

void print_address(struct print *print, u8 family, const u8 *addr)
{
	char text[INET6_ADDRSTRLEN];

	if (family == AF_INET)
		print_ipv4(print, addr + 12);
	else
		print_word(print, inet_ntop(AF_INET6, addr, text, sizeof(text)) ?: "?");
}

void print_endpoint(struct print *print, u8 family, const u8 *addr, u16 port)
{
	if (family != AF_INET)
		print_char(print, '[');
	print_address(print, family, addr);
	print_word(print, family != AF_INET ? "]:" : ":");
	print_number(print, port);
}

void print_name(struct print *print, const u8 *name, size_t len)
{
	char *to = print_room(print, len);
	size_t i;

	for (i = 0; i < len && name[i]; i++)
		to[i] = name[i] > ' ' && name[i] < 0x7f ? name[i] : '_';
	print->len += i;
	if (!i)
		print_char(print, '-');
}

static bool write_all(const char *from, size_t len)
{
	while (len) {
		ssize_t wrote = write(STDOUT_FILENO, from, len);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote < 0)
			return false;
		from += wrote;
		len -= wrote;
	}
	return true;
}

bool print_out(bool now)
{
	static bool broken;

	if (broken || (!now && out.len < OUT_FULL))
		return !broken;
	if (!write_all(out.text, out.len)) {
		broken = true;
		if (errno != EPIPE)
			complain("can't write: %s", strerror(errno));
	}
	out.len = 0;
	return !broken;
}
