// SPDX-License-Identifier: GPL-2.0
/* Prints the lines that come before the first record. */
#include "format/format.h"

#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/time.h>

#include "format/format_flow.h"
#include "format/line.h"
#include "format/stream.h"
#include "uapi/tcp_teardown.h"

/* The host's name, its boot, and one time by both clocks: CLOCK_MONOTONIC and real time. */
static void line_host(struct line *line)
{
	struct tcp_teardown_header header;
	char text[64];
	struct tm tm;
	u32 ns;

	stream_header(&header, 0);
	line_literal(line, "# host ");
	line_plain(line, header.host, sizeof(header.host));
	line_copy(line, text, scnprintf(text, sizeof(text), " boot %pUb at ", header.boot_id));
	/* The width is fixed: if a file is read in pieces, this text may be made several times. */
	line_seconds(line, header.time, TIME_WIDTH);
	time64_to_tm(div_u64_rem(header.realtime, NSEC_PER_SEC, &ns), 0, &tm);
	line_copy(line, text,
		  scnprintf(text, sizeof(text), " = %ld-%02d-%02dT%02d:%02d:%02d.%06luZ",
			    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
			    tm.tm_hour, tm.tm_min, tm.tm_sec, ns / NSEC_PER_USEC));
}

/**
 * format_trace_header() - the first lines of the text of records
 * @to: where to print them
 * @size: room there; FORMAT_LINE is enough
 *
 * Return: characters written.
 */
int format_trace_header(char *to, size_t size)
{
	int len = scnprintf(to, size, FORMAT_TITLE "trace\n");
	struct line line = line_begin(to + len, size - len);

	line_host(&line);
	len += line_end(&line);
	return len + scnprintf(to + len, size - len,
			       "# %*s %*s %-*s %*s %-*s %-*s %-*s %*s %*s %*s %-*s %s\n",
			       TIME_WIDTH - 2, "time", CPU_WIDTH, "cpu", NETNS_WIDTH, "netns",
			       ID_WIDTH, "id", ADDRESS_WIDTH, "local", ADDRESS_WIDTH, "peer",
			       EVENT_WIDTH, "event", SEQ_WIDTH, "seq", SEQ_WIDTH, "ack",
			       WINDOW_WIDTH, "win", STATE_WIDTH, "state", "details");
}
