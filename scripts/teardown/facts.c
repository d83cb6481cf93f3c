// SPDX-License-Identifier: GPL-2.0
#include "facts.h"

#include "base/names.h"
#include "print.h"

const char *event_of(const struct tcp_teardown_record *r)
{
	static const char * const resets[TCP_TEARDOWN_RESETS] = {
		[TCP_TEARDOWN_RST_SENT] = "send",
		[TCP_TEARDOWN_RST_REPLY] = "reply",
		[TCP_TEARDOWN_RST_RECEIVED] = "rcv",
	};

	if (r->kind == TCP_TEARDOWN_RESET)
		return r->what && r->what < TCP_TEARDOWN_RESETS ? resets[r->what] : "?";
	return r->what < 16 ? event_name(record_event(r->kind, r->what)) : "?";
}

void print_flags(struct print *print, u8 flags)
{
	bool first = true;

	if (!flags)
		print_char(print, '-');
	for (int bit = 0; bit < 8; bit++) {
		if (!(flags & 1 << bit))
			continue;
		if (!first)
			print_char(print, ',');
		print_word(print, names_word(WORDS_TCP_FLAG, bit)->text);
		first = false;
	}
}
