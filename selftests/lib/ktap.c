// SPDX-License-Identifier: GPL-2.0
#include "ktap.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned int planned, done, failed, skipped;
static bool case_failed;

/* Write each line at once, so that a crash or a fork finds nothing buffered. */
static void vline(const char *head, const char *format, va_list args, const char *tail)
{
	char text[1024];

	vsnprintf(text, sizeof(text), format, args);
	printf("%s%s%s\n", head, text, tail);
	fflush(stdout);
}

void ktap_plan(unsigned int cases)
{
	planned = cases;
	printf("KTAP version 1\n1..%u\n", cases);
	fflush(stdout);
}

bool ktap_check(bool held, const char *file, int line, const char *cond,
		const char *format, ...)
{
	char head[256];
	va_list args;
	int saved = errno;

	if (held)
		return true;
	case_failed = true;
	snprintf(head, sizeof(head), "# %s:%d: %s: ", file, line, cond);
	va_start(args, format);
	errno = saved;
	vline(head, format, args, "");
	va_end(args);
	return false;
}

void ktap_die(void)
{
	ktap_note("can't go on: %s", strerror(errno));
	exit(KTAP_FAIL);
}

void ktap_result(const char *name, ...)
{
	const char *verdict = "ok";
	char head[32];
	va_list args;

	if (case_failed) {
		verdict = "not ok";
		failed++;
	}
	snprintf(head, sizeof(head), "%s %u ", verdict, ++done);
	case_failed = false;
	va_start(args, name);
	vline(head, name, args, "");
	va_end(args);
}

bool ktap_case_failed(void)
{
	return case_failed;
}

void ktap_skip(const char *why, const char *name, ...)
{
	char head[32], tail[256];
	va_list args;

	snprintf(head, sizeof(head), "ok %u ", ++done);
	snprintf(tail, sizeof(tail), " # SKIP %s", why);
	skipped++;
	case_failed = false;
	va_start(args, name);
	vline(head, name, args, tail);
	va_end(args);
}

void ktap_skip_all(const char *why, ...)
{
	va_list args;

	printf("KTAP version 1\n");
	va_start(args, why);
	vline("1..0 # SKIP ", why, args, "");
	va_end(args);
	exit(KTAP_SKIP);
}

void ktap_note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vline("# ", format, args, "");
	va_end(args);
}

int ktap_exit(void)
{
	if (done != planned)
		ktap_note("%u cases planned, %u done", planned, done);
	if (failed || case_failed || done != planned)
		return KTAP_FAIL;
	return done && skipped == done ? KTAP_SKIP : KTAP_PASS;
}
