/* SPDX-License-Identifier: GPL-2.0 */
/* A group of hooks that is off unless a test asks for it. */
#ifndef SELFTESTS_GROUP_H
#define SELFTESTS_GROUP_H

#include "stage.h"

/* Write to the file "hooks": +GROUP or -GROUP. */
void group_set(const char *word);

/*
 * Play all with that group attached, which was off before and is off again behind it. It
 * has so many hooks. Return: main()'s value.
 */
int group_run(const char *group, unsigned int hooks, const struct scene *scenes,
	      unsigned int nr);

#endif
