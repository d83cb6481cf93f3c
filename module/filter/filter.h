/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A filter decides which records to make. It is an expression (docs/filter.md) that is compiled
 * to a program once; the program runs before a record is made. These files know no socket,
 * take no lock and allocate nothing, and they also compile in user space. filter_file.c has the
 * filter in use.
 *
 * The program is a row of tests. Each test asks whether one value is within bounds, and names
 * where to continue if it is, and where if it is not: at a later test, or at the end. So the
 * program always ends, and && and || skip what need not be tested. An address is two values, its
 * upper and its lower half, so a prefix is a pair of bounds for one of them.
 */
#ifndef TCP_TEARDOWN_FILTER_H
#define TCP_TEARDOWN_FILTER_H

#include <linux/string.h>
#include <linux/types.h>
#include <asm/byteorder.h>

/* The longest expression. */
#define FILTER_TEXT	511
/* The most tests. A port takes two, an address two; addr, which may be either address, four. */
#define FILTER_TESTS	64
/* The deepest nesting of parentheses. */
#define FILTER_DEPTH	16

/*
 * The values that a filter can compare. Each is the field of that name in the record. From
 * FILTER_UID on, a record may lack the value; then it is FILTER_UNKNOWN. The comments say when,
 * if that is not "when it is not known".
 */
enum filter_value {
	FILTER_LOCAL_PORT,
	FILTER_PEER_PORT,
	FILTER_LOCAL,		/* upper half of the address */
	FILTER_LOCAL_LOWER,
	FILTER_PEER,
	FILTER_PEER_LOWER,
	FILTER_NETNS,		/* inode number */
	FILTER_KIND,		/* enum tcp_teardown_kind */
	FILTER_EVENT,		/* record_event(kind, what) */
	FILTER_UID,		/* the socket's */
	FILTER_CGROUP,		/* the socket's */
	FILTER_ID,		/* cookie, created if need be; lacking without a socket */
	FILTER_FROM,		/* old_state; lacking without a socket */
	FILTER_STATE,		/* new_state; lacking without a socket */
	FILTER_TIMEWAIT,	/* lacking if nothing happens to a minisock */
	FILTER_REASON,		/* lacking if no RST was sent */
	FILTER_END,		/* .how; lacking if the connection has not ended */
	FILTER_BY,		/* .set_off; lacking if the connection has not ended */
	FILTER_PID,		/* of the last caller; lacking if nobody has called */
	FILTER_COMM,		/* the upper half, see filter_half(); lacking as FILTER_PID */
	FILTER_COMM_LOWER,	/* the lower half; undefined if FILTER_COMM is lacking */
	FILTER_VALUES
};

/* A value that the record lacks. */
#define FILTER_UNKNOWN	(~(u64)0)

/**
 * struct filter_event - the values that a filter compares
 * @value: by enum filter_value, in host byte order. A value without a bit in
 *	struct filter.uses need not be set.
 */
struct filter_event {
	u64 value[FILTER_VALUES];
};

/* The value of one half of an address, or of a 16-byte name: 8 bytes as a big-endian number. */
static inline u64 filter_half(const u8 *bytes)
{
	__be64 half;

	memcpy(&half, bytes, sizeof(half));
	return be64_to_cpu(half);
}

/**
 * struct filter_test - is a value within bounds?
 * @low: the lower bound
 * @span: the upper bound minus @low
 * @value: the value, an enum filter_value
 * @next: where to continue: [0] if it is not within the bounds, [1] if it is. The number of a
 *	test, or FILTER_REJECT, or FILTER_KEEP
 */
struct filter_test {
	u64 low;
	u64 span;
	u8  value;
	u8  next[2];
};

#define FILTER_REJECT	0xfe
#define FILTER_KEEP	0xff

/**
 * struct filter - a filter
 * @uses: a bit for each enum filter_value that it compares
 * @nr: number of tests
 * @test: the program; the parser appends a whole comparison, four tests at most, before it
 *	finds that there are more than FILTER_TESTS
 * @text: the expression as written
 */
struct filter {
	u32 uses;
	unsigned int nr;
	struct filter_test test[FILTER_TESTS + 4];
	char text[FILTER_TEXT + 1];
};

/**
 * struct filter_self - what "self" means in an expression
 * @netns: inode number of the network namespace
 * @cgroup: id of the cgroup; 0 if it is not known
 */
struct filter_self {
	u32 netns;
	u64 cgroup;
};

/**
 * struct filter_part - a part of a program, for a part of the expression
 * @first: number of its first test
 * @out: where it ends: chains of the next[] that are not resolved yet. [0] has those that are
 *	taken if the part is false, [1] those if it is true.
 */
struct filter_part {
	u8 first;
	u8 out[2];
};

/**
 * struct filter_error - a mistake in an expression
 * @what: the message
 * @at: offset in the text
 * @len: length of the wrong word there; 0 if the mistake is not a word
 */
struct filter_error {
	const char *what;
	unsigned int at;
	unsigned int len;
};

/**
 * filter_keeps() - is a record to be made of this event?
 * @filter: from filter_parse()
 * @event: the event, with all values that the filter uses
 *
 * Context: any.
 *
 * Return: true if the filter keeps it.
 */
static inline bool filter_keeps(const struct filter *filter,
				const struct filter_event *event)
{
	const struct filter_test *test;
	unsigned int at = 0;

	do {
		test = &filter->test[at];
		at = test->next[event->value[test->value] - test->low <= test->span];
	} while (at < FILTER_REJECT);
	return at == FILTER_KEEP;
}

/* filter.c */
struct filter_part filter_test(struct filter *filter, u8 value, u64 low, u64 high);
struct filter_part filter_and(struct filter *filter, struct filter_part a,
			      struct filter_part b);
struct filter_part filter_or(struct filter *filter, struct filter_part a,
			     struct filter_part b);
struct filter_part filter_not(struct filter_part a);
void filter_end(struct filter *filter, struct filter_part a);

/* filter_parse.c */
bool filter_parse(struct filter *filter, const struct filter_self *self,
		  struct filter_error *error);

#endif
