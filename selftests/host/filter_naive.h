/* SPDX-License-Identifier: GPL-2.0 */
/*
 * docs/filter.md once more, in the simplest way: no program, no jumps, no tokens; the
 * text is read anew for each event. It shares no code with the module's.
 */
#ifndef HOST_FILTER_NAIVE_H
#define HOST_FILTER_NAIVE_H

#include "filter.h"

enum naive { NAIVE_REFUSES = -1, NAIVE_NO, NAIVE_YES };

enum naive filter_naive(const char *text, const struct filter_self *self,
			const struct filter_event *event);

#endif
