// SPDX-License-Identifier: GPL-2.0
/*
 * Connections that end while the module can't track them: each has one verdict, and none
 * has a wrong cause.
 *
 * 2,000 connections over loopback, IPv4, IPv6 and v4-mapped in turn, all end in the same
 * way: with max_connections=1024, filled by minisocks and open sockets; and with room for
 * all, max_connections=8192, by a real-time process, so that the worker can't allocate
 * more than the initial eighth.
 *
 * Shows, for each way, compared with what the test has done and with the kernel's own
 * counters: each end of each connection, minisocks included, has exactly one verdict in
 * the records and in the summary; it is the right one, or, if too little was seen, one
 * that says less, never a wrong one; the sent RSTs are as many as OutRsts; only these are
 * "reset_sent"; lines of reconcile with "=" are equal.
 *
 * Modes: icount
 * Needs: root, debugfs; time that is skipped; it removes the module and loads it again.
 */
#include <errno.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/files.h"
#include "lib/ktap.h"
#include "lib/module.h"
#include "lib/records.h"
#include "lib/torture.h"

#define PAIRS 2000
#define ENDS (2 * PAIRS)
/* As many ends as can be tracked: max_connections, and a CPU's pool. */
#define HELD (1024 / 2)
#define BUFFER_KB "32768"
#define TAKE 4096

/* The end that acts first, and the other. */
enum { FIRST, OTHER };

static struct net_end ends[PAIRS][2];

/* The records of an end, summed up. */
static struct seen {
	unsigned int verdicts, closed;
	uint8_t how, set_off;
	bool untracked;
} seen[PAIRS][2];

static unsigned int untracked;

/**
 * struct way - how a pair ends
 * @name: its name
 * @act: what FIRST does; it does not wait
 * @finish: the rest, after all have acted
 * @prepare: called before @act; or NULL
 * @how: enum tcp_teardown_how of each end, FIRST and OTHER, if all was seen; after FINs
 * TCP_TEARDOWN_ORDERLY. TCP_TEARDOWN_UNSEEN says less.
 * @resets: RSTs that a pair sends
 */
struct way {
	const char *name;
	void (*act)(const struct net_end *first);
	void (*finish)(const struct net_end *first, const struct net_end *other);
	void (*prepare)(const struct net_end *first, const struct net_end *other);
	uint8_t how[2];
	unsigned int resets;
};

static void set_linger(const struct net_end *end)
{
	const struct linger linger = { .l_onoff = 1 };

	setsockopt(end->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

static void closes(const struct net_end *first)
{
	close(first->fd);
}

static void shuts_down(const struct net_end *first)
{
	shutdown(first->fd, SHUT_WR);
}

static void aborts(const struct net_end *first)
{
	set_linger(first);
	close(first->fd);
}

static void disconnects(const struct net_end *first)
{
	const struct sockaddr nowhere = { .sa_family = AF_UNSPEC };

	connect(first->fd, &nowhere, sizeof(nowhere));
	close(first->fd);
}

/* A minisock from FIN_WAIT2 on. */
static void other_closes(const struct net_end *first, const struct net_end *other)
{
	(void)first;
	net_expect_eof(other);
	close(other->fd);
}

/* A full socket until TIME_WAIT, and its close() later. */
static void both_close(const struct net_end *first, const struct net_end *other)
{
	net_expect_eof(other);
	close(other->fd);
	net_expect_eof(first);
	close(first->fd);
}

static void first_closes(const struct net_end *first, const struct net_end *other)
{
	net_await_state(first, TCP_FIN_WAIT2);
	close(first->fd);
	close(other->fd);
}

/* In FIN_WAIT2 this ends it: TCPAbortOnLinger. */
static void first_does_not_wait(const struct net_end *first, const struct net_end *other)
{
	int linger2 = -1;

	net_await_state(first, TCP_FIN_WAIT2);
	setsockopt(first->fd, IPPROTO_TCP, TCP_LINGER2, &linger2, sizeof(linger2));
	close(first->fd);
	net_await_state(other, TCP_CLOSE);
	close(other->fd);
}

static void other_was_reset(const struct net_end *first, const struct net_end *other)
{
	(void)first;
	net_await_state(other, TCP_CLOSE);
	close(other->fd);
}

/* Data for a minisock in FIN_WAIT2, which answers with a RST. */
static void other_sends_too_late(const struct net_end *first, const struct net_end *other)
{
	net_expect_eof(other);
	net_send(other, 10);
	other_was_reset(first, other);
}

static void has_unread(const struct net_end *first, const struct net_end *other)
{
	net_send(other, 10);
	net_await_unread(first, 10);
}

#define BY_FINS .how = { TCP_TEARDOWN_ORDERLY, TCP_TEARDOWN_ORDERLY }
#define BY_RST .how = { TCP_TEARDOWN_RESET_SENT, TCP_TEARDOWN_RESET_RECEIVED }, .resets = 1

static const struct way ways[] = {
	{ "close, and close", closes, other_closes, BY_FINS },
	{ "shutdown, close, and close", shuts_down, both_close, BY_FINS },
	{ "close in FIN_WAIT2", shuts_down, first_closes, BY_FINS },
	{ "SO_LINGER 0", aborts, other_was_reset, BY_RST },
	{ "close with data unread", closes, other_was_reset, .prepare = has_unread, BY_RST },
	{ "TCP_LINGER2 below 0", shuts_down, first_does_not_wait, BY_RST },
	{ "connect() with AF_UNSPEC", disconnects, other_was_reset, BY_RST },
	{ "data for a minisock", closes, other_sends_too_late, BY_RST },
};

/*
 * --- what the records say
 * -----------------------------------------------------------------
 */

static struct seen *seen_of(uint64_t cookie)
{
	static unsigned int last;
	unsigned int i, at;

	for (i = 0; i < ENDS; i++) {
		at = (last + i) % ENDS;
		if (ends[at / 2][at % 2].cookie == cookie) {
			last = at;
			return &seen[at / 2][at % 2];
		}
	}
	return NULL;
}

static void see(const struct tcp_teardown_record *r)
{
	struct seen *s;

	if (r->flags & TCP_TEARDOWN_F_UNTRACKED)
		untracked++;
	if (!r->how && r->new_state != TCP_CLOSE)
		return;
	s = r->cookie ? seen_of(r->cookie) : NULL;
	if (!s)		/* a RST that no socket sends ends nothing */
		return;
	s->closed += r->new_state == TCP_CLOSE && r->old_state != TCP_CLOSE;
	if (!r->how)
		return;
	s->verdicts++;
	s->how = r->how;
	s->set_off = r->set_off;
	s->untracked |= !!(r->flags & TCP_TEARDOWN_F_UNTRACKED);
}

static void see_all(void)
{
	static struct tcp_teardown_record records[TAKE];
	int cpu, i, nr;

	for (cpu = 0; cpu < online_cpus(); cpu++)
		do {
			nr = files_take(cpu, records, TAKE);
			for (i = 0; i < nr; i++)
				see(&records[i]);
		} while (nr == TAKE);
}

static unsigned int all_verdicts(void)
{
	unsigned int i, sum = 0;

	for (i = 0; i < ENDS; i++)
		sum += seen[i / 2][i % 2].verdicts;
	return sum;
}

/* The sum of all lines "end=HOW" of the summary, or the one with that name. */
static unsigned long summed(const char *name)
{
	FILE *file = fopen("/proc/thread-self/net/tcp_teardown/summary", "r");
	unsigned long sum = 0, value;
	char line[256], key[64];

	REQUIRE(file, "no summary");
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%63s %lu", key, &value) == 2 &&
		    (name ? !strcmp(key, name) : !strncmp(key, "end=", 4) && !strchr(key, ',')))
			sum += value;
	fclose(file);
	return sum;
}

static bool is_right(uint8_t how, uint8_t want)
{
	if (want == TCP_TEARDOWN_ORDERLY && how >= TCP_TEARDOWN_FOUR_WAY &&
	    how <= TCP_TEARDOWN_ORDERLY)
		return true;
	return how == want || how == TCP_TEARDOWN_UNSEEN;
}

static void check_one(const struct way *way, unsigned int i, unsigned int side)
{
	const struct seen *s = &seen[i][side];

	CHECK(s->verdicts == 1, "pair %u, %u: %u verdicts", i, side, s->verdicts);
	CHECK(s->closed == 1, "pair %u, %u: %u times to CLOSE", i, side, s->closed);
	CHECK(is_right(s->how, way->how[side]), "pair %u, %u: ended as %u, by %u%s", i, side,
	      s->how, s->set_off, s->untracked ? ", untracked" : "");
}

/*
 * A connection that ends within its own call frees its memory at once, so the pool is not
 * used up.
 */
static void check_ends(const struct way *way)
{
	unsigned long resets = 0, verdicts = summed(NULL);
	unsigned int i;

	for (i = 0; i < PAIRS && !ktap_case_failed(); i++) {
		check_one(way, i, FIRST);
		check_one(way, i, OTHER);
	}
	for (i = 0; i < ENDS; i++)
		resets += seen[i / 2][i % 2].how == TCP_TEARDOWN_RESET_SENT;
	CHECK(verdicts == ENDS, "the summary has %lu ends, not %d", verdicts, ENDS);
	CHECK(summed("end=reset_sent") == resets, "the summary has %lu resets sent, not %lu",
	      summed("end=reset_sent"), resets);
	CHECK(resets <= way->resets * PAIRS, "%lu resets sent", resets);
	ktap_note("%u records of what is untracked, %lu known resets", untracked, resets);
	CHECK(untracked || (way->resets && resets == way->resets * PAIRS), "all was remembered");
}

static void check_resets(const struct way *way)
{
	long sent = net_mib("/proc/thread-self/net/snmp", "Tcp:", "OutRsts");
	long ours = summed("rst_sent") + summed("rst_sent_in_reply");

	CHECK(sent == (long)way->resets * PAIRS, "OutRsts is %ld", sent);
	CHECK(ours == sent, "%ld RSTs sent, OutRsts %ld", ours, sent);
	CHECK(!summed("minisock_handover_lost"), "%lu handed over in vain",
	      summed("minisock_handover_lost"));
}

/* --- running ------------------------------------------------------------------------ */

static void open_all(const struct way *way)
{
	unsigned int i;

	net_sysctl("ipv4/tcp_max_tw_buckets", "100000");
	for (i = 0; i < PAIRS; i++) {
		net_pair(i % NET_FAMILIES, &ends[i][FIRST], &ends[i][OTHER]);
		if (way->prepare)
			way->prepare(&ends[i][FIRST], &ends[i][OTHER]);
	}
	memset(seen, 0, sizeof(seen));
	untracked = 0;
}

/*
 * These use up the namespace's share, if the tested connections do not stay themselves.
 */
static struct net_end held[HELD][2];

static void hold_open(void)
{
	unsigned int i;

	for (i = 0; i < HELD; i++)
		net_pair(NET_IPV4, &held[i][FIRST], &held[i][OTHER]);
}

static void hold(void)
{
	unsigned int i;

	for (i = 0; i < HELD; i++)
		shutdown(held[i][FIRST].fd, SHUT_WR);
}

static void hold_end(void)
{
	unsigned int i;

	for (i = 0; i < HELD; i++) {
		set_linger(&held[i][OTHER]);
		close(held[i][OTHER].fd);
		close(held[i][FIRST].fd);
	}
}

/* Wait until each end has its verdict, and a moment longer. */
static void await_ends(void)
{
	struct net_wait wait = { };

	see_all();
	while (all_verdicts() < ENDS) {
		if (!CHECK(net_wait(&wait), "%u verdicts, not %u", all_verdicts(), ENDS))
			return;
		see_all();
	}
	usleep(1000000);
	net_settle();
	see_all();
}

static void set_policy(int policy, int priority)
{
	const struct sched_param param = { .sched_priority = priority };

	REQUIRE(!sched_setscheduler(0, policy, &param), "no scheduler %d", policy);
}

static void run_all(const struct way *way, bool starved)
{
	unsigned int i;

	if (starved)
		set_policy(SCHED_FIFO, 50);
	if (way->resets)
		hold();
	files_clear(ALL_CPUS);
	for (i = 0; i < PAIRS; i++)
		way->act(&ends[i][FIRST]);
	if (starved)
		set_policy(SCHED_OTHER, 0);
	for (i = 0; i < PAIRS; i++)
		way->finish(&ends[i][FIRST], &ends[i][OTHER]);
}

static void run(const struct way *way, bool starved)
{
	torture_load(starved ? "buffer_size_kb=" BUFFER_KB " max_connections=8192" :
			       "buffer_size_kb=" BUFFER_KB " max_connections=1024");
	files_start();
	files_set("buffer_size_kb", atoi(BUFFER_KB));
	net_new();
	if (way->resets)
		hold_open();
	open_all(way);
	run_all(way, starved);
	await_ends();
	check_ends(way);
	check_resets(way);
	CHECK(files_check_reconcile(net_inode()), "no line with \"=\"");
	if (way->resets)
		hold_end();
	ktap_result("%s, %s", way->name, starved ? "the pool is starved" : "the table is full");
}

int main(void)
{
	const struct rlimit files = { .rlim_cur = 2 * ENDS, .rlim_max = 2 * ENDS };
	unsigned int i;

	/*
	 * While received packets are not processed, a RST may be lost, and is sent only
	 * once.
	 */
	REQUIRE(!write_text("/proc/sys/net/core/netdev_max_backlog", "100000", 0), "no sysctl");
	files_start();
	/* Otherwise other processes run for 50 ms of each second. */
	REQUIRE(!write_text("/proc/sys/kernel/sched_rt_runtime_us", "-1", 0), "no sysctl");
	REQUIRE(!setrlimit(RLIMIT_NOFILE, &files), "no more files");
	ktap_plan(2 * ARRAY_SIZE(ways));
	for (i = 0; i < 2 * ARRAY_SIZE(ways); i++)
		run(&ways[i / 2], i % 2);
	write_text("/proc/sys/kernel/sched_rt_runtime_us", "950000", 0);
	torture_load("");
	return ktap_exit();
}
