// SPDX-License-Identifier: GPL-2.0
#include "listed.h"

#include <stdio.h>
#include <string.h>

#include "ktap.h"

#define MOST 64

#define FORMAT "%u %llx %63s %63s %63s %63s %63s %63s %63s %63s %63s %63s %63s %63s %63s %63s %63s%n"

void listed_parse(struct listed *to, const char *line)
{
	unsigned long long id;
	int end = 0;

	memset(to, 0, sizeof(*to));
	REQUIRE(sscanf(line, FORMAT, &to->netns, &id, to->state, to->age, to->local, to->peer,
		       to->pid, to->comm, to->unread, to->rx, to->tx, to->lifetime, to->uid,
		       to->inode, to->cgroup, to->ifindex, to->seen, &end) == 17,
		"not a line: %s", line);
	to->id = id;
	snprintf(to->rest, sizeof(to->rest), "%s", line + end);
	to->rest[strcspn(to->rest, "\n")] = '\0';
}

unsigned int listed_read(const char *path, struct listed *to, unsigned int most)
{
	FILE *file = fopen(path, "r");
	unsigned int nr = 0;
	char line[512];

	REQUIRE(file, "no %s", path);
	while (fgets(line, sizeof(line), file)) {
		if (*line == '#')
			continue;
		REQUIRE(nr < most, "more than %u lines", most);
		listed_parse(&to[nr++], line);
	}
	fclose(file);
	return nr;
}

struct listed listed_of(uint64_t id)
{
	struct listed all[MOST];
	unsigned int nr = listed_read(LISTED_HERE, all, MOST), i = 0;

	while (i < nr && all[i].id != id)
		i++;
	REQUIRE(i < nr, "%llx is not in connections", (unsigned long long)id);
	return all[i];
}
