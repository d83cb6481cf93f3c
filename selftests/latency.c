// SPDX-License-Identifier: GPL-2.0
/*
 * The histograms of the time in each state, /proc/net/tcp_teardown/latency.
 *
 *	client	ESTABLISHED > FIN_WAIT1 > FIN_WAIT2 > TIME_WAIT
 *	server	ESTABLISHED > CLOSE_WAIT, some time, > LAST_ACK > CLOSE
 *
 * Shows that each transition is counted once, in the bucket of the time that its
 * record tells, and that nothing else is.
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/stage.h"

#define CONNECTIONS 4
#define BUCKETS 32

/* The columns of the file. */
static const uint8_t states[] = {
	TCP_FIN_WAIT1, TCP_FIN_WAIT2, TCP_CLOSING, TCP_TIME_WAIT, TCP_CLOSE_WAIT,
	TCP_LAST_ACK,
};

#define STATES ARRAY_SIZE(states)

struct histogram {
	unsigned long of[BUCKETS][STATES];
};

static void histogram_read(struct histogram *histogram)
{
	FILE *file = fopen("/proc/net/tcp_teardown/latency", "r");
	unsigned long from, *h;
	unsigned int bucket = 0;
	char line[256];

	REQUIRE(file, "no latency");
	while (fgets(line, sizeof(line), file)) {
		if (line[0] == '#')
			continue;
		REQUIRE(bucket < BUCKETS, "too many lines");
		h = histogram->of[bucket];
		CHECK(sscanf(line, "%lu %lu %lu %lu %lu %lu %lu", &from, &h[0], &h[1],
			     &h[2], &h[3], &h[4], &h[5]) == 7, "%s", line);
		CHECK(from == (bucket ? 1UL << (bucket - 1) : 0), "bucket from %lu", from);
		bucket++;
	}
	CHECK(bucket == BUCKETS, "%u lines", bucket);
	fclose(file);
}

static void histogram_count(struct histogram *histogram,
			    const struct tcp_teardown_record *r)
{
	unsigned long us = r->state.spent / 1000;
	unsigned int state, bucket = 0;

	if (r->kind != TCP_TEARDOWN_STATE || r->state.spent == TCP_TEARDOWN_UNKNOWN)
		return;
	while (us >> bucket && bucket < BUCKETS - 1)
		bucket++;
	for (state = 0; state < STATES; state++)
		if (states[state] == r->old_state)
			histogram->of[bucket][state]++;
}

static unsigned long histogram_sum(const struct histogram *histogram)
{
	unsigned long sum = 0;
	unsigned int i, j;

	for (i = 0; i < BUCKETS; i++)
		for (j = 0; j < STATES; j++)
			sum += histogram->of[i][j];
	return sum;
}

static void close_after(struct stage *stage, unsigned int us)
{
	struct net_end client, server;

	net_pair(stage->family, &client, &server);
	close(client.fd);
	net_expect_eof(&server);
	stage_await(stage, &client, 6);
	usleep(us);
	close(server.fd);
	/* The last transition of each: to TIME_WAIT, to CLOSE. */
	stage_await(stage, &client, 8);
	stage_await(stage, &server, 7);
}

static void latency(struct stage *stage)
{
	struct histogram want = { }, seen = { };
	unsigned int i;

	for (i = 0; i < CONNECTIONS; i++)
		close_after(stage, 1000 << 2 * i);
	for (i = 0; i < stage->records.nr; i++)
		histogram_count(&want, &stage->records.records[i]);
	histogram_read(&seen);
	/* FIN_WAIT1, FIN_WAIT2, CLOSE_WAIT and LAST_ACK of each connection. */
	CHECK(histogram_sum(&want) == 4 * CONNECTIONS, "%lu transitions",
	      histogram_sum(&want));
	CHECK(!memcmp(&seen, &want, sizeof(seen)), "not what the records tell");
}

static const struct scene scenes[] = {
	SCENE("each time in its bucket", latency),
};

int main(void)
{
	return stage_run(scenes, ARRAY_SIZE(scenes));
}
