// SPDX-License-Identifier: GPL-2.0
#include "base/names.h"

#include <linux/kernel.h>
#include <linux/log2.h>
#include <net/tcp_states.h>

#include "uapi/tcp_teardown.h"
#include "base/words.h"

#define WORD(text) { sizeof(text) - 1, text }
#define NUMBERED(number, text)						\
	[number] = WORD(text),
#define FLAG_WORD(bit, text)						\
	[ilog2(bit)] = WORD(text),

static const struct word state_words[TCP_MAX_STATES] = {
	[0] = WORD("-"),
	WORDS_OF_STATE(NUMBERED, NUMBERED)
};

/* The header of a stream is a kind, too, but has no word. */
static const struct word kind_words[] = {
	[TCP_TEARDOWN_CALL]	= WORD("call"),
	[TCP_TEARDOWN_STATE]	= WORD("state"),
	[TCP_TEARDOWN_SEGMENT]	= WORD("segment"),
	[TCP_TEARDOWN_RESET]	= WORD("reset"),
	[TCP_TEARDOWN_TIMEWAIT]	= WORD("timewait"),
	[TCP_TEARDOWN_CONNECT]	= WORD("connect"),
};

static_assert(ARRAY_SIZE(kind_words) == TCP_TEARDOWN_KINDS);

static const struct word call_words[] = {
	WORDS_OF_CALL(NUMBERED, NUMBERED)
};

static_assert(ARRAY_SIZE(call_words) == TCP_TEARDOWN_CALLS);

static const struct word transition_words[] = {
	[0]	= WORD("state"),
};

static const struct word segment_words[] = {
	WORDS_OF_SEGMENT(NUMBERED, NUMBERED)
};

static_assert(ARRAY_SIZE(segment_words) == TCP_TEARDOWN_SEGMENTS);

static const struct word reset_words[] = {
	WORDS_OF_RESET(NUMBERED, NUMBERED)
};

static_assert(ARRAY_SIZE(reset_words) == TCP_TEARDOWN_RESETS);

static const struct word timewait_words[] = {
	WORDS_OF_TIMEWAIT(NUMBERED, NUMBERED)
};

static_assert(ARRAY_SIZE(timewait_words) == TCP_TEARDOWN_TIMEWAITS);

static const struct word connect_words[] = {
	WORDS_OF_CONNECT(NUMBERED, NUMBERED)
};

static_assert(ARRAY_SIZE(connect_words) == TCP_TEARDOWN_CONNECTS);

static const struct word reason_words[] = {
	WORDS_OF_REASON(NUMBERED, NUMBERED)
};

static_assert(ARRAY_SIZE(reason_words) == TCP_TEARDOWN_REASONS);

static const struct word how_words[] = {
	WORDS_OF_HOW(NUMBERED, NUMBERED)
};

static_assert(ARRAY_SIZE(how_words) == TCP_TEARDOWN_HOWS);

static const struct word set_off_words[] = {
	WORDS_OF_SET_OFF(NUMBERED, NUMBERED)
};

static_assert(ARRAY_SIZE(set_off_words) == TCP_TEARDOWN_BYS);

static const struct word first_words[] = {
	WORDS_OF_FIRST(NUMBERED, NUMBERED)
};

static_assert(ARRAY_SIZE(first_words) == TCP_TEARDOWN_FIRSTS);

static const struct word flag_words[] = {
	WORDS_OF_FLAG(FLAG_WORD, FLAG_WORD)
};

static const struct word tcp_flag_words[] = {
	WORD("FIN"), WORD("SYN"), WORD("RST"), WORD("PSH"),
	WORD("ACK"), WORD("URG"), WORD("ECE"), WORD("CWR"),
};

static const struct {
	const struct word *words;
	unsigned int nr;
} lists[] = {
	[WORDS_STATE] = { state_words, ARRAY_SIZE(state_words) },
	[WORDS_KIND] = { kind_words, ARRAY_SIZE(kind_words) },
	[WORDS_CALL] = { call_words, ARRAY_SIZE(call_words) },
	[WORDS_TRANSITION] = { transition_words, ARRAY_SIZE(transition_words) },
	[WORDS_SEGMENT] = { segment_words, ARRAY_SIZE(segment_words) },
	[WORDS_RESET] = { reset_words, ARRAY_SIZE(reset_words) },
	[WORDS_TIMEWAIT] = { timewait_words, ARRAY_SIZE(timewait_words) },
	[WORDS_CONNECT] = { connect_words, ARRAY_SIZE(connect_words) },
	[WORDS_REASON] = { reason_words, ARRAY_SIZE(reason_words) },
	[WORDS_HOW] = { how_words, ARRAY_SIZE(how_words) },
	[WORDS_SET_OFF] = { set_off_words, ARRAY_SIZE(set_off_words) },
	[WORDS_FIRST] = { first_words, ARRAY_SIZE(first_words) },
	[WORDS_FLAG] = { flag_words, ARRAY_SIZE(flag_words) },
	[WORDS_TCP_FLAG] = { tcp_flag_words, ARRAY_SIZE(tcp_flag_words) },
};

static_assert(ARRAY_SIZE(lists) == WORD_LISTS);

static const struct word no_word = WORD("?");

/**
 * names_has() - does this number have a word?
 * @list: the words of an enum
 * @number: a value of that enum
 *
 * Return: true if it has one.
 */
bool names_has(enum word_list list, unsigned int number)
{
	return number < lists[list].nr && lists[list].words[number].len;
}

/**
 * names_word() - get the word for a number
 * @list: the words of an enum
 * @number: a value of that enum
 *
 * Return: the word, "?" if the number has none.
 */
const struct word *names_word(enum word_list list, unsigned int number)
{
	return likely(names_has(list, number)) ? &lists[list].words[number] : &no_word;
}

/**
 * names_count() - get the length of a list
 * @list: the words of an enum
 *
 * Return: the highest number that has a word, plus one.
 */
unsigned int names_count(enum word_list list)
{
	return lists[list].nr;
}

/**
 * names_of_kind() - get the list of words for a record's .what
 * @kind: enum tcp_teardown_kind
 *
 * Return: the list, WORD_LISTS if no record is of that kind.
 */
enum word_list names_of_kind(u8 kind)
{
	static const u8 of_kind[TCP_TEARDOWN_KINDS] = {
		[TCP_TEARDOWN_HEADER]	= WORD_LISTS,
		[TCP_TEARDOWN_CALL]	= WORDS_CALL,
		[TCP_TEARDOWN_STATE]	= WORDS_TRANSITION,
		[TCP_TEARDOWN_SEGMENT]	= WORDS_SEGMENT,
		[TCP_TEARDOWN_RESET]	= WORDS_RESET,
		[TCP_TEARDOWN_TIMEWAIT]	= WORDS_TIMEWAIT,
		[TCP_TEARDOWN_CONNECT]	= WORDS_CONNECT,
	};

	return kind < TCP_TEARDOWN_KINDS ? of_kind[kind] : WORD_LISTS;
}

/* record_event() has four bits for each. */
static_assert(TCP_TEARDOWN_KINDS <= 16 && TCP_TEARDOWN_CALLS <= 16 &&
	      TCP_TEARDOWN_SEGMENTS <= 16 && TCP_TEARDOWN_RESETS <= 16 &&
	      TCP_TEARDOWN_TIMEWAITS <= 16 && TCP_TEARDOWN_CONNECTS <= 16);

/**
 * names_event() - get the word for a record's event
 * @event: from record_event()
 *
 * For a reset, this is the word that a filter uses. A line of the trace says "send", "reply" or
 * "rcv" instead.
 *
 * Return: the word, "?" if there is none.
 */
const struct word *names_event(u8 event)
{
	enum word_list list = names_of_kind(event >> 4);

	return list == WORD_LISTS ? &no_word : names_word(list, event & 0xf);
}
