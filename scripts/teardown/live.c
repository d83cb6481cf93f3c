// SPDX-License-Identifier: GPL-2.0
/* live: the diagram of states with counts and rates, of this host as it goes, or of records. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "canvas.h"
#include "choose.h"
#include "complain.h"
#include "counters.h"
#include "diagram.h"
#include "findings.h"
#include "metrics.h"
#include "options.h"
#include "print.h"
#include "screen.h"

/* Of records that come all the time: so many, and then keys are looked for. */
#define LOOK_RECORDS	256
/* Connections are read as often as asked for, but only in this part of the time. */
#define SHARE		10

/**
 * struct live - where it is
 * @options: what was asked for
 * @directory: of the module's files, as doctor is given it
 * @run: of the doctor's findings
 * @counters: as they are
 * @before: as they were one interval before
 * @view: what is drawn of them
 * @title: of the view
 * @note: of the view
 * @looked: when @counters was read
 * @next_connections: when to read these again
 * @began: time of the first record
 * @ended: and of the last
 */
struct live {
	struct options *options;
	char directory[4096];
	struct findings_run run;
	struct counters counters;
	struct counters before;
	struct view view;
	char title[256];
	char note[80];
	u64 looked;
	u64 next_connections;
	u64 began;
	u64 ended;
};

static struct canvas canvas;

static void draw(struct live *live)
{
	int width, height;

	screen_size(&width, &height);
	canvas_clear(&canvas, width, height);
	diagram_draw(&canvas, &live->view);
}

static void show_picture(struct live *live)
{
	time_t seconds = time(NULL);
	struct tm tm;

	localtime_r(&seconds, &tm);
	strftime(live->note, sizeof(live->note), "%H:%M:%S, q ends", &tm);
	draw(live);
	screen_show(&canvas);
}

/* As text, and without what is of the terminal. */
static void print_picture(struct live *live)
{
	draw(live);
	canvas_print(&canvas, &out);
}

/* What was counted since the time before, as rates. */
static void tick(struct live *live)
{
	u64 time = now();

	live->view.seconds = live->looked ? (time - live->looked) / 1e9 : 0;
	live->looked = time;
}

static bool read_counters(struct live *live)
{
	const char *directory = live->directory;
	struct counters *counters = &live->counters;
	u64 begin;

	live->before = *counters;
	if (!counters_read(counters, directory))
		return false;
	tick(live);
	begin = now();
	if (begin < live->next_connections) {
		memcpy(counters->now, live->before.now, sizeof(counters->now));
		memcpy(counters->waiting, live->before.waiting, sizeof(counters->waiting));
		counters->nr_waiting = live->before.nr_waiting;
		counters->not_listed = live->before.not_listed;
		return true;
	}
	counters_read_connections(counters, directory);
	live->next_connections = now() + SHARE * (now() - begin);
	return true;
}

/* Until the next look; false: it ends. It looks for keys even where that is over already. */
static bool wait_for_tick(struct live *live)
{
	u64 until = live->looked + live->options->interval;
	u64 time;

	do {
		time = now();
		switch (screen_wait(time < until ? (until - time) / NSEC_PER_MSEC + 1 : 0,
				    live->run.fd)) {
		case SCREEN_END:
			return false;
		case SCREEN_INPUT:
			if (findings_poll(&live->run, live->options))
				show_picture(live);
			break;
		case SCREEN_RESIZED:
			show_picture(live);
			break;
		default:
			break;
		}
	} while (now() < until);
	return true;
}

/*
 * Where the module's files are. With a copy of these alone, the doctor would see the
 * sockets of another host.
 */
static void choose_place(struct live *live)
{
	struct options *options = live->options;
	const char *root = options->root ?: "";
	bool is_proc;

	if (!*root)
		choose_directory(options);
	is_proc = !strncmp(options->directory, "/proc", 5);
	if (*root || is_proc || !strcmp(options->directory, MODULE_FILES))
		live->view.findings = &live->run.latest;
	snprintf(live->directory, sizeof(live->directory), "%s%s", root, options->directory);
	snprintf(live->title, sizeof(live->title), "tcp-teardown live: %s", *root ? root :
		 is_proc ? "this network namespace" : "this host");
}

static bool look(struct live *live)
{
	if (!read_counters(live))
		return false;
	if (live->view.findings)
		findings_poll(&live->run, live->options);
	return true;
}

static void show_module(struct live *live)
{
	choose_place(live);
	if (!read_counters(live))
		return;
	if (live->options->once) {
		if (live->view.findings)
			findings_wait(&live->run, live->options);
		print_picture(live);
		return;
	}
	screen_enter();
	do
		show_picture(live);
	while (wait_for_tick(live) && look(live));
	findings_stop(&live->run);
	screen_leave();
}

static void take(struct live *live, const struct tcp_teardown_record *r)
{
	if (!choose(live->options->filter, r))
		return;
	counters_take(&live->counters, r);
	if (!live->began)
		live->began = r->time;
	if (r->time > live->ended)
		live->ended = r->time;
}

/* The picture once an interval; false: it ends. */
static bool go_on(struct live *live)
{
	enum screen_event event = screen_wait(0, -1);

	if (event == SCREEN_END)
		return false;
	live->counters.lost = live->options->input.lost;
	if (now() >= live->looked + live->options->interval) {
		tick(live);
		show_picture(live);
		live->before = live->counters;
	} else if (event == SCREEN_RESIZED) {
		show_picture(live);
	}
	return true;
}

/* False: it was ended, and not the input. */
static bool follow(struct live *live)
{
	const struct tcp_teardown_record *r;
	enum input_state state;
	unsigned int until_look = 0;

	while ((state = input_next(&live->options->input, &r)) != INPUT_END) {
		if (state == INPUT_RECORD)
			take(live, r);
		if (state == INPUT_RECORD && until_look--)
			continue;
		until_look = LOOK_RECORDS;
		if (!go_on(live))
			return false;
	}
	return true;
}

static void read_all(struct live *live)
{
	const struct tcp_teardown_record *r;
	enum input_state state;

	while ((state = input_next(&live->options->input, &r)) != INPUT_END)
		if (state == INPUT_RECORD)
			take(live, r);
}

/* At the end of all: the rates are those of the whole. */
static void print_whole(struct live *live)
{
	double seconds = (live->ended - live->began) / 1e9;

	live->before = (struct counters) { };
	live->view.seconds = seconds;
	live->counters.lost = live->options->input.lost;
	snprintf(live->note, sizeof(live->note), "rates: mean of %.3f s", seconds);
	print_picture(live);
}

static void show_records(struct live *live)
{
	struct input *input = &live->options->input;

	live->view.from_records = true;
	snprintf(live->title, sizeof(live->title), "tcp-teardown live: %s%s%s",
		 input->source[0]->name, input->nr > 1 ? " ..." : "",
		 live->options->filter ? ", filtered" : "");
	input->by_real_time = input_hosts(input) > 1;
	if (!input->live || live->options->once) {
		read_all(live);
		print_whole(live);
		return;
	}
	screen_enter();
	if (follow(live)) {
		screen_leave();
		print_whole(live);
	}
	screen_leave();
}

bool live(struct options *options)
{
	struct live *live = allocate(sizeof(*live));

	live->options = options;
	live->run.fd = -1;
	live->view = (struct view) {
		.title = live->title,
		.note = live->note,
		.counters = &live->counters,
		.before = &live->before,
	};
	if (options->input.nr)
		show_records(live);
	else if (options->filter)
		complain("the module's counters can't be filtered: name a FILE, or -f");
	else
		show_module(live);
	free(live);
	return true;
}
