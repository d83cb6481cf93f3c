/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A second implementation of docs/filter.md, in the simplest way: no program, no jumps,
 * no tokens; it reads the text again for each event. It shares no code with the module.
 */
#ifndef HOST_FILTER_NAIVE_H
#define HOST_FILTER_NAIVE_H

#include "filter/filter.h"

enum naive { NAIVE_REFUSES = -1, NAIVE_NO, NAIVE_YES };

enum naive filter_naive(const char *text, const struct filter_self *self,
			const struct filter_event *event);

#endif
