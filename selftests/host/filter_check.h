/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One input to the filter, through the parser and through the file, and what must be
 * true of it: see filter_check.c. And inputs: by the grammar, and what a hand may make
 * of that.
 */
#ifndef HOST_FILTER_CHECK_H
#define HOST_FILTER_CHECK_H

#include "host.h"

#define FILTER_INPUT	(1024 * 1024)

/* Was it accepted? */
bool filter_check(const char *text, size_t size, u64 seed);

size_t filter_make_text(char *to, u64 *random);

#endif
