// SPDX-License-Identifier: GPL-2.0
#include "host.h"

#undef memcpy

/*
 * Copies may be overwritten while they are made; tests set this before they start a
 * writer.
 */
bool host_races = true;

void host_fail(const char *file, int line, const char *what, const char *format, ...)
{
	const char *name = strrchr(file, '/');
	va_list args;

	fprintf(stderr, "%s:%d: not so: %s: ", name ? name + 1 : file, line, what);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	abort();
}

/* splitmix64 */
u64 host_random(u64 *state)
{
	u64 z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

#if defined(HOST_TSAN) || defined(HOST_POINTS)
void *host_copy(void *to, const void *from, size_t size)
{
	const u64 *word = from;
	u64 *copy = to;
	size_t i;

	if (!host_races || size % sizeof(u64))
		return memcpy(to, from, size);
	for (i = 0; i < size / sizeof(u64); i++)
		copy[i] = READ_ONCE(word[i]);
	return to;
}
#endif
