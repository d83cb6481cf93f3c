/* SPDX-License-Identifier: GPL-2.0 */
/* Asks the filter whether to make a record. For contexts see event.h. */
#ifndef TCP_TEARDOWN_RECORD_FILTER_H
#define TCP_TEARDOWN_RECORD_FILTER_H

#include <linux/types.h>

struct filter;
struct moment;
struct subject;
struct totals;

bool record_keeps(const struct filter *filter, const struct subject *subject,
		  const struct moment *m, const struct totals *totals);

#endif
