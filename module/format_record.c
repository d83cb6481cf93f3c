// SPDX-License-Identifier: GPL-2.0
/* Records as lines. */
#include "format.h"

#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/sched.h>
#include <linux/time64.h>

#include "format_word.h"
#include "uapi/tcp_teardown.h"

static const char * const kind_names[] = {
	[TCP_TEARDOWN_CALL]	= "call",
	[TCP_TEARDOWN_STATE]	= "state",
	[TCP_TEARDOWN_SEGMENT]	= "segment",
	[TCP_TEARDOWN_RESET]	= "reset",
	[TCP_TEARDOWN_TIMEWAIT]	= "timewait",
	[TCP_TEARDOWN_END]	= "end",
};

static_assert(ARRAY_SIZE(kind_names) == TCP_TEARDOWN_KINDS);

/**
 * kind_name() - the kind of a record
 * @kind: enum tcp_teardown_kind
 */
const char *kind_name(u8 kind)
{
	return name_at(kind_names, TCP_TEARDOWN_KINDS, kind);
}

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

static void flag_names(char *to, size_t size, u8 flags)
{
	static const char * const names[] = {
		"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR",
	};
	struct line line = { to, size };
	int i;

	strscpy(to, "-", size);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (flags & (1 << i))
			line_add(&line, "%s%s", line.len ? "," : "", names[i]);
}

/* The field what: says in one word what happened. */
static void what(char *to, size_t size, const struct tcp_teardown_record *r)
{
	char flags[40];

	switch (r->kind) {
	case TCP_TEARDOWN_CALL:
		strscpy(to, name_at(call_names, TCP_TEARDOWN_CALLS, r->what), size);
		break;
	case TCP_TEARDOWN_STATE:
		scnprintf(to, size, "%s>%s", state_name(r->old_state),
			  state_name(r->new_state));
		break;
	case TCP_TEARDOWN_SEGMENT:
		flag_names(flags, sizeof(flags), r->tcp_flags);
		scnprintf(to, size, "%s:%s",
			  name_at(segment_names, TCP_TEARDOWN_SEGMENTS, r->what),
			  flags);
		break;
	case TCP_TEARDOWN_RESET:
		strscpy(to, name_at(reset_names, TCP_TEARDOWN_RESETS, r->what), size);
		break;
	case TCP_TEARDOWN_TIMEWAIT:
		strscpy(to, name_at(timewait_names, TCP_TEARDOWN_TIMEWAITS, r->what), size);
		break;
	case TCP_TEARDOWN_END:
		strscpy(to, how_name(r->what), size);
		break;
	default:
		strscpy(to, "?", size);
	}
}

static void call_details(struct line *line, const struct tcp_teardown_record *r)
{
	char comm[TASK_COMM_LEN];

	plain(comm, sizeof(comm), r->call.comm, sizeof(r->call.comm));
	line_add(line, " pid=%u comm=%s unread=%u unsent=%u", r->call.pid, comm,
		 r->call.unread, r->call.unsent);
	if (r->flags & TCP_TEARDOWN_F_LINGER)
		line_add(line, " linger=%u", r->call.linger);
}

static void segment_details(struct line *line, const struct tcp_teardown_record *r)
{
	line_add(line, " len=%u", r->segment.len);
	if (r->what == TCP_TEARDOWN_SEG_QUEUE)
		line_add(line, " unsent=%u", r->segment.unsent);
	else if (r->what == TCP_TEARDOWN_SEG_RESEND && r->segment.tries)
		line_add(line, " try=%u", r->segment.tries);
	else if (r->segment.wscale)
		line_add(line, " wscale=%u", r->segment.wscale);
}

/* The names of .end.spent, by who closed first. */
static const char * const spent_names[TCP_TEARDOWN_FIRSTS][TCP_TEARDOWN_SPENTS] = {
	[TCP_TEARDOWN_FIRST_LOCAL] = { "fin_wait1", "fin_wait2", "time_wait" },
	[TCP_TEARDOWN_FIRST_PEER] = { "close_wait", "last_ack" },
	[TCP_TEARDOWN_FIRST_BOTH] = { "fin_wait1", "closing", "time_wait" },
};

static void end_details(struct line *line, const struct tcp_teardown_record *r)
{
	char comm[TASK_COMM_LEN], pid[12] = "-", time[SECONDS_LEN];
	const char * const *names;
	int i;

	plain(comm, sizeof(comm), r->end.comm, sizeof(r->end.comm));
	if (r->end.pid)
		scnprintf(pid, sizeof(pid), "%u", r->end.pid);
	line_add(line, " first=%s set_off=%s pid=%s comm=%s", first_name(r->end.first),
		 set_off_name(r->end.set_off), pid, comm);
	names = r->end.first < TCP_TEARDOWN_FIRSTS ? spent_names[r->end.first] : NULL;
	for (i = 0; names && i < TCP_TEARDOWN_SPENTS && names[i]; i++) {
		if (!r->end.spent[i])
			continue;
		seconds(time, sizeof(time), (u64)r->end.spent[i] * NSEC_PER_USEC);
		line_add(line, " %s=%s%s", names[i], time,
			 r->end.spent[i] == U32_MAX ? "+" : "");
	}
	line_add(line, " fins_resent=%u fins_again=%u bytes=%u", r->end.fins_resent,
		 r->end.fins_again, r->end.bytes);
}

static void marks(struct line *line, u16 flags)
{
	static const struct {
		u16 flag;
		const char *name;
	} names[] = {
		{ TCP_TEARDOWN_F_UNTRACKED, "untracked" },
		{ TCP_TEARDOWN_F_INFERRED, "inferred" },
		{ TCP_TEARDOWN_F_ADOPTED, "adopted" },
		{ TCP_TEARDOWN_F_FIN_UNSENT, "fin_unsent" },
	};
	int i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (flags & names[i].flag)
			line_add(line, " %s", names[i].name);
}

static void details(struct line *line, const struct tcp_teardown_record *r)
{
	char time[SECONDS_LEN], flags[40];

	if (r->kind != TCP_TEARDOWN_STATE)
		line_add(line, " state=%s", state_name(r->old_state));
	switch (r->kind) {
	case TCP_TEARDOWN_CALL:
		call_details(line, r);
		break;
	case TCP_TEARDOWN_STATE:
		seconds(time, sizeof(time), r->state.spent);
		line_add(line, " spent=%s", time);
		break;
	case TCP_TEARDOWN_SEGMENT:
		segment_details(line, r);
		break;
	case TCP_TEARDOWN_RESET:
		flag_names(flags, sizeof(flags), r->tcp_flags);
		line_add(line, " flags=%s", flags);
		if (r->reset.reason)
			line_add(line, " reason=%s", reason_name(r->reset.reason));
		break;
	case TCP_TEARDOWN_TIMEWAIT:
		if (r->what == TCP_TEARDOWN_TW_REARMED)
			line_add(line, " timeout_ms=%u", r->timewait.timeout_ms);
		if (r->what < TCP_TEARDOWN_TW_EXPIRED)
			break;
		seconds(time, sizeof(time), r->timewait.age);
		line_add(line, " age=%s", time);
		break;
	case TCP_TEARDOWN_END:
		end_details(line, r);
		break;
	}
	marks(line, r->flags);
}

#define TRACE_HEAD "# %12s %3s %-10s %8s %-21s %-21s %-8s %-23s %10s %10s %7s %s\n"
#define TRACE_LINE "%14s %3u %-10u %8llx %-21s %-21s %-8s %-23s %10u %10u %7u"

/**
 * format_trace_header() - what heads the text of records
 * @to: where to
 * @size: room there
 *
 * Return: characters written, without the NUL.
 */
int format_trace_header(char *to, size_t size)
{
	struct line line = { to, size };

	line_add(&line, FORMAT_TITLE "trace\n");
	line_add(&line, TRACE_HEAD, "time", "cpu", "netns", "id", "local", "peer",
		 "kind", "what", "seq", "ack", "win", "details");
	return line.len;
}

/**
 * format_record() - one record as a line
 * @to: where to
 * @size: room there, FORMAT_LINE is enough
 * @r: the record
 *
 * Return: characters written, without the NUL.
 */
int format_record(char *to, size_t size, const struct tcp_teardown_record *r)
{
	char local[ADDRESS_LEN], peer[ADDRESS_LEN], word[56], time[SECONDS_LEN];
	struct line line = { to, size };

	seconds(time, sizeof(time), r->time);
	address(local, sizeof(local), r->family, r->local, r->local_port);
	address(peer, sizeof(peer), r->family, r->peer, r->peer_port);
	what(word, sizeof(word), r);
	line_add(&line, TRACE_LINE, time, r->cpu, r->netns, r->cookie, local, peer,
		 kind_name(r->kind), word, r->seq, r->ack, r->window);
	details(&line, r);
	line_add(&line, "\n");
	return line.len;
}

/**
 * format_lost() - a line that tells that records are missing here
 * @to: where to
 * @size: room there, FORMAT_LINE is enough
 * @cpu: whose
 * @lost: how many were overwritten before they were read
 *
 * Return: characters written, without the NUL.
 */
int format_lost(char *to, size_t size, unsigned int cpu, unsigned long lost)
{
	return scnprintf(to, size, "# cpu %u lost %lu records here, not read in time\n",
			 cpu, lost);
}
