/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a connection's end record says.
 */
#ifndef SELFTESTS_VERDICT_H
#define SELFTESTS_VERDICT_H

#include "records.h"

/* The source of the record, and the owner's role. */
#define VERDICT_OTHER_FLAGS \
	(TCP_TEARDOWN_F_MINISOCK | TCP_TEARDOWN_F_EXIT | TCP_TEARDOWN_F_OPENER)

/**
 * struct verdict - an expected end record
 * @how: enum tcp_teardown_how
 * @first: enum tcp_teardown_first
 * @set_off: enum tcp_teardown_set_off
 * @bytes: payload between the first FIN and the second
 * @flags: TCP_TEARDOWN_F_*, without VERDICT_OTHER_FLAGS
 * @no_owner: pid and comm are unknown
 * @pid: of the owner, if that is a child of the test
 */
struct verdict {
	uint8_t how, first, set_off;
	uint64_t bytes;
	uint32_t flags;
	bool no_owner;
	uint32_t pid;
};

#define VERDICT(how_, first_, set_off_, ...)				\
	(&(const struct verdict){					\
		.how = TCP_TEARDOWN_##how_,				\
		.first = TCP_TEARDOWN_FIRST_##first_,			\
		.set_off = TCP_TEARDOWN_BY_##set_off_, ##__VA_ARGS__ })

/*
 * Wait for the connection's verdict, and CHECK that it is this one. Its owner, if any, is
 * the test.
 */
void verdict_expect(struct records *records, const struct net_end *end,
		    const struct verdict *verdict);

/*
 * CHECK that each connection that has reached CLOSE has one verdict, and that its sums
 * agree with the records.
 */
void verdict_all(const struct records *records);

#endif
