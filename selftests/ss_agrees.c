// SPDX-License-Identifier: GPL-2.0
/*
 * Compared with "ss -tane": while nothing changes, ss and "connections" list the same
 * connections in the same states, and ss's sk: is the id.
 *
 * In one namespace, against a peer that answers only what it must, are:
 *
 *	FIN_WAIT1	a live socket, and an orphan
 *	FIN_WAIT2	a live socket, and a minisock; the servers are in CLOSE_WAIT
 *	CLOSING, TIME_WAIT, LAST_ACK
 *
 * Needs: the module; CAP_NET_ADMIN; a TUN device; ss of iproute2; tcp_diag.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "lib/diag.h"
#include "lib/ktap.h"
#include "lib/module.h"
#include "lib/net.h"
#include "lib/peer.h"
#include "lib/records.h"

#define CONNECTIONS "/proc/self/net/tcp_teardown/connections"
#define SS "ss -tanHOe"
#define MOST 32

/* "STATE local peer id", sorted. */
struct list {
	unsigned int nr;
	char line[MOST][200];	/* four words and their separators */
};

static const char * const held[] = {
	"CLOSE_WAIT", "CLOSE_WAIT", "CLOSING", "FIN_WAIT1", "FIN_WAIT1",
	"FIN_WAIT2", "FIN_WAIT2", "LAST_ACK", "TIME_WAIT",
};

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void list_add(struct list *list, const char *state, const char *local,
		     const char *peer, const char *id)
{
	REQUIRE(list->nr < MOST, "too many");
	snprintf(list->line[list->nr++], sizeof(list->line[0]), "%s %s %s %s", state,
		 local, peer, id);
}

static void list_sort(struct list *list)
{
	qsort(list->line, list->nr, sizeof(list->line[0]), compare);
}

/* netns id state age local peer ... */
static struct list read_connections(void)
{
	char line[512], id[32], state[32], local[64], peer[64];
	FILE *file = fopen(CONNECTIONS, "r");
	struct list list = { };

	REQUIRE(file, CONNECTIONS);
	while (fgets(line, sizeof(line), file)) {
		if (*line == '#')
			continue;
		REQUIRE(sscanf(line, "%*s %31s %31s %*s %63s %63s", id, state, local,
			       peer) == 4, "not a line: %s", line);
		list_add(&list, state, local, peer, id);
	}
	fclose(file);
	list_sort(&list);
	return list;
}

/* ss's FIN-WAIT-1 is FIN_WAIT1 here. */
static void rename_state(char *state)
{
	char *dash = strchr(state, '-');

	if (dash)
		*dash = '_';
	dash = strchr(state, '-');
	if (dash)
		memmove(dash, dash + 1, strlen(dash));
}

/* state recv-q send-q local peer ... sk:id ... */
static struct list read_ss(void)
{
	char line[1024], state[32], local[64], peer[64], id[32];
	FILE *file = popen(SS, "r");
	struct list list = { };
	const char *sk;

	REQUIRE(file, SS);
	while (fgets(line, sizeof(line), file)) {
		sk = strstr(line, " sk:");
		REQUIRE(sk && sscanf(sk, " sk:%31s", id) == 1 &&
			sscanf(line, "%31s %*s %*s %63s %63s", state, local, peer) == 3,
			"not a line: %s", line);
		if (!strcmp(state, "ESTAB") || !strcmp(state, "LISTEN"))
			continue;
		rename_state(state);
		list_add(&list, state, local, peer, id);
	}
	REQUIRE(!pclose(file), "ss failed");
	list_sort(&list);
	return list;
}

static bool is_in(const struct list *list, const char *line)
{
	return bsearch(line, list->line, list->nr, sizeof(list->line[0]), compare);
}

static bool are_same(const struct list *a, const struct list *b)
{
	unsigned int i;

	for (i = 0; a->nr == b->nr && i < a->nr; i++)
		if (strcmp(a->line[i], b->line[i]))
			return false;
	return a->nr == b->nr;
}

enum { LIVE, ORPHAN, CLOSING, TIME_WAIT, LAST_ACK, ENDS };

/* All connections to the peer are made first: later, FINs of others are retransmitted. */
static void hold(struct peer *peer, enum net_family family, struct net_end *end,
		 struct peer *at)
{
	struct net_end client, server;
	unsigned int i;

	for (i = 0; i < ENDS; i++) {
		peer_connect(peer, &end[i]);
		at[i] = *peer;
	}
	net_pair(family, &client, &server);
	CHECK(!shutdown(client.fd, SHUT_WR), "shutdown");
	net_pair(family, &client, &server);
	close(client.fd);
	CHECK(!shutdown(end[LIVE].fd, SHUT_WR), "shutdown");
	close(end[ORPHAN].fd);
	close(end[CLOSING].fd);
	peer_send(&at[CLOSING], FIN | ACK, end[CLOSING].rcv_nxt, end[CLOSING].snd_nxt, 0);
	close(end[TIME_WAIT].fd);
	peer_send(&at[TIME_WAIT], FIN | ACK, end[TIME_WAIT].rcv_nxt,
		  end[TIME_WAIT].snd_nxt + 1, 0);
	peer_send(&at[LAST_ACK], FIN | ACK, end[LAST_ACK].rcv_nxt, end[LAST_ACK].snd_nxt, 0);
	net_await_state(&end[LAST_ACK], TCP_CLOSE_WAIT);
	close(end[LAST_ACK].fd);
}

/* Otherwise orphans would retry for minutes, and the next test would wait for them. */
static void let_go(struct net_end *end, struct peer *at)
{
	unsigned int i;

	for (i = 0; i < ENDS; i++)
		peer_send(&at[i], RST, end[i].rcv_nxt + (i >= CLOSING), 0, 0);
}

static bool has_held(const struct list *list)
{
	unsigned int i;
	size_t len;

	for (i = 0; list->nr == ARRAY_SIZE(held) && i < list->nr; i++) {
		len = strlen(held[i]);
		if (strncmp(list->line[i], held[i], len) || list->line[i][len] != ' ')
			return false;
	}
	return list->nr == ARRAY_SIZE(held);
}

static void check_same(const struct list *ours, const struct list *theirs)
{
	unsigned int i;

	for (i = 0; i < ours->nr; i++)
		CHECK(is_in(theirs, ours->line[i]), "not in ss: %s", ours->line[i]);
	for (i = 0; i < theirs->nr; i++)
		CHECK(is_in(ours, theirs->line[i]), "only in ss: %s", theirs->line[i]);
}

/* While a process runs, no time is skipped, though the host reads files. */
static pid_t be_busy(void)
{
	pid_t pid = fork();

	REQUIRE(pid >= 0, "no child");
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	REQUIRE(nice(19) == 19, "nice");
	for (;;)
		;
}

static void run(enum net_family family)
{
	struct list before, theirs, after;
	struct net_wait wait = { .patience = 20 };
	struct net_end end[ENDS];
	struct peer peer, at[ENDS];

	net_new();
	peer_open(&peer, family);
	hold(&peer, family, end, at);
	while (before = read_connections(), !has_held(&before))
		REQUIRE(net_wait(&wait), "not in the states that were to be held");
	theirs = read_ss();
	after = read_connections();
	if (!CHECK(are_same(&before, &after), "something moved while ss was running"))
		return;
	check_same(&before, &theirs);
	CHECK(theirs.nr == ARRAY_SIZE(held), "ss has %u", theirs.nr);
	let_go(end, at);
	peer_close(&peer);
}

int main(void)
{
	enum net_family family;
	pid_t busy;

	module_need();
	if (!peer_possible() || !diag_possible())
		ktap_skip_all("no TUN device, or no tcp_diag");
	if (system("ss -V >/dev/null"))
		ktap_skip_all("no ss");
	busy = be_busy();
	ktap_plan(NET_FAMILIES);
	for (family = 0; family < NET_FAMILIES; family++) {
		run(family);
		ktap_result("ss and connections agree, %s", net_family_names[family]);
	}
	kill(busy, SIGKILL);
	return ktap_exit();
}
