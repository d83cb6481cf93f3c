// SPDX-License-Identifier: GPL-2.0
/* show: connections as ladders, when they are over, or at the end. */
#include <stdlib.h>
#include <unistd.h>

#include "choose.h"
#include "clocks.h"
#include "complain.h"
#include "connection.h"
#include "ladder.h"
#include "options.h"
#include "print.h"

/**
 * struct shower - what is shown, and what waits
 * @options: what was asked for
 * @all: connections that are held
 * @ladder: how they are printed
 * @clocks: of two hosts; NULL for one
 * @first: of those that are over and wait to be shown
 * @last: the same
 * @shown: so many were
 * @forced: so many had to go before they were over
 */
struct shower {
	struct options *options;
	struct connections all;
	struct ladder ladder;
	struct clocks *clocks;
	struct connection *first;
	struct connection *last;
	u64 shown;
	u64 forced;
};

static bool wants_more(const struct shower *s)
{
	return s->shown < s->options->count;
}

static void show_one(struct shower *s, struct connection *c)
{
	const char *remark = NULL;
	u64 begin, end, lost;

	if (!c->wanted || !wants_more(s))
		return;
	ladder_span(c, &begin, &end);
	lost = input_lost_between(&s->options->input, begin, end);
	if (s->clocks)
		remark = clocks_apply(s->clocks, c);
	ladder_print(&s->ladder, c, lost, remark);
	s->shown++;
}

static void remove_waiting(struct shower *s, struct connection *c)
{
	struct connection *before = NULL, *at = s->first;

	while (at && at != c) {
		before = at;
		at = at->waiting;
	}
	if (!at)
		return;
	if (before)
		before->waiting = c->waiting;
	else
		s->first = c->waiting;
	if (s->last == c)
		s->last = before;
}

static void show_and_drop(struct shower *s, struct connection *c)
{
	if (c->pending)
		remove_waiting(s, c);
	show_one(s, c);
	connection_drop(&s->all, c);
}

/* The other end may have something to say of the end, too. */
static void wait_for_rest(struct shower *s, struct connection *c)
{
	if (c->pending || !connection_is_over(c))
		return;
	c->pending = true;
	c->due = now() + GRACE_MS * NSEC_PER_MSEC;
	c->waiting = NULL;
	if (s->last)
		s->last->waiting = c;
	else
		s->first = c;
	s->last = c;
}

static void show_due(struct shower *s)
{
	u64 time = now();

	while (s->first && s->first->due <= time) {
		struct connection *c = s->first;

		s->first = c->waiting;
		if (!s->first)
			s->last = NULL;
		c->pending = false;
		if (connection_is_over(c))
			show_and_drop(s, c);
	}
}

static void make_room(struct shower *s)
{
	struct connection *c;

	while ((c = connection_too_much(&s->all))) {
		s->forced += !connection_is_over(c);
		show_and_drop(s, c);
	}
}

/* Boots of hosts are told apart by some of their id. */
static u64 host_of(const struct source *source)
{
	u64 host;

	memcpy(&host, source->boot_id, sizeof(host));
	return host;
}

static void add(struct shower *s, const struct tcp_teardown_record *r)
{
	struct input *input = &s->options->input;
	const struct arrival arrival = {
		.host = host_of(input->of),
		.shift = s->clocks ? input->of->real : 0,
		.lost = input->lost,
	};
	struct connection *c = connection_add(&s->all, r, &arrival);

	c->wanted = c->wanted || choose(s->options->filter, r);
	if (input->live)
		wait_for_rest(s, c);
	make_room(s);
}

/* Until the end, or until all that is wanted was shown, or nobody reads it. */
static void read_all(struct shower *s)
{
	struct input *input = &s->options->input;
	const struct tcp_teardown_record *r;
	enum input_state state;
	u64 records = 0;

	while ((state = input_next(input, &r)) != INPUT_END) {
		if (state == INPUT_RECORD)
			add(s, r);
		if (!wants_more(s) || !print_out(false))
			return;
		if (!input->live || (state == INPUT_RECORD && ++records % 1024))
			continue;
		show_due(s);
		print_out(true);
	}
}

static void tell(const struct shower *s)
{
	u64 lost = 0;

	for (unsigned int i = 0; i < s->options->input.nr; i++)
		lost += s->options->input.source[i]->losses.total;
	if (lost)
		print_format(&out, "# %llu records were lost, not read in time\n", lost);
	if (s->forced)
		say("--max-connections %llu was reached: %llu were shown before they had ended",
		    s->options->max_connections, s->forced);
	if (!s->shown && s->options->filter && s->options->count)
		say("no connection matches %s", s->options->filter_text);
}

static void find_clocks(struct shower *s)
{
	struct bounds bounds;

	for (struct connection *c = s->all.oldest; c; c = c->younger) {
		clocks_look(s->clocks, c, &bounds);
		bounds_join(&s->clocks->all, &bounds);
	}
	clocks_print(s->clocks);
}

/* One of two; false, after a complaint, if it is a third, or its clock is not known. */
static bool take_host(struct clocks *clocks, const struct source *source)
{
	u64 host = host_of(source);
	int nr;

	if (!source->knows_real) {
		complain("%s: its clock in real time is not known", source->name);
		return false;
	}
	for (nr = 0; nr < 2 && clocks->name[nr]; nr++)
		if (clocks->host[nr] == host)
			return true;
	if (nr == 2) {
		complain("%s: of a third host", source->name);
		return false;
	}
	clocks->host[nr] = host;
	clocks->name[nr] = source->host;
	return true;
}

static void show_all(struct options *options, struct clocks *clocks)
{
	struct shower s = {
		.options = options,
		.clocks = clocks,
		.ladder = {
			.wide = options->wide,
			.colour = (getenv("TT_COLOR") || isatty(STDOUT_FILENO)) &&
				  !getenv("NO_COLOR"),
			.title = options->title,
		},
	};

	connections_begin(&s.all, options->max_connections);
	read_all(&s);
	if (clocks)
		find_clocks(&s);
	for (struct connection *c = s.all.oldest; c && print_out(false); c = c->younger)
		show_one(&s, c);
	tell(&s);
	connections_free(&s.all);
}

/* Clocks of different boots are not to be compared. */
bool show(struct options *options)
{
	if (input_hosts(&options->input) > 1) {
		complain("records of several hosts, or boots: tcp-teardown merge shows them");
		return false;
	}
	show_all(options, NULL);
	return true;
}

bool merge(struct options *options)
{
	struct input *input = &options->input;
	struct clocks clocks = { };

	for (unsigned int i = 0; i < input->nr; i++) {
		source_peek(input->source[i]);
		if (!take_host(&clocks, input->source[i]))
			return false;
	}
	if (!clocks.name[1]) {
		complain("merge wants the records of two hosts");
		return false;
	}
	input->by_real_time = true;
	show_all(options, &clocks);
	return true;
}
