// SPDX-License-Identifier: GPL-2.0
/* Raw records: streams of trace_pipe_raw, one behind the other, and recordings. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "complain.h"
#include "source.h"

static_assert(offsetof(struct tcp_teardown_header, size) ==
	      offsetof(struct tcp_teardown_record, size));
static_assert(offsetof(struct tcp_teardown_header, kind) ==
	      offsetof(struct tcp_teardown_record, kind));
static_assert(sizeof(struct tcp_teardown_header) == sizeof(struct tcp_teardown_record));

/* A header is at least so long. */
#define HEADER_LEN	(offsetof(struct tcp_teardown_header, boot_id))

bool raw_begins(const u8 *bytes, size_t len)
{
	u32 magic;

	if (len < offsetof(struct tcp_teardown_header, reserved))
		return false;
	memcpy(&magic, bytes + offsetof(struct tcp_teardown_header, magic), sizeof(magic));
	return magic == TCP_TEARDOWN_MAGIC || magic == __builtin_bswap32(TCP_TEARDOWN_MAGIC);
}

/* Of another version nothing is understood; a second header begins another stream. */
static enum taken take_header(struct source *source, const struct tcp_teardown_record *r)
{
	struct tcp_teardown_header header;

	memcpy(&header, r, sizeof(header));
	if (header.kind != TCP_TEARDOWN_HEADER || header.magic != TCP_TEARDOWN_MAGIC ||
	    header.size < HEADER_LEN)
		return source_bad(source, "no header where a stream begins");
	if (header.record_size < HEAD_LEN)
		return source_bad(source, "a header of records of %u bytes", header.record_size);
	if (header.version != TCP_TEARDOWN_VERSION)
		return source_bad(source, "raw records of version %u, not of %u", header.version,
				  TCP_TEARDOWN_VERSION);
	source->begun = true;
	source->header = header;
	if (source->knows_real)
		return TAKEN;
	source->real = header.realtime - header.time;
	source->knows_real = header.realtime;
	memcpy(source->boot_id, header.boot_id, sizeof(source->boot_id));
	memcpy(source->host, header.host, sizeof(source->host) - 1);
	return TAKEN;
}

static bool note_begins(const u8 *bytes, size_t size, const char *with)
{
	return size - HEAD_LEN > strlen(with) &&
	       !memcmp(bytes + HEAD_LEN + 1, with, strlen(with));
}

static bool note_has(const u8 *bytes, size_t size, const char *line)
{
	return size > HEAD_LEN + 1 &&
	       memmem(bytes + HEAD_LEN + 1, size - HEAD_LEN - 1, line, strlen(line));
}

/* The file is not trusted: what is no number is 0. */
static void take_lost(struct source *source, const u8 *bytes, size_t size)
{
	char text[64] = "";
	unsigned int cpu = 0;
	u64 nr = 0;

	size -= HEAD_LEN + 1;
	memcpy(text, bytes + HEAD_LEN + 1, size < sizeof(text) ? size : sizeof(text) - 1);
	if (sscanf(text, NOTE_LOST "%u %llu", &cpu, &nr) != 2 || cpu > U16_MAX || !nr)
		return;
	source->lost += nr;
	loss_add(&source->losses, loss_cpu(&source->losses, cpu), nr);
}

static void take_note(struct source *source, const u8 *bytes, size_t size)
{
	if (note_begins(bytes, size, NOTE_RECORDING)) {
		source->recording = true;
		source->filtered = note_has(bytes, size, "\n" NOTE_FILTERED);
	} else if (source->filtered && note_begins(bytes, size, NOTE_LOST)) {
		take_lost(source, bytes, size);
	}
	if (size - HEAD_LEN <= 1 || source->notes.len + size > NOTES_ROOM)
		return;
	print_bytes(&source->notes, bytes + HEAD_LEN + 1, size - HEAD_LEN - 1);
	print_char(&source->notes, '\n');
	memcpy(&source->note_time, bytes + offsetof(struct tcp_teardown_record, time),
	       sizeof(source->note_time));
}

/*
 * A gap in its CPU's numbers was overwritten, unless a filter has left it out; a smaller number
 * begins a new buffer.
 */
static void count(struct source *source, const struct tcp_teardown_record *r)
{
	struct loss_cpu *cpu = loss_cpu(&source->losses, r->cpu);

	if (unlikely(r->number > cpu->number + 1 && cpu->number && !source->filtered)) {
		source->lost += r->number - cpu->number - 1;
		loss_add(&source->losses, cpu, r->number - cpu->number - 1);
	}
	if (unlikely(r->time + NSEC_PER_SEC < source->newest && !source->went_back)) {
		complain("%s: time goes back at byte %llu: several streams on one pipe?",
			 source->name, source->read + source->at);
		source->went_back = true;
	}
	if (r->time > source->newest)
		source->newest = r->time;
	cpu->number = r->number;
	loss_record(cpu, r->time);
}

/* It can stay where it is, if it has all fields and lies as they want it. */
static const struct tcp_teardown_record *settle(struct source *source, const u8 *bytes,
						size_t size)
{
	if (likely(size >= sizeof(source->own) &&
		   !((uintptr_t)bytes % sizeof(u64))))
		return (const struct tcp_teardown_record *)bytes;
	if (size < sizeof(source->own))
		memset(&source->own, 0, sizeof(source->own));
	memcpy(&source->own, bytes, size < sizeof(source->own) ? size : sizeof(source->own));
	return &source->own;
}

/* It is whole. */
static enum taken take_one(struct source *source, const u8 *bytes, size_t size)
{
	const struct tcp_teardown_record *r = settle(source, bytes, size);

	if (!source->begun || r->kind == TCP_TEARDOWN_HEADER) {
		if (take_header(source, r) == TAKEN_END)
			return TAKEN_END;
	} else if (r->kind == NOTE_KIND) {
		take_note(source, bytes, size);
	} else if (r->kind >= TCP_TEARDOWN_KINDS) {
		source->skipped++;
	} else {
		count(source, r);
		source->head = r;
		source->records++;
	}
	source->at += size;
	return TAKEN;
}

static bool is_swapped(const u8 *bytes)
{
	u32 magic;

	memcpy(&magic, bytes + offsetof(struct tcp_teardown_header, magic), sizeof(magic));
	return magic == __builtin_bswap32(TCP_TEARDOWN_MAGIC);
}

/* All records of the module are of one size; notes, and kinds to come, need not be. */
static bool is_sane(const struct source *source, const u8 *bytes, u16 size)
{
	u8 kind = bytes[HEAD_LEN - 1];

	if (kind == TCP_TEARDOWN_HEADER || kind >= TCP_TEARDOWN_KINDS || !source->begun)
		return size >= HEAD_LEN;
	return size == source->header.record_size;
}

enum taken raw_take(struct source *source)
{
	size_t left = source->len - source->at;
	const u8 *bytes = source->room + source->at;
	u16 size;

	if (left < HEAD_LEN)
		return TAKEN_MORE;
	if (!source->begun && is_swapped(bytes))
		return source_bad(source, "of a machine with the other byte order");
	memcpy(&size, bytes + offsetof(struct tcp_teardown_record, size), sizeof(size));
	if (!is_sane(source, bytes, size))
		return source_bad(source, "damaged at byte %llu: a record of %u bytes",
				  source->read + source->at, size);
	return left < size ? TAKEN_MORE : take_one(source, bytes, size);
}

/* Does it end with a record of the CPU that it begins with? */
static bool ends_as_it_begins(int fd, u64 size)
{
	struct tcp_teardown_header header;
	struct tcp_teardown_record last;

	if (size < sizeof(header) + sizeof(last) || size % sizeof(last) ||
	    pread(fd, &header, sizeof(header), 0) != sizeof(header) ||
	    pread(fd, &last, sizeof(last), size - sizeof(last)) != sizeof(last))
		return false;
	return header.record_size == sizeof(last) && last.size == sizeof(last) &&
	       last.kind && last.kind < TCP_TEARDOWN_KINDS && last.cpu == header.cpu;
}

/**
 * raw_next_stream() - where in a file another stream begins
 * @fd: the file, raw
 * @from: where one begins
 * @size: of the file
 *
 * Streams of several CPUs may stand one behind the other, as cat leaves them. A recording
 * is one stream. To read all of a file for that is spared where it ends as one stream does.
 *
 * Return: @size where there is none.
 */
u64 raw_next_stream(int fd, u64 from, u64 size)
{
	const size_t room = size < 1 << 20 ? size : 1 << 20;
	u8 *bytes = allocate(room);
	u64 base = from, at = from;
	ssize_t got = ends_as_it_begins(fd, size) ? 0 : pread(fd, bytes, room, base);

	while (got > 0 && at + HEAD_LEN <= size) {
		const u8 *head = bytes + (at - base);
		u16 record;

		if (at - base + HEAD_LEN > (u64)got) {
			base = at;
			got = pread(fd, bytes, room, base);
			if (got < (ssize_t)HEAD_LEN)
				break;
			continue;
		}
		if (head[HEAD_LEN - 1] == NOTE_KIND && at != from)
			break;
		if (head[HEAD_LEN - 1] == TCP_TEARDOWN_HEADER && at != from) {
			free(bytes);
			return at;
		}
		memcpy(&record, head + offsetof(struct tcp_teardown_record, size),
		       sizeof(record));
		if (record < HEAD_LEN)
			break;
		at += record;
	}
	free(bytes);
	return size;
}
