// SPDX-License-Identifier: GPL-2.0
/*
 * Mistakes in what is written to the file filter.
 *
 * Shows that each is refused with EINVAL, that the kernel's log has its column and the
 * expression with a mark below it, and that the filter in force stays.
 *
 * The log's lines are rate limited, so the test waits: it runs only where time is
 * skipped.
 *
 * Modes: icount
 * Needs: root, debugfs.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/files.h"
#include "lib/ktap.h"

#define IN_FORCE "port == 4711 && kind == state"
#define FILTER_LEN 512

struct mistake {
	const char *text;
	unsigned int column;
	const char *what;
};

static const struct mistake mistakes[] = {
	{ "prot == 443", 1, "unknown field 'prot'" },
	{ "  prot == 443", 3, "unknown field 'prot'" },
	{ "port == 443 && prot == 1", 16, "unknown field 'prot'" },
	{ "PORT == 443", 1, "unknown field 'PORT'" },
	{ "port = 443", 6, "== != < <= > or >= is missing" },
	{ "port 443", 6, "== != < <= > or >= is missing" },
	{ "port", 5, "== != < <= > or >= is missing" },
	{ "port ==", 8, "a value is missing" },
	{ "port == -1", 9, "a value is missing" },
	{ "port == && uid == 0", 9, "a value is missing" },
	{ "port == 44x", 9, "not a number '44x'" },
	{ "port == 0x", 9, "not a number '0x'" },
	{ "port == 0xfg", 9, "not a number '0xfg'" },
	{ "port == 65536", 9, "too large '65536'" },
	{ "port == 99999999999999999999", 9, "too large" },
	{ "netns == 4294967296", 10, "too large" },
	{ "netns == other", 10, "not a number 'other'" },
	{ "uid == self", 8, "not a number 'self'" },
	{ "uid == 4294967296", 8, "too large" },
	{ "cgroup == 18446744073709551615", 11, "too large" },
	{ "cgroup == 18446744073709551616", 11, "too large" },
	{ "uid < 0", 7, "nothing is beyond '0'" },
	{ "lport > 65535", 9, "nothing is beyond '65535'" },
	{ "state == TIMEWAIT", 10, "no such word for this field 'TIMEWAIT'" },
	{ "state == -", 10, "a value is missing" },
	{ "reason == ?", 11, "a value is missing" },
	{ "state == 6", 10, "no such word for this field '6'" },
	{ "state < CLOSE", 7, "this field can only be == or !=" },
	{ "kind == close", 9, "no such word for this field 'close'" },
	{ "event == FIN", 10, "no such word for this field 'FIN'" },
	{ "end == CLOSE", 8, "no such word for this field 'CLOSE'" },
	{ "end == unknown", 8, "no such word for this field 'unknown'" },
	{ "by == peers", 7, "no such word for this field 'peers'" },
	{ "verdict == four_way", 1, "its name is end now, in place of 'verdict'" },
	{ "kind == end", 9, "end == any, in place of kind == 'end'" },
	{ "end != any", 8, "only == goes with 'any'" },
	{ "kind == any", 9, "no such word for this field 'any'" },
	{ "pid == self", 8, "not a number 'self'" },
	{ "pid == 4294967296", 8, "too large '4294967296'" },
	{ "id == 1a2b", 7, "not a number '1a2b'" },
	{ "comm == sixteen_bytes_it", 9,
	  "the name of a process has 15 bytes at most, not 'sixteen_bytes_it'" },
	{ "comm == 'sixteen bytes it'", 10,
	  "the name of a process has 15 bytes at most, not 'sixteen bytes it'" },
	{ "comm == Web Content", 13, "&& or || is missing" },
	{ "comm == \"Web Content", 9, "this quote has no end" },
	{ "comm == 'Web\nContent'", 9, "this quote has no end" },
	{ "comm == ''", 11, "a value is missing" },
	{ "comm > nginx", 6, "this field can only be == or !=" },
	{ "local == localhost", 10, "not an address 'localhost'" },
	{ "local == 10.0.0", 10, "not an address '10.0.0'" },
	{ "local == 10.0.0.256", 10, "not an address '10.0.0.256'" },
	{ "local == 10.0.0.1:80", 10, "not an address '10.0.0.1:80'" },
	{ "local == ::1::", 10, "not an address '::1::'" },
	{ "local == 10.0.0.0/33", 19, "not the length of a prefix '33'" },
	{ "local == 10.0.0.0/", 19, "not the length of a prefix" },
	{ "local == 10.0.0.0/8/8", 19, "not the length of a prefix '8/8'" },
	{ "remote == ::/129", 14, "not the length of a prefix '129'" },
	{ "addr >= ::1", 6, "this field can only be == or !=" },
	{ "port == 1 & uid == 0", 11, "&& or || is missing" },
	{ "port == 1 | uid == 0", 11, "&& or || is missing" },
	{ "port == 1 uid == 0", 11, "&& or || is missing" },
	{ "port == 1 &&", 13, "a field is missing" },
	{ "port == 1 && || uid == 0", 14, "a field is missing" },
	{ "&& port == 1", 1, "a field is missing" },
	{ "!", 2, "a field is missing" },
	{ "()", 2, "a field is missing" },
	{ "(port == 1", 11, "&& || or ) is missing" },
	{ "((port == 1) || uid == 0", 25, "&& || or ) is missing" },
	{ "port == 1)", 10, "there is no ( for this )" },
	{ "port == 1\nuid == 0", 10, "&& or || is missing" },
	{ "port == 1;", 10, "&& or || is missing" },
	{ "port\t== 1 \xc3\xa4", 11, "&& or || is missing" },
	{ "nonesuch", 1, "unknown field 'nonesuch'" },
	{ "1", 1, "unknown field '1'" },
	{ "((((((((((((((((( uid == 0 )))))))))))))))))", 17,
	  "too many parentheses within each other" },
};

/* 16 comparisons with addr need four tests each; one more is too many. */
static char *too_many(void)
{
	static char text[FILTER_LEN];
	int i;

	for (i = 0; i < 16; i++)
		strcat(text, "addr == 10.0.0.1 || ");
	strcat(text, "uid == 0");
	return text;
}

/* The text, with what the log can't show replaced, and the mark below it. */
static bool log_shows(long since, const struct mistake *mistake)
{
	char shown[FILTER_LEN], lines[3 * FILTER_LEN];
	char *c;

	snprintf(shown, sizeof(shown), "%s", mistake->text);
	for (c = shown; *c; c++)
		if (*c < ' ' || (unsigned char)*c >= 0x7f)	/* char has no sign on arm64 */
			*c = *c == '\t' ? ' ' : '?';
	snprintf(lines, sizeof(lines), "tcp_teardown: filter: %s\n", shown);
	if (!log_has(since, lines))
		return false;
	snprintf(lines, sizeof(lines), "tcp_teardown: filter: %*s\n", mistake->column, "^");
	if (!log_has(since, lines))
		return false;
	snprintf(lines, sizeof(lines), "tcp_teardown: filter: column %u: %s",
		 mistake->column, mistake->what);
	return log_has(since, lines);
}

/* Write it. Return: the log's position before the write. */
static long attempt(const char *text)
{
	char *in_force;
	long mark = log_mark();
	int err = files_write(ALL_CPUS, "filter", text);

	CHECK(err == EINVAL, "%s: errno %d", text, err);
	in_force = files_text(ALL_CPUS, "filter");
	CHECK(!strcmp(in_force, IN_FORCE "\n"), "%s: in force is %s", text, in_force);
	free(in_force);
	return mark;
}

/* The log takes ten in five seconds. */
static void check_mistake(const struct mistake *mistake)
{
	if (!log_shows(attempt(mistake->text), mistake)) {
		sleep(6);
		CHECK(log_shows(attempt(mistake->text), mistake), "column %u: %s",
		      mistake->column, mistake->what);
	}
	ktap_result("column %u: %s", mistake->column, mistake->what);
}

static void test_bytes(void)
{
	char text[FILTER_LEN + 1];
	long mark;

	memset(text, ' ', FILTER_LEN);
	memcpy(text, "uid == 0", 8);
	text[FILTER_LEN] = '\0';
	mark = attempt(text);
	CHECK(log_has(mark, "tcp_teardown: filter: 512 bytes are too many\n"), "the log");
	ktap_result("%d bytes", FILTER_LEN);
}

/* Text behind a NUL is not ignored. */
static void test_nul(void)
{
	static const char text[] = "uid == 0\0 || port == 1";
	int fd = files_open(ALL_CPUS, "filter", O_WRONLY);

	CHECK(write(fd, text, sizeof(text) - 1) < 0 && errno == EINVAL, "it is taken");
	close(fd);
	ktap_result("a NUL");
}

int main(void)
{
	struct mistake many = { too_many(), 321, "too many comparisons, from 'uid'" };
	size_t i;

	files_start();
	ktap_plan(ARRAY_SIZE(mistakes) + 3);
	errno = files_write(ALL_CPUS, "filter", IN_FORCE);
	REQUIRE(!errno, "filter");
	for (i = 0; i < ARRAY_SIZE(mistakes); i++)
		check_mistake(&mistakes[i]);
	check_mistake(&many);
	test_bytes();
	test_nul();
	files_reset();
	return ktap_exit();
}
