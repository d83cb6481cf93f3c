// SPDX-License-Identifier: GPL-2.0
#include "stream.h"

#include <assert.h>
#include <string.h>
#include <unistd.h>

#include "ktap.h"

/* The common beginning of header and record, up to the kind. */
#define HEAD_LEN (offsetof(struct tcp_teardown_record, kind) + 1)

static_assert(offsetof(struct tcp_teardown_header, size) ==
	      offsetof(struct tcp_teardown_record, size));
static_assert(offsetof(struct tcp_teardown_header, kind) ==
	      offsetof(struct tcp_teardown_record, kind));

void stream_give(struct stream *stream, const void *data, size_t len)
{
	stream->at = data;
	stream->end = stream->at + len;
}

/* Copy as much of it as there is; false at the end, or if it is truncated. */
static bool copy(struct stream *stream, struct tcp_teardown_record *r)
{
	size_t left = stream->end - stream->at;

	if (!left || stream->bad)
		return false;
	memset(r, 0, sizeof(*r));
	if (left >= HEAD_LEN)
		memcpy(r, stream->at, HEAD_LEN);
	if (r->size < HEAD_LEN || r->size > left) {
		stream->bad = "it ends within a record";
		return false;
	}
	memcpy(r, stream->at, r->size < sizeof(*r) ? r->size : sizeof(*r));
	stream->at += r->size;
	return true;
}

static void begin(struct stream *stream, const struct tcp_teardown_record *r)
{
	struct tcp_teardown_header header;

	static_assert(sizeof(header) == sizeof(*r));
	memcpy(&header, r, sizeof(header));
	stream->begun = true;
	if (header.kind != TCP_TEARDOWN_HEADER || header.magic != TCP_TEARDOWN_MAGIC)
		stream->bad = "it begins without a header";
	else if (header.version != TCP_TEARDOWN_VERSION)
		stream->bad = "it is of another version";
}

bool stream_next(struct stream *stream, struct tcp_teardown_record *r)
{
	while (copy(stream, r)) {
		if (!stream->begun)
			begin(stream, r);
		else if (r->kind == TCP_TEARDOWN_HEADER || r->kind >= TCP_TEARDOWN_KINDS)
			stream->skipped++;
		else
			return true;
	}
	return false;
}

ssize_t stream_read(struct stream *stream, int fd, void *room, size_t size)
{
	ssize_t got;

	CHECK(!stream->bad, "not a stream: %s", stream->bad);
	CHECK(stream->at == stream->end, "%zd bytes were not taken",
	      stream->end - stream->at);
	got = read(fd, room, size);
	stream_give(stream, room, got > 0 ? got : 0);
	return got;
}
