// SPDX-License-Identifier: GPL-2.0
/* Records as lines, as trace and trace_pipe have them: docs/records.md. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <time.h>

#include "complain.h"
#include "base/names.h"
#include "source.h"

/* With so many bad lines, and no good one, it is not text of trace. */
#define BAD_LINES	20

/**
 * struct token - a word of a line
 * @at: where
 * @len: of it
 */
struct token {
	const char *at;
	size_t len;
};

static bool is(struct token token, const char *word, size_t len)
{
	return token.len == len && !memcmp(token.at, word, len);
}

#define IS(token, word)	is(token, word, sizeof(word) - 1)

/* Of length 0 at the end of the line. */
static struct token next_token(const char **at, const char *end)
{
	struct token token;

	while (*at < end && (**at == ' ' || **at == '\t' || **at == '\r'))
		++*at;
	token.at = *at;
	while (*at < end && **at != ' ' && **at != '\t' && **at != '\r')
		++*at;
	token.len = *at - token.at;
	return token;
}

/* What is before @c, which is left out; all of it, and the rest is empty, without. */
static struct token cut(struct token *rest, char c)
{
	const char *at = memchr(rest->at, c, rest->len);
	struct token first = *rest;

	if (at)
		first.len = at - rest->at;
	rest->at += first.len + !!at;
	rest->len -= first.len + !!at;
	return first;
}

static bool read_number(struct token token, u64 max, u64 *number)
{
	if (!token.len || token.len > 20)
		return false;
	*number = 0;
	for (size_t i = 0; i < token.len; i++) {
		unsigned int digit = token.at[i] - '0';

		if (digit > 9 || *number > (U64_MAX - digit) / 10)
			return false;
		*number = *number * 10 + digit;
	}
	return *number <= max;
}

static bool read_hex(struct token token, u64 *number)
{
	if (!token.len || token.len > 16)
		return false;
	*number = 0;
	for (size_t i = 0; i < token.len; i++) {
		int digit = hex_to_bin(token.at[i]);

		if (digit < 0)
			return false;
		*number = *number << 4 | digit;
	}
	return true;
}

/* Seconds, with up to nine digits behind the point; - where that is not known. */
static bool read_seconds(struct token token, u64 *ns)
{
	struct token whole = cut(&token, '.');
	u64 rest = 0;

	*ns = TCP_TEARDOWN_UNKNOWN;
	if (IS(whole, "-") && !token.len)
		return true;
	if (!read_number(whole, U64_MAX / NSEC_PER_SEC - 1, ns) || token.len > 9)
		return false;
	if (token.len && !read_number(token, U64_MAX, &rest))
		return false;
	for (size_t i = token.len; i < 9; i++)
		rest *= 10;
	*ns = *ns * NSEC_PER_SEC + rest;
	return true;
}

static bool read_ipv4(struct token token, u8 *addr)
{
	u64 number;

	for (int i = 0; i < 4; i++) {
		struct token part = cut(&token, '.');

		if (!read_number(part, U8_MAX, &number))
			return false;
		addr[i] = number;
	}
	return !token.len;
}

static bool read_ipv6(struct token token, u8 *addr)
{
	char text[INET6_ADDRSTRLEN];

	if (token.len >= sizeof(text))
		return false;
	memcpy(text, token.at, token.len);
	text[token.len] = '\0';
	return inet_pton(AF_INET6, text, addr) == 1;
}

/* IPv6, and IPv4 on an IPv6 socket, stands in brackets. */
static bool read_endpoint(struct token token, u8 *family, u8 *addr, u16 *port)
{
	const char *colon = memrchr(token.at, ':', token.len);
	struct token host = token, tail;
	u64 number;

	if (!colon)
		return false;
	host.len = colon - token.at;
	tail.at = colon + 1;
	tail.len = token.len - host.len - 1;
	if (!read_number(tail, U16_MAX, &number))
		return false;
	*port = number;
	*family = AF_INET;
	addr[10] = 0xff;
	addr[11] = 0xff;
	if (!host.len || *host.at != '[')
		return read_ipv4(host, addr + 12);
	*family = AF_INET6;
	host.at++;
	host.len -= 2;
	return token.at[host.len + 1] == ']' && read_ipv6(host, addr);
}

/* Its number; U32_MAX if it is none of them. */
static u32 find_word(struct token token, enum word_list list)
{
	for (u32 i = 0; i < names_count(list); i++) {
		const struct word *word = names_word(list, i);

		if (is(token, word->text, word->len) && word->len)
			return i;
	}
	return U32_MAX;
}

static bool read_word(struct token token, enum word_list list, u8 *value)
{
	u32 number = find_word(token, list);

	/* A later version has more words: 0xff has none here. */
	*value = number;
	return token.len;
}

static bool read_flags(struct token token, u8 *flags)
{
	*flags = 0;
	if (IS(token, "-"))
		return true;
	while (token.len) {
		u32 bit = find_word(cut(&token, ','), WORDS_TCP_FLAG);

		if (bit == U32_MAX)
			return false;
		*flags |= 1 << bit;
	}
	return *flags;
}

#define TCP_RST	0x04

/* Of a line that has flags: a RST is a reset, but one that was refused is a segment. */
static bool read_segment(struct token name, struct tcp_teardown_record *r)
{
	u32 what = find_word(name, WORDS_SEGMENT);

	r->kind = TCP_TEARDOWN_SEGMENT;
	r->what = what;
	if (!(r->tcp_flags & TCP_RST))
		return what != U32_MAX;
	if (IS(name, "rcv"))
		r->what = TCP_TEARDOWN_RST_RECEIVED;
	else if (IS(name, "send"))
		r->what = TCP_TEARDOWN_RST_SENT;
	else if (IS(name, "reply"))
		r->what = TCP_TEARDOWN_RST_REPLY;
	else
		return what != U32_MAX;
	r->kind = TCP_TEARDOWN_RESET;
	return true;
}

static bool read_event(struct token token, struct tcp_teardown_record *r)
{
	static const u8 kinds[] = {
		TCP_TEARDOWN_CALL, TCP_TEARDOWN_STATE, TCP_TEARDOWN_TIMEWAIT, TCP_TEARDOWN_CONNECT
	};
	bool has_flags = memchr(token.at, ':', token.len);
	struct token name = cut(&token, ':');
	u32 what = U32_MAX;

	if (has_flags)
		return read_flags(token, &r->tcp_flags) && read_segment(name, r);
	for (size_t i = 0; what == U32_MAX && i < ARRAY_SIZE(kinds); i++) {
		what = find_word(name, names_of_kind(kinds[i]));
		r->kind = kinds[i];
	}
	r->what = what;
	if (r->kind == TCP_TEARDOWN_TIMEWAIT)
		r->timewait = what;
	return what != U32_MAX;
}

static bool read_state(struct token token, struct tcp_teardown_record *r)
{
	struct token old = cut(&token, '>');

	if (!read_word(old, WORDS_STATE, &r->old_state))
		return false;
	r->new_state = r->old_state;
	return !token.len || read_word(token, WORDS_STATE, &r->new_state);
}

/* How a value is written, or how many bits a number has. */
enum field_type { TYPE_SECONDS = 1, TYPE_NAME, TYPE_WORD, TYPE_8 = 8, TYPE_16 = 16, TYPE_32 = 32,
		  TYPE_64 = 64 };

#define FIELD(text, of, is, list) \
	{ { sizeof(text) - 1, text }, offsetof(struct tcp_teardown_record, of), is, list }

/* name=value, by name; those that are frequent first */
static const struct field {
	struct word name;
	u16 offset;
	u8 type;
	u8 list;
} fields[] = {
	FIELD("spent", spent, TYPE_SECONDS, 0),
	FIELD("pid", pid, TYPE_32, 0),
	FIELD("comm", comm, TYPE_NAME, 0),
	FIELD("wscale", wscale, TYPE_8, 0),
	FIELD("end", how, TYPE_WORD, WORDS_HOW),
	FIELD("first", first, TYPE_WORD, WORDS_FIRST),
	FIELD("by", set_off, TYPE_WORD, WORDS_SET_OFF),
	FIELD("timewait", timewait, TYPE_WORD, WORDS_TIMEWAIT),
	FIELD("rx", rx, TYPE_64, 0),
	FIELD("tx", tx, TYPE_64, 0),
	FIELD("bytes", bytes, TYPE_64, 0),
	FIELD("age", age, TYPE_SECONDS, 0),
	FIELD("lifetime", lifetime, TYPE_SECONDS, 0),
	FIELD("fin_wait1", in_state[0], TYPE_SECONDS, 0),
	FIELD("fin_wait2", in_state[1], TYPE_SECONDS, 0),
	FIELD("closing", in_state[1], TYPE_SECONDS, 0),
	FIELD("time_wait", in_state[2], TYPE_SECONDS, 0),
	FIELD("close_wait", in_state[0], TYPE_SECONDS, 0),
	FIELD("last_ack", in_state[1], TYPE_SECONDS, 0),
	FIELD("uid", uid, TYPE_32, 0),
	FIELD("cgroup", cgroup, TYPE_64, 0),
	FIELD("len", len, TYPE_32, 0),
	FIELD("unread", unread, TYPE_32, 0),
	FIELD("unsent", unsent, TYPE_32, 0),
	FIELD("linger", linger, TYPE_32, 0),
	FIELD("reason", reason, TYPE_WORD, WORDS_REASON),
	FIELD("kernel_reason", kernel_reason, TYPE_16, 0),
	FIELD("thread", thread, TYPE_NAME, 0),
	FIELD("try", tries, TYPE_8, 0),
	FIELD("timeout_ms", timeout_ms, TYPE_32, 0),
	FIELD("ifindex", ifindex, TYPE_32, 0),
	FIELD("fins_resent", fins_resent, TYPE_8, 0),
	FIELD("fins_again", fins_again, TYPE_8, 0),
};

static bool store(void *to, unsigned int bits, u64 number)
{
	if (bits < 64 && number >> bits)
		return false;
	if (bits == 8)
		*(u8 *)to = number;
	else if (bits == 16)
		*(u16 *)to = number;
	else if (bits == 32)
		*(u32 *)to = number;
	else
		*(u64 *)to = number;
	return true;
}

/* A reason has 16 bits, all others 8. */
static bool store_word(const struct field *field, struct token value, void *to)
{
	u32 number = find_word(value, field->list);

	return value.len && store(to, field->list == WORDS_REASON ? 16 : 8,
				  number == U32_MAX ? U8_MAX : number);
}

static bool read_value(const struct field *field, struct token value,
		       struct tcp_teardown_record *r)
{
	void *to = (u8 *)r + field->offset;
	u64 number;

	if (field->type == TYPE_SECONDS)
		return read_seconds(value, to);
	if (field->type == TYPE_WORD)
		return store_word(field, value, to);
	if (IS(value, "-"))
		return true;
	if (field->type != TYPE_NAME)
		return read_number(value, U64_MAX, &number) && store(to, field->type, number);
	if (value.len >= TCP_TEARDOWN_COMM_LEN)
		return false;
	memcpy(to, value.at, value.len);
	return true;
}

/* A detail that is not known here is one of a later version. */
static bool read_detail(struct token token, struct tcp_teardown_record *r)
{
	struct token name = cut(&token, '=');

	if (IS(name, "linger"))
		r->flags |= TCP_TEARDOWN_F_LINGER;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (is(name, fields[i].name.text, fields[i].name.len))
			return read_value(&fields[i], token, r);
	return name.len;
}

static bool read_mark(struct token token, struct tcp_teardown_record *r)
{
	u32 bit = find_word(token, WORDS_FLAG);

	if (bit != U32_MAX)
		r->flags |= 1U << bit;
	return true;
}

static bool read_details(const char *at, const char *end, struct tcp_teardown_record *r)
{
	struct token token;

	for (token = next_token(&at, end); token.len; token = next_token(&at, end)) {
		bool good = memchr(token.at, '=', token.len) && !IS(token, "fin=queued") ?
			read_detail(token, r) : read_mark(token, r);

		if (!good)
			return false;
	}
	return true;
}

static bool read_columns(const char **at, const char *end, struct tcp_teardown_record *r)
{
	u64 cpu, netns, seq, ack, window;
	u8 family;

	if (!read_seconds(next_token(at, end), &r->time) || r->time == TCP_TEARDOWN_UNKNOWN ||
	    !read_number(next_token(at, end), U16_MAX, &cpu) ||
	    !read_number(next_token(at, end), U32_MAX, &netns) ||
	    !read_hex(next_token(at, end), &r->cookie) ||
	    !read_endpoint(next_token(at, end), &r->family, r->local, &r->local_port) ||
	    !read_endpoint(next_token(at, end), &family, r->peer, &r->peer_port) ||
	    !read_event(next_token(at, end), r) ||
	    !read_number(next_token(at, end), U32_MAX, &seq) ||
	    !read_number(next_token(at, end), U32_MAX, &ack) ||
	    !read_number(next_token(at, end), U32_MAX, &window))
		return false;
	r->cpu = cpu;
	r->netns = netns;
	r->net_cookie = netns;
	r->seq = seq;
	r->ack = ack;
	r->window = window;
	return read_state(next_token(at, end), r);
}

/* A mark behind the event may tell more of it. */
static void complete(struct tcp_teardown_record *r)
{
	if (r->kind == TCP_TEARDOWN_RESET && r->flags & TCP_TEARDOWN_F_REFUSED) {
		r->kind = TCP_TEARDOWN_SEGMENT;
		r->what = TCP_TEARDOWN_SEG_RCV;
	}
}

/**
 * lines_read() - make a record of a line
 * @line: without the newline
 * @len: of it
 * @r: set
 *
 * Return: false if it is no record.
 */
bool lines_read(const char *line, size_t len, struct tcp_teardown_record *r)
{
	const char *at = line, *end = line + len;

	memset(r, 0, sizeof(*r));
	r->size = sizeof(*r);
	r->uid = ~0U;
	r->lifetime = TCP_TEARDOWN_UNKNOWN;
	if (!read_columns(&at, end, r) || !read_details(at, end, r))
		return false;
	complete(r);
	return true;
}

/* 32 digits with - between them; half of one is none. */
static void read_boot_id(struct token token, u8 *id)
{
	unsigned int nr = 0;

	for (size_t i = 0; i < token.len && nr < 32; i++) {
		int digit = hex_to_bin(token.at[i]);

		if (digit < 0)
			continue;
		id[nr / 2] = id[nr / 2] << 4 | digit;
		nr++;
	}
}

/* "at 785.520000 = 2026-11-29T01:39:54.123456Z": one moment on both clocks. */
static void take_host(struct source *source, struct token line)
{
	const char *at = line.at, *end = line.at + line.len;
	struct token host, boot, mono, real;
	struct tm tm = { };
	char text[32];
	u64 ns, us;

	next_token(&at, end);			/* # */
	next_token(&at, end);			/* host */
	host = next_token(&at, end);
	next_token(&at, end);			/* boot */
	boot = next_token(&at, end);
	next_token(&at, end);			/* at */
	mono = next_token(&at, end);
	next_token(&at, end);			/* = */
	real = next_token(&at, end);
	if (source->knows_real || host.len >= sizeof(source->host) ||
	    !read_seconds(mono, &ns) || real.len != sizeof("2026-11-29T01:39:54.123456Z") - 1)
		return;
	memcpy(text, real.at, real.len);
	text[real.len] = '\0';
	if (!strptime(text, "%Y-%m-%dT%H:%M:%S.", &tm) ||
	    !read_number((struct token) { real.at + 20, 6 }, U64_MAX, &us))
		return;
	memcpy(source->host, host.at, host.len);
	read_boot_id(boot, source->boot_id);
	source->real = timegm(&tm) * NSEC_PER_SEC + us * NSEC_PER_USEC - ns;
	source->knows_real = true;
}

/* "# cpu 0 lost 268 records here, not read in time" */
static void take_lost(struct source *source, struct token line)
{
	const char *at = line.at, *end = line.at + line.len;
	struct token cpu, lost, count, records;
	u64 number, nr;

	next_token(&at, end);
	next_token(&at, end);
	cpu = next_token(&at, end);
	lost = next_token(&at, end);
	count = next_token(&at, end);
	records = next_token(&at, end);
	if (!IS(lost, "lost") || !IS(records, "records") ||
	    !read_number(cpu, U16_MAX, &nr) || !read_number(count, U32_MAX, &number))
		return;
	loss_add(&source->losses, loss_cpu(&source->losses, nr), number);
	source->lost += number;
}

/* The first names version and text. */
static enum taken take_title(struct source *source, struct token line)
{
	const char *at = line.at, *end = line.at + line.len;
	struct token version, text;

	next_token(&at, end);
	next_token(&at, end);
	version = next_token(&at, end);
	text = next_token(&at, end);
	if (!IS(version, "2"))
		return source_bad(source, "text of version %.*s, not of 2", (int)version.len,
				  version.at);
	if (!IS(text, "trace"))
		return source_bad(source, "text of %.*s, not of trace", (int)text.len, text.at);
	return TAKEN;
}

static enum taken take_comment(struct source *source, struct token line)
{
	static const char title[] = "# tcp_teardown ", host[] = "# host ", cpu[] = "# cpu ";

	if (line.len >= sizeof(title) && !memcmp(line.at, title, sizeof(title) - 1))
		return take_title(source, line);
	if (line.len >= sizeof(host) && !memcmp(line.at, host, sizeof(host) - 1))
		take_host(source, line);
	if (line.len >= sizeof(cpu) && !memcmp(line.at, cpu, sizeof(cpu) - 1))
		take_lost(source, line);
	return TAKEN;
}

/* The first is shown; with nothing but such it is something else. */
static enum taken take_bad(struct source *source, struct token line)
{
	int shown = line.len < 200 ? line.len : 200;

	if (!source->bad++)
		complain("%s: line %llu: not a record of version 2: %.*s", source->name,
			 source->line, shown, line.at);
	if (source->bad > BAD_LINES && source->bad > source->records)
		return source_bad(source, "not text of trace");
	return TAKEN;
}

static enum taken take_line(struct source *source, struct token line)
{
	const char *at = line.at;

	source->line++;
	if (line.len && *line.at == '#')
		return take_comment(source, line);
	if (!next_token(&at, line.at + line.len).len)
		return TAKEN;
	if (!lines_read(line.at, line.len, &source->own))
		return take_bad(source, line);
	source->records++;
	source->own.number = source->records;
	loss_record(loss_cpu(&source->losses, source->own.cpu), source->own.time);
	source->head = &source->own;
	return TAKEN;
}

enum taken lines_take(struct source *source)
{
	struct token line = { (const char *)source->room + source->at, 0 };
	const char *end = memchr(line.at, '\n', source->len - source->at);

	if (!end)
		return TAKEN_MORE;
	line.len = end - line.at;
	source->at += line.len + 1;
	return take_line(source, line);
}
