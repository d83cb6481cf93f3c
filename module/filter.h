/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which records to keep: an expression (docs/filter.md), compiled once, and asked
 * before a record is made. It knows no socket, takes no lock, allocates nothing,
 * and compiles in user space; filter_file.c has the one that is in force.
 *
 * The program is a row of tests. Each asks whether one value is within bounds,
 * and says where to go on if it is and if it is not: to a later test, or to the
 * end. So it ends, and what is behind a && or || is not looked at in vain. An
 * address is two values, its upper and lower half, so a prefix is bounds, too.
 */
#ifndef TCP_TEARDOWN_FILTER_H
#define TCP_TEARDOWN_FILTER_H

#include <linux/string.h>
#include <linux/types.h>
#include <asm/byteorder.h>

/* The longest expression. */
#define FILTER_TEXT	511
/* As many tests; port asks two, an address two, addr four. */
#define FILTER_TESTS	64
/* As many parentheses within each other. */
#define FILTER_DEPTH	16

/* Each is what the record of that name, or names.h, would have. */
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
	/* Those that a record may lack: FILTER_UNKNOWN then. */
	FILTER_UID,		/* of the socket */
	FILTER_CGROUP,		/* of the socket */
	FILTER_ID,		/* cookie, made if the socket has none; lacks: no socket */
	FILTER_FROM,		/* old_state; lacks: no socket */
	FILTER_STATE,		/* new_state; lacks: no socket */
	FILTER_TIMEWAIT,	/* lacks: nothing became of a minisock */
	FILTER_REASON,		/* lacks: no RST was sent */
	FILTER_END,		/* .how; lacks: the connection has not ended */
	FILTER_BY,		/* .set_off; lacks: as FILTER_END */
	FILTER_PID,		/* who called last; lacks: nobody has, or not known */
	FILTER_COMM,		/* first half of it, filter_half(); lacks: as FILTER_PID */
	FILTER_COMM_LOWER,	/* second half; if FILTER_COMM lacks, anything */
	FILTER_VALUES
};

/* In place of a value that the record has not. */
#define FILTER_UNKNOWN	(~(u64)0)

/**
 * struct filter_event - what a filter may ask for
 * @value: enum filter_value; numbers in host order. Those that struct filter.uses
 *	has no bit for need not be set.
 */
struct filter_event {
	u64 value[FILTER_VALUES];
};

/* One of the two values of an address, or of a name of 16 bytes, from its 8 bytes. */
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
 * @next: where to go on, if not and if so: a test, FILTER_REJECT or FILTER_KEEP
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
 * @uses: bits of the values that are asked for
 * @nr: number of tests
 * @test: the program; room for the last comparison to be too much
 * @text: as written
 */
struct filter {
	u32 uses;
	unsigned int nr;
	struct filter_test test[FILTER_TESTS + 4];
	char text[FILTER_TEXT + 1];
};

/**
 * struct filter_self - who "self" is
 * @netns: inode number of the network namespace
 * @cgroup: id of the cgroup; 0 where not known
 */
struct filter_self {
	u32 netns;
	u64 cgroup;
};

/**
 * struct filter_part - a part of a program that is still to be joined to others
 * @first: where it begins
 * @out: chains of the next[] that leave it, if it is false and if it is true
 */
struct filter_part {
	u8 first;
	u8 out[2];
};

/**
 * struct filter_error - a mistake in an expression
 * @what: in words
 * @at: where in the text, from 0
 * @len: of the word that is meant; 0 for none
 */
struct filter_error {
	const char *what;
	unsigned int at;
	unsigned int len;
};

/**
 * filter_keeps() - is that event wanted?
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
