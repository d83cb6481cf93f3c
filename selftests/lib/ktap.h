/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KTAP version 1: what a test tells of its cases.
 *
 *	ktap_plan(2);
 *	CHECK(a == b, "a is %d, b is %d", a, b);
 *	CHECK(c, "no c");
 *	ktap_result("a and c");		one case: ok if all its CHECKs were
 *	ktap_skip("no such file", "d");
 *	return ktap_exit();
 */
#ifndef SELFTESTS_KTAP_H
#define SELFTESTS_KTAP_H

#include <stdbool.h>

#define KTAP_PASS 0
#define KTAP_FAIL 1
#define KTAP_SKIP 4

/* How many cases will follow; before any of them, once. */
void ktap_plan(unsigned int cases);

/*
 * Part of a case. If it does not hold, say where and why, and go on. The value
 * is whether it held.
 */
#define CHECK(cond, ...) ktap_check(cond, __FILE__, __LINE__, #cond, __VA_ARGS__)

[[gnu::format(printf, 5, 6)]]
bool ktap_check(bool held, const char *file, int line, const char *cond,
		const char *format, ...);

/* What a test can't go on without: a failure ends it, short of its plan. */
#define REQUIRE(cond, ...) do {		\
	if (!CHECK(cond, __VA_ARGS__))	\
		ktap_die();		\
} while (0)

[[gnu::noreturn]] void ktap_die(void);

/* The end of a case; its name. */
[[gnu::format(printf, 1, 2)]]
void ktap_result(const char *name, ...);

/* Whether a CHECK of this case has failed: for a child to tell of. */
bool ktap_case_failed(void);

/* A case that can't be tried here, and why. */
[[gnu::format(printf, 2, 3)]]
void ktap_skip(const char *why, const char *name, ...);

/* None can be tried; instead of a plan. */
[[gnu::format(printf, 1, 2), gnu::noreturn]]
void ktap_skip_all(const char *why, ...);

/* A diagnostic line. */
[[gnu::format(printf, 1, 2)]]
void ktap_note(const char *format, ...);

/* To be returned by main(). */
int ktap_exit(void);

#endif
