// SPDX-License-Identifier: GPL-2.0
/*
 * Random records as lines: a line ends with its only newline, is at most FORMAT_LINE
 * long, and has 11 columns and then details, which are all single words; for the end of
 * an IPv4 connection the first 160 columns say how it ended and why.
 *
 * usage: format_check [RECORDS [SEED]]	default 100000 1
 */
#include <linux/in.h>

#include "format/format.h"
#include "host.h"
#include "uapi/tcp_teardown.h"

#define COLUMNS	11
/* User space prints a shorter text in place of an IPv6 address. */
#define SHORTER	(2 * (int)sizeof("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255"))

static struct format_flows flows;

static void check_words(const char *line)
{
	int words = 0, i;

	for (i = 0; line[i] != '\n'; i++) {
		host_check(line[i] >= ' ' && line[i] < 0x7f, "a character %d in '%s'",
			   line[i], line);
		words += line[i] != ' ' && (line[i + 1] == ' ' || line[i + 1] == '\n');
	}
	host_check(words >= COLUMNS, "%d words", words);
	host_check(line[i - 1] != ' ', "a blank at the end");
}

/* Room for FORMAT_LINE and a NUL in @to. */
static void print(const struct tcp_teardown_record *r, char *to)
{
	int len = format_record(&flows, to, FORMAT_LINE, r);

	host_check(len > 0 && len + SHORTER <= FORMAT_LINE, "%d characters", len);
	to[len] = '\0';
	host_check(strchr(to, '\n') == to + len - 1, "no one line: '%s'", to);
	check_words(to);
}

/* Each byte is random, or one of the edges; half of the records have sane kinds. */
static void some_record(struct tcp_teardown_record *r, u64 *random)
{
	u64 shape = host_random(random);
	u8 *bytes = (u8 *)r;
	size_t i;

	for (i = 0; i < sizeof(*r); i++)
		bytes[i] = shape & 1 ? host_random(random) : shape & 2 ? 0xff : 0;
	r->family = shape & 4 ? AF_INET : AF_INET6;
	if (!(shape & 8))
		return;
	r->kind = TCP_TEARDOWN_CALL + host_random(random) % (TCP_TEARDOWN_KINDS - 1);
	r->what = host_random(random) % 12;
	r->how = host_random(random) % TCP_TEARDOWN_HOWS;
	r->set_off = host_random(random) % TCP_TEARDOWN_BYS;
	r->old_state = host_random(random) % 13;
	r->new_state = host_random(random) % 13;
}

/* Of a typical length. */
static void check_end(char *line)
{
	static const struct tcp_teardown_record end = {
		.kind = TCP_TEARDOWN_TIMEWAIT,
		.what = TCP_TEARDOWN_TW_EXPIRED,
		.timewait = TCP_TEARDOWN_TW_EXPIRED,
		.old_state = 6,
		.new_state = 7,
		.time = 99999999999999,
		.cpu = 99,
		.netns = 4026531840,
		.cookie = 0xffff,
		.family = AF_INET,
		.local = { [12] = 10, 10, 1, 2 },
		.peer = { [12] = 10, 10, 1, 3 },
		.local_port = 443,
		.peer_port = 65535,
		.seq = U32_MAX,
		.ack = U32_MAX,
		.window = 65535,
		.how = TCP_TEARDOWN_FOUR_WAY,
		.first = TCP_TEARDOWN_FIRST_LOCAL,
		.set_off = TCP_TEARDOWN_BY_SHUTDOWN,
		.pid = 1,
		.comm = "nginx",
	};
	const char *by;

	print(&end, line);
	by = strstr(line, " by=shutdown ");
	host_check(by && by - line <= 160 - (int)strlen(" by=shutdown"), "'%s'", line);
}

int main(int argc, char **argv)
{
	u64 records = argc > 1 ? strtoull(argv[1], NULL, 0) : 100000, i;
	u64 random = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	struct tcp_teardown_record r;
	char *line = malloc(FORMAT_LINE + 1);

	for (i = 0; i < records; i++) {
		some_record(&r, &random);
		print(&r, line);
	}
	check_end(line);
	free(line);
	printf("%llu records\n", records);
	return 0;
}
