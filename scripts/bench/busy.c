// SPDX-License-Identifier: GPL-2.0
#include "busy.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static unsigned long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

/* Of the one CPU, in ns, waiting for a disk or not. */
static unsigned long long idle(void)
{
	FILE *f = fopen("/proc/timer_list", "r");
	unsigned long long sum = 0, ns;
	int found = 0;
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, " .idle_sleeptime : %llu", &ns) == 1 ||
		    sscanf(line, " .iowait_sleeptime : %llu", &ns) == 1) {
			sum += ns;
			found++;
		}
	if (f)
		fclose(f);
	if (found != 2) {
		fprintf(stderr, "busy: /proc/timer_list has not the idle time of one CPU\n");
		exit(1);
	}
	return sum;
}

struct busy busy_now(void)
{
	struct busy busy;

	busy.begin = now();
	busy.idle = idle();
	busy.end = now();
	return busy;
}

unsigned long long busy_between(const struct busy *a, const struct busy *b)
{
	return b->begin - a->end - (b->idle - a->idle);
}
