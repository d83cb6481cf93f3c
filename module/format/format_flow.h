/* SPDX-License-Identifier: GPL-2.0 */
/* The parts of a record's line: its columns, the connection among them, and the details. */
#ifndef TCP_TEARDOWN_FORMAT_FLOW_H
#define TCP_TEARDOWN_FORMAT_FLOW_H

struct format_flows;
struct line;
struct tcp_teardown_record;

/*
 * The widths of the columns, in the header and in each line. They are the usual widths, not the
 * largest possible ones, so that the line of a connection's end fits into 160 columns.
 */
#define TIME_WIDTH	12
#define CPU_WIDTH	3
#define NETNS_WIDTH	10
#define ID_WIDTH	4
#define ADDRESS_WIDTH	15
#define EVENT_WIDTH	12
#define SEQ_WIDTH	10
#define WINDOW_WIDTH	5
#define STATE_WIDTH	15

void line_flow(struct line *line, struct format_flows *flows,
	       const struct tcp_teardown_record *r);

/* format_detail.c */
void line_details(struct line *line, const struct tcp_teardown_record *r);

#endif
