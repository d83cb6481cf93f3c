// SPDX-License-Identifier: GPL-2.0
#include "source.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "complain.h"

/* A note and a line are shorter. */
#define ROOM	(256 * 1024)

/* Files of the kernel call themselves regular: those of a pipe wait for more. */
static bool is_live(int fd, const struct stat *st)
{
	char link[64], path[4096];
	ssize_t len;

	if (!S_ISREG(st->st_mode))
		return true;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, sizeof(path) - 1);
	path[len < 0 ? 0 : len] = '\0';
	return strstr(path, "/trace_pipe");
}

struct source *source_new(int fd, const char *name)
{
	struct source *source = allocate(sizeof(*source));
	struct stat st = { };

	fstat(fd, &st);
	source->fd = fd;
	source->name = strdup(name);
	source->pos = -1;
	source->piped = S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode);
	source->live = is_live(fd, &st);
	source->size = S_ISREG(st.st_mode) ? st.st_size : 0;
	source->room = malloc(ROOM);
	if (!source->room)
		die("no memory");
	return source;
}

enum taken source_bad(struct source *source, const char *format, ...)
{
	char what[400];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	complain("%s: %s", source->name, what);
	source->ended = true;
	return TAKEN_END;
}

static bool is_readable(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	return poll(&poll_fd, 1, 0) != 0;
}

/* As read(): 0 at the end. */
static ssize_t read_on(struct source *source)
{
	size_t room = ROOM - source->len;
	ssize_t got;

	if (source->pos < 0)
		return read(source->fd, source->room + source->len, room);
	if (room > (size_t)(source->stop - source->pos))
		room = source->stop - source->pos;
	got = pread(source->fd, source->room + source->len, room, source->pos);
	if (got > 0)
		source->pos += got;
	return got;
}

/* Nothing more comes of it: what is left is not whole. */
static enum taken end(struct source *source)
{
	source->ended = true;
	if (source->at == source->len)
		return TAKEN_END;
	if (source->form == FORM_LINES)
		complain("%s: the last line is cut off, and left out", source->name);
	else if (source->form == FORM_RAW)
		complain("%s: it ends within a record, which is left out", source->name);
	else
		complain("%s: neither raw records nor text of trace", source->name);
	return TAKEN_END;
}

/* More of it into @room. TAKEN: there is more. */
static enum taken fill(struct source *source)
{
	ssize_t got;

	if (source->stopped) {
		source->ended = true;
		return TAKEN_END;
	}
	if (source->live && !is_readable(source->fd))
		return TAKEN_MORE;
	source->read += source->at;
	source->len -= source->at;
	memmove(source->room, source->room + source->at, source->len);
	source->at = 0;
	if (source->len == ROOM)
		return source_bad(source, "neither raw records nor text of trace");
	got = read_on(source);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return TAKEN_MORE;
	if (got < 0)
		return source_bad(source, "can't read: %s", strerror(errno));
	if (!got)
		return end(source);
	source->len += got;
	source->idle = false;
	return TAKEN;
}

static const struct {
	const char *bytes;
	size_t len;
	const char *what;
} foreign[] = {
	{ "\x0a\x0d\x0d\x0a", 4, "a capture (pcapng)" },
	{ "\xd4\xc3\xb2\xa1", 4, "a capture (pcap)" },
	{ "\x4d\x3c\xb2\xa1", 4, "a capture (pcap)" },
	{ "\x1f\x8b", 2, "compressed (gzip -d)" },
	{ "\x28\xb5\x2f\xfd", 4, "compressed (zstd -d)" },
	{ "\3757zXZ", 5, "compressed (xz -d)" },
	{ "\177ELF", 4, "a program" },
	{ "{", 1, "JSON" },
};

/* What else begins so, in words; NULL where that is not known. */
static const char *what_begins(const u8 *bytes, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(foreign); i++)
		if (len >= foreign[i].len && !memcmp(bytes, foreign[i].bytes, foreign[i].len))
			return foreign[i].what;
	return NULL;
}

/* Raw or text? The magic number of raw is in its first 28 bytes. */
static enum taken find_form(struct source *source)
{
	size_t len = source->len - source->at;
	const u8 *bytes = source->room + source->at;
	const char *what;

	if (!len || (len < 28 && !memchr(bytes, '\n', len)))
		return TAKEN_MORE;
	what = what_begins(bytes, len);
	if (what)
		return source_bad(source, "neither raw records nor text of trace: %s", what);
	source->form = raw_begins(bytes, len) ? FORM_RAW : FORM_LINES;
	if (source->form == FORM_LINES && memchr(bytes, '\0', len < 64 ? len : 64))
		return source_bad(source, "neither raw records nor text of trace");
	return TAKEN;
}

static enum taken take(struct source *source)
{
	if (source->form == FORM_RAW)
		return raw_take(source);
	if (source->form == FORM_LINES)
		return lines_take(source);
	return find_form(source);
}

enum taken source_peek(struct source *source)
{
	enum taken taken;

	while (!source->head) {
		if (source->ended)
			return TAKEN_END;
		taken = take(source);
		if (taken == TAKEN_MORE)
			taken = fill(source);
		if (taken != TAKEN)
			return taken;
	}
	return TAKEN;
}

bool source_real_time(const struct source *source, u64 time, u64 *real)
{
	*real = time + source->real;
	return source->knows_real;
}

void source_tell(const struct source *source)
{
	if (source->skipped)
		say("%s: %llu records of kinds that this tool does not know, skipped",
		    source->name, source->skipped);
	if (source->bad > 1)
		say("%s: %llu lines that are no records, skipped", source->name, source->bad);
}

void source_free(struct source *source)
{
	loss_free(&source->losses);
	close(source->fd);
	free(source->notes.text);
	free(source->name);
	free(source->room);
	free(source);
}
