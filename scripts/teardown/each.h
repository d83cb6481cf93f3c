/* SPDX-License-Identifier: GPL-2.0 */
/* Verbs that look at one record after the other, and hold none. */
#ifndef TEARDOWN_EACH_H
#define TEARDOWN_EACH_H

#include "options.h"

/*
 * @take is called for each record that is wanted, until it returns false; what it prints
 * is written in time.
 */
void each_record(struct options *options,
		 bool (*take)(void *data, const struct tcp_teardown_record *r), void *data);

/* The same; @rest is called when nothing comes for a while. */
void each_record_or_pause(struct options *options,
			  bool (*take)(void *data, const struct tcp_teardown_record *r),
			  void (*rest)(void *data), void *data);

#endif
