// SPDX-License-Identifier: GPL-2.0
/* The program of a filter, made of its tests. */
#include "filter/filter.h"

/* During compilation an unresolved next[] holds the number of the next unresolved one. */
#define CHAIN_END	0xff

static u8 *chain_link(struct filter *filter, u8 number)
{
	return &filter->test[number / 2].next[number % 2];
}

/* Resolve all of the chain to @to. */
static void chain_send(struct filter *filter, u8 chain, u8 to)
{
	u8 *next;

	while (chain != CHAIN_END) {
		next = chain_link(filter, chain);
		chain = *next;
		*next = to;
	}
}

/* No chain is empty. */
static u8 chain_join(struct filter *filter, u8 a, u8 b)
{
	u8 *last = chain_link(filter, a);

	while (*last != CHAIN_END)
		last = chain_link(filter, *last);
	*last = b;
	return a;
}

/**
 * filter_test() - append a test
 * @filter: has room
 * @value: which, enum filter_value
 * @low: lower bound
 * @high: upper bound, not below
 */
struct filter_part filter_test(struct filter *filter, u8 value, u64 low, u64 high)
{
	u8 nr = filter->nr++;

	filter->uses |= 1U << value;
	filter->test[nr] = (struct filter_test) {
		.low = low,
		.span = high - low,
		.value = value,
		.next = { CHAIN_END, CHAIN_END },
	};
	return (struct filter_part) { .first = nr, .out = { 2 * nr, 2 * nr + 1 } };
}

/* If @a is @done, that is the result; otherwise @b decides. */
static struct filter_part filter_join(struct filter *filter, struct filter_part a,
				      struct filter_part b, bool done)
{
	chain_send(filter, a.out[!done], b.first);
	b.out[done] = chain_join(filter, a.out[done], b.out[done]);
	b.first = a.first;
	return b;
}

/**
 * filter_and() - both are true
 * @filter: contains both
 * @a: the first
 * @b: the second, after it in the program
 */
struct filter_part filter_and(struct filter *filter, struct filter_part a,
			      struct filter_part b)
{
	return filter_join(filter, a, b, false);
}

/**
 * filter_or() - either is true
 * @filter: contains both
 * @a: the first
 * @b: the second, after it in the program
 */
struct filter_part filter_or(struct filter *filter, struct filter_part a,
			     struct filter_part b)
{
	return filter_join(filter, a, b, true);
}

/**
 * filter_not() - negate
 * @a: the part
 */
struct filter_part filter_not(struct filter_part a)
{
	return (struct filter_part) { .first = a.first, .out = { a.out[1], a.out[0] } };
}

/**
 * filter_end() - complete the program
 * @filter: begins with @a
 * @a: its only part
 */
void filter_end(struct filter *filter, struct filter_part a)
{
	chain_send(filter, a.out[false], FILTER_REJECT);
	chain_send(filter, a.out[true], FILTER_KEEP);
}
