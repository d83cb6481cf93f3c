/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which records to keep: an expression (docs/filter.md), compiled once, and run before a
 * record is made. It knows no socket, takes no lock, allocates nothing, and compiles in
 * user space; filter_file.c has the filter in use.
 *
 * The program is a row of tests. Each asks whether one value is within bounds, and names
 * where to continue if it is and if it is not: at a later test, or at the end. So the
 * program ends, and && and || skip what need not be tested. An address is two values, its
 * upper and lower half, so a prefix is a pair of bounds, too.
 */
#ifndef TCP_TEARDOWN_FILTER_H
#define TCP_TEARDOWN_FILTER_H

#include <linux/string.h>
#include <linux/types.h>
#include <asm/byteorder.h>

/* The longest expression. */
#define FILTER_TEXT	511
/* The most tests; port takes two, an address two, addr four. */
#define FILTER_TESTS	64
/* The deepest nesting of parentheses. */
#define FILTER_DEPTH	16

/* Each is the record's field of that name; the words are in names.h. */
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
	/* A record may lack those below; then they are FILTER_UNKNOWN. */
	FILTER_UID,		/* of the socket */
	FILTER_CGROUP,		/* of the socket */
	FILTER_ID,		/* cookie, created if the socket has none; lacks: no socket */
	FILTER_FROM,		/* old_state; lacks: no socket */
	FILTER_STATE,		/* new_state; lacks: no socket */
	FILTER_TIMEWAIT,	/* lacks: nothing happens to a minisock */
	FILTER_REASON,		/* lacks: no RST was sent */
	FILTER_END,		/* .how; lacks: the connection has not ended */
	FILTER_BY,		/* .set_off; lacks: as FILTER_END */
	FILTER_PID,		/* the last caller; lacks: nobody has called, or not known */
	FILTER_COMM,		/* first half of it, filter_half(); lacks: as FILTER_PID */
	FILTER_COMM_LOWER,	/* second half; if FILTER_COMM lacks, anything */
	FILTER_VALUES
};

/* A value that the record lacks. */
#define FILTER_UNKNOWN	(~(u64)0)

/**
 * struct filter_event - the values that a filter compares
 * @value: enum filter_value; numbers in host order. A value without a bit in
 *	struct filter.uses need not be set.
 */
struct filter_event {
	u64 value[FILTER_VALUES];
};

/* One of the two values of an address, or of a 16-byte name, from its 8 bytes. */
static inline u64 filter_half(const u8 *bytes)
{
	__be64 half;

	memcpy(&half, bytes, sizeof(half));
	return be64_to_cpu(half);
}

/**
 * struct filter_test - is a value within bounds?
 * @low: the lower one
 * @span: how far the upper one is from there
 * @value: which, enum filter_value
 * @next: where to continue if not, and if so: a test, FILTER_REJECT or FILTER_KEEP
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
 * struct filter - an expression
 * @uses: a bit for each value that it compares
 * @nr: number of tests
 * @test: the program, with room for a last comparison that is too much
 * @text: as written
 */
struct filter {
	u32 uses;
	unsigned int nr;
	struct filter_test test[FILTER_TESTS + 4];
	char text[FILTER_TEXT + 1];
};

/**
 * struct filter_self - what "self" means
 * @netns: inode number of the network namespace
 * @cgroup: id of the cgroup; 0 where not known
 */
struct filter_self {
	u32 netns;
	u64 cgroup;
};

/**
 * struct filter_part - a part of a program that is not joined to others yet
 * @first: where it begins
 * @out: chains of unresolved next[], for false and for true
 */
struct filter_part {
	u8 first;
	u8 out[2];
};

/**
 * struct filter_error - a mistake in an expression
 * @what: in words
 * @at: where in the text, from 0
 * @len: of the wrong word; 0 for none
 */
struct filter_error {
	const char *what;
	unsigned int at;
	unsigned int len;
};

/**
 * filter_keeps() - does the filter keep this event?
 * @filter: from filter_parse()
 * @event: with all values that it uses
 *
 * Context: any.
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
