// SPDX-License-Identifier: GPL-2.0
#include "run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/diag.h"

/* The child's exit statuses. */
#define EXIT_OTHERWISE 3

/* In a line of /proc/net/tcp: timer number 3 is that of a minisock. */
#define TIMER_MINISOCK 3

struct listed {
	unsigned int state, timer;
};

static bool list(const struct net_end *end, struct listed *listed)
{
	const char *path = end->domain == AF_INET6 ? "/proc/thread-self/net/tcp6" :
						     "/proc/thread-self/net/tcp";
	unsigned int local, peer;
	FILE *file = fopen(path, "re");
	bool found = false;
	char line[512];

	REQUIRE(file, "%s", path);
	while (!found && fgets(line, sizeof(line), file))
		found = sscanf(line, "%*d: %*[0-9A-F]:%x %*[0-9A-F]:%x %x %*x:%*x %x:",
			       &local, &peer, &listed->state, &listed->timer) == 4 &&
			local == end->local.port && peer == end->peer.port;
	fclose(file);
	return found;
}

void run_await_minisock(const struct net_end *end, uint8_t state)
{
	struct net_wait wait = { };
	struct listed is = { };

	while (!list(end, &is) || is.timer != TIMER_MINISOCK || is.state != state)
		REQUIRE(net_wait(&wait), "no minisock in state %u", state);
	net_settle();
}

void run_await_gone(const struct net_end *end, unsigned int patience)
{
	struct net_wait wait = { .patience = patience };
	struct listed is;

	while (list(end, &is))
		REQUIRE(net_wait(&wait), "the minisock stays, in state %u", is.state);
}

void run_expect(struct run *run, const struct net_end *end, const struct want *want,
		unsigned int nr)
{
	struct expected *e = &run->expected[run->nr_expected];

	REQUIRE(run->nr_expected + nr <= RUN_WANTS, "too many");
	run->nr_expected += nr;
	for (; nr; nr--, e++)
		*e = (struct expected){ .end = *end, .want = *want++, .pid = getpid() };
}

void run_expect_verdict(struct run *run, const struct net_end *end,
			const struct verdict *verdict)
{
	struct expected *e = &run->expected[run->nr_expected];
	const struct want want = { .kind = FACT_END };

	run_expect(run, end, &want, 1);
	e->verdict = *verdict;
}

void run_destroy(struct run *run, const struct net_end *end)
{
	int error = diag_try_destroy(run->family, end);

	if (!error)
		return;
	snprintf(run->unable, sizeof(run->unable), "SOCK_DESTROY: %s", strerror(error));
	exit(0);
}

static void read_counter(struct run *run, const char *line)
{
	struct counter counter = { };
	char difference[32];
	unsigned int netns;

	if (sscanf(line, "%u %31s %ld %ld %31s", &netns, counter.name, &counter.kernel,
		   &counter.ours, difference) != 5 || netns != run->netns)
		return;
	run->nr_counters++;
	if (counter.kernel != counter.ours && run->nr_differing < RUN_COUNTERS)
		run->counter[run->nr_differing++] = counter;
}

static bool counters_differ(struct run *run)
{
	FILE *file = fopen(DEBUGFS_DIR "/reconcile", "re");
	char line[256];

	REQUIRE(file, "no reconcile");
	run->nr_counters = 0;
	run->nr_differing = 0;
	while (fgets(line, sizeof(line), file))
		read_counter(run, line);
	fclose(file);
	return run->nr_differing;
}

/* A counter may still change; a wrong one stays wrong. */
static void read_counters(struct run *run)
{
	struct net_wait wait = { .patience = 1 };

	while (counters_differ(run) && net_wait(&wait))
		;
}

void run_child(const struct close_kind *kind, struct run *run)
{
	net_new();
	if (kind->peer)
		peer_open(&run->peer, run->family);
	run->netns = net_inode();
	kind->make(run);
	read_counters(run);
	run->resends = net_mib("/proc/self/net/snmp", "Tcp:", "RetransSegs");
	exit(ktap_case_failed() ? EXIT_OTHERWISE : 0);
}
