// SPDX-License-Identifier: GPL-2.0
/*
 * All kinds of writes to the writable files: numbers, words and expressions, right and
 * wrong, with bytes changed, and random bytes; 0 bytes to 1 MiB, with NUL, with and
 * without a newline, at offsets, from memory that ends in the middle. Each write is one
 * complete command.
 *
 * Shows, for $TT_WRITES (3000) writes: the module accepts and refuses what the test
 * expects from its own implementation of docs/abi, with the same error; an accepted value
 * reads back, a refused one has changed nothing in any file; the log has a line on the
 * refusals that names the file, and is not flooded.
 *
 * Modes: icount
 * Needs: root, debugfs.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/files.h"
#include "lib/ktap.h"
#include "lib/random.h"

#define MOST (1 << 20)
/* Rings up to this size are allocated. */
#define KB_MOST 1024

enum control { TRACING_ON, OVERWRITE, SIZE, HOOKS, FILTER, TRACE, CPU_TRACE, CONTROLS };

static const char * const names[CONTROLS] = {
	"tracing_on", "overwrite", "buffer_size_kb", "hooks", "filter", "trace", "trace",
};

/* What is written; the memory behind it is not mapped. */
static struct input {
	enum control control;
	size_t size;
	off_t offset;
	bool beyond;		/* its length claims more than there is */
	char *at;
} input;

static char *room;		/* MOST bytes, then unmapped memory */
static uint64_t seed = 1, salt;
static unsigned long taken[CONTROLS], refused[CONTROLS];

static unsigned int dice(unsigned int below)
{
	return random_of(seed, ++salt) % below;
}

static const char *one_of(const char * const *words, unsigned int nr)
{
	return words[dice(nr)];
}

/* --- what is written ----------------------------------------------------------- */

static char draft[MOST + 1];
static size_t drafted;

static void put(const char *text)
{
	size_t len = strlen(text);

	if (drafted + len <= MOST)
		memcpy(draft + drafted, text, len);
	drafted += drafted + len <= MOST ? len : 0;
}

static void put_number(void)
{
	static const char * const words[] = {
		"0", "1", "2", "3", "4", "5", "63", "64", "1023", "1024", "0x1", "0x40", "010",
		"+1", "-1", "1 ", " 1", "on", "Y", "1025", "1048577", "4294967295",
		"4294967296", "18446744073709551616", "1.5", "1e3", "0x", "", "1\n\n", "0\n1",
	};

	put(one_of(words, ARRAY_SIZE(words)));
}

static void put_group(void)
{
	static const char * const words[] = {
		"segments", "timewait", "resets", "calls", "acks", "opens", "transitions", "nosuch",
		"segment", "all", "", " ", "segments ", "+acks", "CALLS",
	};
	static const char * const signs[] = { "+", "-", "+", "-", "", " +", "*", "--" };

	put(one_of(signs, ARRAY_SIZE(signs)));
	put(one_of(words, ARRAY_SIZE(words)));
	put(dice(4) ? "?" : "");
}

static void put_comparison(void)
{
	static const char * const fields[] = {
		"port", "lport", "rport", "netns", "uid", "cgroup", "addr", "local", "remote",
		"state", "from", "kind", "event", "timewait", "end", "by", "reason", "pid",
		"comm", "id", "verdict",
		"prot", "",
	};
	static const char * const operators[] = {
		"==", "!=", "<", "<=", ">", ">=", "=", "", "&",
	};
	static const char * const values[] = {
		"443", "0", "65535", "65536", "0x1bb", "self", "10.0.0.0/8", "::1", "::/0",
		"2001:db8::/129", "TIME_WAIT", "reset", "four_way", "-1", "", "1.2.3", "call",
		"any", "nginx", "'Web Content'", "\"", "close",
	};
	static const char * const right[] = {
		"port == 443", "lport<1024", "rport != 0", "netns == self", "uid >= 1000",
		"cgroup!=1", "addr == 10.0.0.0/8", "local != ::1", "remote==2001:db8::/32",
		"state == TIME_WAIT", "from != CLOSE", "kind == reset", "end != four_way",
	};

	if (dice(8)) {
		put(one_of(right, ARRAY_SIZE(right)));
		return;
	}
	put(one_of(fields, ARRAY_SIZE(fields)));
	put(one_of(operators, ARRAY_SIZE(operators)));
	put(one_of(values, ARRAY_SIZE(values)));
}

static void put_expression(unsigned int depth)
{
	static const char * const joints[] = {
		" && ", " || ", "&&", "||", "  &&\t", " && ", "||", " & ", " ",
	};
	unsigned int parts = 1 + dice(3);

	while (parts--) {
		if (!dice(6))
			put("!");
		if (depth && !dice(4)) {
			put("(");
			put_expression(depth - 1);
			put(dice(12) ? ")" : "");
		} else {
			put_comparison();
		}
		if (parts)
			put(one_of(joints, ARRAY_SIZE(joints)));
	}
}

static void put_noise(size_t len)
{
	while (len-- && drafted < MOST)
		draft[drafted++] = dice(4) ? 32 + dice(95) : dice(256);
}

static size_t random_length(void)
{
	static const size_t most[] = { 1, 8, 32, 33, 40, 511, 512, 513, 4096, 65536, MOST };

	return dice(most[dice(dice(8) ? 8 : ARRAY_SIZE(most))] + 1);
}

static void mutate(void)
{
	unsigned int times = dice(3);

	while (times-- && drafted) {
		switch (dice(4)) {
		case 0:
			draft[dice(drafted)] = dice(256);
			break;
		case 1:
			draft[dice(drafted)] = '\0';
			break;
		case 2:
			drafted = dice(drafted + 1);
			break;
		default:
			put(dice(2) ? " " : "\n");
		}
	}
}

static void draft_input(void)
{
	/* Switching a group of hooks costs as much as a thousand refusals. */
	static const enum control often[] = {
		TRACING_ON, TRACING_ON, OVERWRITE, OVERWRITE, SIZE, SIZE, FILTER, FILTER, FILTER,
		TRACE, CPU_TRACE, HOOKS,
	};

	drafted = 0;
	input.control = often[dice(ARRAY_SIZE(often))];
	if (!dice(8))
		put_noise(random_length());
	else if (input.control == HOOKS)
		put_group();
	else if (input.control == FILTER)
		put_expression(dice(4));
	else
		put_number();
	if (dice(2))
		put("\n");
	if (!dice(3))
		mutate();
	/* Any number of blanks, then more text, which must not be cut off. */
	if (!dice(40)) {
		memset(draft + drafted, ' ', MOST - drafted);
		drafted += dice(MOST - drafted + 1);
	}
	input.size = drafted;
	input.offset = dice(4) ? 0 : dice(1000);
	input.beyond = !dice(20);
	input.at = room + MOST - drafted;
	memcpy(input.at, draft, drafted);
}

/* --- what is expected ----------------------------------------------------- */

#define WRONG EINVAL

/*
 * An unsigned number as the kernel parses it: the whole text, base by prefix, one newline
 * at the end.
 */
static bool parse_number(unsigned long long *value)
{
	char copy[64], *end;
	const char *from = copy;

	if (input.size >= sizeof(copy) || memchr(input.at, '\0', input.size))
		return false;
	memcpy(copy, input.at, input.size);
	copy[input.size] = '\0';
	from += *from == '+';
	if (!isdigit((unsigned char)*from))
		return false;
	errno = 0;
	*value = strtoull(from, &end, 0);
	end += *end == '\n';
	return !*end && end == copy + input.size && !errno && *value <= UINT32_MAX &&
	       end[-1] != 'x';
}

static int want_number(void)
{
	unsigned long long value;

	if (!parse_number(&value))
		return WRONG;
	if (input.control != SIZE)
		return value > 1 ? WRONG : 0;
	if (value < 4 || value > 1048576)
		return WRONG;
	return value > KB_MOST ? -1 : 0;	/* depends on memory */
}

static bool is_blank(char c)
{
	return isspace((unsigned char)c) || (unsigned char)c == 0xa0;
}

/* Strip blanks around the word. Return: its length. */
static size_t strip(const char **word)
{
	size_t len = input.size;

	*word = input.at;
	for (; len && is_blank((*word)[len - 1]); len--)
		;
	for (; len && is_blank(**word); len--, ++*word)
		;
	return len;
}

static int want_hooks(void)
{
	static const char * const groups[] = {
		"+segments", "+timewait", "+resets", "+calls", "+acks", "+opens", "+transitions",
		"-segments", "-timewait", "-resets", "-calls", "-acks", "-opens",
	};
	const char *word;
	size_t len = strip(&word);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(groups) && input.size < 32; i++)
		if (strlen(groups[i]) == len && !memcmp(groups[i], word, len))
			return 0;
	return WRONG;
}

/* -1: an expression; selftests/filter_mistakes.c tests which are right. */
static int want_filter(void)
{
	const char *word;
	size_t len = strip(&word);

	if (input.size > 511)
		return WRONG;
	if (!len || (len == 1 && *word == '0') || (len == 4 && !memcmp(word, "none", 4)))
		return 0;
	return memchr(word, '\0', len) ? WRONG : -1;
}

static int wanted(void)
{
	switch (input.control) {
	case HOOKS:
		return want_hooks();
	case FILTER:
		return want_filter();
	case TRACE:
	case CPU_TRACE:
		return 0;
	default:
		return want_number();
	}
}

/* --- what the module did ------------------------------------------------------------ */

/* All that a write can change, except hits and records. */
static char *state(void)
{
	static char all[8192];
	size_t len = 0;
	char *text;
	int i;

	for (i = 0; i <= FILTER; i++) {
		text = i == HOOKS ? files_hooks() : files_text(ALL_CPUS, names[i]);
		len += snprintf(all + len, sizeof(all) - len, "%s\n", text);
		free(text);
	}
	REQUIRE(len < sizeof(all), "%zu bytes of state", len);
	return strdup(all);
}

/* Returns errno, or 0. */
static int write_input(void)
{
	int cpu = input.control == CPU_TRACE ? 0 : ALL_CPUS;
	int fd = files_open(cpu, names[input.control], O_WRONLY);
	size_t size = input.size + (input.beyond ? 1 + dice(64) : 0);
	ssize_t done;
	int err;

	done = input.offset ? pwrite(fd, input.at, size, input.offset) :
			      write(fd, input.at, size);
	err = done < 0 ? errno : 0;
	CHECK(done < 0 || (size_t)done == size, "%zd of %zu bytes were taken", done, size);
	close(fd);
	return err;
}

static const char *shown(void)
{
	static char to[80];
	size_t i;

	for (i = 0; i < input.size && i < sizeof(to) - 1; i++)
		to[i] = isprint((unsigned char)input.at[i]) ? input.at[i] : '?';
	to[i] = '\0';
	return to;
}

/* All hooks of that group are off, or none is. */
static void check_taken_hooks(void)
{
	char group[32], word[32], *text = files_hooks(), *line, *rest;
	const char *sign;
	size_t len = strip(&sign);
	bool off;

	snprintf(group, sizeof(group), "%.*s", (int)len - 1, sign + 1);
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		REQUIRE(sscanf(line, "%*s %31s", word) == 1, "hooks: %s", line);
		off = !strcmp(strrchr(line, ' '), " off");
		CHECK(strcmp(word, group) || off == (*sign == '-'), "'%s' left %s", shown(), line);
	}
	free(text);
}

/* The expression as written, without blanks at its ends; or none. */
static void check_taken_filter(void)
{
	char *text = files_text(ALL_CPUS, "filter");
	const char *word, *is = text;
	size_t len = strip(&word);

	if (!len || (len == 1 && *word == '0'))
		word = "none", len = 4;
	for (; is_blank(*is); is++)
		;
	CHECK(!strncmp(is, word, len) && !is[len + strspn(is + len, " \t\n\v\f\r\xa0")],
	      "filter: '%s' became %s", shown(), text);
	free(text);
}

static void check_taken(void)
{
	unsigned long long value = 0, kb = 4;
	char *text;

	if (input.control == HOOKS)
		check_taken_hooks();
	if (input.control == FILTER)
		check_taken_filter();
	if (input.control > SIZE)
		return;
	text = files_text(ALL_CPUS, names[input.control]);
	parse_number(&value);
	while (input.control == SIZE && kb < value)
		kb *= 2;
	if (input.control == SIZE)
		value = kb;
	CHECK(strtoull(text, NULL, 10) == value, "%s: '%s' became %s", names[input.control],
	      shown(), text);
	free(text);
}

static void try_one(void)
{
	int want, err;
	char *before, *after;

	draft_input();
	want = wanted();
	/*
	 * A fault of memory is found before the text is parsed, unless the text is too
	 * long.
	 */
	before = state();
	err = write_input();
	if (input.offset && (input.control == HOOKS || input.control == FILTER))
		want = ESPIPE;
	else if (input.beyond)
		want = input.control >= TRACE ? 0 : err == EINVAL ? EINVAL : EFAULT;
	if (want < 0 && (!err || err == (input.control == SIZE ? ENOMEM : EINVAL)))
		want = err;
	CHECK(err == want, "%s: '%s' of %zu bytes%s: errno %d, not %d", names[input.control],
	      shown(), input.size, input.beyond ? ", and beyond" : "", err, want);
	after = state();
	if (err)
		CHECK(!strcmp(before, after), "%s: '%s' was refused and changed\n%s\nto\n%s",
		      names[input.control], shown(), before, after);
	else
		check_taken();
	(err ? refused : taken)[input.control]++;
	free(before);
	free(after);
}

static void test_writes(unsigned int writes)
{
	unsigned int i;

	for (i = 0; i < writes && !ktap_case_failed(); i++)
		try_one();
	for (i = 0; i < CONTROLS; i++) {
		ktap_note("%s: %lu taken, %lu refused", names[i], taken[i], refused[i]);
		CHECK(taken[i] && (refused[i] || i >= TRACE), "%s: not both", names[i]);
	}
	ktap_result("%u writes, each accepted or refused as docs/abi says", writes);
}

/* --- the log -------------------------------------------------------------------- */

/* Wait five seconds without writes, so that the log's rate limit starts again. */
static void test_log(void)
{
	static const char * const wrong[] = { "2", "-1", "3", "nosuch", "nosuch == 1" };
	char want[64];
	long mark;
	int i;

	usleep(5500000);
	for (i = 0; i <= FILTER; i++) {
		mark = log_mark();
		CHECK(files_write(ALL_CPUS, names[i], wrong[i]) == EINVAL, "%s", names[i]);
		snprintf(want, sizeof(want), "tcp_teardown: %s: ", names[i]);
		CHECK(log_has(mark, want), "no line of the log says \"%s\"", want);
	}
	ktap_result("the log names the file that refused a write");
}

static void test_flood(void)
{
	unsigned int lines;
	long mark;
	int i;

	usleep(5500000);
	mark = log_mark();
	for (i = 0; i < 100; i++)
		files_write(ALL_CPUS, "overwrite", "2");
	lines = log_count(mark, "tcp_teardown: overwrite: ");
	CHECK(lines == 10, "%u lines for 100 refusals", lines);
	ktap_result("the log is not flooded");
}

int main(void)
{
	const char *writes = getenv("TT_WRITES");

	files_start();
	files_set("buffer_size_kb", SMALLEST_KB);
	room = mmap(NULL, MOST + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	REQUIRE(room != MAP_FAILED && !munmap(room + MOST, 4096), "no memory");
	seed = getenv("TT_SEED") ? strtoull(getenv("TT_SEED"), NULL, 10) : 1;
	ktap_plan(3);
	test_writes(writes ? atoi(writes) : 3000);
	test_log();
	test_flood();
	files_write(ALL_CPUS, "hooks", "-acks");
	files_write(ALL_CPUS, "hooks", "-opens");
	files_write(ALL_CPUS, "hooks", "+segments");
	files_write(ALL_CPUS, "hooks", "+timewait");
	files_write(ALL_CPUS, "hooks", "+resets");
	files_write(ALL_CPUS, "hooks", "+calls");
	files_reset();
	return ktap_exit();
}
