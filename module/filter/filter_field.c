// SPDX-License-Identifier: GPL-2.0
/* Compiles a comparison: the fields, and the numbers, words and addresses that they can be. */
#include "filter/filter_field.h"

#include <linux/ctype.h>
#include <linux/hex.h>
#include <linux/in6.h>
#include <linux/inet.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "base/names.h"

static const struct filter_field fields[] = {
	{ "port", FILTER_LOCAL_PORT, .other = FILTER_PEER_PORT, .max = U16_MAX },
	{ "lport", FILTER_LOCAL_PORT, .max = U16_MAX },
	{ "rport", FILTER_PEER_PORT, .max = U16_MAX },
	{ "addr", FILTER_LOCAL, .other = FILTER_PEER },
	{ "local", FILTER_LOCAL },
	{ "remote", FILTER_PEER },
	{ "netns", FILTER_NETNS, .max = U32_MAX },
	{ "kind", FILTER_KIND, .max = U8_MAX, .word = kind_name },
	{ "event", FILTER_EVENT, .max = U8_MAX, .word = event_name },
	{ "uid", FILTER_UID, .max = U32_MAX, .may_miss = true },
	{ "cgroup", FILTER_CGROUP, .max = FILTER_UNKNOWN - 1, .may_miss = true },
	{ "state", FILTER_STATE, .max = U8_MAX, .may_miss = true,
	  .word = state_name },
	{ "from", FILTER_FROM, .max = U8_MAX, .may_miss = true,
	  .word = state_name },
	{ "timewait", FILTER_TIMEWAIT, .max = U8_MAX, .may_miss = true,
	  .word = timewait_name },
	{ "end", FILTER_END, .max = U8_MAX, .may_miss = true, .word = how_name },
	{ "by", FILTER_BY, .max = U8_MAX, .may_miss = true, .word = set_off_name },
	{ "reason", FILTER_REASON, .max = U8_MAX, .may_miss = true, .word = reason_name },
	{ "id", FILTER_ID, .max = FILTER_UNKNOWN - 1, .may_miss = true },
	{ "pid", FILTER_PID, .max = U32_MAX, .may_miss = true },
	{ "comm", FILTER_COMM, .max = FILTER_UNKNOWN - 1, .may_miss = true, .is_name = true },
};

/* Names that fields had in version 1. */
static const struct {
	const char *name;
	const char *now;
} renamed[] = {
	{ "verdict", "its name is end now, in place of" },
};

/**
 * filter_field_renamed() - what to tell a user of a field's old name
 * @name: the name
 *
 * Return: a message that says the new name; NULL if no field was ever called so.
 */
const char *filter_field_renamed(struct filter_token name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(renamed); i++)
		if (filter_is_word(name, renamed[i].name))
			return renamed[i].now;
	return NULL;
}

/* Reads a decimal number, or a hexadecimal one with 0x. One beyond u64 becomes FILTER_UNKNOWN. */
static bool read_number(struct filter_token token, u64 *number)
{
	unsigned int base = 10;
	int digit;

	if (token.len > 2 && token.at[0] == '0' && tolower(token.at[1]) == 'x') {
		base = 16;
		token.at += 2;
		token.len -= 2;
	}
	for (*number = 0; token.len; token.at++, token.len--) {
		digit = hex_to_bin(*token.at);
		if (digit < 0 || digit >= base)
			return false;
		if (*number > (FILTER_UNKNOWN - digit) / base)
			*number = FILTER_UNKNOWN;
		else
			*number = *number * base + digit;
	}
	return true;
}

/* Reads an address. IPv4 becomes v4-mapped; @bits is the length of the prefix that this adds. */
static bool read_address(struct filter_token token, u8 *addr, u64 *bits)
{
	static const u8 mapped[12] = { [10] = 0xff, [11] = 0xff };
	const char *end;
	bool good;

	if (memchr(token.at, ':', token.len)) {
		*bits = 0;
		good = in6_pton(token.at, token.len, addr, -1, &end);
	} else {
		*bits = 96;
		memcpy(addr, mapped, sizeof(mapped));
		good = in4_pton(token.at, token.len, addr + 12, -1, &end);
	}
	return good && end == token.at + token.len;
}

/* Tests whether an address has a prefix. The lower half comes first: it differs more often. */
static struct filter_part prefix_test(struct filter *filter, u8 value, const u8 *addr,
				      unsigned int bits)
{
	u64 upper = filter_half(addr), lower = filter_half(addr + 8), rest = 0;
	struct filter_part part;

	if (bits <= 64) {
		rest = bits == 64 ? 0 : FILTER_UNKNOWN >> bits;
		return filter_test(filter, value, upper & ~rest, upper | rest);
	}
	rest = bits == 128 ? 0 : FILTER_UNKNOWN >> (bits - 64);
	part = filter_test(filter, value + 1, lower & ~rest, lower | rest);
	return filter_and(filter, part, filter_test(filter, value, upper, upper));
}

static bool parse_prefix(struct filter_parser *p, const struct filter_field *field,
			 struct filter_token token, struct filter_part *part)
{
	const char *slash = memchr(token.at, '/', token.len);
	u64 more = 128, bits;
	u8 addr[sizeof(struct in6_addr)];
	struct filter_token tail = { };

	if (slash) {
		tail.at = slash + 1;
		tail.len = token.at + token.len - tail.at;
		token.len = slash - token.at;
	}
	if (!read_address(token, addr, &bits))
		return filter_fail(p, token, "not an address");
	if (slash && (!tail.len || !read_number(tail, &more) || more > 128 - bits))
		return filter_fail(p, tail, "not the length of a prefix");
	bits = slash ? bits + more : 128;
	*part = prefix_test(p->filter, field->value, addr, bits);
	if (field->other)
		*part = filter_or(p->filter, *part,
				  prefix_test(p->filter, field->other, addr, bits));
	return true;
}

static bool find_word(struct filter_parser *p, const struct filter_field *field,
		      struct filter_token token, u64 *number)
{
	for (*number = 0; *number <= field->max; ++*number)
		if (filter_is_word(token, field->word(*number)))
			return true;
	if (field->value == FILTER_KIND && filter_is_word(token, "end"))
		return filter_fail(p, token, "end == any, in place of kind ==");
	return filter_fail(p, token, "no such word for this field");
}

/* "self" is the namespace, or the cgroup, of the process that writes the filter. */
static bool find_self(struct filter_parser *p, const struct filter_field *field,
		      struct filter_token token, u64 *number)
{
	*number = field->value == FILTER_NETNS ? p->self->netns : p->self->cgroup;
	return *number || filter_fail(p, token, "this kernel does not tell the cgroup of");
}

static bool parse_number(struct filter_parser *p, const struct filter_field *field,
			 struct filter_token token, u64 *number)
{
	if (field->word)
		return find_word(p, field, token, number);
	if ((field->value == FILTER_NETNS || field->value == FILTER_CGROUP) &&
	    filter_is_word(token, "self"))
		return find_self(p, field, token, number);
	if (!read_number(token, number))
		return filter_fail(p, token, "not a number");
	return *number <= field->max || filter_fail(p, token, "too large");
}

static bool parse_bounds(struct filter_parser *p, const struct filter_field *field,
			 enum filter_compare compare, struct filter_token token,
			 struct filter_part *part)
{
	u64 number, low, high;

	if (!parse_number(p, field, token, &number))
		return false;
	if ((compare == FILTER_LT && !number) || (compare == FILTER_GT && number == field->max))
		return filter_fail(p, token, "nothing is beyond");
	low = compare == FILTER_GT ? number + 1 : number;
	high = compare == FILTER_LT ? number - 1 : number;
	if (compare == FILTER_LT || compare == FILTER_LE)
		low = 0;
	else if (compare == FILTER_GT || compare == FILTER_GE)
		high = field->max;
	*part = filter_test(p->filter, field->value, low, high);
	if (field->other)
		*part = filter_or(p->filter, *part,
				  filter_test(p->filter, field->other, low, high));
	return true;
}

static bool parse_name(struct filter_parser *p, const struct filter_field *field,
		       struct filter_token token, struct filter_part *part)
{
	u8 name[16] = { };
	u64 upper, lower;

	if (token.len >= sizeof(name))
		return filter_fail(p, token, "the name of a process has 15 bytes at most, not");
	memcpy(name, token.at, token.len);
	upper = filter_half(name);
	lower = filter_half(name + 8);
	if (upper > field->max)
		return filter_fail(p, token, "no process has the name");
	*part = filter_test(p->filter, field->value, upper, upper);
	*part = filter_and(p->filter, *part,
			   filter_test(p->filter, field->value + 1, lower, lower));
	return true;
}

/* "any": the record has a value, whatever it is. */
static bool parse_any(struct filter_parser *p, const struct filter_field *field,
		      enum filter_compare compare, struct filter_token token,
		      struct filter_part *part)
{
	if (compare != FILTER_EQ)
		return filter_fail(p, token, "only == goes with");
	*part = filter_test(p->filter, field->value, 0, field->max);
	return true;
}

static bool parse_value(struct filter_parser *p, const struct filter_field *field,
			enum filter_compare compare, struct filter_token token,
			struct filter_part *part)
{
	if (field->is_name)
		return parse_name(p, field, token, part);
	if (field->max)
		return parse_bounds(p, field, compare, token, part);
	return parse_prefix(p, field, token, part);
}

/**
 * filter_field_compare() - append a comparison to the program
 * @p: the parser
 * @field: the field that is compared
 * @compare: the operator; only FILTER_EQ or FILTER_NE if the field has no order
 * @token: the value to compare it with
 * @part: set to the comparison
 *
 * Return: false after filter_fail().
 */
bool filter_field_compare(struct filter_parser *p, const struct filter_field *field,
			  enum filter_compare compare, struct filter_token token,
			  struct filter_part *part)
{
	if (field->may_miss && !field->is_name && filter_is_word(token, "any"))
		return parse_any(p, field, compare, token, part);
	if (!parse_value(p, field, compare, token, part))
		return false;
	if (compare != FILTER_NE)
		return true;
	*part = filter_not(*part);
	if (field->may_miss)	/* a missing value is not != either */
		*part = filter_and(p->filter, *part,
				   filter_test(p->filter, field->value, 0, field->max));
	return true;
}

/**
 * filter_field_find() - find a field
 * @name: its name
 *
 * Return: the field; NULL if there is none of that name.
 */
const struct filter_field *filter_field_find(struct filter_token name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fields); i++)
		if (filter_is_word(name, fields[i].name))
			return &fields[i];
	return NULL;
}
