// SPDX-License-Identifier: GPL-2.0
/*
 * The module's counters compared with the kernel's: each case changes both by known
 * numbers, and each line of the file reconcile must say so.
 *
 * Each runs once in one namespace, with IPv4, and twice in another, with IPv6. All other
 * counters must stay.
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN; a TUN device; tcp_diag.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lib/diag.h"
#include "lib/files.h"
#include "lib/ktap.h"
#include "lib/module.h"
#include "lib/net.h"
#include "lib/peer.h"
#include "lib/records.h"

/* In the order of the file. */
enum line {
	TW, TW_RECYCLED, TW_KILLED, OVERFLOW, ON_DATA, ON_CLOSE, ON_MEMORY,
	ON_TIMEOUT, ON_LINGER, FAILED, ESTAB_RESETS, OUT_RSTS, LINES
};

/* Instead of TW, on kernels that count TW at a minisock's end. */
#define TW_EXPIRED LINES

static const char * const names[LINES] = {
	"TW", "TWRecycled", "TWKilled", "TCPTimeWaitOverflow", "TCPAbortOnData",
	"TCPAbortOnClose", "TCPAbortOnMemory", "TCPAbortOnTimeout",
	"TCPAbortOnLinger", "TCPAbortFailed", "EstabResets", "OutRsts",
};

#define DATA 10

/* A namespace with its peer and its expected counters. */
struct room {
	int ns;
	uint32_t inode;
	enum net_family family;
	struct peer peer;
};

/* What the file says of a namespace. */
struct reading {
	long kernel[LINES], ours[LINES], difference[LINES];
	char proof[LINES][8];
	unsigned int lines;
};

static void reading_line(struct reading *reading, const char *line)
{
	char name[32], ours[24], difference[24], proof[8];
	unsigned int i = reading->lines++;
	long kernel;

	REQUIRE(sscanf(line, "%*u %31s %ld %23s %23s %7s", name, &kernel, ours,
		       difference, proof) == 5, "not a line: %s", line);
	REQUIRE(i < LINES && !strcmp(name, names[i]), "not in its place: %s", line);
	reading->kernel[i] = kernel;
	/* "-" if the module can't see it */
	reading->ours[i] = strcmp(ours, "-") ? strtol(ours, NULL, 10) : kernel;
	reading->difference[i] = strcmp(difference, "-") ? strtol(difference, NULL, 10) : 0;
	strcpy(reading->proof[i], proof);
}

static struct reading read_reconcile(const struct room *room)
{
	char *text = files_text(ALL_CPUS, "reconcile"), *line, *rest;
	struct reading reading = { };

	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (*line != '#' && strtoul(line, NULL, 10) == room->inode)
			reading_line(&reading, line);
	free(text);
	CHECK(reading.lines == LINES, "%u lines", reading.lines);
	return reading;
}

static long kernel_count(enum line line)
{
	if (line == ESTAB_RESETS || line == OUT_RSTS)
		return net_mib("/proc/self/net/snmp", "Tcp:", names[line]);
	return net_mib("/proc/self/net/netstat", "TcpExt:", names[line]);
}

static void room_enter(const struct room *room)
{
	REQUIRE(!setns(room->ns, CLONE_NEWNET), "can't go back");
}

static void room_open(struct room *room, enum net_family family)
{
	net_new();
	room->ns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	REQUIRE(room->ns >= 0, "no handle of the namespace");
	room->inode = net_inode();
	room->family = family;
	peer_open(&room->peer, family);
}

static void room_close(struct room *room)
{
	room_enter(room);
	peer_close(&room->peer);
	close(room->ns);
}

/* Wait until the kernel has counted so many. */
static void await(const struct room *room, enum line line, long value)
{
	struct net_wait wait = { };

	while (read_reconcile(room).kernel[line] < value)
		REQUIRE(net_wait(&wait), "%s is %ld, not %ld", names[line],
			read_reconcile(room).kernel[line], value);
}

/* How many minisocks there are in this namespace. */
static int minisocks(void)
{
	FILE *file = fopen("/proc/self/net/sockstat", "r");
	char line[128];
	int nr = -1;

	while (file && nr < 0 && fgets(line, sizeof(line), file))
		sscanf(line, "TCP: inuse %*d orphan %*d tw %d", &nr);
	REQUIRE(nr >= 0, "no sockstat");
	fclose(file);
	return nr;
}

static void await_minisock(void)
{
	struct net_wait wait = { };

	while (!minisocks())
		REQUIRE(net_wait(&wait), "no minisock");
}

/* The kernel counts TW when it creates a minisock; up to 5.15, when its timer fires. */
static bool tw_at_birth;

/* Wait for one more minisock; if creation is not counted, none is left from before. */
static void await_born(const struct room *room, long tw)
{
	if (tw_at_birth)
		await(room, TW, tw);
	else
		await_minisock();
}

/* This room's counters since it was opened. */
static void check_room(const struct room *room, const long *moved, unsigned int times)
{
	struct reading reading;
	unsigned int i;

	room_enter(room);
	for (i = 0; i < LINES; i++)
		if (moved[i])
			await(room, i, times * moved[i]);
	net_settle();
	reading = read_reconcile(room);
	for (i = 0; i < LINES; i++) {
		CHECK(reading.kernel[i] == (long)times * moved[i], "%s is %ld, not %ld",
		      names[i], reading.kernel[i], times * moved[i]);
		CHECK(reading.kernel[i] == kernel_count(i), "%s: the kernel says %ld",
		      names[i], kernel_count(i));
		CHECK(reading.ours[i] == reading.kernel[i] && !reading.difference[i],
		      "%s: %ld, ours %ld, difference %ld", names[i], reading.kernel[i],
		      reading.ours[i], reading.difference[i]);
		CHECK(strcmp(reading.proof[i], "off"), "%s is off", names[i]);
	}
}

static void set_int(int fd, int level, int name, int value)
{
	CHECK(!setsockopt(fd, level, name, &value, sizeof(value)), "option %d", name);
}

static void set_linger0(int fd)
{
	const struct linger linger = { .l_onoff = 1 };

	CHECK(!setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)), "SO_LINGER");
}

/* client closes first; the server stays in CLOSE_WAIT. */
static void half(struct room *room, struct net_end *server)
{
	struct net_end client;

	net_pair(room->family, &client, server);
	close(client.fd);
	net_await_state(server, TCP_CLOSE_WAIT);
}

static void four_way(struct room *room)
{
	long before = read_reconcile(room).kernel[TW];
	struct net_end server;

	half(room, &server);
	await_born(room, before + 1);
	close(server.fd);
}

static void short_wait(struct room *room)
{
	long before = read_reconcile(room).kernel[TW_KILLED];
	struct net_end server;

	net_sysctl("ipv4/tcp_fin_timeout", "2");
	half(room, &server);
	await(room, TW_KILLED, before + 1);
}

static void refused_minisock(struct room *room)
{
	struct net_end server;

	net_sysctl("ipv4/tcp_max_tw_buckets", "0");
	half(room, &server);	/* not closed: its FIN would be answered by a RST */
}

static void refused_time_wait(struct room *room)
{
	struct net_end end;

	net_sysctl("ipv4/tcp_max_tw_buckets", "0");
	peer_connect(&room->peer, &end);
	close(end.fd);
	peer_expect(&room->peer, FIN | ACK, end.snd_nxt, end.rcv_nxt, 0);
	peer_send(&room->peer, FIN | ACK, end.rcv_nxt, end.snd_nxt + 1, 0);
}

static void unread(struct room *room)
{
	struct net_end closer, other;

	net_pair(room->family, &closer, &other);
	net_send(&other, DATA);
	net_await_unread(&closer, DATA);
	net_await_acked(&other);
	close(closer.fd);
	net_expect_error(&other, ECONNRESET);
	close(other.fd);
}

static void linger0(struct room *room)
{
	struct net_end closer, other;

	net_pair(room->family, &closer, &other);
	set_linger0(closer.fd);
	close(closer.fd);
	net_expect_error(&other, ECONNRESET);
	close(other.fd);
}

static void linger0_unconnected(struct room *room)
{
	struct sockaddr_storage to;
	socklen_t len = net_loopback(room->family, 1, &to);
	int fd = socket(net_domain(room->family), SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (room->family == NET_IPV6)
		memcpy(&((struct sockaddr_in6 *)&to)->sin6_addr, room->peer.self.addr, 16);
	else
		memcpy(&((struct sockaddr_in *)&to)->sin_addr, room->peer.self.addr + 12, 4);
	set_linger0(fd);
	CHECK(connect(fd, (void *)&to, len) < 0 && errno == EINPROGRESS, "connect");
	close(fd);
}

static void linger2(struct room *room)
{
	struct net_end closer, other;

	net_pair(room->family, &closer, &other);
	CHECK(!shutdown(closer.fd, SHUT_WR), "shutdown");
	net_await_state(&closer, TCP_FIN_WAIT2);
	set_int(closer.fd, IPPROTO_TCP, TCP_LINGER2, -1);
	close(closer.fd);
	net_expect_eof(&other);
	net_await_state(&other, TCP_CLOSE);
	close(other.fd);
}

static void linger2_later(struct room *room)
{
	struct net_end end;

	peer_connect(&room->peer, &end);
	set_int(end.fd, IPPROTO_TCP, TCP_LINGER2, -1);
	close(end.fd);
	peer_expect(&room->peer, FIN | ACK, end.snd_nxt, end.rcv_nxt, 0);
	peer_send(&room->peer, ACK, end.rcv_nxt, end.snd_nxt + 1, 0);
	peer_expect(&room->peer, RST, end.snd_nxt + 1, 0, 0);
}

static void late_data(struct room *room, uint32_t acked, bool minisock)
{
	long before = read_reconcile(room).kernel[TW];
	struct net_end end;

	peer_connect(&room->peer, &end);
	close(end.fd);
	peer_expect(&room->peer, FIN | ACK, end.snd_nxt, end.rcv_nxt, 0);
	if (minisock) {
		peer_send(&room->peer, ACK, end.rcv_nxt, end.snd_nxt + 1, 0);
		await_born(room, before + 1);
	}
	peer_send(&room->peer, PSH | ACK, end.rcv_nxt, end.snd_nxt + acked, DATA);
	peer_expect(&room->peer, RST, end.snd_nxt + acked, 0, 0);
}

static void data_in_fin_wait1(struct room *room)
{
	late_data(room, 0, false);
}

static void data_with_ack(struct room *room)
{
	late_data(room, 1, false);
}

static void data_for_minisock(struct room *room)
{
	late_data(room, 1, true);
}

static void refused(struct room *room)
{
	struct sockaddr_storage addr;
	uint16_t port;
	socklen_t len;
	int fd = socket(net_domain(room->family), SOCK_STREAM, 0);

	close(net_listen(room->family, &port));
	len = net_loopback(room->family, port, &addr);
	CHECK(connect(fd, (void *)&addr, len) < 0 && errno == ECONNREFUSED, "connect");
	close(fd);
}

static void retries(struct room *room)
{
	struct net_end end;

	net_sysctl("ipv4/tcp_orphan_retries", "1");
	peer_connect(&room->peer, &end);
	close(end.fd);
}

static void keepalive(struct room *room)
{
	struct net_end end;

	peer_connect(&room->peer, &end);
	set_int(end.fd, IPPROTO_TCP, TCP_KEEPIDLE, 1);
	set_int(end.fd, IPPROTO_TCP, TCP_KEEPINTVL, 1);
	set_int(end.fd, IPPROTO_TCP, TCP_KEEPCNT, 1);
	set_int(end.fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	net_expect_error(&end, ETIMEDOUT);
	close(end.fd);
}

static void user_timeout(struct room *room)
{
	struct net_end end;

	peer_connect(&room->peer, &end);
	set_int(end.fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 1000);
	net_send(&end, DATA);
	net_expect_error(&end, ETIMEDOUT);
	close(end.fd);
}

static void kill_full(struct room *room)
{
	struct net_end end, other;

	net_pair(room->family, &end, &other);
	diag_destroy(room->family, &end);
	net_expect_error(&end, ECONNABORTED);
	net_expect_error(&other, ECONNRESET);
	close(end.fd);
	close(other.fd);
}

static int bound_socket(const struct room *room, uint16_t port)
{
	struct sockaddr_storage addr;
	socklen_t len = net_loopback(room->family, port, &addr);
	int fd = socket(net_domain(room->family), SOCK_STREAM, 0);

	set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	REQUIRE(!bind(fd, (void *)&addr, len), "port %u is taken", port);
	return fd;
}

static void recycled(struct room *room)
{
	long before = read_reconcile(room).kernel[TW];
	struct net_end client, server;
	struct sockaddr_storage to;
	int listener, next, other;
	socklen_t len;

	net_pair(room->family, &client, &server);
	set_int(client.fd, SOL_SOCKET, SO_REUSEADDR, 1);
	close(client.fd);
	net_expect_eof(&server);
	await_born(room, before + 1);
	close(server.fd);
	listener = bound_socket(room, client.peer.port);
	len = net_loopback(room->family, client.peer.port, &to);
	next = bound_socket(room, client.local.port);
	REQUIRE(!listen(listener, 1) && !connect(next, (void *)&to, len), "no connection");
	other = accept(listener, NULL, NULL);
	close(listener);
	close(other);		/* a minisock, too */
	await_born(room, before + 2);
	close(next);
}

static int max_orphans = -1;	/* of the host, opened in its namespace */

static void set_max_orphans(const char *value)
{
	REQUIRE(pwrite(max_orphans, value, strlen(value), 0) > 0, "tcp_max_orphans");
}

/*
 * One orphan waits for a FIN, one for an ACK. When no orphans are allowed, the second
 * ends at its next timer, and a socket that closes then at once.
 */
static void memory(struct room *room)
{
	struct net_end first, second, third;
	long before = read_reconcile(room).kernel[ON_MEMORY];

	peer_connect(&room->peer, &first);
	set_int(first.fd, IPPROTO_TCP, TCP_LINGER2, 100);
	close(first.fd);
	peer_expect(&room->peer, FIN | ACK, first.snd_nxt, first.rcv_nxt, 0);
	peer_send(&room->peer, ACK, first.rcv_nxt, first.snd_nxt + 1, 0);
	peer_connect(&room->peer, &second);
	peer_connect(&room->peer, &third);
	close(second.fd);
	set_max_orphans("0\n");
	await(room, ON_MEMORY, before + 1);
	close(third.fd);
	set_max_orphans("4096\n");
}

#define MIXED 150

/* One of the random closes over loopback. */
static void mixed_one(struct room *room, unsigned int shape)
{
	struct net_end client, server, *first = &client, *second = &server;

	net_pair(room->family, &client, &server);
	if (shape & 1) {
		first = &server;
		second = &client;
	}
	if (!(shape & 6))
		net_send(second, DATA);
	if (!(shape & 0x70000))
		set_linger0(second->fd);
	if (!(shape & 0x380000))
		set_int(first->fd, IPPROTO_TCP, TCP_LINGER2, -1);
	if (shape & 16)
		CHECK(!shutdown(first->fd, SHUT_WR), "shutdown");
	if (shape & 32)
		usleep(1000 * (shape >> 6) % 60000);
	close(first->fd);
	close(second->fd);
}

static void mixed(struct room *room)
{
	unsigned int i;

	srandom(1);
	net_sysctl("ipv4/tcp_max_tw_buckets", "10");
	for (i = 0; i < MIXED; i++)
		mixed_one(room, random());
}

static void check_mixed(const struct room *room)
{
	struct reading reading;
	unsigned int i;

	room_enter(room);
	usleep(1000000);	/* all delayed ACKs have been sent */
	if (!tw_at_birth)
		sleep(61);
	net_settle();
	reading = read_reconcile(room);
	for (i = 0; i < LINES; i++) {
		CHECK(!reading.difference[i] && reading.kernel[i] == kernel_count(i),
		      "%s: kernel %ld, ours %ld, /proc %ld", names[i],
		      reading.kernel[i], reading.ours[i], kernel_count(i));
		ktap_note("%s %ld", names[i], reading.kernel[i]);
	}
	CHECK(reading.kernel[TW] && reading.kernel[OVERFLOW] && reading.kernel[ON_DATA] &&
	      reading.kernel[ON_CLOSE] && reading.kernel[OUT_RSTS], "too little happened");
}

struct testcase {
	const char *name;
	void (*run)(struct room *room);
	long moved[LINES + 1];
};

static const struct testcase testcases[] = {
	{ "four waves", four_way, { [TW] = 1, [TW_EXPIRED] = 1 } },
	{ "tcp_fin_timeout of 2 s", short_wait, { [TW_KILLED] = 1 } },
	{ "no bucket for FIN_WAIT2", refused_minisock, { [OVERFLOW] = 1 } },
	{ "no bucket for TIME_WAIT", refused_time_wait, { [OVERFLOW] = 1 } },
	{ "close with data unread", unread,
	  { [ON_CLOSE] = 1, [ESTAB_RESETS] = 2, [OUT_RSTS] = 1 } },
	{ "SO_LINGER 0", linger0, { [ON_DATA] = 1, [ESTAB_RESETS] = 2, [OUT_RSTS] = 1 } },
	{ "SO_LINGER 0 in SYN_SENT", linger0_unconnected, { [ON_DATA] = 1 } },
	{ "TCP_LINGER2 below 0 in FIN_WAIT2", linger2,
	  { [ON_LINGER] = 1, [ESTAB_RESETS] = 1, [OUT_RSTS] = 1 } },
	{ "TCP_LINGER2 below 0 before", linger2_later, { [ON_DATA] = 1, [OUT_RSTS] = 1 } },
	{ "data for FIN_WAIT1", data_in_fin_wait1, { [ON_DATA] = 1, [OUT_RSTS] = 1 } },
	{ "data with the ACK of the FIN", data_with_ack, { [ON_DATA] = 1, [OUT_RSTS] = 1 } },
	{ "data for a minisock", data_for_minisock, { [TW] = 1, [OUT_RSTS] = 1 } },
	{ "connect refused", refused, { [OUT_RSTS] = 1 } },
	{ "no answer to the FIN", retries, { [ON_TIMEOUT] = 1 } },
	{ "keepalive", keepalive, { [ON_TIMEOUT] = 1, [ESTAB_RESETS] = 1, [OUT_RSTS] = 1 } },
	{ "TCP_USER_TIMEOUT", user_timeout, { [ON_TIMEOUT] = 1, [ESTAB_RESETS] = 1 } },
	{ "SOCK_DESTROY", kill_full, { [ESTAB_RESETS] = 2, [OUT_RSTS] = 1 } },
	{ "connect() reuses TIME_WAIT", recycled,
	  { [TW] = 2, [TW_EXPIRED] = 1, [TW_RECYCLED] = 1 } },
	{ "too many orphans", memory, { [ON_MEMORY] = 2, [OUT_RSTS] = 2 } },
};

/* Discard what an earlier run has left unread. */
static void run_in(const struct testcase *testcase, struct room *room, const long *moved,
		   unsigned int before)
{
	struct segment segment;
	unsigned int i;

	room_enter(room);
	for (i = 0; i < LINES; i++)
		if (moved[i])
			await(room, i, before * moved[i]);
	while (peer_try_read(&room->peer, &segment))
		;
	testcase->run(room);
}

static void run(const struct testcase *testcase)
{
	struct room rooms[2];
	long moved[LINES + 1];

	memcpy(moved, testcase->moved, sizeof(moved));
	if (!tw_at_birth)
		moved[TW] = moved[TW_EXPIRED];
	room_open(&rooms[0], NET_IPV4);
	room_open(&rooms[1], NET_IPV6);
	run_in(testcase, &rooms[1], moved, 0);
	run_in(testcase, &rooms[0], moved, 0);
	run_in(testcase, &rooms[1], moved, 1);
	check_room(&rooms[0], moved, 1);
	check_room(&rooms[1], moved, 2);
	ktap_result("%s", testcase->name);
	room_close(&rooms[0]);
	room_close(&rooms[1]);
}

static void run_mixed(void)
{
	struct room rooms[2];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rooms); i++) {
		room_open(&rooms[i], i ? NET_IPV6 : NET_IPV4);
		mixed(&rooms[i]);
	}
	for (i = 0; i < ARRAY_SIZE(rooms); i++) {
		check_mixed(&rooms[i]);
		room_close(&rooms[i]);
	}
	ktap_result("random closes");
}

/* The kernel's own counter. */
static bool counts_births(void)
{
	struct net_end client, server;
	bool counted;

	net_new();
	net_pair(NET_IPV4, &client, &server);
	close(client.fd);
	await_minisock();
	counted = kernel_count(TW) == 1;
	close(server.fd);
	return counted;
}

int main(void)
{
	unsigned int i;

	module_need();
	if (!peer_possible() || !diag_possible())
		ktap_skip_all("no TUN device, or no tcp_diag that can kill");
	max_orphans = open("/proc/sys/net/ipv4/tcp_max_orphans", O_WRONLY);
	tw_at_birth = counts_births();
	ktap_plan(ARRAY_SIZE(testcases) + 1);
	for (i = 0; i < ARRAY_SIZE(testcases); i++)
		run(&testcases[i]);
	run_mixed();
	return ktap_exit();
}
