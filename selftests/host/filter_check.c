// SPDX-License-Identifier: GPL-2.0
/*
 * What must be true for any input:
 *
 * - the parser reads nothing beyond it (AddressSanitizer);
 * - a mistake that it reports is at a place in the text;
 * - it accepts what filter_naive() accepts, and nothing more;
 * - the program uses no value beyond @uses, only jumps forward, and decides as
 *   filter_naive() does on every tried event: values near the bounds of its tests;
 * - written to the file, it is in force if accepted; if not, the old one stays.
 */
#include "filter_check.h"

#include "filter/filter_file.h"
#include "filter_naive.h"

#define EVENTS	6
#define SELF	4026531840U

static struct host_task *task(const struct filter_self *is)
{
	static typeof(*current->nsproxy->net_ns) net;
	static typeof(*current->nsproxy) proxy = { .net_ns = &net };
	static struct host_task self = { .nsproxy = &proxy };

	net.ns.inum = is->netns;
	self.cgroup = is->cgroup;
	return &self;
}

struct host_task *current;

/* The largest possible value, except FILTER_UNKNOWN. */
static u64 most_of(enum filter_value value)
{
	switch (value) {
	case FILTER_LOCAL_PORT:
	case FILTER_PEER_PORT: return U16_MAX;
	case FILTER_NETNS:
	case FILTER_PID:
	case FILTER_UID: return U32_MAX;
	case FILTER_ID:
	case FILTER_COMM:
	case FILTER_CGROUP: return FILTER_UNKNOWN - 1;
	case FILTER_FROM:
	case FILTER_STATE:
	case FILTER_KIND:
	case FILTER_EVENT:
	case FILTER_TIMEWAIT:
	case FILTER_REASON:
	case FILTER_BY:
	case FILTER_END: return U8_MAX;
	default: return FILTER_UNKNOWN;
	}
}

static bool may_miss(enum filter_value value)
{
	return value >= FILTER_UID && value != FILTER_COMM_LOWER;
}

/* A random value, or a bound of some test, or a neighbour of it. */
static u64 some_value(const struct filter *filter, enum filter_value value, u64 *random)
{
	u64 dice = host_random(random), most = most_of(value);
	const struct filter_test *test = &filter->test[dice / 64 % filter->nr];

	if (may_miss(value) && dice % 8 == 0)
		return FILTER_UNKNOWN;
	while (test->value != value && test > filter->test)
		test--;
	if (test->value != value && dice % 2)
		return host_random(random) % 16;
	if (test->value != value || dice % 8 == 1)
		return most == FILTER_UNKNOWN ? host_random(random) :
						host_random(random) % (most + 1);
	dice = test->low + (dice & 8 ? test->span : 0) + (dice & 16 ? 0 : dice & 32 ? 1 : -1);
	return dice <= most ? dice : test->low;
}

static void some_event(struct filter_event *event, const struct filter *filter, u64 *random)
{
	enum filter_value i;

	for (i = 0; i < FILTER_VALUES; i++)
		event->value[i] = some_value(filter, i, random);
}

static void check_program(const struct filter *f)
{
	unsigned int i, out;

	host_check(f->nr && f->nr <= FILTER_TESTS, "%u tests", f->nr);
	for (i = 0; i < f->nr; i++)
		for (out = 0; out < 2; out++)
			host_check(f->test[i].next[out] >= FILTER_REJECT ||
				   (f->test[i].next[out] > i && f->test[i].next[out] < f->nr),
				   "test %u goes on at %u", i, f->test[i].next[out]);
}

static void check_event(const struct filter *f, const char *text,
			const struct filter_self *self, u64 *random)
{
	struct filter_event event, used;
	enum filter_value i;
	bool keeps;

	some_event(&event, f, random);
	used = event;
	for (i = 0; i < FILTER_VALUES; i++)
		if (!(f->uses & 1U << i))
			used.value[i] = host_random(random);
	keeps = filter_keeps(f, &used);
	host_check(keeps == filter_naive(text, self, &event), "%d for '%s'", keeps, text);
}

static bool check_parser(const char *text, const struct filter_self *self, u64 *random)
{
	static const struct filter_event nothing;
	struct filter_error error = { .at = ~0U };
	struct filter *f = calloc(1, sizeof(*f));
	bool good;
	int i;

	strcpy(f->text, text);
	good = filter_parse(f, self, &error);
	host_check(good == (filter_naive(text, self, &nothing) != NAIVE_REFUSES),
		   "accepted %d, '%s': %s", good, text, good ? "" : error.what);
	if (good) {
		check_program(f);
		for (i = 0; i < EVENTS; i++)
			check_event(f, text, self, random);
	} else {
		host_check(error.what && error.at <= strlen(text) &&
			   error.len <= strlen(text) - error.at, "at %u, %u long, of '%s'",
			   error.at, error.len, text);
	}
	free(f);
	return good;
}

/* The kernel's white space, in Latin-1. */
#define WHITE	" \t\n\v\f\r\xa0"

static bool is_none(const char *text)
{
	const char *word = text + strspn(text, WHITE);

	return !*word || !strcmp(word, "0") || !strcmp(word, "none");
}

/* White space at the end, also a newline, is not part of the text. */
static void cut(char *text)
{
	size_t len = strlen(text);

	while (len && strchr(WHITE, text[len - 1]))
		text[--len] = '\0';
}

static void check_file(const char *from, size_t size, const char *text, bool good)
{
	const struct filter *before = filter_in_force;
	unsigned int logged = host_logged;
	static struct file file;
	loff_t pos = 0;
	ssize_t wrote = filter_fops.write(&file, from, size, &pos);

	host_check(wrote == (good ? (ssize_t)size : -EINVAL), "wrote %zd of %zu", wrote, size);
	host_check(good || (filter_in_force == before && host_logged > logged), "'%s'", text);
	if (!good)
		return;
	filter_fops.open(NULL, &file);
	file.shown[strcspn(file.shown, "\n")] = '\0';
	host_check(!strcmp(file.shown, is_none(text) ? "none" : text), "'%s' shows '%s'",
		   text, file.shown);
}

bool filter_check(const char *from, size_t size, u64 seed)
{
	const struct filter_self self = {
		.netns = seed % 4 ? SELF : (seed >> 32 | 1),
		.cgroup = seed % 8 ? seed >> 16 : 0,
	};
	char text[FILTER_TEXT + 1];
	bool good;
	size_t i;

	current = task(&self);
	if (size > FILTER_TEXT) {
		check_file(from, size, "", false);
		host_check(strstr(host_log, "bytes are too many"), "%zu bytes: %s", size, host_log);
		return false;
	}
	for (i = 0; i < size; i++)
		text[i] = from[i] ? from[i] : '?';
	text[size] = '\0';
	cut(text);
	good = check_parser(text, &self, &seed);
	check_file(from, size, text, good || is_none(text));
	return good;
}
