/* SPDX-License-Identifier: GPL-2.0 */
/* JSON, one flat object a line: the keys are the words of docs/records.md. */
#ifndef TEARDOWN_JSON_H
#define TEARDOWN_JSON_H

#include "source.h"

/* Of the keys and what they mean; it changes when one of them does. */
#define JSON_VERSION	1

/* Begins an object, and ends it with the line. */
void json_begin(void);
void json_end(void);

/* @key: a word of ours. */
void json_number(const char *key, u64 number);
void json_true(const char *key);
void json_word(const char *key, const char *word);

/* What others have named: at most @len bytes, to a NUL. What is no UTF-8 is replaced. */
void json_name(const char *key, const u8 *name, size_t len);

/* null where it is not known */
void json_seconds(const char *key, u64 ns);

/* When, on both clocks, and whose record it is. */
void json_place(const struct source *source, const struct tcp_teardown_record *r);

/* Verdict, bytes, owner, times: what the last record of a connection has. */
void json_ending(const struct tcp_teardown_record *r);

#endif
