/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Compares a record with the expected one, field by field.
 */
#ifndef CHECK_KERNEL_COMPARE_H
#define CHECK_KERNEL_COMPARE_H

#include "run.h"

/**
 * struct field - a wrong field
 * @word: the word for a value, if there is one
 */
struct field {
	const char *name;
	uint64_t seen, wanted;
	const char *(*word)(uint8_t value);
};

/* The first wrong field, valid until the next call; NULL: all are right. */
const struct field *record_compare(const struct fact *r,
				   const struct expected *e);

bool record_has_place(const struct fact *r, const struct net_end *end);
bool record_has_cookie(const struct fact *r, const struct net_end *end);

#endif
