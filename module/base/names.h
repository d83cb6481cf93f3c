/* SPDX-License-Identifier: GPL-2.0 */
/* Looks up the words of words.h by number. */
#ifndef TCP_TEARDOWN_NAMES_H
#define TCP_TEARDOWN_NAMES_H

#include <linux/types.h>

/**
 * struct word - a word and its length
 * @len: characters in @text, without the NUL; 0 if there is no word
 * @text: the word, with a NUL
 */
struct word {
	u8   len;
	char text[31];
};

enum word_list {
	WORDS_STATE,		/* TCP_ESTABLISHED ... */
	WORDS_KIND,		/* enum tcp_teardown_kind */
	WORDS_CALL,		/* from here to WORDS_CONNECT: .what, a list for each kind */
	WORDS_TRANSITION,
	WORDS_SEGMENT,
	WORDS_RESET,
	WORDS_TIMEWAIT,
	WORDS_CONNECT,
	WORDS_REASON,
	WORDS_HOW,
	WORDS_SET_OFF,
	WORDS_FIRST,
	WORDS_FLAG,		/* TCP_TEARDOWN_F_*, by bit */
	WORDS_TCP_FLAG,		/* of a TCP header, by bit */
	WORD_LISTS
};

const struct word *names_word(enum word_list list, unsigned int number);
bool names_has(enum word_list list, unsigned int number);
unsigned int names_count(enum word_list list);
enum word_list names_of_kind(u8 kind);

/**
 * record_event() - pack a record's kind and what into one number
 * @kind: enum tcp_teardown_kind
 * @what: the enum that belongs to @kind
 *
 * Return: @kind in the upper four bits, @what in the lower.
 */
static inline u8 record_event(u8 kind, u8 what)
{
	return kind << 4 | what;
}

const struct word *names_event(u8 event);

static inline const char *state_name(u8 state)
{
	return names_word(WORDS_STATE, state)->text;
}

static inline const char *kind_name(u8 kind)
{
	return names_word(WORDS_KIND, kind)->text;
}

static inline const char *event_name(u8 event)
{
	return names_event(event)->text;
}

static inline const char *timewait_name(u8 timewait)
{
	return names_word(WORDS_TIMEWAIT, timewait)->text;
}

static inline const char *reason_name(u8 reason)
{
	return names_word(WORDS_REASON, reason)->text;
}

static inline const char *how_name(u8 how)
{
	return names_word(WORDS_HOW, how)->text;
}

static inline const char *set_off_name(u8 set_off)
{
	return names_word(WORDS_SET_OFF, set_off)->text;
}

static inline const char *first_name(u8 first)
{
	return names_word(WORDS_FIRST, first)->text;
}

#endif
