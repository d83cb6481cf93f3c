// SPDX-License-Identifier: GPL-2.0
#include "rows.h"

#include <stdio.h>
#include <stdlib.h>

#include "complain.h"
#include "base/names.h"

/**
 * struct wave - where the last row of a segment is
 * @of: the sender, and what the sender's record and the receiver's have in common
 * @row: its number + 1; 0: an empty place
 */
struct wave {
	u32 of[4];
	u32 row;
};

/**
 * struct maker - while the rows are made
 * @rows: where to
 * @c: of what
 * @room: for rows
 * @last: the last row of A, of B; below 0 for none
 * @scale: of the windows of A's, of B's received segments
 * @waves: by hash
 * @mask: of its index
 */
struct maker {
	struct rows *rows;
	struct connection *c;
	unsigned int room;
	s64 last[2];
	u8 scale[2];
	struct wave *waves;
	u32 mask;
};

enum { SEGMENT_FIN = 1, SEGMENT_RST, SEGMENT_OTHER };

static struct wave *find_wave(struct maker *m, unsigned int sender,
			      const struct tcp_teardown_record *r)
{
	u32 of[4] = { sender | SEGMENT_OTHER << 8, r->seq, r->ack, r->len }, at;

	if (has_fin(r)) {
		of[0] = sender | SEGMENT_FIN << 8;
		of[1] = fin_number(r);
		of[2] = 0;
		of[3] = 0;
	} else if (r->tcp_flags & TCP_FLAG_RST) {
		/* The number of a RST that was received is not always known. */
		memset(of, 0, sizeof(of));
		of[0] = sender | SEGMENT_RST << 8;
	}
	at = (of[0] * 0x9e3779b1U ^ of[1]) * 0x85ebca6bU;
	at = (at ^ at >> 15 ^ of[2]) * 0xc2b2ae35U;
	at ^= at >> 13 ^ of[3];
	while (m->waves[at & m->mask].row && memcmp(m->waves[at & m->mask].of, of, sizeof(of)))
		at++;
	memcpy(m->waves[at & m->mask].of, of, sizeof(of));
	return &m->waves[at & m->mask];
}

static struct row *row_of_wave(struct maker *m, const struct wave *wave)
{
	return wave->row ? &m->rows->row[wave->row - 1] : NULL;
}

static struct row *append(struct maker *m)
{
	struct rows *rows = m->rows;

	if (rows->nr == m->room) {
		m->room = m->room ? 2 * m->room : 8;
		rows->row = grow(rows->row, rows->nr, m->room, sizeof(*rows->row));
	}
	return &rows->row[rows->nr++];
}

static struct row *new_row(struct maker *m, const struct tcp_teardown_record *r,
			   unsigned int end, int sender)
{
	struct row *row = append(m);

	*row = (struct row) {
		.r = r,
		.time = r->time,
		.window = r->window,
		.sender = sender,
		.is_wave = sender != NOBODY,
	};
	m->last[end] = m->rows->nr - 1;
	return row;
}

static struct row *text_row(struct maker *m, const struct tcp_teardown_record *r,
			    unsigned int end, const char *text)
{
	struct row *row = new_row(m, r, end, NOBODY);

	print_format(&row->text, "%c %s", "AB"[end], text);
	return row;
}

/* close() unread=9 */
static void print_call(struct print *print, const struct tcp_teardown_record *r)
{
	print_word(print, event_of(r));
	if (r->what != TCP_TEARDOWN_EXIT && r->what != TCP_TEARDOWN_LISTENER &&
	    r->what != TCP_TEARDOWN_ABORT)
		print_word(print, "()");
	if (r->unread)
		print_format(print, " unread=%u", r->unread);
	if (r->unsent)
		print_format(print, " unsent=%u", r->unsent);
	if (r->flags & TCP_TEARDOWN_F_LINGER)
		print_format(print, " linger=%u", r->linger);
}

static char *call_text(const struct tcp_teardown_record *r)
{
	struct print print = { };

	print_call(&print, r);
	print_char(&print, '\0');
	return print.text;
}

static void print_segment(struct row *row, const struct tcp_teardown_record *r)
{
	print_format(&row->text, "%c>%c ", "AB"[row->sender], "BA"[row->sender]);
	print_flags(&row->text, r->tcp_flags);
}

static bool is_left(const struct tcp_teardown_record *r)
{
	return r->kind == TCP_TEARDOWN_SEGMENT && r->what == TCP_TEARDOWN_SEG_LEFT;
}

/* It was queued, and did not leave then: the row is only what the application did. */
static void undo_leaving(struct row *row, unsigned int end)
{
	row->text.len = 0;
	print_format(&row->text, "%c %s", "AB"[end], row->cause);
	row->sender = NOBODY;
	row->is_wave = false;
}

/* One row for a segment of which both ends tell; it may arrive first. */
static struct row *sent(struct maker *m, const struct tcp_teardown_record *r, unsigned int end)
{
	struct wave *wave = find_wave(m, end, r);
	struct row *row = row_of_wave(m, wave);

	if (row && is_left(r)) {
		if (row->got)
			return NULL;
		if (row->sent && row->cause)
			undo_leaving(row, end);
	} else if (row && row->got && !row->sent) {
		row->sent = true;
		if (row->r->flags & TCP_TEARDOWN_F_INFERRED) {
			row->r = r;
			row->window = r->window;
		}
		if (m->last[end] < wave->row - 1)
			m->last[end] = wave->row - 1;
		return row;
	}
	row = new_row(m, r, end, end);
	wave->row = m->rows->nr;
	print_segment(row, r);
	if (is_left(r))
		print_word(&row->text, " left by now");
	else if (r->kind == TCP_TEARDOWN_SEGMENT && r->what == TCP_TEARDOWN_SEG_RESEND)
		print_word(&row->text, " again");
	row->sent = true;
	return row;
}

/* With nothing before it: it leaves at once, unless a later record has it. */
static struct row *fin_queued(struct maker *m, struct tcp_teardown_record *r, unsigned int end)
{
	struct row *row;

	r->tcp_flags = TCP_FLAG_FIN | TCP_FLAG_ACK;
	row = sent(m, r, end);
	if (!row)
		return NULL;
	free(row->cause);
	row->cause = r->kind == TCP_TEARDOWN_CALL ? call_text(r) : strdup("on its own");
	if (r->kind == TCP_TEARDOWN_CALL)
		print_format(&row->text, " by %s", row->cause);
	return row;
}

static void print_words(struct print *print, const char *words)
{
	for (; *words; words++)
		print_char(print, *words == '_' ? ' ' : *words);
}

/* What there is to say of a received segment. */
static void print_note(struct print *print, const struct tcp_teardown_record *r)
{
	bool is_segment = r->kind == TCP_TEARDOWN_SEGMENT;

	if (r->len)
		print_format(print, " +%u bytes", r->len);
	if (!(r->tcp_flags & TCP_FLAG_SYN) && is_segment && r->what == TCP_TEARDOWN_SEG_RCV_DUP)
		print_word(print, " (had it)");
	if (!(r->tcp_flags & TCP_FLAG_SYN) && is_segment && r->what == TCP_TEARDOWN_SEG_RCV_OOO)
		print_word(print, " (early)");
	if (r->flags & TCP_TEARDOWN_F_REFUSED)
		print_word(print, " (refused)");
	if (r->timewait && r->timewait != TCP_TEARDOWN_TW_BORN &&
	    r->timewait != TCP_TEARDOWN_TW_RESET) {
		print_word(print, " (");
		print_words(print, timewait_name(r->timewait));
		print_word(print, ")");
	}
}

/* In bytes; a minisock's records lack the scale of the full socket. */
static u64 window_of(struct maker *m, const struct tcp_teardown_record *r, unsigned int end)
{
	if (r->tcp_flags & TCP_FLAG_SYN)
		return r->window;
	m->scale[end] = r->wscale ?: m->scale[end];
	return (u64)r->window << (m->scale[end] & 31);
}

static struct row *received(struct maker *m, const struct tcp_teardown_record *r,
			    unsigned int end)
{
	struct wave *wave = find_wave(m, !end, r);
	struct row *row = row_of_wave(m, wave);

	if (!row || !row->sent || row->got) {
		row = new_row(m, r, end, !end);
		wave->row = m->rows->nr;
		print_segment(row, r);
		print_note(&row->text, r);
	} else if (m->last[end] > wave->row - 1) {
		/* Something happened here while it was on its way. */
		row->got = true;
		row = new_row(m, r, end, !end);
		print_segment(row, r);
		print_note(&row->text, r);
		print_word(&row->text, " arrives");
		row->is_wave = false;
	} else {
		print_note(&row->text, r);
		m->last[end] = wave->row - 1;
		if (!(r->flags & TCP_TEARDOWN_F_INFERRED))
			row->r = r;
	}
	row->got = true;
	if (row->r == r)
		row->window = window_of(m, r, end);
	return row;
}

static struct row *born(struct maker *m, const struct tcp_teardown_record *r, unsigned int end)
{
	struct row *row = m->last[end] >= 0 ? &m->rows->row[m->last[end]] : NULL;

	/* With three waves, of the segment that brought FIN_WAIT2 as well. */
	if (row && row->got && row->sender == (int)!end && is_transition(r))
		return row;
	return text_row(m, r, end, is_transition(r) ? "on its own" : "goes on as a minisock");
}

static struct row *by_itself(struct maker *m, const struct tcp_teardown_record *r,
			     unsigned int end)
{
	struct row *row;

	if (is_minisock_word(r, TCP_TEARDOWN_TW_BORN))
		return born(m, r, end);
	if (r->kind == TCP_TEARDOWN_STATE)
		return text_row(m, r, end, r->flags & TCP_TEARDOWN_F_UNTRACKED ?
				"changes state" : "on its own");
	if (is_minisock_word(r, TCP_TEARDOWN_TW_REARMED))
		return text_row(m, r, end, "timer starts over");
	if (is_minisock_word(r, TCP_TEARDOWN_TW_REFUSED))
		return text_row(m, r, end, "is refused a TIME_WAIT");
	row = text_row(m, r, end, "");
	print_words(&row->text, event_of(r));
	return row;
}

static struct row *row_of(struct maker *m, struct tcp_teardown_record *r, unsigned int end)
{
	struct row *row;

	if (queues_fin(r) && !r->unsent)
		return fin_queued(m, r, end);
	if (r->kind == TCP_TEARDOWN_CALL) {
		row = text_row(m, r, end, "");
		print_call(&row->text, r);
		return row;
	}
	if (is_received(r))
		return received(m, r, end);
	if (is_sent(r))
		return sent(m, r, end);
	return by_itself(m, r, end);
}

/* States in which the first record of an end finds it, if none is missing before. */
static bool is_beginning(u8 state)
{
	return state == TCP_SYN_SENT || state == TCP_SYN_RECV || state == TCP_LISTEN || !state;
}

static bool begins_late(const struct tcp_teardown_record *r)
{
	return !is_beginning(r->old_state) && r->old_state != TCP_ESTABLISHED &&
	       r->kind != TCP_TEARDOWN_CONNECT;
}

static void show_state(struct row *row, unsigned int end, u8 state)
{
	if (row->nr_states[end] < ROW_STATES)
		row->states[end][row->nr_states[end]++] = state;
}

/* The states that the record names, after those that were printed. */
static void enter(struct maker *m, struct row *row, const struct tcp_teardown_record *r,
		  unsigned int end)
{
	u8 was = m->rows->state[end];

	if (!r->cookie) {	/* a RST in place of the socket, by nobody or a listener */
		if (r->old_state)
			show_state(row, end, r->old_state);
		return;
	}
	/* Of the socket, while a minisock holds the connection. */
	if (r->old_state == TCP_CLOSE && !is_transition(r) &&
	    (was == TCP_FIN_WAIT1 || was == TCP_FIN_WAIT2 || was == TCP_TIME_WAIT))
		return;
	/* A minisock that answers with a RST may be gone before that is sent. */
	if (was == TCP_CLOSE && is_sent(r) && !is_transition(r))
		return;
	/* It may be on its way while the segment that it answers is still at work. */
	if (r->kind == TCP_TEARDOWN_SEGMENT && r->what == TCP_TEARDOWN_SEG_ACK &&
	    was != STATE_UNTOLD)
		return;
	if (r->old_state != was) {
		if (!is_beginning(was) && (was != STATE_UNTOLD || begins_late(r)))
			m->rows->unseen[end] = true;
		show_state(row, end, r->old_state);
	}
	if (is_transition(r))
		show_state(row, end, r->new_state);
	m->rows->state[end] = r->new_state;
}

static void lost_row(struct maker *m, const struct tcp_teardown_record *r, u64 lost)
{
	struct row *row = append(m);

	*row = (struct row) { .time = r->time, .sender = NOBODY };
	print_format(&row->text, "-- %llu records lost --", lost);
}

enum { BASE_U, BASE_V, BASE_W, BASE_FIN, BASES };

struct bases {
	bool has[BASES];
	u32 number[BASES];
};

static void set_default(struct bases *bases, int base, u32 number)
{
	if (bases->has[base])
		return;
	bases->has[base] = true;
	bases->number[base] = number;
}

static void base_of_row(const struct maker *m, const struct row *row, struct bases *bases)
{
	const struct tcp_teardown_record *r = row->r;

	if (has_fin(r))
		set_default(bases, end_of(m->c, r) ^ is_received(r) ? BASE_W : BASE_FIN,
			    fin_number(r));
	if (row->sender == NOBODY || r->tcp_flags == TCP_FLAG_SYN)
		return;
	if (r->seq || !(r->tcp_flags & TCP_FLAG_RST))
		set_default(bases, row->sender ? BASE_V : BASE_U, r->seq);
	if (r->ack)
		set_default(bases, row->sender ? BASE_U : BASE_V, r->ack);
}

/* u, v and w, from the first numbers of each side and from the FINs; a RST's may be any. */
static void find_bases(struct maker *m)
{
	struct rows *rows = m->rows;
	struct bases bases = { };

	for (int rst = 0; rst < 2; rst++)
		for (unsigned int i = 0; i < rows->nr; i++)
			if (rows->row[i].r &&
			    !!(rows->row[i].r->tcp_flags & TCP_FLAG_RST) == rst)
				base_of_row(m, &rows->row[i], &bases);
	if (bases.has[BASE_FIN]) {
		bases.has[BASE_U] = true;
		bases.number[BASE_U] = bases.number[BASE_FIN];
	}
	memcpy(rows->has_base, bases.has, sizeof(rows->has_base));
	memcpy(rows->base, bases.number, sizeof(rows->base));
}

/* Has that end, whose row it is, a record of it? */
static bool is_known_to(const struct row *row, unsigned int end)
{
	if (!row->r || row->sender == NOBODY)
		return row->nr_states[end];
	return row->nr_states[end] || (row->sender == (int)end ? row->sent : row->got);
}

/* A segment that the other end would have recorded, if it had arrived there then. */
static bool is_awaited(const struct row *row, u8 state)
{
	if (!row->is_wave || row->r->tcp_flags & (TCP_FLAG_SYN | TCP_FLAG_RST) ||
	    state == TCP_CLOSE)
		return false;
	return has_fin(row->r) || state == TCP_LAST_ACK || state == TCP_CLOSING;
}

/*
 * Of an end that recorded all it received, and went on to do so: what was sent to it and is
 * not there was not received. A segment that came twice, or was delayed for so long that it was
 * sent again, may stand for one that is not there.
 */
static void mark_lost(struct maker *m, unsigned int end)
{
	struct rows *rows = m->rows;
	unsigned int last = rows->nr, spare[2] = { };
	u8 state = STATE_UNTOLD;

	if (!m->c->end[end].told || rows->unseen[end])
		return;
	while (last && !is_known_to(&rows->row[last - 1], end))
		last--;
	for (unsigned int i = 0; i < last; i++) {
		struct row *row = &rows->row[i];

		if (row->sender == (int)!end && row->got && !row->sent)
			spare[has_fin(row->r)]++;
	}
	for (unsigned int i = 0; i < last; i++) {
		struct row *row = &rows->row[i];

		if (row->nr_states[end])
			state = row->states[end][row->nr_states[end] - 1];
		if (row->sender != (int)!end || row->got || !is_awaited(row, state))
			continue;
		if (spare[has_fin(row->r)])
			spare[has_fin(row->r)]--;
		else
			print_word(&row->text, " (not received)");
	}
}

void rows_make(struct rows *rows, struct connection *c)
{
	struct maker m = { .rows = rows, .c = c, .last = { -1, -1 }, .mask = 15 };
	u64 lost = c->moment[0].lost;

	*rows = (struct rows) { .state = { STATE_UNTOLD, STATE_UNTOLD } };
	while (m.mask < 2 * c->nr)
		m.mask = 2 * m.mask + 1;
	m.waves = allocate((m.mask + 1UL) * sizeof(*m.waves));
	for (unsigned int i = 0; i < c->nr; i++) {
		struct tcp_teardown_record *r = &c->moment[i].r;
		unsigned int end = end_of(c, r);
		struct row *row;

		if (c->moment[i].lost > lost) {
			lost_row(&m, r, c->moment[i].lost - lost);
			lost = c->moment[i].lost;
		}
		row = row_of(&m, r, end);
		if (row)
			enter(&m, row, r, end);
	}
	find_bases(&m);
	for (unsigned int end = 0; end < 2 && lost == c->moment[0].lost; end++)
		mark_lost(&m, end);
	free(m.waves);
}

void rows_free(struct rows *rows)
{
	for (unsigned int i = 0; i < rows->nr; i++) {
		free(rows->row[i].text.text);
		free(rows->row[i].cause);
	}
	free(rows->row);
}
