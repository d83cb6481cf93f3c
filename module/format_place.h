/* SPDX-License-Identifier: GPL-2.0 */
/* The part of a record's line that tells where it was. */
#ifndef TCP_TEARDOWN_FORMAT_PLACE_H
#define TCP_TEARDOWN_FORMAT_PLACE_H

struct format_places;
struct line;
struct tcp_teardown_record;

/* The widths of the fields, in the header and in each line. */
#define TIME_WIDTH	14
#define CPU_WIDTH	3
#define NETNS_WIDTH	10
#define ID_WIDTH	8
#define ADDRESS_WIDTH	21
#define KIND_WIDTH	8
#define WHAT_WIDTH	23
#define SEQ_WIDTH	10
#define WINDOW_WIDTH	7

void line_place(struct line *line, struct format_places *places,
		const struct tcp_teardown_record *r);

#endif
