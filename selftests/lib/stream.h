/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A raw stream, as a reader has to take it: see module/uapi/tcp_teardown.h.
 */
#ifndef SELFTESTS_STREAM_H
#define SELFTESTS_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <tcp_teardown.h>

/**
 * struct stream - where a reader is
 * @at: what is not taken yet
 * @end: behind it
 * @begun: the header was there
 * @bad: what is wrong with it; nothing comes behind that
 * @skipped: records of unknown kinds
 */
struct stream {
	const uint8_t *at, *end;
	bool begun;
	const char *bad;
	unsigned int skipped;
};

/* What a read has given: whole records. All that was given before is taken. */
void stream_give(struct stream *stream, const void *data, size_t len);

/*
 * The next record of a known kind; what it has beyond ours is left out, what ours
 * has beyond it is 0. False: there is none, or the stream is bad.
 */
bool stream_next(struct stream *stream, struct tcp_teardown_record *record);

/*
 * stream_give() what the file has now: what read() returns. CHECKs that the stream
 * is one, and that all was taken before.
 */
ssize_t stream_read(struct stream *stream, int fd, void *room, size_t size);

#endif
