/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Checks one input to the filter, through the parser and through the file: see
 * filter_check.c. Also makes inputs, correct ones and ones with mistakes.
 */
#ifndef HOST_FILTER_CHECK_H
#define HOST_FILTER_CHECK_H

#include "host.h"

#define FILTER_INPUT	(1024 * 1024)

/* Return: whether it was accepted. */
bool filter_check(const char *text, size_t size, u64 seed);

size_t filter_make_text(char *to, u64 *random);

#endif
