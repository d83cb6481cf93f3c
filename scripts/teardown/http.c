// SPDX-License-Identifier: GPL-2.0
#include "http.h"

#include <strings.h>

#define OPENMETRICS	"application/openmetrics-text"

/**
 * struct parser - where it is
 * @request: what is found
 * @at: the next line begins there
 * @end: of what has come
 * @version: 0 or 1, of HTTP/1
 * @hosts: fields of that name
 */
struct parser {
	struct http_request *request;
	const char *at;
	const char *end;
	int version;
	int hosts;
};

struct span {
	const char *text;
	size_t len;
};

static bool is_token(struct span span)
{
	for (size_t i = 0; i < span.len; i++) {
		unsigned char c = span.text[i];

		if (!isalnum(c) && (!c || !strchr("!#$%&'*+-.^_`|~", c)))
			return false;
	}
	return span.len;
}

static bool has_control(struct span span)
{
	for (size_t i = 0; i < span.len; i++) {
		unsigned char c = span.text[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return true;
	}
	return false;
}

static bool is_word(struct span span, const char *word)
{
	return span.len == strlen(word) && !strncasecmp(span.text, word, span.len);
}

/* The next line, without its end; false where that has not come. */
static bool take_line(struct parser *parser, struct span *line)
{
	const char *end = memchr(parser->at, '\n', parser->end - parser->at);

	if (!end)
		return false;
	*line = (struct span) { parser->at, end - parser->at };
	if (line->len && line->text[line->len - 1] == '\r')
		line->len--;
	parser->at = end + 1;
	return true;
}

/* What is before the next blank. */
static struct span take_word(struct span *line)
{
	const char *blank = memchr(line->text, ' ', line->len);
	struct span word = { line->text, blank ? (size_t)(blank - line->text) : line->len };
	size_t taken = word.len + !!blank;

	line->text += taken;
	line->len -= taken;
	return word;
}

/* "/metrics?x", or with "http://host" before it. */
static bool take_target(struct http_request *request, struct span target)
{
	const char *query;

	if (target.len > 7 && !strncasecmp(target.text, "http://", 7)) {
		const char *path = memchr(target.text + 7, '/', target.len - 7);

		if (!path)
			return false;
		target.len -= path - target.text;
		target.text = path;
	}
	if (!target.len || *target.text != '/')
		return false;
	query = memchr(target.text, '?', target.len);
	request->path = target.text;
	request->path_len = query ? (size_t)(query - target.text) : target.len;
	return true;
}

static int take_version(struct parser *parser, struct span version)
{
	if (version.len != 8 || memcmp(version.text, "HTTP/", 5) || version.text[6] != '.' ||
	    !isdigit((unsigned char)version.text[5]) || !isdigit((unsigned char)version.text[7]))
		return HTTP_BAD_REQUEST;
	if (version.text[5] != '1')
		return HTTP_BAD_VERSION;
	parser->version = version.text[7] != '0';
	return HTTP_OK;
}

static int take_request_line(struct parser *parser, struct span line)
{
	struct span method = take_word(&line), target = take_word(&line);
	int status = take_version(parser, line);

	if (status != HTTP_OK)
		return status;
	if (!is_token(method) || !take_target(parser->request, target))
		return HTTP_BAD_REQUEST;
	parser->request->is_head = method.len == 4 && !memcmp(method.text, "HEAD", 4);
	if (!parser->request->is_head && (method.len != 3 || memcmp(method.text, "GET", 3)))
		return HTTP_NOT_ALLOWED;
	return HTTP_OK;
}

static bool take_field(struct parser *parser, struct span line)
{
	const char *colon = memchr(line.text, ':', line.len);
	struct span name = { line.text, colon ? colon - line.text : 0 };

	if (!colon || !is_token(name))
		return false;
	if (is_word(name, "Host"))
		parser->hosts++;
	if (is_word(name, "Accept") && memmem(colon, line.text + line.len - colon, OPENMETRICS,
					      strlen(OPENMETRICS)))
		parser->request->takes_openmetrics = true;
	return true;
}

static int take_fields(struct parser *parser)
{
	struct span line;

	while (take_line(parser, &line)) {
		/* HTTP/1.1 has exactly one Host. */
		if (!line.len)
			return parser->hosts == 1 || (!parser->hosts && !parser->version) ?
			       HTTP_OK : HTTP_BAD_REQUEST;
		if (has_control(line) || !take_field(parser, line))
			return HTTP_BAD_REQUEST;
	}
	return 0;
}

int http_parse(const char *text, size_t len, struct http_request *request)
{
	struct parser parser = { .request = request, .at = text, .end = text + len };
	struct span line;
	int status = 0;

	*request = (struct http_request) { };
	if (take_line(&parser, &line)) {
		status = has_control(line) ? HTTP_BAD_REQUEST : take_request_line(&parser, line);
		if (status == HTTP_OK)
			status = take_fields(&parser);
	}
	return !status && len >= HTTP_REQUEST_LEN ? HTTP_TOO_LARGE : status;
}

const char *http_reason(int status)
{
	switch (status) {
	case HTTP_OK:
		return "OK";
	case HTTP_NOT_FOUND:
		return "Not Found";
	case HTTP_NOT_ALLOWED:
		return "Method Not Allowed";
	case HTTP_TIMEOUT:
		return "Request Timeout";
	case HTTP_TOO_LARGE:
		return "Request Header Fields Too Large";
	case HTTP_UNAVAILABLE:
		return "Service Unavailable";
	case HTTP_BAD_VERSION:
		return "HTTP Version Not Supported";
	default:
		return "Bad Request";
	}
}
