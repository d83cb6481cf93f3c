// SPDX-License-Identifier: GPL-2.0
/*
 * The requests of metrics --serve, for libFuzzer. Checked beside what sanitizers see: a
 * request in pieces gets the same answer as a whole one, the server never waits for more
 * than the bound, and the path lies within the request.
 */
#include <stdlib.h>

#include "http.h"

/* The name that libFuzzer calls. */
int fuzz_one(const u8 *data, size_t size) asm("LLVMFuzzerTestOneInput");

/* In memory of exactly its size. */
static int parse(const u8 *data, size_t size, struct http_request *request)
{
	char *text = malloc(size ?: 1);
	int status;

	if (!text)
		abort();
	memcpy(text, data, size);
	status = http_parse(text, size, request);
	if (status == HTTP_OK && (request->path < text || *request->path != '/' ||
				  request->path + request->path_len > text + size))
		abort();
	free(text);
	return status;
}

static bool is_answer(int status)
{
	switch (status) {
	case HTTP_OK:
	case HTTP_BAD_REQUEST:
	case HTTP_NOT_ALLOWED:
	case HTTP_TOO_LARGE:
	case HTTP_BAD_VERSION:
		return *http_reason(status);
	default:
		return false;
	}
}

int fuzz_one(const u8 *data, size_t size)
{
	struct http_request whole, part;
	int status = 0, all;

	all = parse(data, size, &whole);
	if (all ? !is_answer(all) : size >= HTTP_REQUEST_LEN)
		abort();
	/* Byte by byte, until there is an answer; the server reads no more than the bound. */
	for (size_t len = 0; len <= size && len <= HTTP_REQUEST_LEN && !status; len++)
		status = parse(data, len, &part);
	if (size > HTTP_REQUEST_LEN && status)
		return 0;
	if (status != all || part.is_head != whole.is_head ||
	    part.takes_openmetrics != whole.takes_openmetrics ||
	    part.path_len != whole.path_len)
		abort();
	return 0;
}
