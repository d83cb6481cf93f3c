// SPDX-License-Identifier: GPL-2.0
/*
 * usage: drain FILE
 *
 * Reads everything available, and prints bytes, lines and the instructions used.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "busy.h"

static char room[128 << 10];

static unsigned long lines_in(size_t size)
{
	unsigned long lines = 0;
	size_t i;

	for (i = 0; i < size; i++)
		lines += room[i] == '\n';
	return lines;
}

/* The cost of counting lines is excluded. */
int main(int argc, char **argv)
{
	unsigned long bytes = 0, lines = 0;
	struct busy before, after;
	unsigned long long spent = 0;
	ssize_t got;
	int fd;

	if (argc != 2)
		return 2;
	fd = open(argv[1], O_RDONLY | O_NONBLOCK);
	do {
		before = busy_now();
		got = read(fd, room, sizeof(room));
		after = busy_now();
		if (got <= 0)
			break;
		spent += busy_between(&before, &after);
		bytes += got;
		lines += lines_in(got);
	} while (1);
	if (got < 0 && errno != EAGAIN) {
		perror(argv[1]);
		return 1;
	}
	printf("%lu %lu %llu\n", bytes, lines, spent);
	return 0;
}
