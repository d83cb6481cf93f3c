/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The environment of a test case: a new namespace for each family, a capture, the
 * module's records, and, on request, a peer that the test controls. At the end of each
 * case the records are compared with the capture, and the lines of reconcile with "=" are
 * checked.
 */
#ifndef SELFTESTS_FIXTURE_H
#define SELFTESTS_FIXTURE_H

#include "capture.h"
#include "ktap.h"
#include "net.h"
#include "peer.h"
#include "records.h"
#include "rows.h"
#include "verdict.h"

struct fixture {
	enum net_family family;
	struct records records;
	struct capture capture;
	struct peer peer;
	bool left;
};

/**
 * struct testcase - one case of a test, in all families
 * @name: what it shows
 * @run: runs it, with CHECKs
 * @peer: it needs fixture.peer; without, it runs over loopback
 * @lacks: returns why the case is skipped on this kernel, or NULL
 */
struct testcase {
	const char *name;
	void (*run)(struct fixture *self);
	bool peer;
	const char *(*lacks)(void);
};

#define TESTCASE(name_, run_, ...) { .name = (name_), .run = (run_), ##__VA_ARGS__ }
#define TESTCASE_WITH_PEER(name_, run_, ...) \
	{ .name = (name_), .run = (run_), .peer = true, ##__VA_ARGS__ }

/* Run all; main()'s return value. */
int testcases_run(const struct testcase *testcases, unsigned int nr);

/* For tests that wait for long timers: skip the test where time is not skipped. */
void fixture_needs_icount(void);

/* records_expect() */
void fixture_expect(struct fixture *self, const struct net_end *end,
		    const struct want *want, unsigned int nr);

/* The same, with the rows as arguments: see rows.h. */
#define EXPECT_ROWS(self, end, ...) do {				\
	const struct want want_[] = { __VA_ARGS__ };			\
									\
	fixture_expect(self, end, want_, ARRAY_SIZE(want_));		\
} while (0)

/* verdict_expect() */
void fixture_verdict(struct fixture *self, const struct net_end *end,
		     const struct verdict *verdict);

/*
 * The closer closes, then the other: four waves. CHECK the records and the verdicts of
 * both, and leave the namespace.
 */
void fixture_four_waves(struct fixture *self, const struct net_end *closer,
			const struct net_end *other);

/*
 * Leave its namespace, which is removed when its last socket is closed. The capture ends
 * here, the records continue.
 */
void fixture_leave(struct fixture *self);

/* Begin again, over loopback, in another namespace: earlier records are not checked. */
void fixture_again(struct fixture *self);

/*
 * So far, segments of that direction with all of these flags need no record, because TCP
 * ignored them.
 */
void fixture_excuse(struct fixture *self, bool out, uint8_t flags);

/* Wait until there are so many records of that connection. */
void fixture_await(struct fixture *self, const struct net_end *end, unsigned int nr);

#endif
