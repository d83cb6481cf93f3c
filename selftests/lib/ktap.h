/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KTAP version 1: a test's report on its cases.
 *
 *	ktap_plan(2);
 *	CHECK(a == b, "a is %d, b is %d", a, b);
 *	CHECK(c, "no c");
 *	ktap_result("a and c");		one case: ok if all its CHECKs were true
 *	ktap_skip("no such file", "d");
 *	return ktap_exit();
 */
#ifndef SELFTESTS_KTAP_H
#define SELFTESTS_KTAP_H

#include <stdbool.h>

#define KTAP_PASS 0
#define KTAP_FAIL 1
#define KTAP_SKIP 4

/* How many cases will follow; called once, before the first. */
void ktap_plan(unsigned int cases);

/*
 * Part of a case. If the condition is false, print where and why, and go on. The value is
 * the condition.
 */
#define CHECK(cond, ...) ktap_check(cond, __FILE__, __LINE__, #cond, __VA_ARGS__)

[[gnu::format(printf, 5, 6)]]
bool ktap_check(bool held, const char *file, int line, const char *cond,
		const char *format, ...);

/* A condition that a test can't go on without: a failure ends the test. */
#define REQUIRE(cond, ...) do {		\
	if (!CHECK(cond, __VA_ARGS__))	\
		ktap_die();		\
} while (0)

[[gnu::noreturn]] void ktap_die(void);

/* The end of a case, with its name. */
[[gnu::format(printf, 1, 2)]]
void ktap_result(const char *name, ...);

/* Whether a CHECK of this case has failed, for a child's exit status. */
bool ktap_case_failed(void);

/* A case that can't run here, and the reason. */
[[gnu::format(printf, 2, 3)]]
void ktap_skip(const char *why, const char *name, ...);

/* No case can run; instead of a plan. */
[[gnu::format(printf, 1, 2), gnu::noreturn]]
void ktap_skip_all(const char *why, ...);

/* A diagnostic line. */
[[gnu::format(printf, 1, 2)]]
void ktap_note(const char *format, ...);

/* The value to return from main(). */
int ktap_exit(void);

#endif
