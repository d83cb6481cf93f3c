// SPDX-License-Identifier: GPL-2.0
#include "diagram.h"

#include <stdio.h>
#include <stdlib.h>

#include "canvas.h"
#include "counters.h"
#include "findings.h"
#include "base/names.h"

/* Rows of the diagram's three ranks of boxes below ESTABLISHED, and of what is below. */
#define RANK_1		6
#define RANK_2		11
#define RANK_3		16
#define BELOW		19
/* With so many columns there is room for sentences in the title. */
#define WIDE		120
/* Columns of an arrow in its column of the diagram. */
#define ARROW_X		2

/* A count and its rate, as text. */
struct label {
	char text[96];
};

/**
 * struct item - a part of a list
 * @name: what it is
 * @count: how often
 * @was: before
 */
struct item {
	char name[80];
	u64 count;
	u64 was;
};

static const u8 closing_states[] = {
	TCP_FIN_WAIT1, TCP_FIN_WAIT2, TCP_CLOSING, TCP_TIME_WAIT, TCP_CLOSE_WAIT, TCP_LAST_ACK
};

/* The column of the diagram in which each arrow is, the row above it, and its cause. */
static const struct arrow {
	u8 from, to;
	u8 column, row;
	const char *cause;
} arrows[] = {
	{ TCP_ESTABLISHED, TCP_FIN_WAIT1, 0, RANK_1 - 2, "close / FIN" },
	{ TCP_ESTABLISHED, TCP_CLOSE_WAIT, 3, RANK_1 - 2, "FIN / ACK" },
	{ TCP_FIN_WAIT1, TCP_FIN_WAIT2, 0, RANK_2 - 2, "ACK of FIN" },
	{ TCP_FIN_WAIT1, TCP_TIME_WAIT, 1, RANK_2 - 2, "FIN,ACK / ACK" },
	{ TCP_FIN_WAIT1, TCP_CLOSING, 2, RANK_2 - 2, "FIN / ACK" },
	{ TCP_CLOSE_WAIT, TCP_LAST_ACK, 3, RANK_2 - 2, "close / FIN" },
	{ TCP_FIN_WAIT2, TCP_TIME_WAIT, 0, RANK_3 - 2, "FIN / ACK" },
	{ TCP_CLOSING, TCP_TIME_WAIT, 2, RANK_3 - 2, "ACK of FIN" },
	{ TCP_LAST_ACK, TCP_CLOSE, 3, RANK_3 - 2, "ACK of FIN" },
};

static void format_rate(char *text, size_t len, double rate)
{
	if (rate > 0 && rate < 0.005)
		snprintf(text, len, "<0.01/s");
	else
		snprintf(text, len, !rate || rate >= 9.95 ? "%.0f/s" :
			 rate >= 0.095 ? "%.1f/s" : "%.2f/s", rate);
}

static void format_count(char *text, size_t len, u64 count)
{
	if (count < 10000000)
		snprintf(text, len, "%llu", count);
	else if (count < 10000000000)
		snprintf(text, len, "%.1fM", count / 1e6);
	else
		snprintf(text, len, "%.0fG", count / 1e9);
}

static struct label label_of(const struct view *view, u64 count, u64 was)
{
	struct label label;
	char text[24], rate[24];

	format_count(text, sizeof(text), count);
	if (view->seconds > 0) {
		format_rate(rate, sizeof(rate), (count > was ? count - was : 0) / view->seconds);
		snprintf(label.text, sizeof(label.text), "%s  %s", text, rate);
	} else {
		snprintf(label.text, sizeof(label.text), "%s", text);
	}
	return label;
}

static struct label label_of_arrow(const struct view *view, u8 from, u8 to)
{
	return label_of(view, view->counters->arrow[from][to], view->before->arrow[from][to]);
}

static u64 total(const u64 *counts, size_t nr)
{
	u64 sum = 0;

	for (size_t i = 0; i < nr; i++)
		sum += counts[i];
	return sum;
}

static void draw_title(struct canvas *canvas, const struct view *view)
{
	const char *title = view->title;

	if (canvas->width < DIAGRAM_WIDTH && !strncmp(title, "tcp-teardown ", 13))
		title += 13;
	canvas_text(canvas, 0, 0, LOOK_BOLD, "%s", title);
}

/* What is missing, and what that does to the numbers here. */
static struct label losses(const struct view *view, bool is_short)
{
	const struct counters *c = view->counters;
	const char *meaning = view->from_records ? ": all counts are too low" :
			      ": not read in time; counts are complete";
	struct label label;

	snprintf(label.text, sizeof(label.text), "%llu records, %llu lost%s", c->records, c->lost,
		 c->lost && !is_short ? meaning : "");
	return label;
}

static int draw_losses(struct canvas *canvas, const struct view *view, int y, bool is_short)
{
	bool is_bad = view->counters->lost && view->from_records;

	return canvas_text(canvas, 0, y, is_bad ? LOOK_ALERT : LOOK_PLAIN, "%s",
			   losses(view, is_short).text);
}

/* Over the end of a title that is too long; findings have the row of the losses. */
static void draw_note(struct canvas *canvas, const struct view *view, bool has_losses)
{
	struct label label = losses(view, canvas->width < WIDE);

	canvas_text_left_of(canvas, canvas->width, 0, LOOK_PLAIN, " %s%s%s",
			    has_losses ? label.text : "",
			    has_losses && *view->note ? "; " : "", view->note);
}

static void draw_state(struct canvas *canvas, const struct view *view, u8 state, int x1, int x2,
		       int y)
{
	canvas_box(canvas, x1, x2, y);
	x1 = canvas_text(canvas, x1 + 2, y + 1, LOOK_BOLD, "%s", state_name(state));
	if (state != TCP_ESTABLISHED && state != TCP_CLOSE)
		canvas_text(canvas, x1 + 1, y + 1, LOOK_BOLD, "%llu", view->counters->now[state]);
}

static void draw_arrow(struct canvas *canvas, const struct view *view, const struct arrow *arrow,
		       int unit)
{
	struct label label = label_of_arrow(view, arrow->from, arrow->to);
	enum look look = view->counters->arrow[arrow->from][arrow->to] ? LOOK_PLAIN : LOOK_DIM;
	int x = arrow->column * unit + ARROW_X, y = arrow->row;

	canvas_text(canvas, x, y, look, "| %s", arrow->cause);
	canvas_text(canvas, x, y + 1, look, "v %s", label.text);
	/* Past the boxes of the rank below. */
	if (arrow->from != TCP_FIN_WAIT1 || arrow->to != TCP_TIME_WAIT)
		return;
	canvas_text(canvas, x, y + 1, look, "|");
	for (y += 2; y < RANK_3 - 1; y++)
		canvas_text(canvas, x, y, look, "|");
	canvas_text(canvas, x, y, look, "v");
}

static void draw_expiry(struct canvas *canvas, const struct view *view, int unit)
{
	struct label label = label_of_arrow(view, TCP_TIME_WAIT, TCP_CLOSE);
	int x = 2 * unit, y = RANK_3 + 1;

	canvas_text(canvas, x, y, LOOK_PLAIN, "2MSL %s", label.text);
	canvas_text(canvas, 3 * unit - 2, y, LOOK_PLAIN, "->");
}

static void draw_states(struct canvas *canvas, const struct view *view)
{
	int unit = canvas->width / 4 < 32 ? canvas->width / 4 : 32;
	int left = 3 * unit - 3, right = 4 * unit - 1;

	draw_state(canvas, view, TCP_ESTABLISHED, 0, right, 1);
	draw_state(canvas, view, TCP_FIN_WAIT1, 0, left, RANK_1);
	draw_state(canvas, view, TCP_CLOSE_WAIT, 3 * unit, right, RANK_1);
	draw_state(canvas, view, TCP_FIN_WAIT2, 0, unit - 3, RANK_2);
	draw_state(canvas, view, TCP_CLOSING, 2 * unit, left, RANK_2);
	draw_state(canvas, view, TCP_LAST_ACK, 3 * unit, right, RANK_2);
	draw_state(canvas, view, TCP_TIME_WAIT, 0, left, RANK_3);
	draw_state(canvas, view, TCP_CLOSE, 3 * unit, right, RANK_3);
	canvas_text_left_of(canvas, right - 1, 2, LOOK_DIM, "%s",
			    "on arrows: how often, how fast; in boxes: how many now");
	for (size_t i = 0; i < ARRAY_SIZE(arrows); i++)
		draw_arrow(canvas, view, &arrows[i], unit);
	draw_expiry(canvas, view, unit);
}

static int by_count(const void *a, const void *b)
{
	const struct item *one = a, *other = b;

	if (one->count != other->count)
		return one->count > other->count ? -1 : 1;
	return strcmp(one->name, other->name);
}

/* "a 12, b 3", as many as there is room for. */
static void draw_list(struct canvas *canvas, int x, int y, struct item *items, int nr)
{
	char text[96];

	qsort(items, nr, sizeof(*items), by_count);
	for (int i = 0; i < nr && items[i].count; i++) {
		int len = snprintf(text, sizeof(text), "%s%s %llu", i ? ", " : "", items[i].name,
				   items[i].count);

		/* With room for the dots of what is left out. */
		if (x + len + (i < nr - 1 && items[i + 1].count ? 5 : 0) > canvas->width) {
			canvas_text(canvas, x, y, LOOK_PLAIN, i ? ", ..." : "...");
			return;
		}
		x = canvas_text(canvas, x, y, LOOK_PLAIN, "%s", text);
	}
}

static void draw_ended(struct canvas *canvas, const struct view *view, int y)
{
	const struct counters *c = view->counters, *was = view->before;
	struct label label = label_of(view, total(c->ended, TCP_TEARDOWN_HOWS),
				      total(was->ended, TCP_TEARDOWN_HOWS));
	struct item items[TCP_TEARDOWN_HOWS] = { };
	int x;

	for (int how = 1; how < TCP_TEARDOWN_HOWS; how++) {
		snprintf(items[how].name, sizeof(items[how].name), "%s", how_name(how));
		items[how].count = c->ended[how];
	}
	x = canvas_text(canvas, 0, y, LOOK_BOLD, "ended");
	x = canvas_text(canvas, x, y, LOOK_PLAIN, " %s: ", label.text);
	draw_list(canvas, x, y, items, TCP_TEARDOWN_HOWS);
}

static int percent(const struct counters *c, int first)
{
	u64 all = total(c->first, TCP_TEARDOWN_FIRSTS);

	return all ? (100 * c->first[first] + all / 2) / all : 0;
}

static void draw_first(struct canvas *canvas, const struct view *view, int y)
{
	static const u8 order[] = {
		TCP_TEARDOWN_FIRST_LOCAL, TCP_TEARDOWN_FIRST_PEER, TCP_TEARDOWN_FIRST_BOTH,
		TCP_TEARDOWN_FIRST_NONE
	};
	const struct counters *c = view->counters;
	int x = canvas_text(canvas, 0, y, LOOK_BOLD, "closed first");

	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		x = canvas_text(canvas, x, y, LOOK_PLAIN, "%s %s %llu (%d %%)", i ? "," : "",
				first_name(order[i]), c->first[order[i]], percent(c, order[i]));
}

/* RFC 9293's arrows are drawn; those that lead past them to CLOSE. */
static int find_short_cuts(const struct view *view, struct item *items)
{
	int nr = 0;

	for (u8 from = 1; from < TCP_MAX_STATES; from++) {
		if (from == TCP_LAST_ACK || from == TCP_TIME_WAIT || from == TCP_CLOSE)
			continue;
		snprintf(items[nr].name, sizeof(items[nr].name), "%s", state_name(from));
		items[nr++].count = view->counters->arrow[from][TCP_CLOSE];
	}
	return nr;
}

static void draw_resets(struct canvas *canvas, const struct view *view, int y)
{
	const struct counters *c = view->counters, *was = view->before;
	struct label sent = label_of(view, c->resets_sent, was->resets_sent);
	struct label received = label_of(view, c->resets_received, was->resets_received);
	struct item items[TCP_MAX_STATES] = { };
	int x = canvas_text(canvas, 0, y, LOOK_BOLD, "resets"), nr = find_short_cuts(view, items);

	x = canvas_text(canvas, x, y, LOOK_PLAIN, " sent %s, received %s", sent.text,
			received.text);
	qsort(items, nr, sizeof(*items), by_count);
	if (!items[0].count)
		return;
	x = canvas_text(canvas, x, y, LOOK_PLAIN, "; ");
	x = canvas_text(canvas, x, y, LOOK_BOLD, "to CLOSE at once");
	draw_list(canvas, x + 1, y, items, nr);
}

static void draw_waiting(struct canvas *canvas, const struct view *view, int y, unsigned int nr)
{
	const struct waiting *waiting = &view->counters->waiting[nr];

	canvas_text(canvas, 0, y, LOOK_PLAIN, "%10.*s s  %s from %s, %s unread",
		    (int)strcspn(waiting->age, "."), waiting->age, waiting->local, waiting->peer,
		    waiting->unread);
}

static void draw_oldest(struct canvas *canvas, const struct view *view, int y)
{
	const struct counters *c = view->counters;
	const struct waiting *waiting = &c->waiting[0];
	int x;

	x = canvas_text(canvas, 0, y, LOOK_BOLD, "oldest CLOSE_WAIT");
	if (!c->nr_waiting)
		canvas_text(canvas, x, y, LOOK_PLAIN, " none");
	else
		canvas_text(canvas, x, y, LOOK_PLAIN, " %.*s s, %s from %s, %s unread",
			    (int)strcspn(waiting->age, "."), waiting->age, waiting->local,
			    waiting->peer, waiting->unread);
}

/* Connections that are in no number here. */
static int draw_unseen(struct canvas *canvas, const struct view *view, int x, int y)
{
	const struct counters *c = view->counters;

	if (c->untracked)
		x = canvas_text(canvas, x, y, LOOK_ALERT, "%s%llu transitions untracked",
				x ? "; " : "", c->untracked);
	if (c->not_listed)
		x = canvas_text(canvas, x, y, LOOK_ALERT, "%s%llu connections not listed",
				x ? "; " : "", c->not_listed);
	return x;
}

/* The first of them, and below it as many as there is room for. */
static int draw_findings(struct canvas *canvas, const struct view *view, int x, int y, int rows)
{
	const struct findings *findings = view->findings;
	unsigned int i;

	x = canvas_text(canvas, x, y, LOOK_BOLD, "%sfindings ", x ? "; " : "");
	if (!findings->known) {
		canvas_text(canvas, x, y, LOOK_PLAIN, "not looked for yet");
	} else if (*findings->failed) {
		canvas_text(canvas, x, y, LOOK_ALERT, "%s", findings->failed);
	} else if (!findings->nr) {
		canvas_text(canvas, x, y, LOOK_PLAIN, findings->not_seen ?
			    "none, but not all was seen: tcp-teardown doctor" : "none");
	}
	for (i = 0; i < findings->nr && (int)i < rows; i++)
		canvas_text(canvas, x, y + i, LOOK_ALERT, "%s", findings->text[i]);
	if (i < findings->nr)
		canvas_text_left_of(canvas, canvas->width, y + i - 1, LOOK_BOLD,
				    " and %u more", findings->nr - i);
	return y + (i ?: 1);
}

static void draw_causes(struct canvas *canvas, const struct view *view, int from, int to)
{
	struct item items[TCP_TEARDOWN_HOWS * TCP_TEARDOWN_BYS] = { };
	int nr = 0;

	for (int how = 1; how < TCP_TEARDOWN_HOWS; how++)
		for (int by = 0; by < TCP_TEARDOWN_BYS; by++) {
			snprintf(items[nr].name, sizeof(items[nr].name), "%s by %s", how_name(how),
				 set_off_name(by));
			items[nr].was = view->before->by[how][by];
			items[nr++].count = view->counters->by[how][by];
		}
	qsort(items, nr, sizeof(*items), by_count);
	canvas_text(canvas, 0, from, LOOK_BOLD, "how they ended, and what brought it about");
	for (int i = 0; i < nr && items[i].count && from + 1 + i < to; i++) {
		struct label label = label_of(view, items[i].count, items[i].was);

		canvas_text(canvas, 2, from + 1 + i, LOOK_PLAIN, "%-34s %s", items[i].name,
			    label.text);
	}
}

/* In the rows below the diagram, what there is room for. */
static void draw_more(struct canvas *canvas, const struct view *view, int y)
{
	int rows = canvas->height - y;
	bool has_waiting = !view->from_records && rows >= 8;

	if (rows < 4)
		return;
	draw_causes(canvas, view, y + 1, has_waiting ? y + rows / 2 : canvas->height);
	if (!has_waiting)
		return;
	y += rows / 2 + 1;
	canvas_text(canvas, 0, y++, LOOK_BOLD, "in CLOSE_WAIT, the oldest first");
	for (unsigned int i = 0; i < view->counters->nr_waiting && y < canvas->height; i++)
		draw_waiting(canvas, view, y++, i);
}

static void draw_diagram(struct canvas *canvas, const struct view *view)
{
	int x, y = BELOW;

	draw_states(canvas, view);
	draw_ended(canvas, view, y++);
	draw_first(canvas, view, y++);
	draw_resets(canvas, view, y++);
	if (!view->from_records)
		draw_oldest(canvas, view, y++);
	if (view->findings) {
		x = draw_unseen(canvas, view, 0, y);
		y = draw_findings(canvas, view, x, y, 1 + (canvas->height - y - 1) / 3);
	} else {
		x = draw_losses(canvas, view, y, false);
		draw_unseen(canvas, view, x, y++);
	}
	draw_more(canvas, view, y);
}

static u64 entered(const struct counters *counters, u8 state)
{
	u64 sum = 0;

	for (u8 from = 0; from < TCP_MAX_STATES; from++)
		sum += counters->arrow[from][state];
	return sum;
}

/* The states alone, one a row; the last two rows are sums. */
static void draw_table(struct canvas *canvas, const struct view *view)
{
	const struct counters *c = view->counters, *was = view->before;
	int x, y = 1, last = canvas->height - 2;
	struct label label;

	if (canvas->height >= 10) {
		canvas_text(canvas, 0, y, LOOK_BOLD, "state           now  entered");
		canvas_text_left_of(canvas, canvas->width, y++, LOOK_DIM, "%dx%d: all",
				    DIAGRAM_WIDTH, DIAGRAM_HEIGHT);
	}
	for (size_t i = 0; i < ARRAY_SIZE(closing_states) && y < last; i++) {
		u8 state = closing_states[i];

		label = label_of(view, entered(c, state), entered(was, state));
		canvas_text(canvas, 0, y++, LOOK_PLAIN, "%-11s %7llu  %s", state_name(state),
			    c->now[state], label.text);
	}
	label = label_of(view, total(c->ended, TCP_TEARDOWN_HOWS),
			 total(was->ended, TCP_TEARDOWN_HOWS));
	x = canvas_text(canvas, 0, y, LOOK_PLAIN, "ended %s, first local %d %%", label.text,
			percent(c, TCP_TEARDOWN_FIRST_LOCAL));
	if (canvas->width >= 70)
		canvas_text(canvas, x, y, LOOK_PLAIN, "; resets sent %llu, received %llu",
			    c->resets_sent, c->resets_received);
	x = draw_losses(canvas, view, y + 1, true);
	x = draw_unseen(canvas, view, x, y + 1);
	if (view->findings && view->findings->nr)
		canvas_text(canvas, x, y + 1, LOOK_ALERT, "; %u findings", view->findings->nr);
}

void diagram_draw(struct canvas *canvas, const struct view *view)
{
	bool is_diagram = canvas->width >= DIAGRAM_WIDTH && canvas->height >= DIAGRAM_HEIGHT;

	draw_title(canvas, view);
	draw_note(canvas, view, is_diagram && view->findings);
	if (is_diagram)
		draw_diagram(canvas, view);
	else
		draw_table(canvas, view);
}
