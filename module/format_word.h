/* SPDX-License-Identifier: GPL-2.0 */
/* The words that the lines of format_*.c are made of. */
#ifndef TCP_TEARDOWN_FORMAT_WORD_H
#define TCP_TEARDOWN_FORMAT_WORD_H

#include <linux/compiler.h>
#include <linux/types.h>

#define ADDRESS_LEN	sizeof("[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]:65535")
#define SECONDS_LEN	32

/**
 * struct line - printed from left to right
 * @to: where to
 * @size: room there
 * @len: characters printed, without the NUL
 */
struct line {
	char *to;
	size_t size;
	size_t len;
};

__printf(2, 3) void line_add(struct line *line, const char *format, ...);

const char *name_at(const char * const *names, size_t nr, size_t i);
const char *state_name(u8 state);
const char *kind_name(u8 kind);
const char *how_name(u8 how);
const char *set_off_name(u8 set_off);
const char *first_name(u8 first);
const char *reason_name(u16 reason);
void address(char *to, size_t size, u8 family, const u8 *addr, u16 port);
void plain(char *to, size_t size, const u8 *comm, size_t len);
void seconds(char *to, size_t size, u64 ns);

#endif
