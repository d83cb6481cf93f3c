// SPDX-License-Identifier: GPL-2.0
/*
 * Every FIN and RST on the wire stands in the records, with its numbers, and no
 * record tells of a segment that was not there: tcpdump is the witness.
 *
 * 5000 connections of random shape, half of them IPv6, go through a line that
 * loses, doubles and reorders (see lib/wire.h): who closes and how, how much is
 * sent and read, and when; some processes are killed. At each end tcpdump writes
 * down all of TCP. Then the two are held against each other, segment by segment
 * (see lib/judge.c, which says what is not told of, and why). That the judge can
 * tell is shown in the same run, by what it says when a record is taken away,
 * when a number in one is changed, and when a captured segment is taken away.
 *
 *	random_closes [CONNECTIONS [SEED]]
 *
 * or TT_CONNECTIONS and TT_SEED in the environment. The seed is printed: it is the
 * shapes', while what is lost and when things happen is not repeated.
 *
 * Modes: smp slow
 *
 * Needs: the module; tcpdump, ip, tc; veth, bridge and netem.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "lib/capture.h"
#include "lib/crowd.h"
#include "lib/files.h"
#include "lib/judge.h"
#include "lib/ktap.h"
#include "lib/records.h"
#include "lib/wire.h"

#define CONNECTIONS 5000
#define NETEM "delay 1ms 2ms loss 2% duplicate 1% reorder 10% 50%"
#define BUFFER_KB 16384
#define TRIES 3			/* to have the judge miss one */
/* How long it may take until all have ended: retransmissions back off. */
#define PATIENCE_S 120

struct test {
	struct wire wire;
	struct crowd crowd;
	struct dump dumps[WIRE_ENDS];
	struct evidence evidence;
	unsigned int at;		/* whose dump is read */
	uint64_t offset;		/* CLOCK_REALTIME - CLOCK_MONOTONIC, ns */
	unsigned long verdicts[VERDICTS];
	struct account account;		/* as it began */
};

/* Room for one more: doubled when it is full. */
static void *grow(void *array, size_t nr, size_t size)
{
	if (nr & (nr - 1))
		return array;
	array = realloc(array, (nr ? 2 * nr : 1) * size);
	REQUIRE(array, "no memory for %zu", nr);
	return array;
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/* tcpdump's clock is not the records': the best of many tries. */
static void compare_clocks(struct test *test)
{
	uint64_t begin, real, end;
	unsigned int i;

	test->evidence.slack = -1;
	for (i = 0; i < 1000; i++) {
		begin = clock_ns(CLOCK_MONOTONIC);
		real = clock_ns(CLOCK_REALTIME);
		end = clock_ns(CLOCK_MONOTONIC);
		if (end - begin >= test->evidence.slack)
			continue;
		test->evidence.slack = end - begin;
		test->offset = real - begin;
	}
}

/* Which connection it is, by A's port; false if it is none of them. */
static bool conn_of(const struct test *test, uint16_t port, unsigned int *conn)
{
	*conn = port - CROWD_PORT;
	return port >= CROWD_PORT && *conn < test->crowd.nr;
}

static void see_packet(void *arg, uint64_t time, const uint8_t *packet, unsigned int len)
{
	struct test *test = arg;
	struct evidence *e = &test->evidence;
	struct sighting *s;
	bool from_a;

	e->sightings = grow(e->sightings, e->nr_sightings, sizeof(*s));
	s = &e->sightings[e->nr_sightings];
	memset(s, 0, sizeof(*s));
	if (!CHECK(segment_parse(&s->segment, packet, len), "a packet that is not TCP"))
		return;
	s->end = test->at;
	/* The last byte of the address is 1 for A, 2 for B. */
	from_a = s->segment.from.addr[15] == WIRE_A + 1;
	s->segment.out = from_a == (s->end == WIRE_A);
	s->time = time - test->offset;
	s->order = e->nr_sightings;
	if (CHECK(conn_of(test, from_a ? s->segment.from.port : s->segment.to.port, &s->conn),
		  "a segment of nobody's"))
		e->nr_sightings++;
	else
		segment_note(&s->segment, "this one");
}

static void add_record(struct test *test, const struct tcp_teardown_record *r)
{
	struct evidence *e = &test->evidence;
	struct telling *t;

	if (r->netns != test->wire.inode[WIRE_A] && r->netns != test->wire.inode[WIRE_B])
		return;
	e->tellings = grow(e->tellings, e->nr_tellings, sizeof(*t));
	t = &e->tellings[e->nr_tellings];
	*t = (struct telling){ .record = *r, .end = r->netns == test->wire.inode[WIRE_B] };
	if (CHECK(conn_of(test, t->end == WIRE_A ? r->local_port : r->peer_port, &t->conn),
		  "a record of nobody's"))
		e->nr_tellings++;
	else
		record_note(r, "this one");
}

static void take_records(void *arg)
{
	static struct tcp_teardown_record records[512];
	int cpu, i, nr;

	for (cpu = 0; cpu < online_cpus(); cpu++) {
		do {
			nr = files_take(cpu, records, ARRAY_SIZE(records));
			for (i = 0; i < nr; i++)
				add_record(arg, &records[i]);
		} while (nr == ARRAY_SIZE(records));
	}
}

/* Until nobody has anything left to say. */
static void await_ends(struct test *test)
{
	struct net_wait wait = { .patience = PATIENCE_S };
	unsigned int open;

	while ((open = wire_open(&test->wire, WIRE_A) + wire_open(&test->wire, WIRE_B))) {
		take_records(test);
		if (!CHECK(net_wait(&wait), "%u sockets do not end", open))
			return;
	}
	/* What is still under way has no socket to go to. */
	sleep(2);
	take_records(test);
}

static void make_traffic(struct test *test)
{
	unsigned int end;

	for (end = 0; end < WIRE_ENDS; end++)
		dump_start(&test->dumps[end], &test->wire, end);
	compare_clocks(test);
	crowd_run(&test->crowd, take_records, test);
	await_ends(test);
	for (end = 0; end < WIRE_ENDS; end++)
		dump_stop(&test->dumps[end]);
	for (test->at = 0; test->at < WIRE_ENDS; test->at++)
		dump_read(&test->dumps[test->at], see_packet, test);
	evidence_sort(&test->evidence);
	ktap_result("%u connections with seed %llu, captured without a loss",
		    test->crowd.nr, (unsigned long long)test->crowd.seed);
}

/*
 * Some may be pending: of TIME_WAITs that other tests have left. If they were
 * ours, the judge would miss them.
 */
static void check_account(const struct test *test)
{
	struct account account = files_account(ALL_CPUS);

	CHECK(account.overwritten == test->account.overwritten &&
	      account.dropped == test->account.dropped, "%llu overwritten, %llu dropped",
	      account.overwritten - test->account.overwritten,
	      account.dropped - test->account.dropped);
	ktap_result("recorded without a loss");
}

/* There no segment may come between the queueing of a FIN and its leaving. */
static bool is_slow(void)
{
	const char *times = getenv("TT_SLOW");

	return times && strcmp(times, "1");
}

static void check_verdicts(struct test *test)
{
	unsigned int i;

	judge(&test->evidence, test->verdicts, 5);
	for (i = 0; i < VERDICTS; i++)
		ktap_note("%8lu %s", test->verdicts[i], verdict_names[i]);
	for (i = 0; i < 2; i++)
		CHECK(!test->verdicts[VERDICT_UNTOLD + i], "%s: %lu",
		      verdict_names[VERDICT_UNTOLD + i], test->verdicts[VERDICT_UNTOLD + i]);
	/* What the line and the shapes are there for. */
	for (i = 0; i < VERDICT_FIN_EARLY; i++)
		if (i != VERDICT_FIN_BACKLOG && i != VERDICT_OTHER_BACKLOG &&
		    i != VERDICT_FIN_LEFT && (i != VERDICT_FIN_SENT_LATER || !is_slow()))
			CHECK(test->verdicts[i] || test->crowd.nr < CONNECTIONS, "no %s",
			      verdict_names[i]);
	ktap_result("each FIN and RST is told of, and nothing else");
}

/* Whether the judge finds fault with the evidence as it is now. */
static bool finds_fault(struct test *test)
{
	unsigned long verdicts[VERDICTS];

	judge(&test->evidence, verdicts, 0);
	return verdicts[VERDICT_UNTOLD] || verdicts[VERDICT_UNSEEN];
}

/* A record with that verdict, by chance. */
static struct telling *pick(struct test *test, enum verdict verdict, unsigned int tries)
{
	struct evidence *e = &test->evidence;
	size_t start = crowd_random(test->crowd.seed, verdict + tries * VERDICTS) %
		       e->nr_tellings, i;
	struct telling *t;

	for (i = 0; i < e->nr_tellings; i++) {
		t = &e->tellings[(start + i) % e->nr_tellings];
		if (t->verdict == verdict)
			return t;
	}
	return NULL;
}

/* After check_verdicts(), and between two tries: the verdicts of what is true. */
static void try_each(struct test *test, const char *name,
		     bool (*try_one)(struct test *test, struct telling *t))
{
	unsigned long verdicts[VERDICTS];
	struct telling *t = NULL;
	unsigned int i, tries;
	bool found;

	for (i = 0; i < VERDICT_FIN_EARLY; i++) {
		/* On a busy host another copy may stand for one that is gone. */
		for (found = false, tries = 0; !found && tries < TRIES; tries++) {
			t = pick(test, i, tries);
			if (!t)
				break;
			found = try_one(test, t);
			judge(&test->evidence, verdicts, 0);
		}
		CHECK(found || !t, "not found out, in %u tries, of: %s", tries,
		      verdict_names[i]);
	}
	ktap_result("%s is found out", name);
}

/* Of what is no FIN and no RST, or is told of twice, nobody asks. */
static bool try_without_record(struct test *test, struct telling *t)
{
	const struct tcp_teardown_record *r = &t->record;
	bool found;

	switch (t->verdict) {
	case VERDICT_FIN_LEFT:
	case VERDICT_OTHER:
	case VERDICT_OTHER_BACKLOG:
	case VERDICT_RST_CLOSING:
		return true;
	case VERDICT_RST:
		if (r->old_state != TCP_ESTABLISHED)
			return true;
		break;
	default:
	}
	t->gone = true;
	found = finds_fault(test);
	t->gone = false;
	if (!found)
		record_note(r, "not missed");
	return found;
}

static bool try_other_number(struct test *test, struct telling *t)
{
	bool found;

	t->record.seq++;
	found = finds_fault(test);
	t->record.seq--;
	t->record.ack ^= 0x40000000;
	found &= finds_fault(test);
	t->record.ack ^= 0x40000000;
	return found;
}

/* With its copies: one that an open socket took would be as good. */
static void hide(struct test *test, const struct sighting *like, bool gone)
{
	const struct segment *s, *l = &like->segment;
	struct sighting *seen = test->evidence.sightings;
	size_t i;

	for (i = 0; i < test->evidence.nr_sightings; i++) {
		s = &seen[i].segment;
		if (seen[i].conn == like->conn && seen[i].end == like->end &&
		    s->out == l->out && s->seq == l->seq && s->len == l->len &&
		    s->ack == l->ack && s->flags == l->flags && s->window == l->window)
			seen[i].gone = gone;
	}
}

static bool try_without_segment(struct test *test, struct telling *t)
{
	struct sighting *s = test->evidence.sightings;
	size_t i, nr = test->evidence.nr_sightings;
	bool found;

	/* Of bytes without a FIN another segment may have been sent, too. */
	if (t->verdict == VERDICT_FIN_LEFT || t->verdict == VERDICT_OTHER_BACKLOG)
		return true;
	for (i = 0; i < nr; i++)
		if (s[i].segment.claimed & 1 << t->record.kind &&
		    s[i].by[t->record.kind] == &t->record)
			break;
	if (!CHECK(i < nr, "a record without its segment"))
		return false;
	hide(test, &s[i], true);
	found = finds_fault(test);
	hide(test, &s[i], false);
	return found;
}

static void set_up(struct test *test)
{
	unsigned int end;

	/* A packet's time is when it comes to TCP, not when it is put into a queue. */
	net_sysctl("core/netdev_tstamp_prequeue", "0");
	files_start();
	files_set("buffer_size_kb", BUFFER_KB);
	wire_make(&test->wire, NETEM);
	for (end = 0; end < WIRE_ENDS; end++) {
		wire_enter(&test->wire, end);
		net_sysctl("ipv4/tcp_fin_timeout", "3");
		net_sysctl("ipv4/tcp_max_tw_buckets", "100000");
	}
	test->crowd.wire = &test->wire;
	test->account = files_account(ALL_CPUS);
}

static void parse(struct test *test, const char *nr, const char *seed)
{
	test->crowd.nr = nr ? strtoul(nr, NULL, 0) : CONNECTIONS;
	REQUIRE(test->crowd.nr && test->crowd.nr <= CROWD_MAX, "connections: 1 to %u",
		CROWD_MAX);
	if (seed)
		test->crowd.seed = strtoull(seed, NULL, 0);
	else
		REQUIRE(getrandom(&test->crowd.seed, sizeof(test->crowd.seed), 0) ==
			sizeof(test->crowd.seed), "no seed");
	ktap_note("seed %llu", (unsigned long long)test->crowd.seed);
}

int main(int argc, char **argv)
{
	static struct test test;
	const char *missing = wire_missing();
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	if (access(DEBUGFS_DIR, R_OK))
		ktap_skip_all("tcp_teardown is not loaded");
	if (missing)
		ktap_skip_all("%s", missing);
	ktap_plan(6);
	parse(&test, argc > 1 ? argv[1] : getenv("TT_CONNECTIONS"),
	      argc > 2 ? argv[2] : getenv("TT_SEED"));
	set_up(&test);
	make_traffic(&test);
	check_account(&test);
	check_verdicts(&test);
	try_each(&test, "a record that is missing", try_without_record);
	try_each(&test, "a number that is wrong", try_other_number);
	try_each(&test, "a segment that was not there", try_without_segment);
	files_reset();
	REQUIRE(!setns(home, CLONE_NEWNET), "can't go home");
	net_sysctl("core/netdev_tstamp_prequeue", "1");
	return ktap_exit();
}
