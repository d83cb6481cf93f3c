// SPDX-License-Identifier: GPL-2.0
/*
 * What "connections" shows to a reader without CAP_NET_ADMIN over the namespace: no more
 * than ss and /proc/net/tcp show it.
 *
 * A user has a socket in CLOSE_WAIT and one in FIN_WAIT2, an orphan in FIN_WAIT1 and a
 * minisock; the connections have carried some bytes.
 *
 * Shows: every user sees uid, inode, cgroup and bytes of a socket that has a file; cgroup
 * and bytes of an orphan; none of these of a minisock; pid and comm of none. Root sees
 * all. uid and inode agree with /proc/net/tcp, which shows an orphan's uid on some
 * kernels: not on 6.12, but on 7.3.
 *
 * Modes: icount
 *
 * Needs: the module; root; a TUN device.
 */
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/ktap.h"
#include "lib/listed.h"
#include "lib/module.h"
#include "lib/net.h"
#include "lib/peer.h"

#define USER 1234
#define USER_TEXT "1234"
#define SENT 700
#define SENT_TEXT "700"

static struct net_end client, server, orphan, minisock;

static void give(const struct net_end *end)
{
	REQUIRE(!fchown(end->fd, USER, -1), "fchown");
}

/* The sockets are the user's, the namespace is root's. */
static void open_all(enum net_family family, struct peer *peer)
{
	struct net_end other;

	net_new();
	peer_open(peer, family);
	net_pair(family, &client, &server);
	give(&client);
	give(&server);
	net_send(&client, SENT);
	shutdown(client.fd, SHUT_WR);
	net_await_state(&client, TCP_FIN_WAIT2);
	net_pair(family, &minisock, &other);
	give(&minisock);
	net_send(&minisock, SENT);
	net_receive(&other, SENT);
	close(minisock.fd);
	net_expect_eof(&other);
	close(other.fd);
	peer_connect(peer, &orphan);
	give(&orphan);
	net_send(&orphan, SENT);
	close(orphan.fd);
	net_settle();
}

/* uid and inode of that port in /proc/net/tcp; ends the test if there is no such line. */
static void read_proc(enum net_family family, const struct net_end *end, char *uid, char *inode)
{
	FILE *file = fopen(family == NET_IPV4 ? "/proc/thread-self/net/tcp" :
						"/proc/thread-self/net/tcp6", "r");
	unsigned int local, peer;
	bool found = false;
	char line[512];

	REQUIRE(file, "no /proc/net/tcp");
	while (!found && fgets(line, sizeof(line), file))
		found = sscanf(line, " %*[^:]: %*[^:]:%x %*[^:]:%x %*s %*s %*s %*s %15s %*s %15s",
			       &local, &peer, uid, inode) == 4 &&
			local == end->local.port && peer == end->peer.port;
	fclose(file);
	REQUIRE(found, "port %u is not in /proc/net/tcp", end->local.port);
}

static void check_word(const char *name, const char *is, const char *should)
{
	CHECK(!strcmp(is, should), "%s is %s, not %s", name, is, should);
}

/* @all: as root sees it. */
static void check_full(enum net_family family, const struct net_end *end, bool all)
{
	struct listed at = listed_of(end->cookie);
	char uid[16], inode[16];

	read_proc(family, end, uid, inode);
	check_word("uid", at.uid, uid);
	check_word("uid", at.uid, USER_TEXT);
	check_word("inode", at.inode, inode);
	CHECK(strcmp(at.cgroup, "-"), "no cgroup");
	check_word("rx", at.rx, end == &server ? SENT_TEXT : "0");
	check_word("tx", at.tx, end == &server ? "0" : SENT_TEXT);
	CHECK(end == &server || all == !!strcmp(at.pid, "-"), "pid is %s", at.pid);
	CHECK(end == &server || all == !!strcmp(at.comm, "-"), "comm is %s", at.comm);
}

static void check_orphan(bool all)
{
	struct listed at = listed_of(orphan.cookie);

	check_word("the orphan's uid", at.uid, all ? USER_TEXT : "-");
	check_word("the orphan's inode", at.inode, "-");
	check_word("the orphan's tx", at.tx, SENT_TEXT);
	CHECK(strcmp(at.cgroup, "-"), "no cgroup");
	CHECK(all == !!strcmp(at.pid, "-"), "pid is %s", at.pid);
}

static void check_minisock(bool all)
{
	struct listed at = listed_of(minisock.cookie);

	check_word("state", at.state, "TIME_WAIT");
	check_word("the minisock's uid", at.uid, all ? USER_TEXT : "-");
	check_word("the minisock's tx", at.tx, all ? SENT_TEXT : "-");
	check_word("the minisock's rx", at.rx, all ? "0" : "-");
	check_word("the minisock's inode", at.inode, "-");
	CHECK(all == !!strcmp(at.cgroup, "-"), "cgroup is %s", at.cgroup);
	CHECK(all == !!strcmp(at.pid, "-"), "pid is %s", at.pid);
	CHECK(all == !!strcmp(at.comm, "-"), "comm is %s", at.comm);
}

static void check_all(enum net_family family, bool all)
{
	check_full(family, &client, all);
	check_full(family, &server, all);
	check_orphan(all);
	check_minisock(all);
}

static void check_as_user(enum net_family family)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		REQUIRE(!setgid(USER + 1) && !setuid(USER + 1), "still root");
		check_all(family, false);
		_exit(ktap_case_failed());
	}
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && !status, "a user sees otherwise");
}

int main(void)
{
	enum net_family family;
	struct peer peer;

	module_need();
	if (!peer_possible())
		ktap_skip_all("no TUN device");
	ktap_plan(2 * NET_FAMILIES);
	for (family = 0; family < NET_FAMILIES; family++) {
		open_all(family, &peer);
		check_all(family, true);
		ktap_result("root sees the owner of each connection, %s", net_family_names[family]);
		check_as_user(family);
		ktap_result("other users see what ss shows them, %s", net_family_names[family]);
		close(client.fd);
		close(server.fd);
		peer_send(&peer, RST, orphan.rcv_nxt, 0, 0);
		peer_close(&peer);
	}
	return ktap_exit();
}
