// SPDX-License-Identifier: GPL-2.0
/* Inputs to the filter: expressions, correct and mistaken. */
#include "filter_check.h"

#include "filter/filter.h"

struct writing {
	char *to;
	size_t len;
	u64 *random;
	int depth;
};

static u64 dice(struct writing *w, u64 sides)
{
	return host_random(w->random) % sides;
}

static const char *pick(struct writing *w, const char *const *list, size_t nr)
{
	return list[dice(w, nr)];
}

/* At most twice the accepted length. */
static __printf(2, 3) void put(struct writing *w, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	w->len += vscnprintf(w->to + w->len, 1024 - w->len, format, args);
	va_end(args);
}

static void blank(struct writing *w)
{
	static const char *const blanks[] = { "", "", " ", " ", "\t", "  " };

	put(w, "%s", pick(w, blanks, ARRAY_SIZE(blanks)));
}

static void number(struct writing *w)
{
	static const u64 edges[] = {
		0, 1, 2, 22, 80, 443, 65534, 65535, 65536, 4026531840, U32_MAX - 1, U32_MAX,
		1ULL << 32, UINT64_MAX - 2, UINT64_MAX - 1, UINT64_MAX,
	};
	u64 value = dice(w, 4) ? edges[dice(w, ARRAY_SIZE(edges))] : dice(w, 1ULL << dice(w, 64));
	static const char *const forms[] = {
		"%llu", "%llu", "0x%llx", "0X%llX", "00%llu", "%llu0"
	};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	put(w, pick(w, forms, ARRAY_SIZE(forms)), value);
#pragma GCC diagnostic pop
}

static void ipv4(struct writing *w)
{
	int i;

	for (i = 0; i < 4; i++)
		put(w, "%s%llu", i ? "." : dice(w, 32) ? "" : "0",
		    dice(w, dice(w, 64) ? 256 : 300));
}

static void ipv6(struct writing *w)
{
	int nr = 8, gap = dice(w, 3) ? dice(w, 9) : -1, i;
	bool dotted = !dice(w, 4);

	nr -= (gap >= 0 ? dice(w, 8) + !!dice(w, 8) : 0) + (dotted ? 2 : 0);
	for (i = 0; i < nr; i++) {
		put(w, i == gap ? "::" : i ? ":" : "");
		put(w, dice(w, 4) ? "%llx" : "%04llx", dice(w, 0x10000));
	}
	if (gap >= nr || nr <= 0)
		put(w, "::");
	else if (dotted)
		put(w, ":");
	if (dotted)
		ipv4(w);
}

static void address(struct writing *w)
{
	bool four = dice(w, 2);

	if (four)
		ipv4(w);
	else
		ipv6(w);
	if (dice(w, 2))
		put(w, "/%llu", dice(w, (four ? 33 : 129) + !dice(w, 16)));
}

static const char *const equal[] = { "==", "!=" };
static const char *const compare[] = { "==", "!=", "<=", ">=", "<", ">" };
static const char *const states[] = {
	"ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSE",
	"CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING", "NEW_SYN_RECV", "-", "any"
};

static const char *const kinds[] = {
	"call", "state", "segment", "reset", "timewait", "connect", "end"
};

static const char *const events[] = {
	"close", "shutdown_rd", "shutdown_wr", "shutdown_rdwr", "disconnect", "listener_close",
	"abort", "exit", "state", "rcv", "rcv_dup", "rcv_ooo", "resend", "left", "send",
	"reset_sent", "reset_reply", "reset_received", "born", "rearmed", "refused", "expired",
	"reset", "reopened_by_syn", "answered_with_rst", "reused_by_connect", "killed",
	"netns_gone", "no_local_port", "connect_failed", "any"
};

static const char *const ends[] = {
	"unseen", "four_way", "three_way", "simultaneous", "orderly", "reset_sent",
	"reset_received", "refused", "timed_out", "aborted", "orphan_killed",
	"fin_wait2_expired", "any"
};

static const char *const bys[] = {
	"unknown", "peer", "close", "shutdown", "exit", "unread", "linger", "linger2",
	"disconnect", "listener", "kill", "data", "keepalive", "user_timeout", "retries",
	"fin_timeout", "memory", "icmp", "netns", "connect", "firewall", "closed_window", "any"
};

static const char *const reasons[] = {
	"NOT_SPECIFIED", "NO_SOCKET", "TCP_FLAGS", "INVALID_SYN", "TCP_ABORT_ON_CLOSE",
	"TCP_STATE", "TCP_KEEPALIVE_TIMEOUT", "MPTCP_RST_EMPTCP", "ERROR", "OTHER", "any"
};

static const char *const names[] = {
	"nginx", "a", "kworker/0:1", "\"Web Content\"", "'(sd-pam)'", "sixteen_bytes_it",
	"fifteen_bytes_i", "\"\"", "\"no end", "'\"'", "any",
	"'\xff\xff\xff\xff\xff\xff\xff\xff'", "'\xff\xff\xff\xff\xff\xff\xff'"
};

/* Fields with words, and their words. */
static const struct {
	const char *field;
	const char *const *words;
	size_t nr;
} lists[] = {
	{ "state", states, ARRAY_SIZE(states) },
	{ "from", states, ARRAY_SIZE(states) },
	{ "kind", kinds, ARRAY_SIZE(kinds) },
	{ "event", events, ARRAY_SIZE(events) },
	{ "timewait", events, ARRAY_SIZE(events) },
	{ "end", ends, ARRAY_SIZE(ends) },
	{ "by", bys, ARRAY_SIZE(bys) },
	{ "reason", reasons, ARRAY_SIZE(reasons) },
	{ "comm", names, ARRAY_SIZE(names) },
	{ "verdict", ends, ARRAY_SIZE(ends) },
};

static void words(struct writing *w, const char *field, const char *value)
{
	put(w, "%s", field);
	blank(w);
	put(w, "%s", pick(w, equal, ARRAY_SIZE(equal)));
	blank(w);
	put(w, "%s", value);
}

static void addresses(struct writing *w)
{
	static const char *const fields[] = { "addr", "local", "remote" };

	words(w, pick(w, fields, ARRAY_SIZE(fields)), "");
	address(w);
}

static void numbers(struct writing *w)
{
	static const char *const fields[] = {
		"port", "lport", "rport", "netns", "uid", "cgroup", "pid", "id"
	};

	put(w, "%s", pick(w, fields, ARRAY_SIZE(fields)));
	blank(w);
	put(w, "%s", pick(w, compare, ARRAY_SIZE(compare)));
	blank(w);
	number(w);
}

static void comparison(struct writing *w)
{
	u64 side = dice(w, 8), list = dice(w, ARRAY_SIZE(lists));

	if (side < 4)
		words(w, lists[list].field, pick(w, lists[list].words, lists[list].nr));
	else if (side == 4)
		words(w, dice(w, 2) ? "netns" : "cgroup", dice(w, 4) ? "self" : "any");
	else if (side == 5)
		addresses(w);
	else
		numbers(w);
}

static void expression(struct writing *w);

static void operand(struct writing *w)
{
	blank(w);
	while (!dice(w, 6))
		put(w, dice(w, 2) ? "!" : "! ");
	if (w->depth < 20 && !dice(w, 3)) {
		w->depth++;
		put(w, "(");
		expression(w);
		put(w, ")");
		w->depth--;
	} else {
		comparison(w);
	}
	blank(w);
}

static void expression(struct writing *w)
{
	operand(w);
	while (w->len < 600 && dice(w, 5 + w->depth) > 2) {
		put(w, dice(w, 2) ? "&&" : "||");
		operand(w);
	}
}

/* As many tests as are allowed, or more. */
static void dense(struct writing *w)
{
	static const char *const some[] = {
		"port==1", "addr!=::1", "uid!=2", "lport<9", "comm!=x", "end==any"
	};
	u64 nr = 10 + dice(w, 40);

	while (nr--)
		put(w, "%s%s", pick(w, some, ARRAY_SIZE(some)), dice(w, 2) ? "&&" : "||");
}

/* A typing error. */
static void spoil(struct writing *w)
{
	static const char letters[] = "()!&|=<>\"'-. \t/:_09afxZ\n\0\xff\x80";
	size_t at = dice(w, w->len + 1), n = dice(w, 4) + 1;

	switch (dice(w, 4)) {
	case 0:		/* left out */
		if (at + n <= w->len) {
			memmove(w->to + at, w->to + at + n, w->len - at - n);
			w->len -= n;
		}
		break;
	case 1:		/* said twice */
		if (at + n <= w->len && w->len + n < 1024) {
			memmove(w->to + at + n, w->to + at, w->len - at);
			w->len += n;
		}
		break;
	case 2:		/* another one */
		if (at < w->len)
			w->to[at] = dice(w, 2) ? letters[dice(w, sizeof(letters))] :
						 (char)dice(w, 256);
		break;
	default:	/* one too many */
		if (w->len < 1023) {
			memmove(w->to + at + 1, w->to + at, w->len - at);
			w->to[at] = letters[dice(w, sizeof(letters))];
			w->len++;
		}
	}
}

static void noise(struct writing *w)
{
	size_t size = dice(w, 64) ? dice(w, 64) : dice(w, dice(w, 64) ? 520 : FILTER_INPUT + 1);

	while (w->len < size)
		w->to[w->len++] = dice(w, 256);
}

/**
 * filter_make_text() - some input
 * @to: room for FILTER_INPUT
 * @random: the state of host_random()
 *
 * Return: its length.
 */
size_t filter_make_text(char *to, u64 *random)
{
	struct writing w = { .to = to, .random = random };
	int deep;

	if (!dice(&w, 16)) {
		noise(&w);
		return w.len;
	}
	deep = dice(&w, 64) ? 0 : FILTER_DEPTH - 2 + dice(&w, 4);
	put(&w, "%.*s", deep, "((((((((((((((((((((");
	w.depth = deep;
	if (!dice(&w, 64))
		dense(&w);
	expression(&w);
	put(&w, "%.*s", deep, "))))))))))))))))))))");
	while (!dice(&w, 3))
		spoil(&w);
	return w.len;
}
