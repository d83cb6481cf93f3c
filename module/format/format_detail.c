// SPDX-License-Identifier: GPL-2.0
/* Prints the details after the columns of a record's line, without those that are 0 or unknown. */
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/string.h>

#include "base/names.h"
#include "format/format_flow.h"
#include "format/line.h"
#include "uapi/tcp_teardown.h"

/* Prints a number with its name, a string literal. */
static __always_inline void line_field(struct line *line, const char *name, u64 number)
{
	line_constant(line, name, strlen(name));
	line_number(line, number, 0);
}

/* Prints a number with its name, unless it is 0. */
static __always_inline void line_nonzero(struct line *line, const char *name, u64 number)
{
	if (number)
		line_field(line, name, number);
}

static __always_inline void line_named(struct line *line, const char *name,
				       const struct word *word)
{
	line_constant(line, name, strlen(name));
	line_name(line, word);
}

static __always_inline void line_time(struct line *line, const char *name, u64 ns)
{
	line_constant(line, name, strlen(name));
	line_seconds(line, ns, 0);
}

static __always_inline void line_mark(struct line *line, u32 flags, u32 flag)
{
	if (!(flags & flag))
		return;
	line_literal(line, " ");
	line_name(line, names_word(WORDS_FLAG, ilog2(flag)));
}

static void line_owner(struct line *line, const struct tcp_teardown_record *r)
{
	if (!r->pid)
		return;
	line_field(line, " pid=", r->pid);
	line_literal(line, " comm=");
	line_plain(line, r->comm, sizeof(r->comm));
	if (!r->thread[0] || !strncmp((const char *)r->comm, (const char *)r->thread,
				      sizeof(r->comm)))
		return;
	line_literal(line, " thread=");
	line_plain(line, r->thread, sizeof(r->thread));
}

/* The first details of a connection's last record: how it ended, and by what. */
static void line_verdict(struct line *line, const struct tcp_teardown_record *r)
{
	line_named(line, " end=", names_word(WORDS_HOW, r->how));
	line_named(line, " first=", names_word(WORDS_FIRST, r->first));
	line_named(line, " by=", names_word(WORDS_SET_OFF, r->set_off));
}

static void line_moment(struct line *line, const struct tcp_teardown_record *r)
{
	if (r->new_state != r->old_state)
		line_time(line, " spent=", r->spent);
	if (r->timewait && r->kind != TCP_TEARDOWN_TIMEWAIT)
		line_named(line, " timewait=", names_word(WORDS_TIMEWAIT, r->timewait));
	line_mark(line, r->flags, TCP_TEARDOWN_F_FIN_QUEUED);
	line_nonzero(line, " unread=", r->unread);
	line_nonzero(line, " unsent=", r->unsent);
	if (r->flags & TCP_TEARDOWN_F_LINGER)
		line_field(line, " linger=", r->linger);
	line_nonzero(line, " len=", r->len);
	if (r->kind == TCP_TEARDOWN_SEGMENT || r->kind == TCP_TEARDOWN_RESET)
		line_nonzero(line, " wscale=", r->wscale);
	line_nonzero(line, " try=", r->tries);
	line_nonzero(line, " timeout_ms=", r->timeout_ms);
	if (r->reason)
		line_named(line, " reason=", names_word(WORDS_REASON, r->reason));
	line_nonzero(line, " kernel_reason=", r->kernel_reason);
	if (r->age && r->age != TCP_TEARDOWN_UNKNOWN)
		line_time(line, " age=", r->age);
	line_nonzero(line, " ifindex=", r->ifindex);
}

static void line_marks(struct line *line, u32 flags)
{
	line_mark(line, flags, TCP_TEARDOWN_F_UNTRACKED);
	line_mark(line, flags, TCP_TEARDOWN_F_INFERRED);
	line_mark(line, flags, TCP_TEARDOWN_F_ADOPTED);
	line_mark(line, flags, TCP_TEARDOWN_F_REFUSED);
	line_mark(line, flags, TCP_TEARDOWN_F_QUEUE_FULL);
}

/* The names of the times in .in_state, which depend on who closed first. */
static const struct word spent_words[TCP_TEARDOWN_FIRSTS][TCP_TEARDOWN_SPENTS] = {
#define WORD(text) { sizeof(text) - 1, text }
	[TCP_TEARDOWN_FIRST_LOCAL] = {
		WORD(" fin_wait1="), WORD(" fin_wait2="), WORD(" time_wait=") },
	[TCP_TEARDOWN_FIRST_PEER] = {
		WORD(" close_wait="), WORD(" last_ack=") },
	[TCP_TEARDOWN_FIRST_BOTH] = {
		WORD(" fin_wait1="), WORD(" closing="), WORD(" time_wait=") },
};

static void line_in_state(struct line *line, const struct tcp_teardown_record *r)
{
	const struct word *words = spent_words[r->first % TCP_TEARDOWN_FIRSTS];
	int i;

	for (i = 0; i < TCP_TEARDOWN_SPENTS; i++) {
		if (!r->in_state[i] || !words[i].len)
			continue;
		line_name(line, &words[i]);
		line_seconds(line, r->in_state[i], 0);
	}
}

static void line_life(struct line *line, const struct tcp_teardown_record *r)
{
	if (r->lifetime && r->lifetime != TCP_TEARDOWN_UNKNOWN)
		line_time(line, " lifetime=", r->lifetime);
	line_nonzero(line, " rx=", r->rx);
	line_nonzero(line, " tx=", r->tx);
	line_nonzero(line, " bytes=", r->bytes);
	line_in_state(line, r);
	if (r->uid != ~0U)
		line_field(line, " uid=", r->uid);
	line_nonzero(line, " cgroup=", r->cgroup);
	line_nonzero(line, " fins_resent=", r->fins_resent);
	line_nonzero(line, " fins_again=", r->fins_again);
	line_mark(line, r->flags, TCP_TEARDOWN_F_FIN_UNSENT);
}

/**
 * line_details() - print the details after the columns
 * @line: the line
 * @r: the record
 */
void line_details(struct line *line, const struct tcp_teardown_record *r)
{
	if (r->how)
		line_verdict(line, r);
	line_owner(line, r);
	line_mark(line, r->flags, TCP_TEARDOWN_F_OPENER);
	line_mark(line, r->flags, TCP_TEARDOWN_F_EXIT);
	line_moment(line, r);
	line_marks(line, r->flags);
	if (r->how)
		line_life(line, r);
}
