// SPDX-License-Identifier: GPL-2.0
#include "format/format_flow.h"

#include <linux/kernel.h>
#include <linux/stddef.h>
#include <linux/string.h>

#include "format/format.h"
#include "format/line.h"
#include "uapi/tcp_teardown.h"

/* The fields of a record that are compared are consecutive words, except ports and family. */
#define FIRST_WORD	(offsetof(struct tcp_teardown_record, net_cookie) / sizeof(u64))

static_assert(offsetof(struct tcp_teardown_record, net_cookie) % sizeof(u64) == 0);
static_assert(offsetof(struct tcp_teardown_record, local_port) ==
	      FIRST_WORD * sizeof(u64) + sizeof_field(struct format_flow, of));

static bool flow_is_of(const struct format_flow *flow, const u64 *of,
		       const struct tcp_teardown_record *r)
{
	u64 differs = 0;
	int i;

	for (i = 0; i < ARRAY_SIZE(flow->of); i++)
		differs |= flow->of[i] ^ of[i];
	return !differs && flow->local_port == r->local_port &&
	       flow->peer_port == r->peer_port && flow->family == r->family;
}

static size_t print_flow(char *to, const struct tcp_teardown_record *r)
{
	struct line line = line_begin(to, FORMAT_FLOW);

	line_number(&line, r->netns, NETNS_WIDTH);
	line_literal(&line, " ");
	line_hex(&line, r->cookie, ID_WIDTH);
	line_literal(&line, " ");
	line_address(&line, r->family, r->local, r->local_port, ADDRESS_WIDTH);
	line_literal(&line, " ");
	line_address(&line, r->family, r->peer, r->peer_port, ADDRESS_WIDTH);
	line_literal(&line, " ");
	return line.len;
}

/**
 * line_flow() - print the columns that show the connection
 * @line: the line
 * @flows: texts that were kept from earlier lines
 * @r: the record
 */
void line_flow(struct line *line, struct format_flows *flows,
	       const struct tcp_teardown_record *r)
{
	struct format_flow *flow = &flows->flow[r->cookie % ARRAY_SIZE(flows->flow)];
	const u64 *of = (const u64 *)r + FIRST_WORD;

	if (unlikely(!flow_is_of(flow, of, r))) {
		flow->len = print_flow(flow->text, r);
		memcpy(flow->of, of, sizeof(flow->of));
		flow->local_port = r->local_port;
		flow->peer_port = r->peer_port;
		flow->family = r->family;
	}
	line_copy(line, flow->text, flow->len);
}
