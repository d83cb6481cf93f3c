// SPDX-License-Identifier: GPL-2.0
#include "counters.h"

#include <errno.h>
#include <stdio.h>

#include "complain.h"
#include "facts.h"
#include "base/names.h"

static FILE *open_file(const char *directory, const char *name)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "r");
	if (!file)
		complain("%s: %s", path, strerror(errno));
	return file;
}

/* The number of a word of @len characters; -1: there is none. */
static int find_word(enum word_list list, const char *text, size_t len)
{
	for (unsigned int i = 0; i < names_count(list); i++) {
		const struct word *word = names_word(list, i);

		if (names_has(list, i) && word->len == len && !memcmp(word->text, text, len))
			return i;
	}
	return -1;
}

/* end=four_way and end=four_way,by=peer */
static void take_end(struct counters *counters, const char *name, u64 count)
{
	size_t len = strcspn(name, ",");
	int how = find_word(WORDS_HOW, name, len), by;

	if (how < 0 || how >= TCP_TEARDOWN_HOWS)
		return;
	if (!name[len]) {
		counters->ended[how] = count;
		return;
	}
	if (strncmp(name + len, ",by=", 4))
		return;
	by = find_word(WORDS_SET_OFF, name + len + 4, strlen(name + len + 4));
	if (by >= 0 && by < TCP_TEARDOWN_BYS)
		counters->by[how][by] = count;
}

static void take_first(struct counters *counters, const char *name, u64 count)
{
	int first = find_word(WORDS_FIRST, name, strlen(name));

	if (first >= 0 && first < TCP_TEARDOWN_FIRSTS)
		counters->first[first] = count;
}

static void take_arrow(struct counters *counters, const char *name, u64 count)
{
	size_t len = strcspn(name, ">");
	int from = find_word(WORDS_STATE, name, len), to = -1;

	if (name[len])
		to = find_word(WORDS_STATE, name + len + 1, strlen(name + len + 1));
	if (from >= 0 && from < TCP_MAX_STATES && to >= 0 && to < TCP_MAX_STATES)
		counters->arrow[from][to] = count;
}

static void take_line(struct counters *counters, const char *name, u64 count)
{
	if (!strncmp(name, "end=", 4))
		take_end(counters, name + 4, count);
	else if (!strncmp(name, "first=", 6))
		take_first(counters, name + 6, count);
	else if (strchr(name, '>'))
		take_arrow(counters, name, count);
	else if (!strcmp(name, "rst_sent") || !strcmp(name, "rst_sent_in_reply"))
		counters->resets_sent += count;
	else if (!strcmp(name, "rst_received") || !strcmp(name, "minisock_reset"))
		counters->resets_received += count;
	else if (!strcmp(name, "untracked"))
		counters->untracked = count;
	else if (!strcmp(name, "written"))
		counters->records = count;
	else if (!strcmp(name, "overwritten") || !strcmp(name, "dropped"))
		counters->lost += count;
}

static bool read_file(struct counters *counters, const char *directory, const char *name)
{
	FILE *file = open_file(directory, name);
	char line[256], word[128];
	u64 count;

	if (!file)
		return false;
	while (fgets(line, sizeof(line), file))
		if (*line != '#' && sscanf(line, "%127s %llu", word, &count) == 2)
			take_line(counters, word, count);
	fclose(file);
	return true;
}

bool counters_read(struct counters *counters, const char *directory)
{
	char path[4096];
	FILE *file;

	*counters = (struct counters) { };
	if (!read_file(counters, directory, "summary"))
		return false;
	/* debugfs has it, and a network namespace has not. */
	snprintf(path, sizeof(path), "%s/stats", directory);
	file = fopen(path, "r");
	if (!file)
		return true;
	fclose(file);
	return read_file(counters, directory, "stats");
}

static void take_connection(struct counters *counters, const char *line)
{
	struct waiting *waiting = &counters->waiting[counters->nr_waiting];
	char name[32], age[24], local[64], peer[64], rest[300], *unread;
	int state;

	if (sscanf(line, "%*s %*s %31s %23s %63s %63s %299[^\n]", name, age, local, peer,
		   rest) != 5)
		return;
	state = find_word(WORDS_STATE, name, strlen(name));
	if (state < 0 || state >= TCP_MAX_STATES)
		return;
	counters->now[state]++;
	if (state != TCP_CLOSE_WAIT || counters->nr_waiting == COUNTERS_WAITING)
		return;
	strcpy(waiting->age, age);
	strcpy(waiting->local, local);
	strcpy(waiting->peer, peer);
	/* Behind pid and comm, which is one word. */
	unread = waiting->unread;
	if (sscanf(rest, "%*s %*s %23s", unread) != 1)
		strcpy(unread, "-");
	counters->nr_waiting++;
}

void counters_read_connections(struct counters *counters, const char *directory)
{
	FILE *file = open_file(directory, "connections");
	char line[512];

	memset(counters->now, 0, sizeof(counters->now));
	counters->nr_waiting = 0;
	counters->not_listed = 0;
	if (!file)
		return;
	while (fgets(line, sizeof(line), file)) {
		if (*line != '#')
			take_connection(counters, line);
		else
			sscanf(line, "# %llu of %*u are left out", &counters->not_listed);
	}
	fclose(file);
}

void counters_take(struct counters *counters, const struct tcp_teardown_record *r)
{
	u8 from = r->old_state, to = r->new_state;

	counters->records++;
	if (r->flags & TCP_TEARDOWN_F_UNTRACKED && is_transition(r))
		counters->untracked++;
	if (is_transition(r) && from < TCP_MAX_STATES && to < TCP_MAX_STATES) {
		counters->arrow[from][to]++;
		counters->now[from] -= !!counters->now[from];
		counters->now[to]++;
	}
	if (r->kind == TCP_TEARDOWN_RESET && r->what != TCP_TEARDOWN_RST_RECEIVED)
		counters->resets_sent++;
	if ((r->kind == TCP_TEARDOWN_RESET && r->what == TCP_TEARDOWN_RST_RECEIVED) ||
	    is_minisock_word(r, TCP_TEARDOWN_TW_RESET))
		counters->resets_received++;
	if (!r->how || r->how >= TCP_TEARDOWN_HOWS)
		return;
	counters->ended[r->how]++;
	if (r->set_off < TCP_TEARDOWN_BYS)
		counters->by[r->how][r->set_off]++;
	if (r->first < TCP_TEARDOWN_FIRSTS)
		counters->first[r->first]++;
}
