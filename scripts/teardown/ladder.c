// SPDX-License-Identifier: GPL-2.0
#include "ladder.h"

#include <stdlib.h>

#include "complain.h"
#include "base/names.h"
#include "print.h"
#include "rows.h"
#include "verdict.h"

enum { WAVE, TIME, GAP, EVENT, SEQ, ACK, WINDOW, STATE_A, STATE_B, COLUMNS };

static const char * const heads[COLUMNS] = {
	"", "time", "gap", "event", "seq", "ack", "window ", "state of A", "state of B"
};

static bool is_right(int column)
{
	return column == TIME || column == GAP || column == WINDOW;
}

/**
 * struct cells - the text of a ladder's cells
 * @print: all of it
 * @end: where each ends
 */
struct cells {
	struct print print;
	size_t (*end)[COLUMNS];
};

static void paint(const struct ladder *ladder, const char *code)
{
	if (ladder->colour)
		print_word(&out, code);
}

static void print_end(const struct connection *c, unsigned int end)
{
	const struct end *e = &c->end[end];
	size_t begin;

	print_format(&out, "  %c  ", "AB"[end]);
	begin = out.len;
	print_endpoint(&out, e->family, e->addr, e->port);
	print_pad(&out, begin, 24);
	if (e->id) {
		print_word(&out, " id ");
		begin = out.len;
		print_hex(&out, e->id);
		print_right(&out, begin, 5);
		if (e->owner[0]) {
			print_word(&out, "  ");
			print_name(&out, e->owner, sizeof(e->owner));
		}
	} else if (e->told) {
		print_word(&out, " has no socket of its own");
	} else {
		print_word(&out, " is known by its segments alone");
	}
	print_char(&out, '\n');
}

static void print_title(const struct ladder *ladder, const struct connection *c,
			const struct rows *rows, u64 lost)
{
	paint(ladder, "\033[1m");
	if (ladder->title)
		print_format(&out, "%s: ", ladder->title);
	print_verdict(&out, c, rows);
	paint(ladder, "\033[0m");
	print_char(&out, '\n');
	if (rows->unseen[0] || rows->unseen[1] || lost) {
		print_word(&out, "  not whole: ");
		print_gaps(&out, rows, lost);
		print_char(&out, '\n');
	}
	print_end(c, 0);
	print_end(c, 1);
}

static s64 distance(u32 number, u32 base)
{
	return (s32)(number - base);
}

/* @number of the sending side @side, in its letters; itself if far from them. */
static void print_relative(struct print *print, const struct rows *rows, u32 number,
			   unsigned int side, bool fin_seen)
{
	int base = side;
	s64 far;

	if (side == 1 && fin_seen && rows->has_base[2] && distance(number, rows->base[2]) >= 0)
		base = 2;
	far = distance(number, rows->base[base]);
	if (!rows->has_base[base] || far >= 1 << 30 || far <= -(1 << 30))
		print_number(print, number);
	else if (far)
		print_format(print, "%c%+lld", "uvw"[base], far);
	else
		print_char(print, "uvw"[base]);
}

static void print_seq(const struct ladder *ladder, struct print *print, const struct rows *rows,
		      const struct row *row, bool is_ack, bool fin_seen)
{
	u32 number = is_ack ? row->r->ack : row->r->seq;
	bool carried = !is_ack || row->r->tcp_flags & TCP_FLAG_ACK;
	unsigned int side = row->sender ^ is_ack;

	if (!carried || !number) {
		if (!ladder->wide)
			print_char(print, '-');
		else if (carried)
			print_format(print, "%10u ", number);
		else
			print_format(print, "%10s ", "-");
		return;
	}
	if (ladder->wide)
		print_format(print, "%10u ", number);
	print_relative(print, rows, number, side, fin_seen);
}

static void print_window(struct print *print, const struct row *row)
{
	if (row->r->tcp_flags & TCP_FLAG_RST)
		print_char(print, '-');
	else
		print_number(print, row->window);
	print_char(print, row->r->flags & TCP_TEARDOWN_F_INFERRED ? '~' : ' ');
}

static void print_states(struct print *print, const struct row *row, unsigned int end)
{
	for (unsigned int i = 0; i < row->nr_states[end]; i++) {
		if (i)
			print_char(print, '>');
		print_word(print, state_name(row->states[end][i]));
	}
}

/* What runs through the rows. */
struct progress {
	unsigned int wave;
	bool fin_seen;
	u64 last;
	u64 start;
};

static void print_cell(const struct ladder *ladder, struct print *print,
		       const struct rows *rows, const struct row *row, int column,
		       const struct progress *at)
{
	if (column == WAVE && row->is_wave && ladder->wide)
		print_number(print, at->wave);
	else if (column == TIME && row->time > at->start)
		print_duration(print, row->time - at->start);
	else if (column == TIME)
		print_char(print, '0');
	else if (column == GAP && row->is_wave && at->wave > 1)
		print_duration(print, row->time - at->last);
	else if (column == EVENT)
		print_bytes(print, row->text.text, row->text.len);
	else if ((column == SEQ || column == ACK) && row->sender != NOBODY)
		print_seq(ladder, print, rows, row, column == ACK, at->fin_seen);
	else if (column == WINDOW && row->sender != NOBODY)
		print_window(print, row);
	else if (column == STATE_A || column == STATE_B)
		print_states(print, row, column == STATE_B);
}

static void make_cells(const struct ladder *ladder, struct cells *cells, const struct rows *rows)
{
	struct progress at = { .last = rows->row[0].time, .start = rows->row[0].time };

	cells->end = allocate((rows->nr + 1) * sizeof(*cells->end));
	for (int i = 0; i < COLUMNS; i++) {
		print_word(&cells->print, heads[i]);
		cells->end[0][i] = cells->print.len;
	}
	for (unsigned int n = 0; n < rows->nr; n++) {
		const struct row *row = &rows->row[n];

		at.fin_seen |= row->sender == 1 && has_fin(row->r);
		at.wave += row->is_wave;
		for (int i = 0; i < COLUMNS; i++) {
			print_cell(ladder, &cells->print, rows, row, i, &at);
			cells->end[n + 1][i] = cells->print.len;
		}
		if (row->is_wave)
			at.last = row->time;
	}
}

/* Cells lie one behind the other. */
static size_t cell_begin(const struct cells *cells, unsigned int line, int column)
{
	if (column)
		return cells->end[line][column - 1];
	return line ? cells->end[line - 1][COLUMNS - 1] : 0;
}

static void find_widths(const struct cells *cells, unsigned int lines, size_t *widths)
{
	for (unsigned int n = 0; n < lines; n++)
		for (int i = 0; i < COLUMNS; i++) {
			size_t len = cells->end[n][i] - cell_begin(cells, n, i);

			if (len > widths[i])
				widths[i] = len;
		}
}

static void print_line(const struct cells *cells, unsigned int line, const size_t *widths)
{
	bool first = true;

	print_word(&out, "  ");
	for (int i = 0; i < COLUMNS; i++) {
		size_t begin, from = cell_begin(cells, line, i);

		if (!widths[i])
			continue;
		if (!first)
			print_word(&out, "  ");
		first = false;
		begin = out.len;
		print_bytes(&out, cells->print.text + from, cells->end[line][i] - from);
		if (is_right(i))
			print_right(&out, begin, widths[i]);
		else
			print_pad(&out, begin, widths[i]);
	}
	while (out.text[out.len - 1] == ' ')
		out.len--;
}

static void print_table(const struct ladder *ladder, const struct rows *rows)
{
	size_t widths[COLUMNS] = { };
	struct cells cells = { };

	make_cells(ladder, &cells, rows);
	find_widths(&cells, rows->nr + 1, widths);
	for (unsigned int n = 0; n <= rows->nr; n++) {
		if (!n)
			paint(ladder, "\033[2m");
		print_line(&cells, n, widths);
		if (!n)
			paint(ladder, "\033[0m");
		print_char(&out, '\n');
	}
	free(cells.print.text);
	free(cells.end);
}

/* How long an end was in the states that it left. */
static void print_spent(const struct connection *c, unsigned int end)
{
	bool first = true;

	for (unsigned int i = 0; i < c->nr; i++) {
		const struct tcp_teardown_record *r = &c->moment[i].r;

		if (end_of(c, r) != end || !is_transition(r) || r->spent == TCP_TEARDOWN_UNKNOWN)
			continue;
		if (first)
			print_format(&out, "  %c was in ", "AB"[end]);
		else
			print_word(&out, ", ");
		print_format(&out, "%s ", state_name(r->old_state));
		print_duration(&out, r->spent);
		first = false;
	}
	if (!first)
		print_char(&out, '\n');
}

void ladder_span(const struct connection *c, u64 *begin, u64 *end)
{
	*begin = c->moment[0].r.time;
	*end = *begin;
	for (unsigned int i = 1; i < c->nr; i++) {
		u64 time = c->moment[i].r.time;

		if (time < *begin)
			*begin = time;
		if (time > *end)
			*end = time;
	}
}

void ladder_print(const struct ladder *ladder, struct connection *c, u64 lost,
		  const char *remark)
{
	struct rows rows;

	connection_settle(c);
	rows_make(&rows, c);
	print_title(ladder, c, &rows, lost);
	if (remark)
		print_format(&out, "  %s\n", remark);
	print_table(ladder, &rows);
	if (ladder->wide) {
		print_spent(c, 0);
		print_spent(c, 1);
	}
	print_char(&out, '\n');
	rows_free(&rows);
}
