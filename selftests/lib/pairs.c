// SPDX-License-Identifier: GPL-2.0
#include "pairs.h"

#include <unistd.h>

void pairs_open(struct pair *pairs, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		net_pair(i % NET_FAMILIES, &pairs[i].end[0], &pairs[i].end[1]);
}

void pairs_half_close(const struct pair *pairs, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		shutdown(pairs[i].end[0].fd, SHUT_WR);
	for (i = 0; i < nr; i++)
		net_expect_eof(&pairs[i].end[1]);
}

void pairs_abort(const struct pair *pairs, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		net_abort(pairs[i].end[1].fd);
		close(pairs[i].end[0].fd);
	}
	net_settle();
}
