/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All that is read: files, pipes and the module's own files, as one row of records in
 * order of time. Where one goes on for ever, so does this, until ^C; no record that was
 * read is lost by that.
 */
#ifndef TEARDOWN_INPUT_H
#define TEARDOWN_INPUT_H

#include "source.h"

/* The other end of a connection has its own end within this time. */
#define GRACE_MS	200

enum input_state { INPUT_RECORD, INPUT_IDLE, INPUT_END };

/**
 * struct input - what is read
 * @nr: of @source
 * @source: by file
 * @of: the one whose record was given last
 * @lost: records that were lost before that
 * @live: something may go on after what is there now
 * @by_real_time: as clocks of several hosts have it
 * @bound: @of has the next one, up to this time
 * @until_look: so many, and then all are looked at
 * @looked: when the last line of progress was
 * @has_progress: that line is there
 * @stop_at: when nothing more is read, after ^C; 0 before
 */
struct input {
	unsigned int nr;
	struct source **source;
	struct source *of;
	u64 lost;
	bool live;
	bool by_real_time;
	u64 bound;
	unsigned int until_look;
	u64 looked;
	bool has_progress;
	u64 stop_at;
};

/* A file by its name; - is stdin. False after a complaint. */
bool input_add(struct input *input, const char *name);

/*
 * The next record; it stays until the next call. INPUT_IDLE: nothing came for GRACE_MS.
 */
enum input_state input_next(struct input *input, const struct tcp_teardown_record **r);

/* Of how many hosts, and boots of them, are the files? Those that are live are not asked. */
unsigned int input_hosts(const struct input *input);

/* ^C ends the input, and not the program. */
void input_catch_interrupt(void);
bool input_interrupted(void);

/* How many records are missing that may be of that time, which may be real time. */
u64 input_lost_between(const struct input *input, u64 begin, u64 end);

/* At the end: what was left out, in words, on stderr. */
void input_tell(const struct input *input);

void input_free(struct input *input);

/* CLOCK_MONOTONIC, in ns. */
u64 now(void);

#endif
