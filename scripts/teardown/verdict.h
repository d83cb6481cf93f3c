/* SPDX-License-Identifier: GPL-2.0 */
/* What stands above the ladder: how it ended, and what of it is missing. */
#ifndef TEARDOWN_VERDICT_H
#define TEARDOWN_VERDICT_H

#include "rows.h"

/* In the words of the end that knows more of it. */
void print_verdict(struct print *print, const struct connection *c, const struct rows *rows);

/* Nothing where all is there. */
void print_gaps(struct print *print, const struct rows *rows, u64 lost);

#endif
