/* SPDX-License-Identifier: GPL-2.0 */
/* The words that the lines of format_*.c are made of. */
#ifndef TCP_TEARDOWN_FORMAT_WORD_H
#define TCP_TEARDOWN_FORMAT_WORD_H

#include <linux/types.h>

const char *name_at(const char * const *names, size_t nr, size_t i);
const char *state_name(u8 state);
const char *kind_name(u8 kind);
const char *how_name(u8 how);
const char *set_off_name(u8 set_off);
const char *first_name(u8 first);
const char *reason_name(u16 reason);

#endif
