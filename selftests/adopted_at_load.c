// SPDX-License-Identifier: GPL-2.0
/*
 * Connections that are closing when the module is loaded are listed in "connections" at
 * once, and each gets one end record.
 *
 *	one end		the other	how
 *	FIN_WAIT2	CLOSE_WAIT	shutdown(), four of them
 *	FIN_WAIT2	CLOSE_WAIT	close(): the first is a minisock
 *	TIME_WAIT	-		both closed
 *	FIN_WAIT1	-		the FIN waits behind a closed window; the other end is open
 *	CLOSING		FIN_WAIT2	the same, and the other end has shut down
 *	LAST_ACK	FIN_WAIT2	the same, after the other end
 *
 * Shows: each is listed as adopted, in its state, at least as old as the load; in
 * TIME_WAIT with the age that follows from its timer; nothing else is listed. Each gets
 * one verdict, flagged as adopted, and then nothing is listed. The group timewait,
 * switched on, adopts the minisocks that exist. All this holds with one hash table per
 * namespace, too. What exceeds the table is counted.
 *
 * No socket has a cookie before the module is loaded, except in one case.
 *
 * Modes: icount
 * Needs: root, debugfs; it removes the module and loads it again.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/files.h"
#include "lib/ktap.h"
#include "lib/listed.h"
#include "lib/module.h"
#include "lib/records.h"

#define HALF_CLOSED 4
#define PAIRS 700
#define RECORDS 4096
/* How long they have been closing when the module is loaded. */
#define BEFORE_S 7
/* Longer than TIME_WAIT and FIN_WAIT2. */
#define OVER_S 70

/* An end: its state when the module is loaded, and what was seen of it. */
struct end {
	int fd;
	const char *state;
	bool is_minisock;
	double since;
	bool listed;
	unsigned int verdicts;
};

static struct pair {
	uint16_t port;			/* the client's */
	struct end end[2];
} pairs[PAIRS];

static int nr_pairs, listener;
static uint16_t listener_port;
static bool with_cookies;
static struct tcp_teardown_record records[RECORDS];

static void small_buffer(int fd, int what)
{
	int size = 4096;

	REQUIRE(!setsockopt(fd, SOL_SOCKET, what, &size, sizeof(size)), "buffer");
}

static void make_cookie(int fd)
{
	uint64_t cookie;
	socklen_t len = sizeof(cookie);

	if (with_cookies)
		REQUIRE(!getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &len), "no cookie");
}

static struct pair *pair_open(enum net_family family)
{
	struct pair *pair = &pairs[nr_pairs++];
	struct sockaddr_storage addr;
	socklen_t len = net_loopback(family, listener_port, &addr);
	int client = socket(net_domain(family), SOCK_STREAM | SOCK_CLOEXEC, 0);

	*pair = (struct pair){ };
	REQUIRE(client >= 0, "no socket");
	small_buffer(client, SO_SNDBUF);
	REQUIRE(!connect(client, (void *)&addr, len), "no connection");
	REQUIRE(!getsockname(client, (void *)&addr, &len), "no address");
	pair->port = net_place_of(&addr).port;
	pair->end[0].fd = client;
	pair->end[1].fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	REQUIRE(pair->end[1].fd >= 0, "nothing to accept");
	make_cookie(client);
	make_cookie(pair->end[1].fd);
	return pair;
}

static int state_of(int fd)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	REQUIRE(!getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len), "no TCP_INFO");
	return info.tcpi_state;
}

static void await_state(struct end *end, int state, const char *name)
{
	struct net_wait wait = { };

	while (state_of(end->fd) != state && net_wait(&wait))
		;
	CHECK(state_of(end->fd) == state, "not in %s but %d", name, state_of(end->fd));
	end->state = name;
	end->since = net_now();
}

#define AWAIT(end, name) await_state(end, TCP_##name, #name)

/* Fill the send queue, so that what follows has to wait. */
static void fill(struct end *end)
{
	static const char data[4096];

	while (send(end->fd, data, sizeof(data), MSG_DONTWAIT) > 0 ||
	       (usleep(1000), send(end->fd, data, sizeof(data), MSG_DONTWAIT)) > 0)
		;
}

static void end_close(struct end *end)
{
	if (end->fd >= 0)
		close(end->fd);
	end->fd = -1;
}

static void make_half_closed(enum net_family family)
{
	struct pair *pair = pair_open(family);

	shutdown(pair->end[0].fd, SHUT_WR);
	AWAIT(&pair->end[0], FIN_WAIT2);
	AWAIT(&pair->end[1], CLOSE_WAIT);
}

static void make_minisock(enum net_family family)
{
	struct pair *pair = pair_open(family);

	end_close(&pair->end[0]);
	AWAIT(&pair->end[1], CLOSE_WAIT);
	pair->end[0].state = "FIN_WAIT2";
	pair->end[0].is_minisock = true;
}

static void make_time_wait(enum net_family family)
{
	struct pair *pair = pair_open(family);

	end_close(&pair->end[0]);
	AWAIT(&pair->end[1], CLOSE_WAIT);
	end_close(&pair->end[1]);
	pair->end[1].state = NULL;
	pair->end[0].state = "TIME_WAIT";
	pair->end[0].is_minisock = true;
	pair->end[0].since = net_now();
}

static void make_fin_wait1(enum net_family family)
{
	struct pair *pair = pair_open(family);

	fill(&pair->end[0]);
	shutdown(pair->end[0].fd, SHUT_WR);
	AWAIT(&pair->end[0], FIN_WAIT1);
}

static void make_closing(enum net_family family)
{
	struct pair *pair = pair_open(family);

	fill(&pair->end[0]);
	shutdown(pair->end[0].fd, SHUT_WR);
	shutdown(pair->end[1].fd, SHUT_WR);
	AWAIT(&pair->end[0], CLOSING);
	AWAIT(&pair->end[1], FIN_WAIT2);
}

static void make_last_ack(enum net_family family)
{
	struct pair *pair = pair_open(family);

	fill(&pair->end[0]);
	shutdown(pair->end[1].fd, SHUT_WR);
	AWAIT(&pair->end[0], CLOSE_WAIT);
	shutdown(pair->end[0].fd, SHUT_WR);
	AWAIT(&pair->end[0], LAST_ACK);
	AWAIT(&pair->end[1], FIN_WAIT2);
}

static void make_all(enum net_family family)
{
	int i;

	net_new();
	net_sysctl("ipv4/tcp_max_tw_buckets", "1000");	/* otherwise by the table's size */
	nr_pairs = 0;
	listener = net_listen(family, &listener_port);
	small_buffer(listener, SO_RCVBUF);
	for (i = 0; i < HALF_CLOSED; i++)
		make_half_closed(family);
	make_minisock(family);
	make_time_wait(family);
	make_fin_wait1(family);
	make_closing(family);
	make_last_ack(family);
	sleep(BEFORE_S);
	make_time_wait(family);
	close(listener);
}

/* The end that has these ports. */
static struct end *end_at(unsigned int local, unsigned int peer)
{
	int i;

	for (i = 0; i < nr_pairs; i++) {
		if (local == pairs[i].port && peer == listener_port)
			return &pairs[i].end[0];
		if (local == listener_port && peer == pairs[i].port)
			return &pairs[i].end[1];
	}
	return NULL;
}

static unsigned int port_of(const char *place)
{
	const char *colon = strrchr(place, ':');

	return colon ? strtoul(colon + 1, NULL, 10) : 0;
}

/* @loaded: when the module was loaded; the load itself may take some time. */
static void check_line(const char *line, double loaded)
{
	double age, now = net_now();
	struct listed listed;
	struct end *end;
	char *rest;

	if (*line == '#')
		return;
	listed_parse(&listed, line);
	end = end_at(port_of(listed.local), port_of(listed.peer));
	if (!CHECK(end && end->state, "a stranger: %s", line))
		return;
	CHECK(!end->listed, "twice: %s", line);
	end->listed = true;
	CHECK(!strcmp(listed.state, end->state), "%s, and it is in %s", line, end->state);
	CHECK(!strcmp(listed.seen, "adopted"), "%s", line);
	age = strtod(listed.age, &rest);
	CHECK(!strcmp(rest, "+"), "no lower bound: %s", line);
	if (!strcmp(end->state, "TIME_WAIT"))
		CHECK(age > now - end->since - 1 && age < now - end->since + 0.1,
		      "%s, and it is %.1f s", line, now - end->since);
	else
		CHECK(age >= 0 && age < now - loaded, "%s, loaded %.1f s ago", line,
		      now - loaded);
}

/* The ends that are to be adopted. */
static bool is_listed(const struct end *end, bool minisocks)
{
	return end->state && (minisocks || !end->is_minisock);
}

/* @minisocks: these are adopted, too */
static void check_listed(double loaded, bool minisocks)
{
	char *text = files_text(ALL_CPUS, "connections"), *line, *rest;
	struct end *end;
	int i;

	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		check_line(line, loaded);
	free(text);
	for (i = 0; i < 2 * nr_pairs; i++) {
		end = &pairs[i / 2].end[i % 2];
		CHECK(end->listed == is_listed(end, minisocks), "pair %d, end %d: %s %s",
		      i / 2, i % 2, end->state, end->listed ? "is listed" : "is missing");
		end->listed = false;
	}
}

static unsigned int nr_adopted(void)
{
	unsigned int nr = 0;
	int i;

	for (i = 0; i < 2 * nr_pairs; i++)
		nr += !!pairs[i / 2].end[i % 2].state;
	return nr;
}

static void see_verdict(const struct tcp_teardown_record *r, uint32_t netns)
{
	struct end *end;

	if (!r->how || r->netns != netns)
		return;
	end = end_at(r->local_port, r->peer_port);
	if (!end)
		return;
	end->verdicts++;
	CHECK(!!(r->flags & TCP_TEARDOWN_F_ADOPTED) == !!end->state,
	      "port %u: flags %x, was in %s", r->local_port, r->flags, end->state ?: "none");
	CHECK(!(r->flags & TCP_TEARDOWN_F_UNTRACKED), "port %u: untracked", r->local_port);
}

static void see_verdicts(void)
{
	int cpu, i, nr;

	for (cpu = 0; cpu < online_cpus(); cpu++) {
		nr = files_take(cpu, records, RECORDS);
		for (i = 0; i < nr; i++)
			see_verdict(&records[i], net_inode());
	}
}

/* Let all of them end: read what waits, close everything, let time pass. */
static void end_all(void)
{
	char data[4096];
	int i;

	for (i = 0; i < nr_pairs; i++) {
		if (pairs[i].end[1].fd >= 0 && pairs[i].end[0].fd >= 0)
			while (recv(pairs[i].end[1].fd, data, sizeof(data), MSG_DONTWAIT) > 0)
				usleep(1000);
		end_close(&pairs[i].end[1]);
		end_close(&pairs[i].end[0]);
	}
	sleep(OVER_S);
	sleep(OVER_S);
}

/* Ends that existed at the load have one verdict; one that had gone before has none. */
static void check_verdicts(void)
{
	const struct end *end;
	unsigned int want;
	int i;

	see_verdicts();
	for (i = 0; i < 2 * nr_pairs; i++) {
		end = &pairs[i / 2].end[i % 2];
		want = end->state || !pairs[i / 2].end[0].is_minisock;
		CHECK(end->verdicts == want, "pair %d, end %d, %s: %u verdicts",
		      i / 2, i % 2, end->state, end->verdicts);
	}
}

static void load(const char *args)
{
	int err = module_load_image(args);

	REQUIRE(!err, "not loaded: %s", strerror(err));
}

static void test_all(enum net_family family)
{
	double loaded;

	module_unload_soon();
	make_all(family);
	loaded = net_now();
	load("");
	check_listed(loaded, true);
	CHECK(files_stat("connections_adopted") == nr_adopted(), "%llu adopted, not %u",
	      files_stat("connections_adopted"), nr_adopted());
	end_all();
	check_verdicts();
	CHECK(!files_stat("connections_now"), "%llu are left", files_stat("connections_now"));
	ktap_result("%s, %s cookies: listed, aged, ended once", net_family_names[family],
		    with_cookies ? "with" : "without");
}

/*
 * A group that is switched on again finds the minisocks that it dropped when it was
 * switched off.
 */
static void test_group(void)
{
	double loaded = net_now();

	module_unload_soon();
	make_all(NET_IPV4);
	load("");
	CHECK(!files_write(ALL_CPUS, "hooks", "-timewait"), "-timewait");
	check_listed(loaded, false);
	CHECK(!files_write(ALL_CPUS, "hooks", "+timewait"), "+timewait");
	check_listed(loaded, true);
	end_all();
	check_verdicts();
	CHECK(!files_stat("connections_now"), "%llu are left", files_stat("connections_now"));
	module_unload_soon();
	make_all(NET_IPV4);
	load("groups=transitions");
	check_listed(loaded, false);
	end_all();
	CHECK(!files_stat("connections_now"), "%llu are left", files_stat("connections_now"));
	ktap_result("minisocks only while timewait is on");
}

static void test_own_table(void)
{
	static const char entries[] = "/proc/sys/net/ipv4/tcp_child_ehash_entries";
	static const char name[] = "a namespace with a table of its own";
	double loaded;

	if (access(entries, F_OK)) {
		ktap_skip("tables are common in this kernel", name);
		return;
	}
	net_sysctl("ipv4/tcp_child_ehash_entries", "1");	/* all in one bucket */
	module_unload_soon();
	make_all(NET_IPV6);
	loaded = net_now();
	load("");
	check_listed(loaded, true);
	end_all();
	check_verdicts();
	CHECK(!files_stat("connections_now"), "%llu are left", files_stat("connections_now"));
	ktap_result(name);
}

/* More than a namespace may hold: three quarters, less what CPUs keep ready. */
static void test_full(void)
{
	unsigned long long adopted, missed;
	int i;

	module_unload_soon();
	net_new();
	nr_pairs = 0;
	listener = net_listen(NET_IPV4, &listener_port);
	for (i = 0; i < PAIRS; i++)
		make_half_closed(NET_IPV4);
	load("max_connections=1024");
	adopted = files_stat("connections_adopted");
	missed = records_counter("untracked");
	CHECK(adopted + missed == nr_adopted(), "%llu adopted, %llu not, of %u", adopted,
	      missed, nr_adopted());
	CHECK(adopted == files_stat("connections_now") && adopted <= 768 && adopted > 600,
	      "%llu adopted, %llu now", adopted, files_stat("connections_now"));
	module_unload_soon();
	load("");
	CHECK(files_stat("connections_adopted") == nr_adopted(), "%llu adopted, not %u",
	      files_stat("connections_adopted"), nr_adopted());
	end_all();
	CHECK(!files_stat("connections_now"), "%llu are left", files_stat("connections_now"));
	close(listener);
	ktap_result("more than the table holds, then with room for all");
}

int main(void)
{
	struct rlimit files = { 2 * PAIRS + 64, 2 * PAIRS + 64 };
	int family;

	files_start();
	module_read();	/* time is skipped meanwhile, in which a minisock would die */
	REQUIRE(!setrlimit(RLIMIT_NOFILE, &files), "no limit");
	ktap_plan(NET_FAMILIES + 4);
	for (family = 0; family < NET_FAMILIES; family++)
		test_all(family);
	with_cookies = true;
	test_all(NET_IPV6);
	with_cookies = false;
	test_group();
	test_own_table();
	test_full();	/* leaves it loaded */
	return ktap_exit();
}
