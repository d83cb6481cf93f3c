/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Text that is printed piece by piece into memory, and then written to stdout. By hand
 * where there is a lot of it, for printf() costs several times as much.
 */
#ifndef TEARDOWN_PRINT_H
#define TEARDOWN_PRINT_H

/**
 * struct print - where it is printed to
 * @text: what is there; no NUL behind it
 * @len: of it
 * @room: for it
 */
struct print {
	char *text;
	size_t len;
	size_t room;
};

/* What goes to stdout. */
extern struct print out;

void print_bytes(struct print *print, const void *bytes, size_t len);
void print_word(struct print *print, const char *word);
void print_char(struct print *print, char c);
void print_number(struct print *print, u64 number);
void print_hex(struct print *print, u64 number);
void print_format(struct print *print, const char *format, ...) __printf(2, 3);

/* Blanks until it is @width long from @begin. */
void print_pad(struct print *print, size_t begin, size_t width);

/* Blanks before what is there from @begin on, until that is @width long. */
void print_right(struct print *print, size_t begin, size_t width);

/* Seconds, with @digits behind the point: 6 or 9; UNKNOWN is "-". */
void print_seconds(struct print *print, u64 ns, unsigned int digits);

/* For people: 1.234 s, 5.6 ms, 78 us. */
void print_duration(struct print *print, u64 ns);

/* A moment since 1970, as 2026-11-29T01:39:54.123456Z. */
void print_moment(struct print *print, u64 ns);

/* An address as ss and the module's text have it; IPv4 on an IPv6 socket in brackets. */
void print_address(struct print *print, u8 family, const u8 *addr);
void print_endpoint(struct print *print, u8 family, const u8 *addr, u16 port);

/* A name that came from a process, as one word; none is "-". */
void print_name(struct print *print, const u8 *name, size_t len);

/*
 * Write all of @out where it has grown; always with @now. False when nobody reads any
 * more: end then. A disk that is full, and the like, is complained of once.
 */
bool print_out(bool now);

#endif
