// SPDX-License-Identifier: GPL-2.0
#include "complain.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static int status = EXIT_FINE;

static __printf(1, 0) void vsay(const char *format, va_list args)
{
	fputs("tcp-teardown: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsay(format, args);
	va_end(args);
}

void complain(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsay(format, args);
	va_end(args);
	status = EXIT_BAD;
}

void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsay(format, args);
	va_end(args);
	exit(EXIT_BAD);
}

void exit_found(void)
{
	if (status == EXIT_FINE)
		status = EXIT_FOUND;
}

int exit_status(void)
{
	return status;
}

void *allocate(size_t size)
{
	void *new = calloc(1, size);

	if (!new)
		die("no memory for %zu bytes", size);
	return new;
}

void *grow(void *old, size_t old_nr, size_t nr, size_t size)
{
	char *new = reallocarray(old, nr, size);

	if (!new)
		die("no memory for %zu times %zu bytes", nr, size);
	memset(new + old_nr * size, 0, (nr - old_nr) * size);
	return new;
}
