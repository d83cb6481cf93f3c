// SPDX-License-Identifier: GPL-2.0
/* Builds the program of a filter from tests. */
#include "filter/filter.h"

/*
 * During compilation the next[] that are to get the same target form a chain: each holds the number
 * of the next one.
 */
#define CHAIN_END	0xff

static u8 *chain_link(struct filter *filter, u8 number)
{
	return &filter->test[number / 2].next[number % 2];
}

/* Resolves all of a chain to @to. */
static void chain_resolve(struct filter *filter, u8 chain, u8 to)
{
	u8 *next;

	while (chain != CHAIN_END) {
		next = chain_link(filter, chain);
		chain = *next;
		*next = to;
	}
}

/* Appends a chain to another one; neither is empty. */
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
 * @filter: a filter that has room for it
 * @value: the value, an enum filter_value
 * @low: lower bound
 * @high: upper bound, at least @low
 *
 * Return: the test, as a part.
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

/* If @a is @decides, that is the result, without @b. Otherwise @b is the result. */
static struct filter_part filter_join(struct filter *filter, struct filter_part a,
				      struct filter_part b, bool decides)
{
	chain_resolve(filter, a.out[!decides], b.first);
	b.out[decides] = chain_join(filter, a.out[decides], b.out[decides]);
	b.first = a.first;
	return b;
}

/**
 * filter_and() - join two parts by &&
 * @filter: the filter that contains both
 * @a: the first part
 * @b: the second part, later in the program
 *
 * Return: a part that is true if both are true.
 */
struct filter_part filter_and(struct filter *filter, struct filter_part a,
			      struct filter_part b)
{
	return filter_join(filter, a, b, false);
}

/**
 * filter_or() - join two parts by ||
 * @filter: the filter that contains both
 * @a: the first part
 * @b: the second part, later in the program
 *
 * Return: a part that is true if one of them is true.
 */
struct filter_part filter_or(struct filter *filter, struct filter_part a,
			     struct filter_part b)
{
	return filter_join(filter, a, b, true);
}

/**
 * filter_not() - negate a part
 * @a: the part
 *
 * Return: a part that is true if @a is false.
 */
struct filter_part filter_not(struct filter_part a)
{
	return (struct filter_part) { .first = a.first, .out = { a.out[1], a.out[0] } };
}

/**
 * filter_end() - complete the program
 * @filter: the filter
 * @a: the part that is the whole expression
 */
void filter_end(struct filter *filter, struct filter_part a)
{
	chain_resolve(filter, a.out[false], FILTER_REJECT);
	chain_resolve(filter, a.out[true], FILTER_KEEP);
}
