// SPDX-License-Identifier: GPL-2.0
/*
 * The order of "connections": by state, CLOSE_WAIT, which waits for its application, then
 * LAST_ACK, FIN_WAIT1, FIN_WAIT2, CLOSING, TIME_WAIT; within a state the oldest first.
 *
 * Two connections are brought into each state, the last state of the list first, against
 * a peer that answers only what it must. Then a reader takes a long list in pieces of 50
 * bytes, while connections start, end and change state. The table has so few buckets that
 * the list has to grow within one of them.
 *
 * Shows: states and ages are in order, and each connection is listed once; the long list
 * has each connection that existed when the read began once, and nothing else.
 *
 * Modes: icount
 *
 * Needs: the module, which it loads again; root; a TUN device.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/ktap.h"
#include "lib/listed.h"
#include "lib/module.h"
#include "lib/net.h"
#include "lib/pairs.h"
#include "lib/peer.h"
#include "lib/records.h"
#include "lib/torture.h"

static const char * const order[] = {
	"CLOSE_WAIT", "LAST_ACK", "FIN_WAIT1", "FIN_WAIT2", "CLOSING", "TIME_WAIT",
};

#define STATES ARRAY_SIZE(order)
#define EACH 2
#define HELD (STATES * EACH)

/* Each is one end of a connection: its state, as an index of order[]. */
struct held {
	struct net_end end;
	struct peer peer;
	uint32_t seq, ack;
};

static void hear(const struct held *held, uint8_t flags, uint32_t seq, uint32_t ack)
{
	peer_send(&held->peer, flags, held->seq + seq, held->ack + ack, 0);
	net_settle();
}

static void bring(struct held *held, unsigned int state)
{
	switch (state) {
	case 0:
		hear(held, FIN | ACK, 0, 0);
		break;
	case 1:
		hear(held, FIN | ACK, 0, 0);
		close(held->end.fd);
		break;
	case 2:
		shutdown(held->end.fd, SHUT_WR);
		break;
	case 3:
		shutdown(held->end.fd, SHUT_WR);
		hear(held, ACK, 0, 1);
		break;
	case 4:
		shutdown(held->end.fd, SHUT_WR);
		hear(held, FIN | ACK, 0, 0);
		break;
	case 5:
		shutdown(held->end.fd, SHUT_WR);
		hear(held, FIN | ACK, 0, 1);
		break;
	}
	usleep(1000);
}

/* All connect first: later, FINs of others are retransmitted. */
static void hold(struct held *held, enum net_family family)
{
	struct peer peer;
	unsigned int i;

	net_new();
	peer_open(&peer, family);
	for (i = 0; i < HELD; i++) {
		peer_connect(&peer, &held[i].end);
		held[i].peer = peer;
		held[i].seq = held[i].end.rcv_nxt;
		held[i].ack = held[i].end.snd_nxt;
	}
	for (i = HELD; i--;)
		bring(&held[i], i / EACH);
}

static void let_go(const struct held *held)
{
	unsigned int i;

	for (i = 0; i < HELD; i++)
		hear(&held[i], RST, i / EACH != 2 && i / EACH != 3, 0);
	peer_close((struct peer *)&held[0].peer);
}

/* The second connection of each state entered it first. */
static void test_order(enum net_family family)
{
	struct listed listed[HELD + 1];
	static struct held held[HELD];
	unsigned int i, nr;

	hold(held, family);
	nr = listed_read(LISTED_HERE, listed, HELD + 1);
	CHECK(nr == HELD, "%u connections", nr);
	for (i = 0; i < nr; i++) {
		CHECK(!strcmp(listed[i].state, order[i / EACH]), "line %u is %s", i,
		      listed[i].state);
		CHECK(listed[i].id == held[i ^ 1].end.cookie, "line %u is not the older", i);
		CHECK(!(i % EACH) || atof(listed[i].age) < atof(listed[i - 1].age),
		      "line %u: %s after %s", i, listed[i].age, listed[i - 1].age);
	}
	let_go(held);
	ktap_result("the list is sorted by state and age, %s", net_family_names[family]);
}

#define PAIRS 300
#define LONG (2 * PAIRS)

static struct pair pairs[PAIRS], others[PAIRS / 10];

static void half_close(struct pair *pair, enum net_family family)
{
	net_pair(family, &pair->end[0], &pair->end[1]);
	shutdown(pair->end[0].fd, SHUT_WR);
	net_await_state(&pair->end[0], TCP_FIN_WAIT2);
}

static void end_close(struct net_end *end)
{
	close(end->fd);
	end->fd = -1;
}

/* A new one starts, and one ends that has been read or is still to be read. */
static void stir(unsigned int turn, enum net_family family)
{
	if (turn % 20 || turn / 20 >= ARRAY_SIZE(others))
		return;
	half_close(&others[turn / 20], family);
	end_close(&pairs[turn / 2].end[1]);
	end_close(&pairs[turn / 2].end[0]);
}

static char text[LONG * 300];

static size_t read_in_bites(enum net_family family)
{
	int fd = open(LISTED_HERE, O_RDONLY);
	unsigned int turn;
	size_t len = 0;
	ssize_t got;

	REQUIRE(fd >= 0, "no list");
	for (turn = 0; (got = read(fd, text + len, 50)) > 0; turn++) {
		len += got;
		REQUIRE(len < sizeof(text) - 50, "it does not end");
		stir(turn, family);
	}
	close(fd);
	return len;
}

static void check_once(void)
{
	unsigned int seen[LONG] = { }, lines = 0, i;
	struct listed listed;
	char *line, *rest;

	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (*line == '#')
			continue;
		listed_parse(&listed, line);
		lines++;
		for (i = 0; i < LONG; i++)
			seen[i] += pairs[i / 2].end[i % 2].cookie == listed.id;
	}
	for (i = 0; i < LONG; i++)
		CHECK(seen[i] == 1, "end %u: %u times", i, seen[i]);
	CHECK(lines == LONG, "%u lines", lines);
}

static void close_all(struct pair *all, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < 2 * nr; i++)
		end_close(&all[i / 2].end[i % 2]);
}

static void test_once(enum net_family family)
{
	unsigned int i;

	torture_load("max_connections=1024");
	net_new();
	for (i = 0; i < PAIRS; i++)
		half_close(&pairs[i], family);
	memset(text, 0, sizeof(text));
	read_in_bites(family);
	check_once();
	close_all(pairs, ARRAY_SIZE(pairs));
	close_all(others, ARRAY_SIZE(others));
	ktap_result("short reads list each connection once, %s", net_family_names[family]);
}

int main(void)
{
	enum net_family family;

	module_need();
	if (!peer_possible())
		ktap_skip_all("no TUN device");
	ktap_plan(2 * NET_FAMILIES);
	for (family = 0; family < NET_FAMILIES; family++)
		test_order(family);
	for (family = 0; family < NET_FAMILIES; family++)
		test_once(family);
	torture_load("");
	return ktap_exit();
}
