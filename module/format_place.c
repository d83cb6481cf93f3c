// SPDX-License-Identifier: GPL-2.0
#include "format_place.h"

#include <linux/kernel.h>
#include <linux/stddef.h>
#include <linux/string.h>

#include "format.h"
#include "line.h"
#include "uapi/tcp_teardown.h"

/* From the cookie to the ports. */
static_assert(offsetof(struct tcp_teardown_record, seq) -
	      offsetof(struct tcp_teardown_record, cookie) == FORMAT_PLACE_OF);

static size_t print_place(char *to, const struct tcp_teardown_record *r)
{
	struct line line = line_begin(to, FORMAT_PLACE);

	line_number(&line, r->netns, 0);
	line_pad(&line, 0, NETNS_WIDTH);
	line_literal(&line, " ");
	line_hex(&line, r->cookie, ID_WIDTH);
	line_literal(&line, " ");
	line_address(&line, r->family, r->local, r->local_port, ADDRESS_WIDTH);
	line_literal(&line, " ");
	line_address(&line, r->family, r->peer, r->peer_port, ADDRESS_WIDTH);
	return line.len;
}

/**
 * line_place() - print where a record was
 * @line: where
 * @places: those of the lines before
 * @r: the record
 */
void line_place(struct line *line, struct format_places *places,
		const struct tcp_teardown_record *r)
{
	const u8 *of = (const u8 *)r + offsetof(struct tcp_teardown_record, cookie);
	struct format_place *place = &places->place[r->cookie % ARRAY_SIZE(places->place)];

	if (place->family != r->family || memcmp(place->of, of, sizeof(place->of))) {
		place->len = print_place(place->text, r);
		place->family = r->family;
		memcpy(place->of, of, sizeof(place->of));
	}
	line_copy(line, place->text, place->len);
}
