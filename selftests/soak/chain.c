// SPDX-License-Identifier: GPL-2.0
#include "chain.h"

#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/fact.h"

#define PATH_LEN	128
#define PATHS		64

/* A fact in compact form. */
struct event {
	uint64_t cookie, time, number;
	uint32_t flags;
	uint8_t order, kind, what, from, to;
};

struct path {
	char name[PATH_LEN];
	unsigned int count, resets;
};

static struct event *events;
static size_t nr_events, room;
static struct path paths[PATHS];
static unsigned long connections, complete, bad, untracked;

static const char * const state_names[] = {
	[TCP_ESTABLISHED] = "ESTABLISHED", [TCP_SYN_SENT] = "SYN_SENT",
	[TCP_SYN_RECV] = "SYN_RECV", [TCP_FIN_WAIT1] = "FIN_WAIT1",
	[TCP_FIN_WAIT2] = "FIN_WAIT2", [TCP_TIME_WAIT] = "TIME_WAIT",
	[TCP_CLOSE] = "CLOSE", [TCP_CLOSE_WAIT] = "CLOSE_WAIT",
	[TCP_LAST_ACK] = "LAST_ACK", [TCP_CLOSING] = "CLOSING",
};

#define TO(state)	(1 << TCP_##state)

/* RFC 9293, section 3.3.2; to CLOSE from all states, by a reset or a timeout. */
static const uint16_t allowed[] = {
	[TCP_SYN_SENT] = TO(CLOSE),
	[TCP_SYN_RECV] = TO(CLOSE) | TO(FIN_WAIT1) | TO(CLOSE_WAIT),
	[TCP_ESTABLISHED] = TO(CLOSE) | TO(FIN_WAIT1) | TO(CLOSE_WAIT),
	[TCP_FIN_WAIT1] = TO(CLOSE) | TO(FIN_WAIT2) | TO(CLOSING),
	[TCP_FIN_WAIT2] = TO(CLOSE) | TO(TIME_WAIT),
	[TCP_CLOSING] = TO(CLOSE) | TO(TIME_WAIT),
	[TCP_CLOSE_WAIT] = TO(CLOSE) | TO(LAST_ACK),
	[TCP_LAST_ACK] = TO(CLOSE),
	[TCP_TIME_WAIT] = TO(CLOSE),
};

static void add_fact(const struct fact *r)
{
	if (nr_events == room) {
		room = room ? 2 * room : 1 << 16;
		events = realloc(events, room * sizeof(*events));
		if (!events) {
			perror("reader");
			exit(1);
		}
	}
	events[nr_events++] = (struct event){
		.cookie = r->cookie, .time = r->time, .number = r->number,
		.order = r->order, .flags = r->flags, .kind = r->kind, .what = r->what,
		.from = r->old_state, .to = r->new_state,
	};
}

void chain_add(const struct tcp_teardown_record *r)
{
	struct fact facts[FACTS_MAX];
	unsigned int i, nr = facts_of(r, facts);

	for (i = 0; r->cookie && i < nr; i++)
		add_fact(&facts[i]);
}

static int compare(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	if (x->cookie != y->cookie)
		return x->cookie < y->cookie ? -1 : 1;
	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return x->order - y->order;
}

static const char *name_of(uint8_t state)
{
	return state <= TCP_CLOSING && state_names[state] ? state_names[state] : "?";
}

static void count_path(const char *name, bool reset)
{
	int i;

	for (i = 0; i < PATHS - 1 && *paths[i].name && strcmp(paths[i].name, name); i++)
		;
	if (i == PATHS - 1)
		name = "others";
	strcpy(paths[i].name, name);
	paths[i].count++;
	paths[i].resets += reset;
}

/* Whether the verdict fits this path of states, which ended in CLOSE. */
static bool verdict_fits(uint8_t how, uint8_t last, bool reset)
{
	switch (how) {
	case TCP_TEARDOWN_FOUR_WAY:
	case TCP_TEARDOWN_THREE_WAY:
		return last == TCP_LAST_ACK || last == TCP_TIME_WAIT;
	case TCP_TEARDOWN_SIMULTANEOUS:
		return last == TCP_TIME_WAIT;
	case TCP_TEARDOWN_RESET_SENT:
	case TCP_TEARDOWN_RESET_RECEIVED:
		return reset;
	case TCP_TEARDOWN_ABORTED:
		/*
		 * Ended with the namespace; or two CPUs have created a socket from one
		 * request, and inet_ehash_nolisten() undoes the second.
		 */
		return last == TCP_FIN_WAIT2 || last == TCP_SYN_RECV;
	case TCP_TEARDOWN_FIN_WAIT2_EXPIRED:
		return last == TCP_FIN_WAIT2;
	}
	return false;
}

/* The records of one connection, in order. */
static void judge(const struct event *e, const struct event *end)
{
	uint8_t state = 0, last = 0, how = 0;
	bool whole = true, legal = true, reset = false;
	unsigned int ends = 0;
	char path[PATH_LEN];
	size_t len = 0;

	path[0] = '\0';
	for (; e < end; e++) {
		reset |= e->kind == FACT_RESET ||
			 (e->kind == FACT_TIMEWAIT &&
			  (e->what == TCP_TEARDOWN_TW_RESET ||
			   e->what == TCP_TEARDOWN_TW_ANSWERED));
		untracked += !!(e->flags & TCP_TEARDOWN_F_UNTRACKED);
		if (e->kind == FACT_END) {
			ends++;
			how = e->what;
		}
		if (e->kind != FACT_STATE)
			continue;
		if (!state)
			len += snprintf(path, PATH_LEN, "%s", name_of(e->from));
		else
			whole &= e->from == state;
		if (len < PATH_LEN)
			len += snprintf(path + len, PATH_LEN - len, ">%s", name_of(e->to));
		legal &= e->from <= TCP_CLOSING && allowed[e->from] & 1 << e->to;
		last = e->from;
		state = e->to;
	}
	connections++;
	bad += !legal;
	complete += whole && legal && state == TCP_CLOSE && ends == 1 &&
		    verdict_fits(how, last, reset);
	count_path(path, reset);
}

void chain_report(void)
{
	size_t i, first = 0;

	qsort(events, nr_events, sizeof(*events), compare);
	for (i = 1; i <= nr_events; i++) {
		if (i < nr_events && events[i].cookie == events[first].cookie)
			continue;
		judge(&events[first], &events[i]);
		first = i;
	}
	printf("connections %lu\ncomplete %lu\nbad %lu\nuntracked %lu\n", connections,
	       complete, bad, untracked);
	for (i = 0; i < PATHS && *paths[i].name; i++)
		printf("path %s %u %u\n", paths[i].name, paths[i].count, paths[i].resets);
}
