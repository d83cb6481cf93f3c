// SPDX-License-Identifier: GPL-2.0
/*
 * A namespace that fills its share of the table leaves room for others.
 *
 * max_connections=1024. 600 connections of one namespace are half-closed and held; that
 * exceeds its share, which is three times what is free. Then 50 connections of another
 * namespace are half-closed, and end. Then those of the first end, and 600 more of it are
 * half-closed.
 *
 * Shows: the first holds at most three quarters, and at least that less what a CPU keeps;
 * what it was refused is counted in its summary and in stats, and nowhere else. All
 * connections of the other namespace are tracked, also those whose end is their first
 * event; their cause is known. When its connections have ended, the first may hold as
 * many as before.
 *
 * Modes: icount
 * Needs: root, debugfs; a TUN device, tcp_diag; it loads the module itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/diag.h"
#include "lib/files.h"
#include "lib/ktap.h"
#include "lib/pairs.h"
#include "lib/peer.h"
#include "lib/records.h"
#include "lib/torture.h"

#define ROOM 1024
#define MANY 600
#define FEW 50
/* What a CPU may keep: memory and permits. */
#define KEPT 128

static struct pair many[MANY], few[FEW], unannounced[FEW];

static void half_close(struct pair *pairs, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		shutdown(pairs[i].end[0].fd, SHUT_WR);
		if (i % 16 == 15)
			usleep(1000);	/* lets the worker allocate */
	}
	for (i = 0; i < nr; i++)
		net_expect_eof(&pairs[i].end[1]);
}

static int netns_here(void)
{
	int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	REQUIRE(fd >= 0, "no namespace");
	return fd;
}

static void enter(int netns)
{
	REQUIRE(!setns(netns, CLONE_NEWNET), "setns");
}

/*
 * Killed in SYN_SENT: nothing is sent, so the last transition is the first event. Whether
 * earlier events were missed is tracked per namespace.
 */
static void kill_connecting(void)
{
	struct sockaddr_storage to;
	struct net_end end;
	struct peer peer;
	socklen_t len;

	peer_open(&peer, NET_IPV4);
	len = peer_address(&peer, &to);
	end.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	REQUIRE(end.fd >= 0 && connect(end.fd, (struct sockaddr *)&to, len) &&
		errno == EINPROGRESS, "connect");
	peer_await_connect(&peer, &end);
	diag_destroy(NET_IPV4, &end);
	close(end.fd);
	peer_close(&peer);
	CHECK(records_counter("end=aborted,by=kill") == 1 && !records_counter("end=unseen"),
	      "%llu killed, %llu unseen", records_counter("end=aborted,by=kill"),
	      records_counter("end=unseen"));
}

static void test_share(void)
{
	unsigned long long held, again;
	int first, other;

	torture_load("max_connections=1024");
	files_start();
	net_new();
	first = netns_here();
	pairs_open(many, MANY);
	half_close(many, MANY);
	held = files_stat("connections_now");
	CHECK(held <= ROOM * 3 / 4 && held >= ROOM * 3 / 4 - KEPT, "%llu are held", held);
	CHECK(records_counter("over_share"), "none was refused");
	CHECK(records_counter("over_share") == files_stat("connections_over_share") &&
	      files_stat("connections_over_share") == files_stat("connections_table_full"),
	      "%llu were refused, stats: %llu, and %llu in all",
	      records_counter("over_share"), files_stat("connections_over_share"),
	      files_stat("connections_table_full"));
	ktap_note("%llu are held, %llu times one was refused", held,
		  records_counter("over_share"));
	ktap_result("%u ends, and room for %u", 2 * MANY, ROOM);

	net_new();
	other = netns_here();
	pairs_open(few, FEW);
	pairs_open(unannounced, FEW);
	half_close(few, FEW);
	CHECK(files_stat("connections_now") == held + 2 * FEW, "%llu are remembered, not %llu",
	      files_stat("connections_now"), held + 2 * FEW);
	pairs_abort(few, FEW);
	pairs_abort(unannounced, FEW);
	CHECK(!records_counter("over_share") && !records_counter("untracked"),
	      "%llu were refused, %llu untracked", records_counter("over_share"),
	      records_counter("untracked"));
	CHECK(records_counter("end=reset_sent") == 2 * FEW &&
	      records_counter("end=reset_received") == 2 * FEW, "%llu sent, %llu received",
	      records_counter("end=reset_sent"),
	      records_counter("end=reset_received"));
	CHECK(files_stat("connections_now") == held, "%llu are left, not %llu",
	      files_stat("connections_now"), held);
	kill_connecting();
	ktap_result("another namespace has its share");

	enter(first);
	pairs_abort(many, MANY);
	CHECK(!files_stat("connections_now"), "%llu are left", files_stat("connections_now"));
	pairs_open(many, MANY);
	half_close(many, MANY);
	again = files_stat("connections_now");
	CHECK(again >= held - KEPT && again <= held + KEPT, "%llu are held, not %llu", again,
	      held);
	pairs_abort(many, MANY);
	CHECK(!files_stat("connections_now"), "%llu are left", files_stat("connections_now"));
	close(first);
	close(other);
	ktap_result("the first namespace has its share again");
}

int main(void)
{
	struct rlimit files = { .rlim_cur = 4096, .rlim_max = 4096 };

	if (!peer_possible() || !diag_possible())
		ktap_skip_all("no TUN device, or no tcp_diag that can kill");
	files_start();
	REQUIRE(!setrlimit(RLIMIT_NOFILE, &files), "no more files");
	ktap_plan(4);
	test_share();
	torture_end();
	torture_load("");
	return ktap_exit();
}
