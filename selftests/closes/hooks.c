// SPDX-License-Identifier: GPL-2.0
#include "hooks.h"

#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>

#include "lib/files.h"
#include "lib/records.h"

#define NAMES 3

static const struct {
	const char *names[NAMES];	/* the first attached one has the role */
	const char *loss;
	const char *group;		/* if a function is hooked twice */
} facts[ROLES] = {
	[ROLE_STATE] = { { "inet_sock_set_state" },
		"no transition of a full socket is seen, nor the FIN that goes with it" },
	[ROLE_RCV] = { { "tcp_rcv_state_process" },
		"segments that a closing socket receives are not seen, nor three waves" },
	[ROLE_RETRANSMIT] = { { "tcp_retransmit_skb" },
		"FINs that are sent again are not seen" },
	[ROLE_TIMER] = { { "tw_timer_handler" },
		"a TIME_WAIT that ends by its timer looks killed" },
	[ROLE_KILL] = { { "inet_twsk_kill" },
		"the end of a TIME_WAIT is not seen" },
	[ROLE_BORN] = { { "inet_twsk_hashdance_schedule", "inet_twsk_hashdance" },
		"TIME_WAITs are not seen" },
	[ROLE_TIME_WAIT] = { { "tcp_time_wait" },
		"a TIME_WAIT that is refused is not seen" },
	[ROLE_TW_SEGMENT] = { { "tcp_timewait_state_process" },
		"segments for a TIME_WAIT are not seen, nor that one ends by them" },
	[ROLE_TW_SCHEDULE] = { { "__inet_twsk_schedule" },
		"FIN_WAIT2>TIME_WAIT of an orphan is not seen, nor that the timer starts over" },
	[ROLE_UNIQUE] = { { "tcp_twsk_unique" },
		"a TIME_WAIT whose ports connect() takes looks killed" },
	[ROLE_REPLY4] = { { "tcp_v4_send_reset", "tcp_send_reset" },
		"RSTs in reply to a segment of IPv4 are not seen" },
	[ROLE_REPLY6] = { { "tcp_v6_send_reset", "tcp_send_reset" },
		"RSTs in reply to a segment of IPv6 are not seen" },
	[ROLE_SEND_RESET] = { { "tcp_send_reset" },
		"RSTs that a socket sends of its own accord are not seen" },
	[ROLE_RESET] = { { "tcp_reset", "tcp_receive_reset" },
		"RSTs that are received are not seen" },
	[ROLE_CLOSE] = { { "__tcp_close" },
		"close() is not seen, nor who closes" },
	[ROLE_SHUTDOWN] = { { "tcp_shutdown" },
		"shutdown() is not seen, nor who shuts down" },
	[ROLE_DISCONNECT] = { { "tcp_disconnect" },
		"connect(AF_UNSPEC) is not seen, nor that a listener closes" },
	[ROLE_ABORT] = { { "tcp_abort" },
		"that a connection is killed, as by ss -K, is not seen" },
	[ROLE_ACK] = { { "tcp_send_ack" },
		"ACKs that a closing socket sends are not seen" },
	[ROLE_TW_ACK4] = { { "tcp_v4_send_ack" },
		"ACKs that a TIME_WAIT of IPv4 sends are not seen" },
	[ROLE_TW_ACK6] = { { "tcp_v6_send_response" },
		"ACKs that a TIME_WAIT of IPv6 sends are not seen" },
	[ROLE_FREE] = { { "tcp_twsk_destructor" },
		"a TIME_WAIT whose end was missed stays in the table" },
	[ROLE_RESET_SEGMENT] = { { "tcp_rcv_state_process" },
		"the segment of a RST that is received is not seen", "resets" },
};

static void parse(struct hook_file *file, const char *text)
{
	struct hook_line *line = &file->line[file->nr];

	memset(line, 0, sizeof(*line));
	if (*text != '#' &&
	    sscanf(text, "%63s %31s %31s %31s %lu %lu %159[^\n]", line->name, line->group,
		   line->kind, line->status, &line->hits, &line->missed, line->why_not) >= 6)
		file->nr++;
}

bool hook_file_read(struct hook_file *file)
{
	FILE *from = fopen(DEBUGFS_DIR "/hooks", "re");
	char text[512];

	file->nr = 0;
	if (!from)
		return false;
	while (file->nr < HOOKS_MAX && fgets(text, sizeof(text), from))
		parse(file, text);
	fclose(from);
	return file->nr;
}

static const struct hook_line *find(const struct hook_file *file, const char *name,
				    const char *group)
{
	unsigned int i;

	for (i = 0; i < file->nr; i++)
		if (!strcmp(file->line[i].name, name) &&
		    (!group || !strcmp(file->line[i].group, group)))
			return &file->line[i];
	return NULL;
}

const struct hook_line *hook_file_find(const struct hook_file *file,
				       const struct hook_line *line)
{
	return find(file, line->name, line->group);
}

bool hook_is_attached(const struct hook_line *line)
{
	return !strcmp(line->status, "attached");
}

bool hook_is_not_needed(const struct hook_line *line)
{
	return !hook_is_attached(line) && !strncmp(line->why_not, "not needed", 10);
}

const struct hook_line *hook_of_role(const struct hook_file *file, enum role role)
{
	const struct hook_line *line, *first = NULL;
	unsigned int i;

	for (i = 0; i < NAMES && facts[role].names[i]; i++) {
		line = find(file, facts[role].names[i], facts[role].group);
		if (line && hook_is_attached(line))
			return line;
		if (line && !first && !hook_is_not_needed(line))
			first = line;
	}
	return first;
}

const char *role_loss(enum role role)
{
	return facts[role].loss;
}

bool role_is_ipv6(enum role role)
{
	return role == ROLE_REPLY6 || role == ROLE_TW_ACK6;
}

bool role_is_silent(enum role role)
{
	return role == ROLE_FREE || role == ROLE_RESET_SEGMENT;
}

void roles_of_counter(enum role roles[HOOK_ROLES], const char *name)
{
	static const struct {
		const char *name;
		enum role role;
	} by[] = {
		{ "TW", ROLE_TW_SCHEDULE }, { "TWKilled", ROLE_TW_SCHEDULE },
		{ "TWRecycled", ROLE_UNIQUE }, { "TCPTimeWaitOverflow", ROLE_TIME_WAIT },
		{ "EstabResets", ROLE_STATE }, { "OutRsts", ROLE_SEND_RESET },
	};
	unsigned int i;

	for (i = 0; i < HOOK_ROLES; i++)
		roles[i] = ROLE_NONE;
	for (i = 0; i < ARRAY_SIZE(by); i++)
		if (!strcmp(by[i].name, name))
			roles[0] = by[i].role;
}

static enum role role_of_call(uint8_t what)
{
	switch (what) {
	case TCP_TEARDOWN_CLOSE:
		return ROLE_CLOSE;
	case TCP_TEARDOWN_DISCONNECT:
	case TCP_TEARDOWN_LISTENER:
		return ROLE_DISCONNECT;
	case TCP_TEARDOWN_ABORT:
		return ROLE_ABORT;
	}
	return ROLE_SHUTDOWN;
}

static void roles_of_state(enum role *roles, const struct record_kind *k)
{
	if (!k->minisock) {
		roles[0] = ROLE_STATE;
	} else if (k->new == TCP_CLOSE) {
		roles[0] = ROLE_KILL;
		roles[1] = ROLE_BORN;
	} else if (k->orphan) {
		roles[0] = ROLE_TW_SCHEDULE;
		roles[1] = ROLE_TW_SEGMENT;
	} else {
		roles[0] = ROLE_BORN;
	}
}

static enum role role_of_segment(const struct record_kind *k)
{
	switch (k->what) {
	case FACT_SEG_QUEUE:
		return ROLE_STATE;
	case TCP_TEARDOWN_SEG_RESEND:
		return ROLE_RETRANSMIT;
	case TCP_TEARDOWN_SEG_ACK:
		if (!k->minisock)
			return ROLE_ACK;
		return k->ipv6 ? ROLE_TW_ACK6 : ROLE_TW_ACK4;
	}
	if (k->minisock)
		return ROLE_TW_SEGMENT;
	return k->old == TCP_ESTABLISHED ? ROLE_STATE : ROLE_RCV;
}

static enum role role_of_reset(const struct record_kind *k)
{
	switch (k->what) {
	case TCP_TEARDOWN_RST_SENT:
		return ROLE_SEND_RESET;
	case TCP_TEARDOWN_RST_RECEIVED:
		return ROLE_RESET;
	}
	return k->ipv6 ? ROLE_REPLY6 : ROLE_REPLY4;
}

static void roles_of_timewait(enum role *roles, uint8_t what)
{
	static const enum role by[TCP_TEARDOWN_TIMEWAITS] = {
		[TCP_TEARDOWN_TW_BORN] = ROLE_BORN,
		[TCP_TEARDOWN_TW_REARMED] = ROLE_TW_SCHEDULE,
		[TCP_TEARDOWN_TW_REFUSED] = ROLE_TIME_WAIT,
		[TCP_TEARDOWN_TW_EXPIRED] = ROLE_TIMER,
		[TCP_TEARDOWN_TW_RESET] = ROLE_TW_SEGMENT,
		[TCP_TEARDOWN_TW_REOPENED] = ROLE_TW_SEGMENT,
		[TCP_TEARDOWN_TW_ANSWERED] = ROLE_TW_SEGMENT,
		[TCP_TEARDOWN_TW_REUSED] = ROLE_UNIQUE,
		[TCP_TEARDOWN_TW_KILLED] = ROLE_KILL,
		[TCP_TEARDOWN_TW_NETNS] = ROLE_KILL,
	};

	if (what >= TCP_TEARDOWN_TIMEWAITS)
		return;
	roles[0] = by[what];
	if (what >= TCP_TEARDOWN_TW_EXPIRED)
		roles[1] = ROLE_KILL;
	if (what == TCP_TEARDOWN_TW_REARMED)
		roles[1] = ROLE_TW_SEGMENT;
}

void roles_of(enum role roles[HOOK_ROLES], const struct record_kind *k)
{
	unsigned int i;

	for (i = 0; i < HOOK_ROLES; i++)
		roles[i] = ROLE_NONE;
	switch (k->kind) {
	case FACT_CALL:
		roles[0] = role_of_call(k->what);
		break;
	case FACT_STATE:
		roles_of_state(roles, k);
		break;
	case FACT_SEGMENT:
		roles[0] = role_of_segment(k);
		break;
	case FACT_RESET:
		roles[0] = role_of_reset(k);
		break;
	case FACT_TIMEWAIT:
		roles_of_timewait(roles, k->what);
		break;
	}
}

/*
 * The end of a minisock is a transition and an event; so is its creation in TIME_WAIT. A
 * FIN may come with a transition.
 */
bool record_is_call(const struct record_kind *k, enum role role)
{
	if (k->kind == FACT_SEGMENT)
		return role != ROLE_STATE;
	if (k->kind == FACT_TIMEWAIT)
		return role != ROLE_KILL && role != ROLE_TW_SEGMENT;
	return k->kind != FACT_STATE || role != ROLE_BORN;
}
