/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A record, field by field, beside what it should be.
 */
#ifndef CHECK_KERNEL_COMPARE_H
#define CHECK_KERNEL_COMPARE_H

#include "run.h"

/**
 * struct field - one that is not as it should be
 * @word: of a value, where it has words
 */
struct field {
	const char *name;
	uint64_t seen, wanted;
	const char *(*word)(uint8_t value);
};

/* The first field that is not right, until the next call; NULL: all are. */
const struct field *record_compare(const struct fact *r,
				   const struct expected *e);

bool record_has_place(const struct fact *r, const struct net_end *end);
bool record_has_cookie(const struct fact *r, const struct net_end *end);

#endif
