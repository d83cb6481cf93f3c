// SPDX-License-Identifier: GPL-2.0
#include "verdict.h"

#include "base/names.h"

static void print_words(struct print *print, const char *words)
{
	for (; *words; words++)
		print_char(print, *words == '_' ? ' ' : *words);
}

/* Of the ends that @wanted says. */
static void print_last_states(struct print *print, const struct rows *rows, const bool *wanted,
			      const char *before)
{
	for (int end = 0; end < 2; end++) {
		u8 state = rows->state[end];

		if (!wanted[end])
			continue;
		print_format(print, "%s%c last in %s", before, "AB"[end],
			     state == STATE_UNTOLD ? "" : state_name(state));
		before = ", ";
	}
}

static void print_no_verdict(struct print *print, const struct connection *c,
			     const struct rows *rows)
{
	const struct tcp_teardown_record *last = &c->moment[c->nr - 1].r;
	const bool has_id[2] = { c->end[0].id, c->end[1].id };

	if (last->kind == TCP_TEARDOWN_CONNECT) {
		print_word(print, "no connection: ");
		print_words(print, event_of(last));
	} else if (!has_id[0] && !has_id[1]) {
		print_format(print, "no connection: reset in reply, %s",
			     last->reason ? reason_name(last->reason) : "-");
	} else {
		print_word(print, "no verdict; ");
		print_last_states(print, rows, has_id, "");
	}
}

static bool knows_little(const struct tcp_teardown_record *r)
{
	return r->how == TCP_TEARDOWN_UNSEEN || r->how == TCP_TEARDOWN_ORDERLY;
}

/* The end that knows more, then A; and one that was not set off by its peer before. */
static const struct tcp_teardown_record *find_verdict(const struct connection *c)
{
	const struct tcp_teardown_record *best = NULL;
	int best_rank = 0;

	for (unsigned int i = 0; i < c->nr; i++) {
		const struct tcp_teardown_record *r = &c->moment[i].r;
		int rank = 1 + 4 * (r->set_off == TCP_TEARDOWN_BY_PEER) + 2 * knows_little(r) +
			   end_of(c, r);

		if (r->how && (!best || rank < best_rank)) {
			best = r;
			best_rank = rank;
		}
	}
	return best;
}

static void print_first(struct print *print, const struct tcp_teardown_record *r,
			unsigned int end)
{
	if (r->first == TCP_TEARDOWN_FIRST_BOTH)
		print_word(print, ", A and B closed first");
	else if (r->first == TCP_TEARDOWN_FIRST_LOCAL || r->first == TCP_TEARDOWN_FIRST_PEER)
		print_format(print, ", %c closed first",
			     "AB"[end ^ (r->first == TCP_TEARDOWN_FIRST_PEER)]);
}

void print_verdict(struct print *print, const struct connection *c, const struct rows *rows)
{
	const struct tcp_teardown_record *r = find_verdict(c);
	bool still[2];
	unsigned int end;

	if (!r) {
		print_no_verdict(print, c, rows);
		return;
	}
	end = end_of(c, r);
	print_words(print, how_name(r->how));
	print_first(print, r, end);
	if (r->set_off != TCP_TEARDOWN_BY_PEER && r->set_off != TCP_TEARDOWN_BY_UNKNOWN)
		print_format(print, ", set off by %c's %s", "AB"[end], set_off_name(r->set_off));
	for (end = 0; end < 2; end++)
		still[end] = c->end[end].id && !c->end[end].ended;
	print_last_states(print, rows, still, "; ");
}

void print_gaps(struct print *print, const struct rows *rows, u64 lost)
{
	const char *before = "";

	if (rows->unseen[0] || rows->unseen[1]) {
		print_format(print, "not all of %s was seen", rows->unseen[0] && rows->unseen[1] ?
			     "A and B" : rows->unseen[0] ? "A" : "B");
		before = "; ";
	}
	if (lost)
		print_format(print, "%s%llu records were lost in its time", before, lost);
}
