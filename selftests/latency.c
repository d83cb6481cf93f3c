// SPDX-License-Identifier: GPL-2.0
/*
 * The histograms of the time in each state, /proc/net/tcp_teardown/latency.
 *
 *	client	ESTABLISHED > FIN_WAIT1 > FIN_WAIT2 > TIME_WAIT
 *	server	ESTABLISHED > CLOSE_WAIT, some time, > LAST_ACK > CLOSE
 *
 * One connection waits for more than an hour in CLOSE_WAIT and in FIN_WAIT2, which is the
 * case that users look for.
 *
 * Shows that each transition is counted once, in the bucket of the time in its record,
 * and nothing else is counted.
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/fixture.h"

#define CONNECTIONS 5
/* 80 minutes: 32 bits do not hold the microseconds. */
#define SECONDS 4800
#define BUCKETS 42

/* The columns of the file. */
static const uint8_t states[] = {
	TCP_FIN_WAIT1, TCP_FIN_WAIT2, TCP_CLOSING, TCP_TIME_WAIT, TCP_CLOSE_WAIT,
	TCP_LAST_ACK,
};

#define STATES ARRAY_SIZE(states)

struct histogram {
	unsigned long of[BUCKETS][STATES];
};

/* A bucket that is empty has no line. */
static void histogram_read(struct histogram *histogram)
{
	FILE *file = fopen("/proc/net/tcp_teardown/latency", "r");
	unsigned long from, *h, any;
	unsigned int bucket;
	char line[256];

	REQUIRE(file, "no latency");
	while (fgets(line, sizeof(line), file)) {
		if (line[0] == '#')
			continue;
		from = strtoul(line, NULL, 10);
		bucket = from ? 64 - __builtin_clzl(from) : 0;
		REQUIRE(bucket < BUCKETS, "bucket from %lu", from);
		CHECK(from == (bucket ? 1UL << (bucket - 1) : 0), "bucket from %lu", from);
		h = histogram->of[bucket];
		CHECK(sscanf(line, "%*u %lu %lu %lu %lu %lu %lu", &h[0], &h[1], &h[2], &h[3],
			     &h[4], &h[5]) == 6, "%s", line);
		any = h[0] | h[1] | h[2] | h[3] | h[4] | h[5];
		CHECK(any, "nothing: %s", line);
	}
	fclose(file);
}

static void histogram_count(struct histogram *histogram,
			    const struct fact *r)
{
	unsigned long us = r->state.spent / 1000;
	unsigned int state, bucket = 0;

	if (r->kind != FACT_STATE || r->state.spent == TCP_TEARDOWN_UNKNOWN)
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

static void close_after(struct fixture *self, unsigned int us)
{
	struct net_end client, server;

	net_pair(self->family, &client, &server);
	close(client.fd);
	net_expect_eof(&server);
	fixture_await(self, &client, 6);
	usleep(us);
	close(server.fd);
	/* The last transition of each end: to TIME_WAIT, to CLOSE. */
	fixture_await(self, &client, 8);
	fixture_await(self, &server, 7);
}

/* The client stays open: an orphan would not wait so long. */
static void close_after_hours(struct fixture *self)
{
	struct net_end client, server;

	net_pair(self->family, &client, &server);
	CHECK(!shutdown(client.fd, SHUT_WR), "shutdown");
	net_expect_eof(&server);
	net_await_state(&client, TCP_FIN_WAIT2);
	sleep(SECONDS);
	close(server.fd);
	net_expect_eof(&client);
	close(client.fd);
}

static void latency(struct fixture *self)
{
	struct histogram want = { }, seen = { };
	unsigned int i;

	for (i = 0; i < CONNECTIONS - 1; i++)
		close_after(self, 1000 << 2 * i);
	close_after_hours(self);
	net_settle();
	records_read(&self->records);
	for (i = 0; i < self->records.nr; i++)
		histogram_count(&want, &self->records.records[i]);
	histogram_read(&seen);
	/* FIN_WAIT1, FIN_WAIT2, CLOSE_WAIT and LAST_ACK of each, and TIME_WAIT but the last's. */
	CHECK(histogram_sum(&want) == 5 * CONNECTIONS - 1, "%lu transitions",
	      histogram_sum(&want));
	CHECK(!memcmp(&seen, &want, sizeof(seen)), "not what the records tell");
}

static const struct testcase testcases[] = {
	TESTCASE("each time in its bucket", latency),
};

int main(void)
{
	return testcases_run(testcases, ARRAY_SIZE(testcases));
}
