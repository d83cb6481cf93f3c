// SPDX-License-Identifier: GPL-2.0
/*
 * Every FIN and RST on the wire is in the records, with its numbers, and every recorded
 * segment was on the wire: the test compares with tcpdump.
 *
 * 5000 random connections, half of them IPv6, cross a link that loses, duplicates and
 * reorders packets (see random/wire.h). Random are: which end closes and how, how much is
 * sent and read, and when; some processes are killed. tcpdump captures TCP at each end.
 * Then records and captures are compared, segment by segment; random/judge.c says which
 * segments are not recorded, and why. The same run also tests the judge: it must complain
 * when a record is removed, when a number in one is changed, and when a captured segment
 * is removed.
 *
 * The same again, with fewer connections, where not all can be tracked: with
 * max_connections=1024, mostly used by other namespaces; and, if the kernel has failslab,
 * with a pool that can't be refilled. There, too, each end has one verdict, and lines of
 * reconcile with "=" are equal.
 *
 *	random_closes [CONNECTIONS [SEED]]
 *
 * or TT_CONNECTIONS and TT_SEED in the environment. The test prints the seed. It repeats
 * the connections, but not the losses and the timing.
 *
 * Modes: smp slow
 *
 * Needs: the module, which it loads again; tcpdump, ip, tc; veth, bridge and netem.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "lib/capture.h"
#include "lib/files.h"
#include "lib/ktap.h"
#include "lib/module.h"
#include "lib/pairs.h"
#include "lib/random.h"
#include "lib/records.h"
#include "lib/torture.h"
#include "random/judge.h"
#include "random/wire.h"
#include "random/workload.h"

#define CONNECTIONS 5000
#define NETEM "delay 1ms 2ms loss 2% duplicate 1% reorder 10% 50%"
#define BUFFER_KB 16384
#define CASES 7			/* of each run */
#define TRIES 3			/* for each test of the judge */
#define FEWER 5			/* divides CONNECTIONS if not all are tracked */
#define ROOM 1024		/* max_connections, where the table is full */
#define SHARES 8		/* namespaces that fill it */
#define HELD_STARVED 700	/* pairs: more than the pool has ready */
#define HELD_MAX 2000
#define SLAB "/sys/kernel/slab/tcp_teardown_conn/failslab"
#define FAILSLAB "/sys/kernel/debug/failslab/"
/* The time limit for all to end: retransmissions back off. */
#define PATIENCE_S 120

struct test {
	struct wire wire;
	struct workload workload;
	struct dump dumps[WIRE_ENDS];
	struct evidence evidence;
	unsigned int at;		/* whose dump is read */
	uint64_t offset;		/* CLOCK_REALTIME - CLOCK_MONOTONIC, ns */
	unsigned long verdicts[VERDICTS];
	struct account account;		/* at the start */
	bool roomy;			/* all are tracked */
	void (*hold)(const struct test *test); /* connections that take most of the room */
	int home;			/* the namespace that the test started in */
};

/* Make room for one more: double a full array. */
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

/* The offset of tcpdump's clock from that of the records: the best of many tries. */
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

/* Find the connection by A's port; false if there is none. */
static bool conn_of(const struct test *test, uint16_t port, unsigned int *conn)
{
	*conn = port - WORKLOAD_PORT;
	return port >= WORKLOAD_PORT && *conn < test->workload.nr;
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

static void add_record(struct test *test, const struct fact *r)
{
	struct evidence *e = &test->evidence;
	struct logged *t;

	if (r->netns != test->wire.inode[WIRE_A] && r->netns != test->wire.inode[WIRE_B])
		return;
	e->logged = grow(e->logged, e->nr_logged, sizeof(*t));
	t = &e->logged[e->nr_logged];
	*t = (struct logged){ .record = *r, .end = r->netns == test->wire.inode[WIRE_B] };
	if (CHECK(conn_of(test, t->end == WIRE_A ? r->local_port : r->peer_port, &t->conn),
		  "a record of nobody's"))
		e->nr_logged++;
	else
		record_note(r, "this one");
}

static void add_facts(struct test *test, const struct tcp_teardown_record *record)
{
	struct fact facts[FACTS_MAX];
	unsigned int i, nr = facts_of(record, facts);

	for (i = 0; i < nr; i++)
		add_record(test, &facts[i]);
}

static void take_records(void *arg)
{
	static struct tcp_teardown_record records[512];
	int cpu, i, nr;

	for (cpu = 0; cpu < online_cpus(); cpu++) {
		do {
			nr = files_take(cpu, records, ARRAY_SIZE(records));
			for (i = 0; i < nr; i++)
				add_facts(arg, &records[i]);
		} while (nr == ARRAY_SIZE(records));
	}
}

/* Wait until no more segments come. */
static void await_ends(struct test *test)
{
	struct net_wait wait = { .patience = PATIENCE_S };
	unsigned int open;

	while ((open = wire_open(&test->wire, WIRE_A) + wire_open(&test->wire, WIRE_B))) {
		take_records(test);
		if (!CHECK(net_wait(&wait), "%u sockets do not end", open))
			return;
	}
	/* Remaining packets meet no socket. */
	sleep(2);
	take_records(test);
}

static void make_traffic(struct test *test)
{
	unsigned int end;

	for (end = 0; end < WIRE_ENDS; end++)
		dump_start(&test->dumps[end], &test->wire, end);
	compare_clocks(test);
	workload_run(&test->workload, take_records, test);
	await_ends(test);
	for (end = 0; end < WIRE_ENDS; end++)
		dump_stop(&test->dumps[end]);
	for (test->at = 0; test->at < WIRE_ENDS; test->at++)
		dump_read(&test->dumps[test->at], see_packet, test);
	evidence_sort(&test->evidence);
	ktap_result("%u connections with seed %llu, captured without a loss",
		    test->workload.nr, (unsigned long long)test->workload.seed);
}

/*
 * Some records may be pending, of TIME_WAITs that other tests have left. If they belonged
 * to this test, the judge would miss them.
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

/* In those records no segment may come between the queueing and the sending of a FIN. */
static bool is_slow(void)
{
	const char *times = getenv("TT_SLOW");

	return times && strcmp(times, "1");
}

/* The number of verdicts, at its end, on the connection of the nth record. */
static unsigned int count_ends(const struct evidence *e, size_t n)
{
	const struct logged *t, *like = &e->logged[n];
	unsigned int nr = 0;

	while (n && e->logged[n - 1].conn == like->conn && e->logged[n - 1].end == like->end)
		n--;
	for (t = &e->logged[n]; t < e->logged + e->nr_logged; t++) {
		if (t->conn != like->conn || t->end != like->end)
			break;
		nr += t->record.kind == FACT_END && t->record.cookie == like->record.cookie;
	}
	return nr;
}

static void check_ends(struct test *test)
{
	const struct evidence *e = &test->evidence;
	unsigned int nr = 0, wrong = 0, untracked = 0;
	const struct fact *r;
	size_t i;

	for (i = 0; i < e->nr_logged; i++) {
		r = &e->logged[i].record;
		untracked += !!(r->flags & TCP_TEARDOWN_F_UNTRACKED);
		if (r->kind != FACT_STATE || r->new_state != TCP_CLOSE)
			continue;
		nr++;
		if (count_ends(e, i) != 1 && wrong++ < 5)
			record_note(r, "not one verdict");
	}
	CHECK(!wrong, "%u of %u ends have not one verdict", wrong, nr);
	CHECK(test->roomy == !untracked, "%u facts of what is untracked", untracked);
	for (i = 0; i < WIRE_ENDS; i++)
		CHECK(files_check_reconcile(test->wire.inode[i]), "no line with \"=\"");
	ktap_note("%u ends, %u facts of what is untracked", nr, untracked);
	ktap_result("each end has one verdict");
}

static void check_verdicts(struct test *test)
{
	unsigned int i;

	judge(&test->evidence, test->verdicts, 5);
	for (i = 0; i < VERDICTS; i++)
		ktap_note("%8lu %s", test->verdicts[i], verdict_names[i]);
	for (i = 0; i < 2; i++)
		CHECK(!test->verdicts[VERDICT_UNLOGGED + i], "%s: %lu",
		      verdict_names[VERDICT_UNLOGGED + i], test->verdicts[VERDICT_UNLOGGED + i]);
	/* CHECK that the special cases have occurred. */
	for (i = 0; i < VERDICT_FIN_EARLY; i++)
		if (i != VERDICT_FIN_BACKLOG && i != VERDICT_OTHER_BACKLOG &&
		    i != VERDICT_FIN_LEFT && (i != VERDICT_FIN_SENT_LATER || !is_slow()))
			CHECK(test->verdicts[i] || test->workload.nr < CONNECTIONS, "no %s",
			      verdict_names[i]);
	ktap_result("each FIN and RST is recorded, and nothing else");
}

/* Whether the judge complains about the evidence in its present form. */
static bool finds_fault(struct test *test)
{
	unsigned long verdicts[VERDICTS];

	judge(&test->evidence, verdicts, 0);
	return verdicts[VERDICT_UNLOGGED] || verdicts[VERDICT_UNSEEN];
}

/* A random record with that verdict. */
static struct logged *pick(struct test *test, enum verdict verdict, unsigned int tries)
{
	struct evidence *e = &test->evidence;
	size_t start = random_of(test->workload.seed, verdict + tries * VERDICTS) %
		       e->nr_logged, i;
	struct logged *t;

	for (i = 0; i < e->nr_logged; i++) {
		t = &e->logged[(start + i) % e->nr_logged];
		if (t->verdict == verdict)
			return t;
	}
	return NULL;
}

/* After check_verdicts(), and between two tries: judge the true evidence. */
static void try_each(struct test *test, const char *name,
		     bool (*try_one)(struct test *test, struct logged *t))
{
	unsigned long verdicts[VERDICTS];
	struct logged *t = NULL;
	unsigned int i, tries;
	bool found;

	for (i = 0; i < VERDICT_FIN_EARLY; i++) {
		/* On a busy host another copy may replace the one that was removed. */
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
	ktap_result("the judge finds %s", name);
}

/* The judge ignores segments without FIN or RST, and duplicates. */
static bool try_without_record(struct test *test, struct logged *t)
{
	const struct fact *r = &t->record;
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

static bool try_other_number(struct test *test, struct logged *t)
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

/* With its copies: an open socket may have taken one of these instead. */
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

static bool try_without_segment(struct test *test, struct logged *t)
{
	struct sighting *s = test->evidence.sightings;
	size_t i, nr = test->evidence.nr_sightings;
	bool found;

	/* Bytes without a FIN may have been sent in another segment, too. */
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

static struct pair held[HELD_MAX];
static unsigned int nr_held;

/* Half-closed, in a namespace of their own. */
static void hold(unsigned int pairs)
{
	REQUIRE(nr_held + pairs <= HELD_MAX, "%u pairs are held", nr_held);
	net_new();
	pairs_open(&held[nr_held], pairs);
	pairs_half_close(&held[nr_held], pairs);
	nr_held += pairs;
}

/* No namespace may fill the table alone: each takes its share of what is left. */
static void hold_all_but(unsigned int room)
{
	unsigned int i, now = 0;

	for (i = 0; i < SHARES && now + room < ROOM; i++) {
		hold((ROOM - room - now + 1) / 2);
		now = files_stat("connections_now");
	}
	ktap_note("%u of %u are held", now, ROOM);
}

static void let_go(void)
{
	pairs_abort(held, nr_held);
	nr_held = 0;
}

static void set_up(struct test *test)
{
	unsigned int end;

	/* A packet's time is when TCP receives it, not when it is queued. */
	net_sysctl("core/netdev_tstamp_prequeue", "0");
	files_start();
	files_set("buffer_size_kb", BUFFER_KB);
	wire_make(&test->wire, NETEM);
	if (test->hold)
		test->hold(test);
	for (end = 0; end < WIRE_ENDS; end++) {
		wire_enter(&test->wire, end);
		net_sysctl("ipv4/tcp_fin_timeout", "3");
		net_sysctl("ipv4/tcp_max_tw_buckets", "100000");
	}
	test->workload.wire = &test->wire;
	test->account = files_account(ALL_CPUS);
}

static void parse(struct test *test, const char *nr, const char *seed)
{
	test->workload.nr = nr ? strtoul(nr, NULL, 0) : CONNECTIONS;
	REQUIRE(test->workload.nr && test->workload.nr <= WORKLOAD_MAX, "connections: 1 to %u",
		WORKLOAD_MAX);
	if (seed)
		test->workload.seed = strtoull(seed, NULL, 0);
	else
		REQUIRE(getrandom(&test->workload.seed, sizeof(test->workload.seed), 0) ==
			sizeof(test->workload.seed), "no seed");
	ktap_note("seed %llu", (unsigned long long)test->workload.seed);
}

static void tear_down(struct test *test)
{
	unsigned int end;

	for (end = 0; end < WIRE_ENDS; end++)
		close(test->wire.netns[end]);
	let_go();
	free(test->evidence.sightings);
	free(test->evidence.logged);
	memset(&test->evidence, 0, sizeof(test->evidence));
	files_reset();
	REQUIRE(!setns(test->home, CLONE_NEWNET), "can't go home");
	net_sysctl("core/netdev_tstamp_prequeue", "1");
}

static void run(struct test *test)
{
	set_up(test);
	make_traffic(test);
	check_account(test);
	check_verdicts(test);
	check_ends(test);
	try_each(test, "a record that is missing", try_without_record);
	try_each(test, "a number that is wrong", try_other_number);
	try_each(test, "a segment that was not there", try_without_segment);
	tear_down(test);
}

/* From now on allocations of connection states fail. */
static void starve(void)
{
	REQUIRE(!write_text(FAILSLAB "cache-filter", "Y", 0) && !write_text(SLAB, "1", 0) &&
		!write_text(FAILSLAB "ignore-gfp-wait", "N", 0) &&
		!write_text(FAILSLAB "times", "-1", 0) &&
		!write_text(FAILSLAB "verbose", "0", 0) &&
		!write_text(FAILSLAB "probability", "100", 0), "failslab");
}

/* Undo it. First stop the failures: without the filter, all allocations would fail. */
static void feed(void)
{
	REQUIRE(!write_text(FAILSLAB "probability", "0", 0) &&
		!write_text(FAILSLAB "cache-filter", "N", 0) && !write_text(SLAB, "0", 0) &&
		!write_text(FAILSLAB "ignore-gfp-wait", "Y", 0), "failslab");
}

/* A quarter of the workload's connections find room, at most a quarter of the table. */
static void fill_table(const struct test *test)
{
	hold_all_but(test->workload.nr < ROOM ? test->workload.nr / 4 : ROOM / 4);
}

static void run_full(struct test *test)
{
	torture_load("max_connections=1024");
	test->hold = fill_table;
	run(test);
}

static void empty_pool(const struct test *test)
{
	(void)test;
	hold(HELD_STARVED);
}

static void run_starved(struct test *test)
{
	unsigned int i;

	torture_load("max_connections=8192");
	if (access(SLAB, W_OK) || access(FAILSLAB "probability", W_OK)) {
		for (i = 0; i < CASES; i++)
			ktap_skip("no failslab", "the pool is starved, %u", i);
		return;
	}
	starve();
	test->hold = empty_pool;
	run(test);
	feed();
}

int main(int argc, char **argv)
{
	const struct rlimit files = { .rlim_cur = 8192, .rlim_max = 8192 };
	static struct test test = { .roomy = true };
	const char *missing = wire_missing();

	test.home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	module_need();
	if (missing)
		ktap_skip_all("%s", missing);
	REQUIRE(!setrlimit(RLIMIT_NOFILE, &files), "no more files");
	ktap_plan(3 * CASES);
	parse(&test, argc > 1 ? argv[1] : getenv("TT_CONNECTIONS"),
	      argc > 2 ? argv[2] : getenv("TT_SEED"));
	torture_load("");
	run(&test);
	test.roomy = false;
	test.workload.nr = test.workload.nr / FEWER + 1;
	run_full(&test);
	run_starved(&test);
	torture_load("");
	return ktap_exit();
}
