// SPDX-License-Identifier: GPL-2.0
/*
 * The module is loaded with all kinds of parameters, one or two at a time, also the same
 * one twice: right and wrong, with bytes changed, random, and long.
 *
 * Shows: the module refuses what the test expects from its own implementation of
 * docs/abi; a refused load leaves nothing behind; after an accepted load /sys shows the
 * given values, and the module can be removed. The parameters below /sys are read-only.
 *
 * Needs: root, debugfs; it loads the module itself.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/files.h"
#include "lib/ktap.h"
#include "lib/module.h"
#include "lib/torture.h"

#define PARAMETERS "/sys/module/tcp_teardown/parameters/"

/* Bytes of a value. */
#define MOST (1 << 20)
/* The expected value; or 0. */
#define WRONG EINVAL
#define TOO_LARGE ERANGE

static struct actor dice = { .random = 1 };
static unsigned int taken, refused;

/* -1: depends on memory; otherwise 0, EINVAL, or ERANGE for more than 32 bits. */
static int want_number(const char *text, unsigned long low, unsigned long high)
{
	const char *from = text + (*text == '+');
	unsigned long long value;
	char *end;

	if (!isdigit((unsigned char)*from))
		return WRONG;
	errno = 0;
	value = strtoull(from, &end, 0);
	if (!errno && (*end || end[-1] == 'x'))
		return WRONG;
	if (errno || value > UINT32_MAX)
		return TOO_LARGE;
	if (value < low || value > high)
		return WRONG;
	return value > 4096 ? -1 : 0;
}

/* As kstrtobool() of 6.1; later kernels also accept "enable". */
static int want_bool(const char *text)
{
	if (*text && strchr("eEdD", *text))
		return -1;
	if (strchr("yYtT1nNfF0", *text) && *text)
		return 0;
	return !strncasecmp(text, "on", 2) || !strncasecmp(text, "of", 2) ? 0 : WRONG;
}

static int want_groups(const char *text)
{
	static const char * const names[] = {
		"transitions", "segments", "timewait", "resets", "calls", "acks", "opens", "all",
	};
	unsigned int i;
	size_t len;

	for (;; text += len + 1) {
		len = strcspn(text, ",");
		for (i = 0; i < ARRAY_SIZE(names); i++)
			if (strlen(names[i]) == len && !strncmp(names[i], text, len))
				break;
		if (i == ARRAY_SIZE(names))
			return WRONG;
		if (!text[len])
			return 0;
	}
}

/* 0 is valid, too: as many as fit the host's memory. */
static int want_connections(const char *value)
{
	return strtoul(value, NULL, 0) || want_number(value, 0, 0) ?
		       want_number(value, 1024, 16777216) : 0;
}

static int want(const char *name, const char *value)
{
	if (!strcmp(name, "buffer_size_kb"))
		return want_number(value, 4, 1048576);
	if (!strcmp(name, "buffer_total_kb"))
		return want_number(value, 4, 1 << 30);
	if (!strcmp(name, "max_connections"))
		return want_connections(value);
	if (!strcmp(name, "overwrite"))
		return want_bool(value);
	if (!strcmp(name, "attach"))
		return strcmp(value, "auto") && strcmp(value, "kprobe") ? WRONG : 0;
	return want_groups(value);
}

struct parameter {
	const char *name;
	char value[MOST + 1];
};

/* Digits, or any bytes; now and then very many. */
static void noise(char *value)
{
	static const unsigned int most[] = { 8, 64, 1100, 5000, MOST };
	unsigned int len = 1 + torture_random(&dice, most[torture_random(&dice, 5)]), i;
	bool digits = torture_random(&dice, 2);

	for (i = 0; i < len; i++)
		value[i] = digits ? '0' + torture_random(&dice, 10) :
				    1 + torture_random(&dice, 255);
	value[len] = '\0';
}

/* If a parameter is given again, its value only has to be valid. */
static int want_shadowed(const char *name, const char *value)
{
	if (!strncmp(name, "buffer_", 7) || !strcmp(name, "max_connections"))
		return want_number(value, 0, UINT32_MAX);
	return strcmp(name, "overwrite") ? 0 : want_bool(value);
}

static void draft(struct parameter *to)
{
	static const char * const names[] = {
		"buffer_size_kb", "max_connections", "overwrite", "attach", "groups",
		"buffer_total_kb",
	};
	static const char * const values[][12] = {
		{ "4", "64", "3", "0", "1048577", "0x40", "-1", "", "+8", "4x", "4294967296",
		  "010" },
		{ "1024", "4096", "1023", "16777217", "0", "", "x", "2048", "-1024", "0x400",
		  "1e4", "4096" },
		{ "Y", "N", "0", "1", "2", "", "on", "off", "maybe", "y", "-1", "T" },
		{ "auto", "kprobe", "", "Auto", "kprobes", "ftrace", "auto,kprobe", "0", "none",
		  "kprobe", "auto", "a" },
		{ "all", "calls", "segments,timewait", "", ",", "calls,", "nosuch", "all,acks",
		  "transitions", "resets,resets", "calls;acks", "Calls" },
		{ "4", "131072", "3", "0", "1073741824", "1073741825", "-1", "", "+64", "4x",
		  "0x100", "010" },
	};
	unsigned int which = torture_random(&dice, ARRAY_SIZE(names)), i, len;
	char *value = to->value;

	to->name = names[which];
	strcpy(value, values[which][torture_random(&dice, 12)]);
	len = strlen(value);
	if (!torture_random(&dice, 4) && len)
		value[torture_random(&dice, len)] = '!' + torture_random(&dice, 90);
	if (!torture_random(&dice, 10))
		noise(value);
	/* Values that the kernel's own parser treats specially. */
	for (i = 0; value[i]; i++)
		if ((strchr("\"\\ -=", value[i]) && i) || isspace((unsigned char)value[i]) ||
		    (unsigned char)value[i] == 0xa0)
			value[i] = '_';
	if (*value == '"' || *value == '=')
		*value = '_';
}

static void check_shown(const char *name, const char *value)
{
	char path[96], is[1024] = "";
	int fd;

	snprintf(path, sizeof(path), PARAMETERS "%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0 && read(fd, is, sizeof(is) - 1) > 0, "no %s", path);
	close(fd);
	is[strcspn(is, "\n")] = '\0';
	if (!strcmp(name, "max_connections") && !strtoul(value, NULL, 0))
		CHECK(strtoul(is, NULL, 10) >= 1024, "0 became %s", is);
	else if (isdigit((unsigned char)*is))
		CHECK(strtoul(is, NULL, 10) == strtoul(value, NULL, 0), "%s=%s became %s", name,
		      value, is);
	else if (strcmp(name, "overwrite"))
		CHECK(!strcmp(is, value), "%s=%s became %s", name, value, is);
	CHECK(open(path, O_WRONLY) < 0 && errno == EACCES, "%s can be written", path);
}

static bool fits(int err, int wanted)
{
	return wanted < 0 ? !err || err == ENOMEM || err == EINVAL : err == wanted;
}

/* One wrong parameter is enough; of two, the log may name either. */
static bool is_expected(int err, const struct parameter *given, unsigned int nr)
{
	bool all = true, one = false, twice = nr > 1 && !strcmp(given[0].name, given[1].name);
	unsigned int i;
	int wanted;

	for (i = 0; i < nr; i++) {
		wanted = (twice && !i ? want_shadowed : want)(given[i].name, given[i].value);
		all &= fits(0, wanted);
		one |= wanted && fits(err, wanted);
		/* The kernel limits the length of texts. */
		one |= err == ENOSPC && strlen(given[i].value) > 1000;
	}
	return err ? one : all;
}

static void turn(void)
{
	static struct parameter given[2];
	static char line[2 * (MOST + 64)];
	unsigned int nr = 1 + torture_random(&dice, 2), i;
	size_t len = 0;
	int err;

	for (i = 0; i < nr; i++) {
		draft(&given[i]);
		len += sprintf(line + len, "%s%s=%s", i ? " " : "", given[i].name,
			       given[i].value);
	}
	err = module_load(line);
	CHECK(is_expected(err, given, nr), "%.200s: errno %d", line, err);
	if (!err) {
		/* If a parameter is given twice, the last value wins. */
		for (i = 0; i < nr; i++)
			if (i || nr < 2 || strcmp(given[0].name, given[1].name))
				check_shown(given[i].name, given[i].value);
		module_unload_soon();
	}
	module_left_nothing();
	if (err)
		refused++;
	else
		taken++;
}

int main(void)
{
	double end;

	files_start();
	ktap_plan(2);
	module_unload_soon();
	for (end = net_now() + torture_seconds(); net_now() < end && !ktap_case_failed();)
		turn();
	ktap_note("%u loads taken, %u refused", taken, refused);
	CHECK(taken && refused, "not both");
	ktap_result("each load is accepted or refused as docs/abi says");
	torture_load("");
	torture_end();
	return ktap_exit();
}
