// SPDX-License-Identifier: GPL-2.0
#include "clocks.h"

#include "packet.h"
#include "print.h"

/* So many records of a connection are looked at. */
#define LOOK_AT		128

/* A RST has no number of its own. */
static bool is_bound(const struct tcp_teardown_record *r)
{
	return is_packet(r) && !(r->tcp_flags & TCP_FLAG_RST);
}

/*
 * Sent by moment @i, the first one of that segment: when did it first arrive? The sender
 * may have queued it some time before: the bound is only wider for that.
 */
static bool arrival(const struct connection *c, const u64 *keys, unsigned int nr,
		    unsigned int i, u64 *time)
{
	bool arrives = false;

	for (unsigned int j = 0; j < nr; j++) {
		const struct tcp_teardown_record *r = &c->moment[j].r;

		if (keys[j] != keys[i] || !is_bound(r))
			continue;
		if (!is_received(r) && r->time < c->moment[i].r.time)
			return false;
		if (!is_received(r) || (arrives && r->time >= *time))
			continue;
		*time = r->time;
		arrives = true;
	}
	return arrives;
}

static void add_low(struct bounds *bounds, s64 low)
{
	if (!bounds->lows || low > bounds->low)
		bounds->low = low;
	bounds->lows++;
}

static void add_high(struct bounds *bounds, s64 high)
{
	if (!bounds->highs || high < bounds->high)
		bounds->high = high;
	bounds->highs++;
}

static bool is_between(const struct clocks *clocks, const struct connection *c)
{
	const struct end *end = c->end;

	return end[0].told && end[1].told && end[0].host != end[1].host &&
	       (end[0].host == clocks->host[1] || end[1].host == clocks->host[1]);
}

void clocks_look(const struct clocks *clocks, const struct connection *c, struct bounds *bounds)
{
	unsigned int nr = c->nr < LOOK_AT ? c->nr : LOOK_AT;
	u64 keys[LOOK_AT], time;

	*bounds = (struct bounds) { };
	if (!is_between(clocks, c))
		return;
	for (unsigned int i = 0; i < nr; i++)
		keys[i] = packet_key(&c->moment[i].r);
	for (unsigned int i = 0; i < nr; i++) {
		const struct tcp_teardown_record *r = &c->moment[i].r;

		if (!is_bound(r) || is_received(r) || !arrival(c, keys, nr, i, &time))
			continue;
		if (c->end[end_of(c, r)].host == clocks->host[1])
			add_low(bounds, r->time - time);
		else
			add_high(bounds, time - r->time);
	}
}

void bounds_join(struct bounds *bounds, const struct bounds *more)
{
	struct bounds sum = { .lows = bounds->lows + more->lows,
			      .highs = bounds->highs + more->highs };

	if (more->lows)
		add_low(bounds, more->low);
	if (more->highs)
		add_high(bounds, more->high);
	bounds->lows = sum.lows;
	bounds->highs = sum.highs;
}

static bool is_known(const struct bounds *bounds)
{
	return bounds->lows && bounds->highs && bounds->low <= bounds->high;
}

static s64 middle(const struct bounds *bounds)
{
	return bounds->low + (bounds->high - bounds->low) / 2;
}

/* Clocks drift: where all contradict each other, its own may not. */
const char *clocks_apply(const struct clocks *clocks, struct connection *c)
{
	struct bounds own;
	s64 ahead;

	if (!is_between(clocks, c))
		return NULL;
	clocks_look(clocks, c, &own);
	if (is_known(&clocks->all))
		ahead = middle(&clocks->all);
	else if (is_known(&own))
		ahead = middle(&own);
	else
		return "the clocks of its ends can't be compared, nor the order of their rows";
	for (unsigned int i = 0; i < c->nr; i++) {
		struct tcp_teardown_record *r = &c->moment[i].r;

		if (c->end[end_of(c, r)].host == clocks->host[1])
			r->time -= ahead;
	}
	return NULL;
}

void clocks_print(const struct clocks *clocks)
{
	const struct bounds *all = &clocks->all;

	print_format(&out, "# clocks: %s is ", clocks->name[1]);
	if (is_known(all))
		print_format(&out, "%+.6f s from %s, +- %.6f s", middle(all) / 1e9,
			     clocks->name[0], (all->high - all->low) / 2e9);
	else if (all->lows && all->highs)
		print_format(&out, "at least %+.6f s and at most %+.6f s from %s: a contradiction",
			     all->low / 1e9, all->high / 1e9, clocks->name[0]);
	else
		print_format(&out, "not to be compared with %s", clocks->name[0]);
	print_format(&out, ", by %llu segments from there and %llu to there\n", all->lows,
		     all->highs);
}
