// SPDX-License-Identifier: GPL-2.0
/*
 * The file filter: which records are made.
 *
 * The same traffic runs for each expression and again for its negation: an IPv4
 * connection, with its own user, closes in four waves; an IPv6 connection, in its own
 * cgroup, is reset. The test evaluates each expression itself and compares: a record must
 * be kept by the expression or by its negation, not by both. The kept and the filtered
 * records are all records that the traffic makes without a filter.
 *
 * Shows this for every field and operator, precedence, parentheses and prefixes. Also: a
 * minisock has its connection's owner; a RST without a socket lacks some fields; "self"
 * is the namespace of the process that wrote the filter; the filter reads back as
 * written, and can be removed; when it is replaced under load, each record is either
 * written or counted as filtered.
 *
 * Modes: icount smp
 *
 * Needs: root, debugfs, cgroup2.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/files.h"
#include "lib/ktap.h"
#include "lib/records.h"

#define USER 1234
#define CPUS_MAX 64
/* One more than the longest expression. */
#define FILTER_LEN 512

static struct net_end client4, server4, client6, server6;
static struct records records;
#define CGROUP_ROOT "/tmp/filter.XXXXXX"

static char cgroup_root[sizeof(CGROUP_ROOT)];
static char cgroup_own[sizeof(CGROUP_ROOT "/filter-test")];
static unsigned long long cgroup_id;

static void cgroup_start(void)
{
	struct stat st;

	strcpy(cgroup_root, CGROUP_ROOT);
	REQUIRE(mkdtemp(cgroup_root), "no directory");
	REQUIRE(!mount("none", cgroup_root, "cgroup2", 0, NULL), "no cgroup2");
	snprintf(cgroup_own, sizeof(cgroup_own), "%s/filter-test", cgroup_root);
	REQUIRE(!mkdir(cgroup_own, 0700) && !stat(cgroup_own, &st), "no cgroup");
	cgroup_id = st.st_ino;
}

static void cgroup_enter(const char *group)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/cgroup.procs", group);
	fd = open(path, O_WRONLY);
	REQUIRE(fd >= 0 && write(fd, "0", 1) == 1, "%s", path);
	close(fd);
}

static void cgroup_stop(void)
{
	rmdir(cgroup_own);
	umount(cgroup_root);
	rmdir(cgroup_root);
}

static void set_filter(const char *text)
{
	errno = files_write(ALL_CPUS, "filter", text);
	REQUIRE(!errno, "filter: %s", text);
}

static void open_two(void)
{
	setfsuid(USER);
	net_pair(NET_IPV4, &client4, &server4);
	setfsuid(0);
	cgroup_enter(cgroup_own);
	net_pair(NET_IPV6, &client6, &server6);
	cgroup_enter(cgroup_root);
}

static void close_two(void)
{
	shutdown(client4.fd, SHUT_WR);
	net_await_state(&client4, TCP_FIN_WAIT2);
	close(server4.fd);
	close(client4.fd);
	net_abort(client6.fd);
	close(server6.fd);
}

/* An expression, and whether it selects a record. */
struct question {
	const char *text;
	bool want;
};

/* 10.0.0.1 and the like stand for what no connection here has. */
static struct question question(unsigned int nr, const struct tcp_teardown_record *r)
{
	const uint16_t own = r->local_port, peer = r->peer_port;
	const uint16_t c4 = client4.local.port, s4 = server4.local.port;
	const bool is4 = r->family == AF_INET, is6 = !is4;
	const bool either4 = own == c4 || peer == c4;
	const uint8_t kind = r->kind, from = r->old_state, to = r->new_state;
	const bool call = kind == TCP_TEARDOWN_CALL, state = kind == TCP_TEARDOWN_STATE;
	const bool closed = to == TCP_CLOSE;
	const uint8_t what = r->what, how = r->how;
	const struct question questions[] = {
		{ "port == @c", either4 },
		{ "port != @c", !either4 },
		{ "port==@c", either4 },
		{ "lport == @c", own == c4 },
		{ "lport != @c", own != c4 },
		{ "lport < @c && rport == @s", false },
		{ "lport < @d && rport == @s", peer == s4 },
		{ "lport <= @b && rport == @s", false },
		{ "lport <= @c && rport == @s", peer == s4 },
		{ "lport > @c && rport == @s", false },
		{ "lport > @b && rport == @s", peer == s4 },
		{ "lport >= @d && rport == @s", false },
		{ "lport >= @c && rport == @s", peer == s4 },
		{ "rport == @s", peer == s4 },
		{ "rport >= 0", true },
		{ "port < 1", false },
		{ "lport == 0x@x", own == c4 },
		{ "local == 127.0.0.1", is4 },
		{ "local != 127.0.0.1", is6 },
		{ "local == 127.0.0.0/8", is4 },
		{ "local == 127.255.255.255/8", is4 },
		{ "local == 127.0.0.0/31", is4 },
		{ "local == 127.0.0.0/32", false },
		{ "local == 126.0.0.0/7", is4 },
		{ "local == 126.0.0.0/8", false },
		{ "remote == 0.0.0.0/0", is4 },
		{ "remote == ::ffff:127.0.0.1", is4 },
		{ "remote == ::ffff:0:0/96", is4 },
		{ "remote == ::1", is6 },
		{ "remote == ::/127", is6 },
		{ "remote == ::1/128", is6 },
		{ "remote == ::/64", true },
		{ "remote == ::/80", true },
		{ "remote == ::/81", is6 },
		{ "remote == ::/0", true },
		{ "remote == 1::/63", false },
		{ "remote != 2001:db8::/32", true },
		{ "addr == 127.0.0.1", is4 },
		{ "addr != ::1", is4 },
		{ "addr == 10.0.0.1 || addr == ::1", is6 },
		{ "netns == self", true },
		{ "netns != self", false },
		{ "netns == @n", true },
		{ "netns > @n", false },
		{ "uid == 1234", is4 },
		{ "uid != 1234", is6 },
		{ "uid > 0", is4 },
		{ "uid <= 4294967295", true },
		{ "cgroup == @g", is6 },
		{ "cgroup != @g", is4 },
		{ "state == CLOSE", closed },
		{ "state != CLOSE", !closed },
		{ "state == FIN_WAIT2", to == TCP_FIN_WAIT2 },
		{ "from == FIN_WAIT1", from == TCP_FIN_WAIT1 },
		{ "from != ESTABLISHED", from != TCP_ESTABLISHED },
		{ "from == CLOSE_WAIT && state == LAST_ACK",
		  from == TCP_CLOSE_WAIT && to == TCP_LAST_ACK },
		{ "kind == call", call },
		{ "kind == state", state },
		{ "kind == segment", kind == TCP_TEARDOWN_SEGMENT },
		{ "kind == reset", kind == TCP_TEARDOWN_RESET },
		{ "kind != timewait", kind != TCP_TEARDOWN_TIMEWAIT },
		{ "kind == connect", false },
		{ "event == close", call && what == TCP_TEARDOWN_CLOSE },
		{ "event == shutdown_wr", call && what == TCP_TEARDOWN_SHUT_WR },
		{ "event != exit", true },
		{ "event == state", state },
		{ "event == rcv", kind == TCP_TEARDOWN_SEGMENT && what == TCP_TEARDOWN_SEG_RCV },
		{ "event == reset_sent", kind == TCP_TEARDOWN_RESET &&
					 what == TCP_TEARDOWN_RST_SENT },
		{ "event == reset_received", kind == TCP_TEARDOWN_RESET &&
					     what == TCP_TEARDOWN_RST_RECEIVED },
		{ "event == refused", kind == TCP_TEARDOWN_TIMEWAIT &&
				      what == TCP_TEARDOWN_TW_REFUSED },
		{ "end == four_way", how == TCP_TEARDOWN_FOUR_WAY },
		{ "end != four_way", how && how != TCP_TEARDOWN_FOUR_WAY },
		{ "end == reset_sent || end == reset_received",
		  how == TCP_TEARDOWN_RESET_SENT || how == TCP_TEARDOWN_RESET_RECEIVED },
		{ "by == linger", how && r->set_off == TCP_TEARDOWN_BY_LINGER },
		{ "end == any", how },
		{ "timewait == any", r->timewait },
		{ "timewait != refused", r->timewait &&
					 r->timewait != TCP_TEARDOWN_TW_REFUSED },
		{ "reason == any", r->reason },
		{ "reason != TCP_STATE",
		  r->reason && r->reason != TCP_TEARDOWN_REASON_TCP_STATE },
		{ "cgroup == self", is4 },
		{ "cgroup != self", is6 },
		{ "comm == filter && (kind == call || end == any)", r->pid },
		{ "comm != filter && (kind == call || end == any)", false },
		{ "(comm == \"filter \" || comm == filte) && kind == call", false },
		{ "pid == @p && kind == call", call },
		{ "pid != @p && kind == call", false },
		{ "id == @i", r->cookie == client4.cookie },
		{ "id != @i && port == @c", r->cookie != client4.cookie && either4 },
		{ "kind == call || kind == state && state == CLOSE", call || (state && closed) },
		{ "state == CLOSE && kind == state || kind == call", call || (state && closed) },
		{ "(kind == call || kind == state) && state == CLOSE", (call || state) && closed },
		{ "!kind == call && port == @c", !call && either4 },
		{ "!(kind == call && port == @c)", !(call && either4) },
		{ "!!!((((!(kind == call)) || port == @c)))", !(!call || either4) },
		{ "!(uid == 0 || state == CLOSE) && !(kind == call)", is4 && !closed && !call },
		{ "addr==127.0.0.0/8&&(uid<1||uid>1)&&kind!=state", is4 && !state },
	};

	return nr < ARRAY_SIZE(questions) ? questions[nr] : (struct question) { };
}

/* Replace @ and a letter by numbers. */
static void spell(char *to, size_t size, const char *text)
{
	size_t len = 0;

	for (; *text; text++) {
		if (*text != '@')
			len += snprintf(to + len, size - len, "%c", *text);
		else if (*++text >= 'b' && *text <= 'd')	/* -1, 0, +1 */
			len += snprintf(to + len, size - len, "%u",
					client4.local.port + *text - 'c');
		else if (*text == 'x')
			len += snprintf(to + len, size - len, "%x", client4.local.port);
		else if (*text == 's')
			len += snprintf(to + len, size - len, "%u", server4.local.port);
		else if (*text == 'n')
			len += snprintf(to + len, size - len, "%u", records.netns);
		else if (*text == 'g')
			len += snprintf(to + len, size - len, "%llu", cgroup_id);
		else if (*text == 'p')
			len += snprintf(to + len, size - len, "%u", getpid());
		else if (*text == 'i')
			len += snprintf(to + len, size - len, "%llu",
					(unsigned long long)client4.cookie);
	}
}

/* Neither the question nor its negation may filter all of these. */
static void judge(const struct tcp_teardown_record *r, unsigned int count, unsigned int nr,
		  bool negated, const char *filter)
{
	for (; count--; r++)
		if (!CHECK(question(nr, r).want != negated, "%s", filter))
			ktap_note("not wanted: number %llu, kind %u what %u how %u", r->number,
				  r->kind, r->what, r->how);
}

/* Run the traffic with that filter. Return: the records that were kept. */
static unsigned int run_once(unsigned int nr, bool negated, unsigned int *filtered)
{
	static const struct tcp_teardown_record none;
	const char *text = question(nr, &none).text;
	char spelt[FILTER_LEN], whole[FILTER_LEN + 8];
	struct account account;

	open_two();
	spell(spelt, sizeof(spelt), text ?: "none");
	snprintf(whole, sizeof(whole), negated ? "!(%s)" : "%s", spelt);
	set_filter(whole);
	records_start(&records);
	files_clear(ALL_CPUS);
	close_two();
	net_settle();
	account = files_account(ALL_CPUS);
	records_read(&records);
	CHECK(account.written == records.nr_moments, "%s: %llu written, %u seen", whole,
	      account.written, records.nr_moments);
	if (text)
		judge(records.moments, records.nr_moments, nr, negated, whole);
	records_stop(&records);
	*filtered = account.filtered;
	return account.written;
}

/* Repeat until TCP has retransmitted nothing, so that two runs have the same records. */
static unsigned int run(unsigned int nr, bool negated, unsigned int *filtered)
{
	struct net_again again = { };
	unsigned int written = 0;

	while (net_again(&again))
		written = run_once(nr, negated, filtered);
	return written;
}

static void test_expressions(void)
{
	static const struct tcp_teardown_record none;
	unsigned int all, nr, kept, filtered, rest_kept, rest_filtered;

	net_new();
	/* No minisock may be left, whose end would make a record in the next round. */
	net_sysctl("ipv4/tcp_max_tw_buckets", "0");
	all = run(~0U, false, &filtered);
	CHECK(all > 10 && !filtered, "%u records, %u filtered", all, filtered);
	for (nr = 0; question(nr, &none).text; nr++) {
		kept = run(nr, false, &filtered);
		rest_kept = run(nr, true, &rest_filtered);
		CHECK(kept + filtered == all && kept == rest_filtered &&
		      rest_kept == filtered,
		      "%u kept, %u filtered; negated %u, %u; of %u: %s", kept, filtered,
		      rest_kept, rest_filtered, all, question(nr, &none).text);
		ktap_result("%s", question(nr, &none).text);
	}
	set_filter("none");
}

static unsigned int count_questions(void)
{
	static const struct tcp_teardown_record none;
	unsigned int nr = 0;

	while (question(nr, &none).text)
		nr++;
	return nr;
}

/*
 * A minisock has no owner, but its connection has one. The minisock ends with its netns.
 */
static void test_minisock(const char *text)
{
	const struct tcp_teardown_record *r = records.moments;

	net_new();
	open_two();
	set_filter(text);
	records_start(&records);
	close_two();
	net_new();
	records_await(&records, client4.cookie, 2, 0);
	CHECK(records.nr_moments == 1 && r->cookie == client4.cookie &&
	      r->old_state == TCP_TIME_WAIT && r->flags & TCP_TEARDOWN_F_MINISOCK,
	      "%u records, the first of state %u", records.nr_moments, r->old_state);
	records_stop(&records);
	set_filter("none");
	ktap_result("minisocks: %s", text);
}

/* A SYN to a port where nobody listens is answered without a socket. */
static void test_no_socket(enum net_family family, const char *address)
{
	const char * const texts[] = {
		"!(state != LISTEN) && !(uid >= 0) && !(cgroup >= 0) && !(end != refused)",
		"kind == reset && local == %s && remote == %s && lport == %u && netns == self",
	};
	struct sockaddr_storage to;
	char text[FILTER_LEN];
	uint16_t port;
	unsigned int i;
	int fd;

	net_new();
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		close(net_listen(family, &port));
		snprintf(text, sizeof(text), texts[i], address, address, port);
		set_filter(text);
		records_start(&records);
		fd = socket(net_domain(family), SOCK_STREAM, 0);
		CHECK(connect(fd, (void *)&to, net_loopback(family, port, &to)) < 0, "connected");
		net_settle();
		records_read(&records);
		CHECK(records.nr_moments == 1 && !records.moments[0].cookie &&
		      records.moments[0].kind == TCP_TEARDOWN_RESET &&
		      records.moments[0].local_port == port, "%u records: %s",
		      records.nr_moments, text);
		records_stop(&records);
		close(fd);
	}
	set_filter("none");
	ktap_result("a RST without a socket, %s", net_family_names[family]);
}

/* "self" is where the filter was written, not where the connection is. */
static void test_self(void)
{
	int home;

	net_new();
	home = open("/proc/self/ns/net", O_RDONLY);
	open_two();
	net_new();
	set_filter("netns == self");
	REQUIRE(!setns(home, CLONE_NEWNET), "can't go back");
	records_start(&records);
	close_two();
	net_settle();
	records_read(&records);
	CHECK(!records.nr, "%u records of another namespace", records.nr);
	records_stop(&records);
	close(home);
	set_filter("none");
	ktap_result("self is the namespace of the process that wrote the filter");
}

static void check_text(const char *want)
{
	char *text = files_text(ALL_CPUS, "filter");

	CHECK(!strcmp(text, want), "it reads: %s", text);
	free(text);
}

static void test_text(void)
{
	static const char * const removals[] = { "0", "none\n", "", "\n", " 0 " };
	static const char text[] = "(port == 1";
	static char longest[FILTER_LEN + 1];
	size_t i;

	check_text("none\n");
	set_filter(" port==443\t&&  !( lport != 0x1bB )\n");
	check_text(" port==443\t&&  !( lport != 0x1bB )\n");
	/* As the shell's > does; only the write has an effect. */
	close(files_open(ALL_CPUS, "filter", O_WRONLY | O_TRUNC));
	check_text(" port==443\t&&  !( lport != 0x1bB )\n");
	for (i = 0; i < ARRAY_SIZE(removals); i++) {
		set_filter("uid == 0");
		check_text("uid == 0\n");
		set_filter(removals[i]);
		check_text("none\n");
	}
	memset(longest, ' ', FILTER_LEN - 1);
	memcpy(longest, text, strlen(text));
	longest[FILTER_LEN - 2] = ')';
	set_filter(longest);
	longest[FILTER_LEN - 1] = '\n';
	check_text(longest);
	set_filter("none");
	ktap_result("a filter reads back as written and can be removed");
}

static struct source sources[CPUS_MAX];

#define REPLACEMENTS 60

static bool enough;

static void *make_many(void *arg)
{
	struct source *source = arg;

	pin(source - sources);
	while (!__atomic_load_n(&enough, __ATOMIC_RELAXED))
		source_make(source, 1);
	return NULL;
}

/* Each record meets the old filter or the new one; none is lost between them. */
static void test_replaced(void)
{
	static const char * const texts[] = {
		"addr == ::1", "addr != ::1 && kind == call", "none", "kind != call",
	};
	int i, cpu, cpus = online_cpus();
	unsigned long long made = 0;
	pthread_t threads[CPUS_MAX];
	struct account account;

	net_new();
	for (cpu = 0; cpu < cpus; cpu++)
		source_open(&sources[cpu]);
	files_clear(ALL_CPUS);
	for (cpu = 0; cpu < cpus; cpu++)
		pthread_create(&threads[cpu], NULL, make_many, &sources[cpu]);
	for (i = 0; i < REPLACEMENTS; i++) {
		set_filter(texts[i % ARRAY_SIZE(texts)]);
		usleep(100);	/* lets others run on one CPU without preemption */
	}
	__atomic_store_n(&enough, true, __ATOMIC_RELAXED);
	for (cpu = 0; cpu < cpus; cpu++) {
		pthread_join(threads[cpu], NULL);
		made += sources[cpu].made;
	}
	account = files_account(ALL_CPUS);
	CHECK(account.written + account.filtered == made, "%llu made, %llu written, %llu filtered",
	      made, account.written, account.filtered);
	CHECK(account.written > made / 10 && account.filtered > made / 10,
	      "%llu made, %llu written, %llu filtered", made, account.written,
	      account.filtered);
	set_filter("none");
	for (cpu = 0; cpu < cpus; cpu++)
		source_close(&sources[cpu]);
	ktap_result("a filter is replaced while %d CPUs make records", cpus);
}

/* Filtered records are counted, per CPU and in all, until a clear. */
static void test_counted(void)
{
	int cpu = online_cpus() - 1;

	net_new();
	pin(cpu);
	source_open(&sources[0]);
	files_clear(ALL_CPUS);
	set_filter("kind != call");
	source_make(&sources[0], 5);
	files_check_account(cpu, (struct account) { .filtered = 5 });
	files_check_account(ALL_CPUS, (struct account) { .filtered = 5 });
	set_filter("none");
	source_make(&sources[0], 2);
	files_check_account(cpu, (struct account) { .written = 2, .pending = 2,
			    .filtered = 5 });
	set_filter("kind != call");
	files_set("tracing_on", 0);
	source_make(&sources[0], 3);
	files_set("tracing_on", 1);
	files_check_account(cpu, (struct account) { .written = 2, .pending = 2,
			    .filtered = 5 });
	CHECK(records_counter("call_shutdown_rd") == 10, "summary counts %llu",
	      records_counter("call_shutdown_rd"));
	files_clear(ALL_CPUS);
	files_check_account(ALL_CPUS, (struct account) { });
	set_filter("none");
	source_close(&sources[0]);
	ktap_result("filtered counts exactly, and summary stays complete");
}

int main(void)
{
	files_start();
	if (online_cpus() > CPUS_MAX)
		ktap_skip_all("more than %d CPUs", CPUS_MAX);
	/* As in testcases_run(): reading a page from disk lets timers run. */
	mlockall(MCL_CURRENT | MCL_FUTURE);
	cgroup_start();
	ktap_plan(count_questions() + 8);
	test_text();
	test_counted();
	test_replaced();
	test_expressions();
	test_no_socket(NET_IPV4, "127.0.0.1");
	test_no_socket(NET_IPV6, "::1");
	/* These leave minisocks, which end with their namespaces. */
	test_minisock("uid == 1234 && from == TIME_WAIT");
	test_minisock("uid != 0 && event == netns_gone");
	test_self();
	cgroup_stop();
	files_reset();
	return ktap_exit();
}
