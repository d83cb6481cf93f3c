// SPDX-License-Identifier: GPL-2.0
/*
 * usage: write FILE WORD
 *
 * Writes WORD into FILE, and prints the instructions that the guest executed for it,
 * including the work of workers in the second after it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "busy.h"

int main(int argc, char **argv)
{
	struct busy before, after;
	ssize_t put;
	int fd;

	if (argc != 3)
		return 2;
	fd = open(argv[1], O_WRONLY);
	before = busy_now();
	put = write(fd, argv[2], strlen(argv[2]));
	sleep(1);
	after = busy_now();
	if (put < 0) {
		perror(argv[1]);
		return 1;
	}
	printf("%llu\n", busy_between(&before, &after));
	return 0;
}
