// SPDX-License-Identifier: GPL-2.0
#include "filter_naive.h"

/* Numbers as in the kernel and in the records, in words as in docs/filter.md. */
static const char *const states[] = {
	NULL, "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT",
	"CLOSE", "CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING", "NEW_SYN_RECV", NULL
};

static const char *const kinds[] = {
	NULL, "call", "state", "segment", "reset", "timewait", "connect"
};

static const char *const timewaits[] = {
	NULL, "born", "rearmed", "refused", "expired", "reset", "reopened_by_syn",
	"answered_with_rst", "reused_by_connect", "killed", "netns_gone"
};

/* By kind and subtype, sixteen of each. */
static const char *const events[] = {
	[0x11] = "close", "shutdown_rd", "shutdown_wr", "shutdown_rdwr", "disconnect",
		 "listener_close", "abort", "exit",
	[0x20] = "state",
	[0x31] = "rcv", "rcv_dup", "rcv_ooo", "resend", "left", "send",
	[0x41] = "reset_sent", "reset_reply", "reset_received",
	[0x51] = "born", "rearmed", "refused", "expired", "reset", "reopened_by_syn",
		 "answered_with_rst", "reused_by_connect", "killed", "netns_gone",
	[0x61] = "no_local_port", "connect_failed",
};

static const char *const ends[] = {
	NULL, "unseen", "four_way", "three_way", "simultaneous", "orderly", "reset_sent",
	"reset_received", "refused", "timed_out", "aborted", "orphan_killed",
	"fin_wait2_expired"
};

static const char *const bys[] = {
	"unknown", "peer", "close", "shutdown", "exit", "unread", "linger", "linger2",
	"disconnect", "listener", "kill", "data", "keepalive", "user_timeout", "retries",
	"fin_timeout", "memory", "icmp", "netns", "connect", "firewall", "closed_window"
};

static const char *const reasons[] = {
	NULL, "NOT_SPECIFIED", "NO_SOCKET", "TCP_INVALID_ACK_SEQUENCE", "TCP_RFC7323_PAWS",
	"TCP_TOO_OLD_ACK", "TCP_ACK_UNSENT_DATA", "TCP_FLAGS", "TCP_OLD_ACK",
	"TCP_ABORT_ON_DATA", "TCP_TIMEWAIT_SOCKET", "INVALID_SYN", "TCP_ABORT_ON_CLOSE",
	"TCP_ABORT_ON_LINGER", "TCP_ABORT_ON_MEMORY", "TCP_STATE", "TCP_KEEPALIVE_TIMEOUT",
	"TCP_DISCONNECT_WITH_DATA", "MPTCP_RST_EUNSPEC", "MPTCP_RST_EMPTCP",
	"MPTCP_RST_ERESOURCE", "MPTCP_RST_EPROHIBIT", "MPTCP_RST_EWQ2BIG",
	"MPTCP_RST_EBADPERF", "MPTCP_RST_EMIDDLEBOX", "ERROR", "OTHER"
};

#define DIGITS		"0123456789"
#define FIELD_LETTERS	DIGITS "_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define VALUE_LETTERS	FIELD_LETTERS ".:/-"

struct reading {
	const char *at;
	const struct filter_self *self;
	const struct filter_event *event;
	unsigned int tests;
	unsigned int depth;
	bool wrong;
};

static bool wrong(struct reading *r)
{
	r->wrong = true;
	return false;
}

static bool sees(struct reading *r, const char *what)
{
	r->at += strspn(r->at, " \t");
	if (strncmp(r->at, what, strlen(what)))
		return false;
	r->at += strlen(what);
	return true;
}

/* A word of these characters, not beginning with -, cut at @size. */
static void word(struct reading *r, char *to, size_t size, const char *of)
{
	size_t len;

	r->at += strspn(r->at, " \t");
	len = *r->at == '-' ? 0 : strspn(r->at, of);
	snprintf(to, size, "%.*s", (int)len, r->at);
	r->at += len;
}

static u8 hex_digit(char c)
{
	return c <= '9' ? c - '0' : (c | 32) - 'a' + 10;
}

static bool number(const char *text, u64 *to)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X') && text[2];
	__uint128_t value = 0;

	if (hex)
		text += 2;
	if (!*text || text[strspn(text, hex ? DIGITS "abcdefABCDEF" : DIGITS)])
		return false;
	for (; *text; text++) {
		value = value * (hex ? 16 : 10) +
			hex_digit(*text);
		if (value > UINT64_MAX)
			value = UINT64_MAX;
	}
	*to = value;
	return true;
}

static bool ipv4(const char *text, u8 *to)
{
	unsigned int part, digits;
	unsigned long value;

	for (part = 0; part < 4; part++) {
		digits = strspn(text, DIGITS);
		value = digits ? strtoul(text, NULL, 10) : 256;
		if (value > 255 || text[digits] != (part < 3 ? '.' : '\0'))
			return false;
		to[part] = value;
		text += digits + 1;
	}
	return true;
}

/* 16 bits, with any number of leading zeros. Return: the rest, or NULL. */
static const char *group(const char *text, u8 *to)
{
	size_t digits = strspn(text, DIGITS "abcdefABCDEF");
	unsigned int value = 0;

	if (!digits)
		return NULL;
	while (digits-- && value <= 0xffff)
		value = value * 16 + hex_digit(*text++);
	if (value > 0xffff)
		return NULL;
	to[0] = value >> 8;
	to[1] = value;
	return text;
}

/* Groups up to the end; if @last, the last one may be IPv4. Return: bytes, or -1. */
static int groups(const char *text, u8 *to, bool last)
{
	int nr = 0;

	while (*text) {
		if (nr && *text++ != ':')
			return -1;
		if (last && strchr(text, '.') && !strchr(text, ':'))
			return nr <= 12 && ipv4(text, to + nr) ? nr + 4 : -1;
		text = nr < 16 ? group(text, to + nr) : NULL;
		if (!text)
			return -1;
		nr += 2;
	}
	return nr;
}

static bool ipv6(char *text, u8 *to)
{
	char *gap = strstr(text, "::");
	u8 tail[16];
	int before, behind;

	memset(to, 0, 16);
	if (!gap)
		return groups(text, to, true) == 16;
	*gap = '\0';
	before = groups(text, to, false);
	behind = groups(gap + 2, tail, true);
	if (before < 0 || behind < 0 || before + behind > 14)
		return false;
	memcpy(to + 16 - behind, tail, behind);
	return true;
}

/* The first @bits of an address that the event has as two numbers. */
static bool has_prefix(const u64 *halves, const u8 *addr, unsigned int bits)
{
	unsigned int i;

	for (i = 0; i < bits; i++)
		if ((halves[i / 64] >> (63 - i % 64) & 1) != (addr[i / 8] >> (7 - i % 8) & 1))
			return false;
	return true;
}

static const char *const operators[] = { "==", "!=", "<=", ">=", "<", ">" };

static int operator(struct reading *r)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(operators); i++)
		if (sees(r, operators[i]))
			return i;
	return -1;
}

static bool holds(u64 a, int how, u64 b)
{
	const bool is[] = { a == b, a != b, a <= b, a >= b, a < b, a > b };

	return is[how];
}

static bool address(struct reading *r, int how, int value, int other)
{
	char text[FILTER_TEXT + 1], *slash;
	u8 addr[16] = { [10] = 0xff, [11] = 0xff };
	u64 bits, most;
	bool is;

	word(r, text, sizeof(text), VALUE_LETTERS);
	slash = strchr(text, '/');
	if (slash)
		*slash++ = '\0';
	most = strchr(text, ':') ? 128 : 32;
	bits = most;
	if (how > 1 || !(most == 128 ? ipv6(text, addr) : ipv4(text, addr + 12)) ||
	    (slash && (!number(slash, &bits) || bits > most)))
		return wrong(r);
	bits += 128 - most;
	r->tests += (bits > 64 ? 2 : 1) * (other ? 2 : 1);
	is = has_prefix(&r->event->value[value], addr, bits) ||
	     (other && has_prefix(&r->event->value[other], addr, bits));
	return is == !how;
}

/* Whether the record has it. */
static bool of_any(struct reading *r, int how, int value)
{
	if (how)
		return wrong(r);
	r->tests++;
	return r->event->value[value] != FILTER_UNKNOWN;
}

static bool of_words(struct reading *r, int how, int value, const char *const *words, int nr)
{
	bool misses = value != FILTER_KIND && value != FILTER_EVENT;
	char text[FILTER_TEXT + 1];
	int i;

	word(r, text, sizeof(text), VALUE_LETTERS);
	if (misses && !strcmp(text, "any"))
		return of_any(r, how, value);
	for (i = 0; i < nr; i++)
		if (words[i] && !strcmp(words[i], text))
			break;
	if (i == nr || how > 1)
		return wrong(r);
	r->tests += how == 1 && misses ? 2 : 1;
	if (misses && r->event->value[value] == FILTER_UNKNOWN)
		return false;
	return holds(r->event->value[value], how, i);
}

/* Of the process that writes the filter; 0 if unknown. */
static bool self(const struct reading *r, int value, const char *text, u64 *with)
{
	*with = value == FILTER_NETNS ? r->self->netns : r->self->cgroup;
	return (value == FILTER_NETNS || value == FILTER_CGROUP) && !strcmp(text, "self") && *with;
}

/* @other: 0 for none. @misses: records may lack it. */
static bool of_number(struct reading *r, int how, int value, int other, u64 most, bool misses)
{
	char text[FILTER_TEXT + 1];
	u64 with, has = r->event->value[value];

	word(r, text, sizeof(text), VALUE_LETTERS);
	if (misses && !strcmp(text, "any"))
		return of_any(r, how, value);
	if (!self(r, value, text, &with) && (!number(text, &with) || with > most))
		return wrong(r);
	if ((how == 4 && !with) || (how == 5 && with == most))
		return wrong(r);
	r->tests += other || (how == 1 && misses) ? 2 : 1;
	if (misses && has == FILTER_UNKNOWN)
		return false;
	if (!other)
		return holds(has, how, with);
	if (how == 1)
		return has != with && r->event->value[other] != with;
	return holds(has, how, with) || holds(r->event->value[other], how, with);
}

/* A word, or text between two equal quotes. Not empty. */
static bool name(struct reading *r, char *to, size_t size)
{
	const char *end;

	r->at += strspn(r->at, " \t");
	if (*r->at != '"' && *r->at != '\'') {
		word(r, to, size, VALUE_LETTERS);
		return *to;
	}
	end = strchr(r->at + 1, *r->at);
	if (!end || r->at + strcspn(r->at, "\n") < end)
		return false;
	snprintf(to, size, "%.*s", (int)(end - r->at - 1), r->at + 1);
	r->at = end + 1;
	return *to;
}

static bool of_name(struct reading *r, int how)
{
	const u64 *has = &r->event->value[FILTER_COMM];
	char text[FILTER_TEXT + 1];
	u8 bytes[16] = { };
	bool is;
	int i;

	if (!name(r, text, sizeof(text)) || strlen(text) > 15 || how > 1 ||
	    !strncmp(text, "\xff\xff\xff\xff\xff\xff\xff\xff", 8))
		return wrong(r);
	memcpy(bytes, text, strlen(text));
	r->tests += how ? 3 : 2;
	is = has[0] != FILTER_UNKNOWN;
	for (i = 0; i < 16; i++)
		is &= (u8)(has[i / 8] >> (56 - i % 8 * 8)) == bytes[i];
	return how ? !is && has[0] != FILTER_UNKNOWN : is;
}

static bool comparison(struct reading *r)
{
	char field[FILTER_TEXT + 1];
	int how;

	word(r, field, sizeof(field), FIELD_LETTERS);
	how = operator(r);
	if (how < 0)
		return wrong(r);
	if (!strcmp(field, "port"))
		return of_number(r, how, FILTER_LOCAL_PORT, FILTER_PEER_PORT, 65535, false);
	if (!strcmp(field, "lport"))
		return of_number(r, how, FILTER_LOCAL_PORT, 0, 65535, false);
	if (!strcmp(field, "rport"))
		return of_number(r, how, FILTER_PEER_PORT, 0, 65535, false);
	if (!strcmp(field, "netns"))
		return of_number(r, how, FILTER_NETNS, 0, UINT32_MAX, false);
	if (!strcmp(field, "uid"))
		return of_number(r, how, FILTER_UID, 0, UINT32_MAX, true);
	if (!strcmp(field, "cgroup"))
		return of_number(r, how, FILTER_CGROUP, 0, UINT64_MAX - 1, true);
	if (!strcmp(field, "addr"))
		return address(r, how, FILTER_LOCAL, FILTER_PEER);
	if (!strcmp(field, "local"))
		return address(r, how, FILTER_LOCAL, 0);
	if (!strcmp(field, "remote"))
		return address(r, how, FILTER_PEER, 0);
	if (!strcmp(field, "state"))
		return of_words(r, how, FILTER_STATE, states, ARRAY_SIZE(states));
	if (!strcmp(field, "from"))
		return of_words(r, how, FILTER_FROM, states, ARRAY_SIZE(states));
	if (!strcmp(field, "kind"))
		return of_words(r, how, FILTER_KIND, kinds, ARRAY_SIZE(kinds));
	if (!strcmp(field, "event"))
		return of_words(r, how, FILTER_EVENT, events, ARRAY_SIZE(events));
	if (!strcmp(field, "timewait"))
		return of_words(r, how, FILTER_TIMEWAIT, timewaits, ARRAY_SIZE(timewaits));
	if (!strcmp(field, "end"))
		return of_words(r, how, FILTER_END, ends, ARRAY_SIZE(ends));
	if (!strcmp(field, "by"))
		return of_words(r, how, FILTER_BY, bys, ARRAY_SIZE(bys));
	if (!strcmp(field, "reason"))
		return of_words(r, how, FILTER_REASON, reasons, ARRAY_SIZE(reasons));
	if (!strcmp(field, "id"))
		return of_number(r, how, FILTER_ID, 0, UINT64_MAX - 1, true);
	if (!strcmp(field, "pid"))
		return of_number(r, how, FILTER_PID, 0, UINT32_MAX, true);
	if (!strcmp(field, "comm"))
		return of_name(r, how);
	return wrong(r);
}

static bool expression(struct reading *r);

static bool operand(struct reading *r)
{
	bool is;

	if (sees(r, "!"))
		return !operand(r);
	if (!sees(r, "("))
		return comparison(r);
	if (++r->depth > FILTER_DEPTH)
		return wrong(r);
	is = expression(r);
	r->depth--;
	return sees(r, ")") ? is : wrong(r);
}

static bool all(struct reading *r)
{
	bool is = operand(r);

	while (!r->wrong && sees(r, "&&"))
		is &= operand(r);
	return is;
}

static bool expression(struct reading *r)
{
	bool is = all(r);

	while (!r->wrong && sees(r, "||"))
		is |= all(r);
	return is;
}

/* Whether the filter selects that event. */
enum naive filter_naive(const char *text, const struct filter_self *self,
			const struct filter_event *event)
{
	struct reading r = { .at = text, .self = self, .event = event };
	bool is = expression(&r);

	if (r.wrong || r.tests > FILTER_TESTS || r.at[strspn(r.at, " \t")])
		return NAIVE_REFUSES;
	return is ? NAIVE_YES : NAIVE_NO;
}
