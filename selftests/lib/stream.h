/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Read a raw stream, as module/uapi/tcp_teardown.h prescribes.
 */
#ifndef SELFTESTS_STREAM_H
#define SELFTESTS_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <tcp_teardown.h>

/**
 * struct stream - a reader's position
 * @at: the next byte to take
 * @end: the end of the data
 * @begun: the header has been read
 * @bad: what is wrong with the stream; no record follows
 * @skipped: how many records of unknown kinds
 */
struct stream {
	const uint8_t *at, *end;
	bool begun;
	const char *bad;
	unsigned int skipped;
};

/*
 * Give the stream the result of a read, whole records, when all earlier ones are taken.
 */
void stream_give(struct stream *stream, const void *data, size_t len);

/*
 * The next record of a known kind, cut or filled with 0 to our size. False: there is
 * none, or the stream is bad.
 */
bool stream_next(struct stream *stream, struct tcp_teardown_record *record);

/*
 * Read from the file and stream_give() the result. Return: read()'s. CHECKs that the
 * stream is valid, and that all was taken before.
 */
ssize_t stream_read(struct stream *stream, int fd, void *room, size_t size);

#endif
