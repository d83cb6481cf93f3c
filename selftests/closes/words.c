// SPDX-License-Identifier: GPL-2.0
#include "words.h"

#include <stdio.h>
#include <string.h>

static const char *word_at(const char * const *words, size_t nr, size_t i)
{
	return i < nr && words[i] ? words[i] : "?";
}

const char *word_state(uint8_t state)
{
	static const char * const words[] = {
		[0] = "-", [TCP_ESTABLISHED] = "ESTABLISHED", [TCP_SYN_SENT] = "SYN_SENT",
		[TCP_SYN_RECV] = "SYN_RECV", [TCP_FIN_WAIT1] = "FIN_WAIT1",
		[TCP_FIN_WAIT2] = "FIN_WAIT2", [TCP_TIME_WAIT] = "TIME_WAIT",
		[TCP_CLOSE] = "CLOSE", [TCP_CLOSE_WAIT] = "CLOSE_WAIT",
		[TCP_LAST_ACK] = "LAST_ACK", [TCP_LISTEN] = "LISTEN",
		[TCP_CLOSING] = "CLOSING",
	};

	return word_at(words, ARRAY_SIZE(words), state);
}

const char *word_how(uint8_t how)
{
	static const char * const words[] = {
		"no", "unseen", "four_way", "three_way", "simultaneous", "orderly",
		"reset_sent", "reset_received", "refused", "timed_out", "aborted",
		"orphan_killed", "fin_wait2_expired",
	};

	return word_at(words, ARRAY_SIZE(words), how);
}

const char *word_set_off(uint8_t set_off)
{
	static const char * const words[] = {
		"unknown", "peer", "close", "shutdown", "exit", "unread", "linger", "linger2",
		"disconnect", "listener", "kill", "data", "keepalive", "user_timeout",
		"retries", "fin_timeout", "memory", "icmp", "netns", "connect", "firewall",
		"closed_window",
	};

	return word_at(words, ARRAY_SIZE(words), set_off);
}

static const char *word_what(uint8_t kind, uint8_t what)
{
	static const char * const calls[] = {
		[1] = "close", "shutdown_rd", "shutdown_wr", "shutdown_rdwr", "disconnect",
		"listener", "abort",
	};
	static const char * const segments[] = {
		[1] = "rcv", "rcv_dup", "rcv_ooo", "resend", "left", "ack", "queue",
	};
	static const char * const resets[] = { [1] = "sent", "sent_in_reply", "received" };
	static const char * const timewaits[] = {
		[1] = "born", "rearmed", "refused", "expired", "reset", "reopened_by_syn",
		"answered_with_rst", "reused_by_connect", "killed", "netns_gone",
	};

	switch (kind) {
	case FACT_CALL:
		return word_at(calls, ARRAY_SIZE(calls), what);
	case FACT_SEGMENT:
		return word_at(segments, ARRAY_SIZE(segments), what);
	case FACT_RESET:
		return word_at(resets, ARRAY_SIZE(resets), what);
	case FACT_TIMEWAIT:
		return word_at(timewaits, ARRAY_SIZE(timewaits), what);
	}
	return "?";
}

static const char *flags_text(char *text, size_t size, uint8_t flags)
{
	snprintf(text, size, "%s%s%s%s", flags & FIN ? ",FIN" : "", flags & SYN ? ",SYN" : "",
		 flags & RST ? ",RST" : "", flags & ACK ? ",ACK" : "");
	if (*text)
		*text = ' ';
	return text;
}

void words_of_want(char *text, size_t size, const struct want *w)
{
	const char *whose = w->minisock ? " (minisock)" : "";
	char flags[32];

	if (w->kind == FACT_STATE)
		snprintf(text, size, "%s>%s%s seq %u ack %u", word_state(w->old),
			 word_state(w->new), whose, w->seq, w->ack);
	else
		snprintf(text, size, "%s%s in %s%s seq %u ack %u",
			 word_what(w->kind, w->what), flags_text(flags, sizeof(flags), w->flags),
			 word_state(w->old), whose, w->seq, w->ack);
}

void words_of_record(char *text, size_t size, const struct fact *r)
{
	const struct want want = {
		.kind = r->kind, .what = r->what, .old = r->old_state, .new = r->new_state,
		.flags = r->tcp_flags, .minisock = r->flags & TCP_TEARDOWN_F_MINISOCK,
		.seq = r->seq, .ack = r->ack,
	};

	if (r->kind == FACT_END)
		snprintf(text, size, "verdict %s", word_how(r->what));
	else
		words_of_want(text, size, &want);
}
