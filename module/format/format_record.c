// SPDX-License-Identifier: GPL-2.0
/* Prints records as lines. */
#include "format/format.h"

#include <linux/bitops.h>
#include <linux/kernel.h>

#include "base/names.h"
#include "format/format_flow.h"
#include "format/line.h"
#include "uapi/tcp_teardown.h"

static void line_flags(struct line *line, unsigned int flags)
{
	if (!flags)
		line_literal(line, "-");
	while (flags) {
		line_name(line, names_word(WORDS_TCP_FLAG, __ffs(flags)));
		flags &= flags - 1;
		if (flags)
			line_literal(line, ",");
	}
}

/* The flags follow, and show the RST: so "send:RST" instead of "reset_sent:RST". */
static void line_reset(struct line *line, u8 what)
{
	if (what == TCP_TEARDOWN_RST_SENT)
		line_literal(line, "send");
	else if (what == TCP_TEARDOWN_RST_REPLY)
		line_literal(line, "reply");
	else
		line_literal(line, "rcv");
}

static void line_event(struct line *line, const struct tcp_teardown_record *r)
{
	if (r->kind == TCP_TEARDOWN_RESET)
		line_reset(line, r->what);
	else
		line_name(line, names_event(record_event(r->kind, r->what)));
	if (r->kind != TCP_TEARDOWN_SEGMENT && r->kind != TCP_TEARDOWN_RESET)
		return;
	line_literal(line, ":");
	line_flags(line, r->tcp_flags);
}

static void line_state(struct line *line, const struct tcp_teardown_record *r)
{
	line_name(line, names_word(WORDS_STATE, r->old_state));
	if (r->new_state == r->old_state)
		return;
	line_literal(line, ">");
	line_name(line, names_word(WORDS_STATE, r->new_state));
}

/**
 * format_record() - print a record as a line
 * @flows: texts that were kept from earlier lines
 * @to: where to print it
 * @size: room there; FORMAT_LINE is enough
 * @r: the record
 *
 * Return: characters written; there is no NUL among or after them.
 */
int format_record(struct format_flows *flows, char *to, size_t size,
		  const struct tcp_teardown_record *r)
{
	struct line line = line_begin(to, size);
	size_t begin, end;

	line_seconds(&line, r->time, TIME_WIDTH);
	line_literal(&line, " ");
	line_number(&line, r->cpu, CPU_WIDTH);
	line_literal(&line, " ");
	line_flow(&line, flows, r);
	begin = line.len;
	line_event(&line, r);
	line_pad(&line, begin, EVENT_WIDTH);
	line_literal(&line, " ");
	line_number(&line, r->seq, SEQ_WIDTH);
	line_literal(&line, " ");
	line_number(&line, r->ack, SEQ_WIDTH);
	line_literal(&line, " ");
	line_number(&line, r->window, WINDOW_WIDTH);
	line_literal(&line, " ");
	begin = line.len;
	line_state(&line, r);
	end = line.len;
	line_pad(&line, begin, STATE_WIDTH);
	begin = line.len;
	line_details(&line, r);
	if (line.len == begin)
		line.len = end;
	return line_end(&line);
}

/**
 * format_lost() - print a line that says that records are missing here
 * @to: where to print it
 * @size: room there; FORMAT_LINE is enough
 * @cpu: the CPU whose records are missing
 * @lost: how many were overwritten before they were read
 *
 * Return: characters written.
 */
int format_lost(char *to, size_t size, unsigned int cpu, unsigned long lost)
{
	return scnprintf(to, size, "# cpu %u lost %lu records here, not read in time\n",
			 cpu, lost);
}
