// SPDX-License-Identifier: GPL-2.0
#include "group.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "module.h"

void group_set(const char *word)
{
	REQUIRE(!files_write(ALL_CPUS, "hooks", word), "hooks: %s", word);
}

/* All hooks of the group are attached, or none. */
static bool group_is(const char *group, unsigned int hooks, const char *status)
{
	char *text = files_text(ALL_CPUS, "hooks"), *line, *save;
	unsigned int nr = 0, like = 0;
	char of[32], seen[32];

	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (sscanf(line, "%*s %31s %*s %31s", of, seen) != 2 || strcmp(of, group))
			continue;
		nr++;
		like += !strcmp(seen, status);
	}
	free(text);
	return nr == hooks && like == nr;
}

int group_run(const char *group, unsigned int hooks, const struct testcase *testcases,
	      unsigned int nr)
{
	bool was_off, is_on;
	char word[32];
	int code;

	module_need();
	was_off = group_is(group, hooks, "off");
	snprintf(word, sizeof(word), "+%s", group);
	group_set(word);
	is_on = group_is(group, hooks, "attached");
	if (!was_off || !is_on) {
		ktap_plan(1);
		CHECK(was_off, "%s was not off", group);
		CHECK(is_on, "%s is not attached", group);
		ktap_result("the group %s", group);
		return ktap_exit();
	}
	code = testcases_run(testcases, nr);
	*word = '-';
	group_set(word);
	return code;
}
