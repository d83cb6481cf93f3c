// SPDX-License-Identifier: GPL-2.0
/* Records as lines. */
#include "format.h"

#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/time64.h>

#include "format_place.h"
#include "format_word.h"
#include "line.h"
#include "uapi/tcp_teardown.h"

static const char * const call_names[] = {
	[TCP_TEARDOWN_CLOSE]	 = "close",
	[TCP_TEARDOWN_SHUT_RD]	 = "shutdown_rd",
	[TCP_TEARDOWN_SHUT_WR]	 = "shutdown_wr",
	[TCP_TEARDOWN_SHUT_RDWR] = "shutdown_rdwr",
	[TCP_TEARDOWN_DISCONNECT] = "disconnect",
	[TCP_TEARDOWN_LISTENER]	 = "listener_close",
	[TCP_TEARDOWN_ABORT]	 = "abort",
};

static_assert(ARRAY_SIZE(call_names) == TCP_TEARDOWN_CALLS);

static const char * const segment_names[] = {
	[TCP_TEARDOWN_SEG_RCV]	   = "rcv",
	[TCP_TEARDOWN_SEG_RCV_DUP] = "rcv_dup",
	[TCP_TEARDOWN_SEG_RCV_OOO] = "rcv_ooo",
	[TCP_TEARDOWN_SEG_QUEUE]   = "queue",
	[TCP_TEARDOWN_SEG_RESEND]  = "resend",
	[TCP_TEARDOWN_SEG_LEFT]	   = "left",
	[TCP_TEARDOWN_SEG_ACK]	   = "send",
};

static_assert(ARRAY_SIZE(segment_names) == TCP_TEARDOWN_SEGMENTS);

static const char * const reset_names[] = {
	[TCP_TEARDOWN_RST_SENT]	    = "sent",
	[TCP_TEARDOWN_RST_REPLY]    = "sent_in_reply",
	[TCP_TEARDOWN_RST_RECEIVED] = "received",
};

static_assert(ARRAY_SIZE(reset_names) == TCP_TEARDOWN_RESETS);

static const char * const timewait_names[] = {
	[TCP_TEARDOWN_TW_BORN]	   = "born",
	[TCP_TEARDOWN_TW_REARMED]  = "rearmed",
	[TCP_TEARDOWN_TW_REFUSED]  = "refused",
	[TCP_TEARDOWN_TW_EXPIRED]  = "expired",
	[TCP_TEARDOWN_TW_RESET]	   = "reset",
	[TCP_TEARDOWN_TW_REOPENED] = "reopened_by_syn",
	[TCP_TEARDOWN_TW_ANSWERED] = "answered_with_rst",
	[TCP_TEARDOWN_TW_REUSED]   = "reused_by_connect",
	[TCP_TEARDOWN_TW_KILLED]   = "killed",
	[TCP_TEARDOWN_TW_NETNS]	   = "netns_gone",
};

static_assert(ARRAY_SIZE(timewait_names) == TCP_TEARDOWN_TIMEWAITS);

static void line_flags(struct line *line, u8 flags)
{
	static const char names[][4] = { "FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR" };
	bool first = true;
	int i;

	for (i = 0; flags; i++, flags >>= 1) {
		if (!(flags & 1))
			continue;
		if (!first)
			line_literal(line, ",");
		line_copy(line, names[i], 3);
		first = false;
	}
	if (first)
		line_literal(line, "-");
}

/* The field what: says in one word what happened. */
static void line_what(struct line *line, const struct tcp_teardown_record *r)
{
	switch (r->kind) {
	case TCP_TEARDOWN_CALL:
		line_word(line, name_at(call_names, TCP_TEARDOWN_CALLS, r->what), 0);
		break;
	case TCP_TEARDOWN_STATE:
		line_word(line, state_name(r->old_state), 0);
		line_literal(line, ">");
		line_word(line, state_name(r->new_state), 0);
		break;
	case TCP_TEARDOWN_SEGMENT:
		line_word(line, name_at(segment_names, TCP_TEARDOWN_SEGMENTS, r->what), 0);
		line_literal(line, ":");
		line_flags(line, r->tcp_flags);
		break;
	case TCP_TEARDOWN_RESET:
		line_word(line, name_at(reset_names, TCP_TEARDOWN_RESETS, r->what), 0);
		break;
	case TCP_TEARDOWN_TIMEWAIT:
		line_word(line, name_at(timewait_names, TCP_TEARDOWN_TIMEWAITS, r->what), 0);
		break;
	case TCP_TEARDOWN_END:
		line_word(line, how_name(r->what), 0);
		break;
	default:
		line_literal(line, "?");
	}
}

static __always_inline void line_field(struct line *line, const char *name, u64 number)
{
	line_constant(line, name, strlen(name));
	line_number(line, number, 0);
}

static void line_call(struct line *line, const struct tcp_teardown_record *r)
{
	line_field(line, " pid=", r->call.pid);
	line_literal(line, " comm=");
	line_plain(line, r->call.comm, sizeof(r->call.comm));
	line_field(line, " unread=", r->call.unread);
	line_field(line, " unsent=", r->call.unsent);
	if (r->flags & TCP_TEARDOWN_F_LINGER)
		line_field(line, " linger=", r->call.linger);
}

static void line_segment(struct line *line, const struct tcp_teardown_record *r)
{
	line_field(line, " len=", r->segment.len);
	if (r->what == TCP_TEARDOWN_SEG_QUEUE)
		line_field(line, " unsent=", r->segment.unsent);
	else if (r->what == TCP_TEARDOWN_SEG_RESEND && r->segment.tries)
		line_field(line, " try=", r->segment.tries);
	else if (r->segment.wscale)
		line_field(line, " wscale=", r->segment.wscale);
}

static void line_reset(struct line *line, const struct tcp_teardown_record *r)
{
	line_literal(line, " flags=");
	line_flags(line, r->tcp_flags);
	if (!r->reset.reason)
		return;
	line_literal(line, " reason=");
	line_word(line, reason_name(r->reset.reason), 0);
}

static void line_timewait(struct line *line, const struct tcp_teardown_record *r)
{
	if (r->what == TCP_TEARDOWN_TW_REARMED)
		line_field(line, " timeout_ms=", r->timewait.timeout_ms);
	if (r->what < TCP_TEARDOWN_TW_EXPIRED)
		return;
	line_literal(line, " age=");
	line_seconds(line, r->timewait.age, 0);
}

/* The names of .end.spent, by who closed first. */
static const char * const spent_names[TCP_TEARDOWN_FIRSTS][TCP_TEARDOWN_SPENTS] = {
	[TCP_TEARDOWN_FIRST_LOCAL] = { "fin_wait1", "fin_wait2", "time_wait" },
	[TCP_TEARDOWN_FIRST_PEER] = { "close_wait", "last_ack" },
	[TCP_TEARDOWN_FIRST_BOTH] = { "fin_wait1", "closing", "time_wait" },
};

static void line_spent(struct line *line, const struct tcp_teardown_end *end)
{
	const char * const *names;
	int i;

	names = end->first < TCP_TEARDOWN_FIRSTS ? spent_names[end->first] : NULL;
	for (i = 0; names && i < TCP_TEARDOWN_SPENTS && names[i]; i++) {
		if (!end->spent[i])
			continue;
		line_literal(line, " ");
		line_word(line, names[i], 0);
		line_literal(line, "=");
		line_seconds(line, (u64)end->spent[i] * NSEC_PER_USEC, 0);
		if (end->spent[i] == U32_MAX)
			line_literal(line, "+");
	}
}

static void line_end(struct line *line, const struct tcp_teardown_end *end)
{
	line_literal(line, " first=");
	line_word(line, first_name(end->first), 0);
	line_literal(line, " set_off=");
	line_word(line, set_off_name(end->set_off), 0);
	line_literal(line, " pid=");
	if (end->pid)
		line_number(line, end->pid, 0);
	else
		line_literal(line, "-");
	line_literal(line, " comm=");
	line_plain(line, end->comm, sizeof(end->comm));
	line_spent(line, end);
	line_field(line, " fins_resent=", end->fins_resent);
	line_field(line, " fins_again=", end->fins_again);
	line_field(line, " bytes=", end->bytes);
}

static void line_marks(struct line *line, u16 flags)
{
	if (flags & TCP_TEARDOWN_F_UNTRACKED)
		line_literal(line, " untracked");
	if (flags & TCP_TEARDOWN_F_INFERRED)
		line_literal(line, " inferred");
	if (flags & TCP_TEARDOWN_F_ADOPTED)
		line_literal(line, " adopted");
	if (flags & TCP_TEARDOWN_F_FIN_UNSENT)
		line_literal(line, " fin_unsent");
}

static void line_details(struct line *line, const struct tcp_teardown_record *r)
{
	if (r->kind != TCP_TEARDOWN_STATE) {
		line_literal(line, " state=");
		line_word(line, state_name(r->old_state), 0);
	}
	switch (r->kind) {
	case TCP_TEARDOWN_CALL:
		line_call(line, r);
		break;
	case TCP_TEARDOWN_STATE:
		line_literal(line, " spent=");
		line_seconds(line, r->state.spent, 0);
		break;
	case TCP_TEARDOWN_SEGMENT:
		line_segment(line, r);
		break;
	case TCP_TEARDOWN_RESET:
		line_reset(line, r);
		break;
	case TCP_TEARDOWN_TIMEWAIT:
		line_timewait(line, r);
		break;
	case TCP_TEARDOWN_END:
		line_end(line, &r->end);
		break;
	}
	line_marks(line, r->flags);
}

/**
 * format_trace_header() - what heads the text of records
 * @to: where to
 * @size: room there
 *
 * Return: characters written.
 */
int format_trace_header(char *to, size_t size)
{
	return scnprintf(to, size, FORMAT_TITLE
			 "trace\n# %*s %*s %-*s %*s %-*s %-*s %-*s %-*s %*s %*s %*s %s\n",
			 TIME_WIDTH - 2, "time", CPU_WIDTH, "cpu", NETNS_WIDTH, "netns",
			 ID_WIDTH, "id", ADDRESS_WIDTH, "local", ADDRESS_WIDTH, "peer",
			 KIND_WIDTH, "kind", WHAT_WIDTH, "what", SEQ_WIDTH, "seq",
			 SEQ_WIDTH, "ack", WINDOW_WIDTH, "win", "details");
}

/**
 * format_record() - one record as a line
 * @places: those of the lines before
 * @to: where to
 * @size: room there, FORMAT_LINE is enough
 * @r: the record
 *
 * Return: characters written, of which none is a NUL.
 */
int format_record(struct format_places *places, char *to, size_t size,
		  const struct tcp_teardown_record *r)
{
	struct line line = line_begin(to, size);
	size_t begin;

	line_seconds(&line, r->time, TIME_WIDTH);
	line_literal(&line, " ");
	line_number(&line, r->cpu, CPU_WIDTH);
	line_literal(&line, " ");
	line_place(&line, places, r);
	line_literal(&line, " ");
	line_word(&line, kind_name(r->kind), KIND_WIDTH);
	line_literal(&line, " ");
	begin = line.len;
	line_what(&line, r);
	line_pad(&line, begin, WHAT_WIDTH);
	line_literal(&line, " ");
	line_number(&line, r->seq, SEQ_WIDTH);
	line_literal(&line, " ");
	line_number(&line, r->ack, SEQ_WIDTH);
	line_literal(&line, " ");
	line_number(&line, r->window, WINDOW_WIDTH);
	line_details(&line, r);
	line_literal(&line, "\n");
	return line.len;
}

/**
 * format_lost() - a line that tells that records are missing here
 * @to: where to
 * @size: room there, FORMAT_LINE is enough
 * @cpu: whose
 * @lost: how many were overwritten before they were read
 *
 * Return: characters written.
 */
int format_lost(char *to, size_t size, unsigned int cpu, unsigned long lost)
{
	return scnprintf(to, size, "# cpu %u lost %lu records here, not read in time\n",
			 cpu, lost);
}
