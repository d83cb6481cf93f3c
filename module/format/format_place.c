// SPDX-License-Identifier: GPL-2.0
#include "format/format_place.h"

#include <linux/kernel.h>
#include <linux/stddef.h>
#include <linux/string.h>

#include "format/format.h"
#include "format/line.h"
#include "uapi/tcp_teardown.h"

/* The compared fields, except ports and family, are consecutive words. */
#define OF	(offsetof(struct tcp_teardown_record, net_cookie) / sizeof(u64))

static_assert(offsetof(struct tcp_teardown_record, net_cookie) % sizeof(u64) == 0);
static_assert(offsetof(struct tcp_teardown_record, local_port) ==
	      OF * sizeof(u64) + sizeof_field(struct format_place, of));

static bool place_is_of(const struct format_place *place, const u64 *of,
			const struct tcp_teardown_record *r)
{
	u64 differs = 0;
	int i;

	for (i = 0; i < ARRAY_SIZE(place->of); i++)
		differs |= place->of[i] ^ of[i];
	return !differs && place->local_port == r->local_port &&
	       place->peer_port == r->peer_port && place->family == r->family;
}

static size_t print_place(char *to, const struct tcp_teardown_record *r)
{
	struct line line = line_begin(to, FORMAT_PLACE);

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
 * line_place() - print the columns that show the connection
 * @line: where
 * @places: kept from earlier lines
 * @r: the record
 */
void line_place(struct line *line, struct format_places *places,
		const struct tcp_teardown_record *r)
{
	struct format_place *place = &places->place[r->cookie % ARRAY_SIZE(places->place)];
	const u64 *of = (const u64 *)r + OF;

	if (unlikely(!place_is_of(place, of, r))) {
		place->len = print_place(place->text, r);
		memcpy(place->of, of, sizeof(place->of));
		place->local_port = r->local_port;
		place->peer_port = r->peer_port;
		place->family = r->family;
	}
	line_copy(line, place->text, place->len);
}
