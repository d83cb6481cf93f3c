/* SPDX-License-Identifier: GPL-2.0 */
/* A group of hooks that is off unless a test asks for it. */
#ifndef SELFTESTS_GROUP_H
#define SELFTESTS_GROUP_H

#include "fixture.h"

/* Write to the file "hooks": +GROUP or -GROUP. */
void group_set(const char *word);

/*
 * Run all test cases with that group of hooks attached, and detach it afterwards. It has
 * so many hooks. Return: main()'s value.
 */
int group_run(const char *group, unsigned int hooks, const struct testcase *testcases,
	      unsigned int nr);

#endif
