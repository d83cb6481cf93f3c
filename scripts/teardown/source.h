/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One file of records, raw or text, as it is read: which of the two is found out from
 * how it begins. It may be damaged or foreign: what came before that is kept, and the
 * rest is complained of.
 */
#ifndef TEARDOWN_SOURCE_H
#define TEARDOWN_SOURCE_H

#include <tcp_teardown.h>

#include "loss.h"
#include "print.h"

/*
 * In a recording, text of ours stands in records of this kind, which the module does not
 * make: a reader of raw streams skips it.
 */
#define NOTE_KIND	0xff
#define NOTE_RECORDING	"recording\n"
/* A line of that note: a filter has left records out, so a gap in the numbers is no loss. */
#define NOTE_FILTERED	"filtered\n"
/* A note of its own, in such a recording: so many of this CPU were lost here. */
#define NOTE_LOST	"lost "
/* No more of them is kept. */
#define NOTES_ROOM	(1024 * 1024)

/* What header, record and note begin with, up to their kind. */
#define HEAD_LEN	(offsetof(struct tcp_teardown_record, kind) + 1)

enum source_form { FORM_UNKNOWN, FORM_RAW, FORM_LINES };

/**
 * struct source - a file, and where its reader is
 * @name: of the file, for people
 * @fd: it
 * @pos: where to read from, of a part of a file; else -1
 * @stop: where that part ends
 * @size: of the whole; 0 where not known
 * @piped: a program writes it
 * @live: it may go on after what is there now
 * @idle: nothing came for some time
 * @stopped: no more is read; what was read is still to be taken
 * @ended: nothing more comes
 * @form: raw or text
 * @begun: its header was there
 * @header: the first of its stream
 * @recording: made by tcp-teardown record: in order of time already
 * @filtered: and a filter has left records out
 * @went_back: its time was complained of
 * @newest: time of a record
 * @room: what was read
 * @at: of @room: not taken yet
 * @len: of @room: what is there
 * @read: bytes taken, up to the begin of @room
 * @own: the record, where it can't stay in @room
 * @head: the next record; NULL for none yet
 * @lost: records that are missing before it
 * @losses: of its CPUs
 * @records: that were taken
 * @skipped: records of unknown kinds
 * @bad: lines that are none
 * @line: number of the line
 * @real: CLOCK_REALTIME minus CLOCK_MONOTONIC there
 * @knows_real: that is known
 * @boot_id: of its host
 * @host: its name
 * @notes: of a recording, one behind the other
 * @note_time: of the last of them
 */
struct source {
	char *name;
	int fd;
	s64 pos;
	s64 stop;
	u64 size;
	bool piped;
	bool live;
	bool idle;
	bool stopped;
	bool ended;
	enum source_form form;
	bool begun;
	struct tcp_teardown_header header;
	bool recording;
	bool filtered;
	bool went_back;
	u64 newest;
	u8 *room;
	size_t at;
	size_t len;
	u64 read;
	struct tcp_teardown_record own;
	const struct tcp_teardown_record *head;
	u64 lost;
	struct losses losses;
	u64 records;
	u64 skipped;
	u64 bad;
	u64 line;
	s64 real;
	bool knows_real;
	u8 boot_id[16];
	char host[TCP_TEARDOWN_HOST_LEN];
	struct print notes;
	u64 note_time;
};

/* What can be taken now: a record; nothing before more is read; nothing ever. */
enum taken { TAKEN, TAKEN_MORE, TAKEN_END };

/* @fd and @name become the source's. */
struct source *source_new(int fd, const char *name);

/* Its head is there; it may be later; it never is. Does not wait where @live. */
enum taken source_peek(struct source *source);

/* The head was taken. */
static inline void source_pop(struct source *source)
{
	source->head = NULL;
}

/* What is wrong, complained of with the name and the place: it ends here. */
enum taken source_bad(struct source *source, const char *format, ...) __printf(2, 3);

/* In real time; false where that is not known. */
bool source_real_time(const struct source *source, u64 time, u64 *real);

/* At its end: what was skipped, in words. */
void source_tell(const struct source *source);

void source_free(struct source *source);

/* raw.c */
bool raw_begins(const u8 *bytes, size_t len);
enum taken raw_take(struct source *source);
u64 raw_next_stream(int fd, u64 from, u64 size);

/* lines.c */
enum taken lines_take(struct source *source);
bool lines_read(const char *line, size_t len, struct tcp_teardown_record *r);

#endif
