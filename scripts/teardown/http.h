/* SPDX-License-Identifier: GPL-2.0 */
/* One HTTP request, as much of RFC 9112 as a server needs that has one page. */
#ifndef TEARDOWN_HTTP_H
#define TEARDOWN_HTTP_H

/* A request's lines are at most so long, together. */
#define HTTP_REQUEST_LEN	8192

/* The status codes that are given. */
#define HTTP_OK			200
#define HTTP_BAD_REQUEST	400
#define HTTP_NOT_FOUND		404
#define HTTP_NOT_ALLOWED	405
#define HTTP_TIMEOUT		408
#define HTTP_TOO_LARGE		431
#define HTTP_UNAVAILABLE	503
#define HTTP_BAD_VERSION	505

/**
 * struct http_request - what a client asks for
 * @path: in the request's text, without the query
 * @path_len: of it
 * @is_head: the answer's head alone
 * @takes_openmetrics: and not only Prometheus' older text
 */
struct http_request {
	const char *path;
	size_t path_len;
	bool is_head;
	bool takes_openmetrics;
};

/* 0: more of it must come. HTTP_OK: @request is whole. Else what to answer, at once. */
int http_parse(const char *text, size_t len, struct http_request *request);

/* As "Not Found". */
const char *http_reason(int status);

#endif
