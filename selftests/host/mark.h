/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The contents of the tests' records: the writer, and in every other word a number
 * computed from the writer and the position. No two records share a word, so a mixture of
 * two records is detected by any word.
 */
#ifndef HOST_MARK_H
#define HOST_MARK_H

#include "ring/ring.h"

#define MARK_WORDS	(sizeof(((struct ring_slot *)0)->data) / sizeof(u64))

/**
 * struct mark - the writer of a record
 * @level: the writer's nesting depth
 * @serial: how many were successfully written at that level before
 */
struct mark {
	u64 level;
	u64 serial;
};

static inline u64 mark_word(struct mark m, u64 pos, unsigned int i)
{
	return (m.serial + 1) * 0x9e3779b97f4a7c15 + pos * 0xd1342543de82ef95 +
	       (m.level + 1) * 0xbf58476d1ce4e5b9 + i * 0x94d049bb133111eb;
}

static inline void mark_store(u64 *word, u64 value)
{
	if (host_races)
		WRITE_ONCE(*word, value);
	else
		*word = value;
}

static inline void mark_fill(struct ring_slot *slot, struct mark m, u64 pos)
{
	u64 *word = (u64 *)slot->data;
	unsigned int i;

	mark_store(&word[0], m.level << 56 | m.serial);
	for (i = 1; i < MARK_WORDS; i++)
		mark_store(&word[i], mark_word(m, pos, i));
}

static inline struct mark mark_read(const struct ring_slot *copy)
{
	u64 first = *(const u64 *)copy->data;

	return (struct mark) { .level = first >> 56, .serial = first << 8 >> 8 };
}

/* Whether the copy of record @pos is what one writer wrote there. */
static inline bool mark_whole(const struct ring_slot *copy, u64 pos)
{
	const u64 *word = (const u64 *)copy->data;
	struct mark m = mark_read(copy);
	unsigned int i;

	if (copy->seq != pos + 1)
		return false;
	for (i = 1; i < MARK_WORDS; i++)
		if (word[i] != mark_word(m, pos, i))
			return false;
	return true;
}

#endif
