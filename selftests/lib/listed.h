/* SPDX-License-Identifier: GPL-2.0 */
/* The lines of the files "connections". */
#ifndef SELFTESTS_LISTED_H
#define SELFTESTS_LISTED_H

#include <stdint.h>

#define LISTED_HERE "/proc/thread-self/net/tcp_teardown/connections"
#define LISTED_WORD 64

/* The columns as text, and the details after them. */
struct listed {
	uint32_t netns;
	uint64_t id;
	char state[LISTED_WORD], age[LISTED_WORD], local[LISTED_WORD], peer[LISTED_WORD];
	char pid[LISTED_WORD], comm[LISTED_WORD], unread[LISTED_WORD], rx[LISTED_WORD];
	char tx[LISTED_WORD], lifetime[LISTED_WORD], uid[LISTED_WORD], inode[LISTED_WORD];
	char cgroup[LISTED_WORD], ifindex[LISTED_WORD], seen[LISTED_WORD];
	char rest[LISTED_WORD];
};

/* Split a line; ends the test if it is malformed. */
void listed_parse(struct listed *to, const char *line);

/* Read a file, LISTED_HERE or another. Return: how many lines, at most @most. */
unsigned int listed_read(const char *path, struct listed *to, unsigned int most);

/* Find that connection of the namespace; ends the test if it is not listed. */
struct listed listed_of(uint64_t id);

#endif
