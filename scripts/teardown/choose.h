/* SPDX-License-Identifier: GPL-2.0 */
/* Which records are wanted: an expression of docs/filter.md, by the module's own parser. */
#ifndef TEARDOWN_CHOOSE_H
#define TEARDOWN_CHOOSE_H

struct filter;
struct tcp_teardown_record;

/* Die where it has a mistake, with a mark below it. */
struct filter *choose_parse(const char *text);

/* Without a filter, all. */
bool choose(const struct filter *filter, const struct tcp_teardown_record *r);

#endif
