// SPDX-License-Identifier: GPL-2.0
/* Rule: CLOSE_WAIT that nobody closes. */
#include <stdlib.h>

#include "complain.h"
#include "doctor.h"

/* Shorter than this, or fewer, may be a long answer to a peer that has shut down. */
#define SURE_AGE	(10 * LONG_AGE)
#define SURE_COUNT	100
#define GROUPS		256
#define SHOWN		4

/**
 * struct group - of one owner and port
 * @key: these
 * @port: of them; of the peer where it is @client
 * @client: the process has connected to the peer
 * @count: sockets
 * @unread: of which with unread data
 * @knows_unread: that is known
 */
struct group {
	char key[96];
	u16 port;
	bool client;
	u64 count;
	u64 unread;
	bool knows_unread;
};

/**
 * struct leak - all of them
 * @count: in CLOSE_WAIT, and accepted
 * @aged: for long, or nobody knows
 * @young: for less than @window
 * @window: ten minutes, or as long as the oldest
 * @oldest: age
 * @at_least: it is older
 * @nr: of @group
 * @rest: of the groups for which there was no room
 * @group: by owner and port
 */
struct leak {
	u64 count;
	u64 aged;
	u64 young;
	u64 window;
	u64 oldest;
	bool at_least;
	unsigned int nr;
	u64 rest;
	struct group group[GROUPS];
};

static bool is_accepted(const struct sock *sock)
{
	return sock->state == TCP_CLOSE_WAIT && sock->inode;
}

static bool is_aged(const struct sock *sock)
{
	return sock->age == TCP_TEARDOWN_UNKNOWN || sock->age >= LONG_AGE || sock->at_least;
}

/* Nobody listens at its port, which connect() may have chosen. */
static bool is_client(const struct place *place, const struct sock *sock)
{
	for (u64 i = 0; i < place->socks.nr; i++)
		if (place->socks.sock[i].state == TCP_LISTEN &&
		    place->socks.sock[i].local_port == sock->local_port)
			return false;
	return is_ephemeral(place, sock->local_port);
}

static void add_to_group(const struct doctor *doctor, const struct place *place,
			 struct leak *leak, const struct sock *sock)
{
	bool client = is_client(place, sock);
	struct print key = { };
	struct group *group = leak->group;

	print_owner(&key, doctor, sock);
	if (client)
		print_format(&key, ", to %s", sock->peer);
	else
		print_format(&key, ", port %u", sock->local_port);
	print_char(&key, '\0');
	while (group < leak->group + leak->nr && strncmp(group->key, key.text, 95))
		group++;
	if (group == leak->group + GROUPS) {
		leak->rest++;
	} else {
		if (group == leak->group + leak->nr) {
			snprintf(group->key, sizeof(group->key), "%s", key.text);
			leak->nr++;
		}
		group->client = client;
		group->port = client ? sock->peer_port : sock->local_port;
		group->count++;
		group->knows_unread |= sock->unread != TCP_TEARDOWN_UNKNOWN;
		group->unread += sock->unread && sock->unread != TCP_TEARDOWN_UNKNOWN;
	}
	free(key.text);
}

static void find_oldest(struct leak *leak, const struct socks *socks)
{
	for (u64 i = 0; i < socks->nr; i++) {
		const struct sock *sock = &socks->sock[i];

		if (!is_accepted(sock) || sock->age == TCP_TEARDOWN_UNKNOWN ||
		    sock->age < leak->oldest)
			continue;
		leak->oldest = sock->age;
		leak->at_least = sock->at_least;
	}
	leak->window = leak->oldest < SURE_AGE ? leak->oldest : SURE_AGE;
}

static void gather(const struct doctor *doctor, const struct place *place, struct leak *leak)
{
	const struct socks *socks = closing_of(place);

	find_oldest(leak, socks);
	for (u64 i = 0; i < socks->nr; i++) {
		const struct sock *sock = &socks->sock[i];

		if (!is_accepted(sock))
			continue;
		leak->count++;
		leak->young += sock->age < leak->window;
		if (!is_aged(sock))
			continue;
		leak->aged++;
		add_to_group(doctor, place, leak, sock);
	}
}

static int by_count(const void *a, const void *b)
{
	const struct group *one = a, *other = b;

	if (one->count != other->count)
		return one->count > other->count ? -1 : 1;
	return strcmp(one->key, other->key);
}

static void print_group(struct print *who, const struct group *group)
{
	print_format(who, "%s: ", group->key);
	print_count(who, group->count);
	if (group->unread)
		print_format(who, ", %llu of them with unread data", group->unread);
	else if (group->knows_unread)
		print_word(who, ", all that came was read");
	print_char(who, '\n');
}

static void print_groups(struct finding *finding, struct leak *leak)
{
	qsort(leak->group, leak->nr, sizeof(*leak->group), by_count);
	for (unsigned int i = 0; i < leak->nr; i++) {
		if (i < SHOWN)
			print_group(&finding->who, &leak->group[i]);
		else
			leak->rest += leak->group[i].count;
	}
	if (leak->rest)
		print_format(&finding->who, "others: %llu\n", leak->rest);
	print_format(&finding->see, "tcp-teardown show 'port == %u'\n", leak->group[0].port);
	print_format(&finding->see, "ss -tnpe state close-wait '%cport = :%u'\n",
		     leak->group[0].client ? 'd' : 's', leak->group[0].port);
}

static void print_fact(struct print *fact, const struct leak *leak)
{
	print_word(fact, "CLOSE_WAIT ");
	print_count(fact, leak->count);
	if (leak->window >= LONG_AGE && leak->young * LONG_AGE >= leak->window)
		print_format(fact, ", +%llu a minute", leak->young * LONG_AGE / leak->window);
	if (!leak->oldest)
		return;
	print_word(fact, ", oldest ");
	print_age(fact, leak->oldest);
	if (leak->at_least)
		print_word(fact, " or more");
}

static void doubt(struct finding *finding, const struct place *place, const struct leak *leak)
{
	if (!place->has_closing)
		finding_doubt(finding,
			      "how long they are in CLOSE_WAIT is not known without the module");
	else if (!leak->at_least && leak->oldest < SURE_AGE && leak->aged < SURE_COUNT)
		finding_doubt(finding,
			      "a process that sends a long answer to a peer that has shut down\n"
			      "its side looks alike, for some minutes");
}

static bool look_leak(const struct doctor *doctor, const struct place *place,
		      struct finding *finding)
{
	struct leak *leak = allocate(sizeof(*leak));
	bool said = true;

	gather(doctor, place, leak);
	if (leak->aged) {
		print_fact(&finding->fact, leak);
		print_groups(finding, leak);
		doubt(finding, place, leak);
	} else if (leak->count || ends_of(place)) {
		finding->fine = true;
		print_format(&finding->fact, "CLOSE_WAIT %llu%s", leak->count,
			     leak->count ? ", none for as long as a minute" : "");
	} else {
		said = false;
	}
	free(leak);
	return said;
}

const struct rule close_wait_rules[] = {
	{
		.name = "close_wait",
		.word = "LEAK",
		.why =
"The peer has closed, and the process has not. With unread data it does not read this socket;\n"
"without, it saw the end (read() gives 0) and did not close, or has lost the\n"
"descriptor.",
		.do_this =
"Mend the program: read to the end, then close(). Until then restart it, or end single ones\n"
"with ss -K (CONFIG_INET_DIAG_DESTROY).",
		.not_this =
"No sysctl has a time limit for CLOSE_WAIT; tcp_fin_timeout is for orphans in FIN_WAIT2.\n"
"Keepalive, where the program asks for it, can end the connection when the peer has forgotten\n"
"it, but the process still holds the descriptor.",
		.from = "tcp_fin(), tcp_close(), tcp_keepalive_timer(); ip-sysctl: tcp_fin_timeout",
		.needs = "segments",
		.look = look_leak,
	},
	{ }
};
