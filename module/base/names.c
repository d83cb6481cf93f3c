// SPDX-License-Identifier: GPL-2.0
#include "base/names.h"

#include <linux/kernel.h>
#include <linux/log2.h>
#include <net/tcp_states.h>

#include "uapi/tcp_teardown.h"

#define WORD(text) { sizeof(text) - 1, text }

static const struct word state_words[TCP_MAX_STATES] = {
	[0]			= WORD("-"),
	[TCP_ESTABLISHED]	= WORD("ESTABLISHED"),
	[TCP_SYN_SENT]		= WORD("SYN_SENT"),
	[TCP_SYN_RECV]		= WORD("SYN_RECV"),
	[TCP_FIN_WAIT1]		= WORD("FIN_WAIT1"),
	[TCP_FIN_WAIT2]		= WORD("FIN_WAIT2"),
	[TCP_TIME_WAIT]		= WORD("TIME_WAIT"),
	[TCP_CLOSE]		= WORD("CLOSE"),
	[TCP_CLOSE_WAIT]	= WORD("CLOSE_WAIT"),
	[TCP_LAST_ACK]		= WORD("LAST_ACK"),
	[TCP_LISTEN]		= WORD("LISTEN"),
	[TCP_CLOSING]		= WORD("CLOSING"),
	[TCP_NEW_SYN_RECV]	= WORD("NEW_SYN_RECV"),
};

/* Of records; the header of a stream has no word. */
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
	[TCP_TEARDOWN_CLOSE]		= WORD("close"),
	[TCP_TEARDOWN_SHUT_RD]		= WORD("shutdown_rd"),
	[TCP_TEARDOWN_SHUT_WR]		= WORD("shutdown_wr"),
	[TCP_TEARDOWN_SHUT_RDWR]	= WORD("shutdown_rdwr"),
	[TCP_TEARDOWN_DISCONNECT]	= WORD("disconnect"),
	[TCP_TEARDOWN_LISTENER]		= WORD("listener_close"),
	[TCP_TEARDOWN_ABORT]		= WORD("abort"),
	[TCP_TEARDOWN_EXIT]		= WORD("exit"),
};

static_assert(ARRAY_SIZE(call_words) == TCP_TEARDOWN_CALLS);

static const struct word transition_words[] = {
	[0]	= WORD("state"),
};

static const struct word segment_words[] = {
	[TCP_TEARDOWN_SEG_RCV]		= WORD("rcv"),
	[TCP_TEARDOWN_SEG_RCV_DUP]	= WORD("rcv_dup"),
	[TCP_TEARDOWN_SEG_RCV_OOO]	= WORD("rcv_ooo"),
	[TCP_TEARDOWN_SEG_RESEND]	= WORD("resend"),
	[TCP_TEARDOWN_SEG_LEFT]		= WORD("left"),
	[TCP_TEARDOWN_SEG_ACK]		= WORD("send"),
};

static_assert(ARRAY_SIZE(segment_words) == TCP_TEARDOWN_SEGMENTS);

static const struct word reset_words[] = {
	[TCP_TEARDOWN_RST_SENT]		= WORD("reset_sent"),
	[TCP_TEARDOWN_RST_REPLY]	= WORD("reset_reply"),
	[TCP_TEARDOWN_RST_RECEIVED]	= WORD("reset_received"),
};

static_assert(ARRAY_SIZE(reset_words) == TCP_TEARDOWN_RESETS);

static const struct word timewait_words[] = {
	[TCP_TEARDOWN_TW_BORN]		= WORD("born"),
	[TCP_TEARDOWN_TW_REARMED]	= WORD("rearmed"),
	[TCP_TEARDOWN_TW_REFUSED]	= WORD("refused"),
	[TCP_TEARDOWN_TW_EXPIRED]	= WORD("expired"),
	[TCP_TEARDOWN_TW_RESET]		= WORD("reset"),
	[TCP_TEARDOWN_TW_REOPENED]	= WORD("reopened_by_syn"),
	[TCP_TEARDOWN_TW_ANSWERED]	= WORD("answered_with_rst"),
	[TCP_TEARDOWN_TW_REUSED]	= WORD("reused_by_connect"),
	[TCP_TEARDOWN_TW_KILLED]	= WORD("killed"),
	[TCP_TEARDOWN_TW_NETNS]		= WORD("netns_gone"),
};

static_assert(ARRAY_SIZE(timewait_words) == TCP_TEARDOWN_TIMEWAITS);

static const struct word connect_words[] = {
	[TCP_TEARDOWN_NO_LOCAL_PORT]	= WORD("no_local_port"),
	[TCP_TEARDOWN_CONNECT_FAILED]	= WORD("connect_failed"),
};

static_assert(ARRAY_SIZE(connect_words) == TCP_TEARDOWN_CONNECTS);

static const struct word reason_words[] = {
	[TCP_TEARDOWN_REASON_NOT_SPECIFIED] = WORD("NOT_SPECIFIED"),
	[TCP_TEARDOWN_REASON_NO_SOCKET] = WORD("NO_SOCKET"),
	[TCP_TEARDOWN_REASON_TCP_INVALID_ACK_SEQUENCE] = WORD("TCP_INVALID_ACK_SEQUENCE"),
	[TCP_TEARDOWN_REASON_TCP_RFC7323_PAWS] = WORD("TCP_RFC7323_PAWS"),
	[TCP_TEARDOWN_REASON_TCP_TOO_OLD_ACK] = WORD("TCP_TOO_OLD_ACK"),
	[TCP_TEARDOWN_REASON_TCP_ACK_UNSENT_DATA] = WORD("TCP_ACK_UNSENT_DATA"),
	[TCP_TEARDOWN_REASON_TCP_FLAGS] = WORD("TCP_FLAGS"),
	[TCP_TEARDOWN_REASON_TCP_OLD_ACK] = WORD("TCP_OLD_ACK"),
	[TCP_TEARDOWN_REASON_TCP_ABORT_ON_DATA] = WORD("TCP_ABORT_ON_DATA"),
	[TCP_TEARDOWN_REASON_TCP_TIMEWAIT_SOCKET] = WORD("TCP_TIMEWAIT_SOCKET"),
	[TCP_TEARDOWN_REASON_INVALID_SYN] = WORD("INVALID_SYN"),
	[TCP_TEARDOWN_REASON_TCP_ABORT_ON_CLOSE] = WORD("TCP_ABORT_ON_CLOSE"),
	[TCP_TEARDOWN_REASON_TCP_ABORT_ON_LINGER] = WORD("TCP_ABORT_ON_LINGER"),
	[TCP_TEARDOWN_REASON_TCP_ABORT_ON_MEMORY] = WORD("TCP_ABORT_ON_MEMORY"),
	[TCP_TEARDOWN_REASON_TCP_STATE] = WORD("TCP_STATE"),
	[TCP_TEARDOWN_REASON_TCP_KEEPALIVE_TIMEOUT] = WORD("TCP_KEEPALIVE_TIMEOUT"),
	[TCP_TEARDOWN_REASON_TCP_DISCONNECT_WITH_DATA] = WORD("TCP_DISCONNECT_WITH_DATA"),
	[TCP_TEARDOWN_REASON_MPTCP_RST_EUNSPEC] = WORD("MPTCP_RST_EUNSPEC"),
	[TCP_TEARDOWN_REASON_MPTCP_RST_EMPTCP] = WORD("MPTCP_RST_EMPTCP"),
	[TCP_TEARDOWN_REASON_MPTCP_RST_ERESOURCE] = WORD("MPTCP_RST_ERESOURCE"),
	[TCP_TEARDOWN_REASON_MPTCP_RST_EPROHIBIT] = WORD("MPTCP_RST_EPROHIBIT"),
	[TCP_TEARDOWN_REASON_MPTCP_RST_EWQ2BIG] = WORD("MPTCP_RST_EWQ2BIG"),
	[TCP_TEARDOWN_REASON_MPTCP_RST_EBADPERF] = WORD("MPTCP_RST_EBADPERF"),
	[TCP_TEARDOWN_REASON_MPTCP_RST_EMIDDLEBOX] = WORD("MPTCP_RST_EMIDDLEBOX"),
	[TCP_TEARDOWN_REASON_ERROR] = WORD("ERROR"),
	[TCP_TEARDOWN_REASON_OTHER] = WORD("OTHER"),
};

static_assert(ARRAY_SIZE(reason_words) == TCP_TEARDOWN_REASONS);

static const struct word how_words[] = {
	[TCP_TEARDOWN_UNSEEN]			= WORD("unseen"),
	[TCP_TEARDOWN_FOUR_WAY]			= WORD("four_way"),
	[TCP_TEARDOWN_THREE_WAY]		= WORD("three_way"),
	[TCP_TEARDOWN_SIMULTANEOUS]		= WORD("simultaneous"),
	[TCP_TEARDOWN_ORDERLY]			= WORD("orderly"),
	[TCP_TEARDOWN_RESET_SENT]		= WORD("reset_sent"),
	[TCP_TEARDOWN_RESET_RECEIVED]		= WORD("reset_received"),
	[TCP_TEARDOWN_REFUSED]			= WORD("refused"),
	[TCP_TEARDOWN_TIMED_OUT]		= WORD("timed_out"),
	[TCP_TEARDOWN_ABORTED]			= WORD("aborted"),
	[TCP_TEARDOWN_ORPHAN_KILLED]		= WORD("orphan_killed"),
	[TCP_TEARDOWN_FIN_WAIT2_EXPIRED]	= WORD("fin_wait2_expired"),
};

static_assert(ARRAY_SIZE(how_words) == TCP_TEARDOWN_HOWS);

static const struct word set_off_words[] = {
	[TCP_TEARDOWN_BY_UNKNOWN]	= WORD("unknown"),
	[TCP_TEARDOWN_BY_PEER]		= WORD("peer"),
	[TCP_TEARDOWN_BY_CLOSE]		= WORD("close"),
	[TCP_TEARDOWN_BY_SHUTDOWN]	= WORD("shutdown"),
	[TCP_TEARDOWN_BY_EXIT]		= WORD("exit"),
	[TCP_TEARDOWN_BY_UNREAD]	= WORD("unread"),
	[TCP_TEARDOWN_BY_LINGER]	= WORD("linger"),
	[TCP_TEARDOWN_BY_LINGER2]	= WORD("linger2"),
	[TCP_TEARDOWN_BY_DISCONNECT]	= WORD("disconnect"),
	[TCP_TEARDOWN_BY_LISTENER]	= WORD("listener"),
	[TCP_TEARDOWN_BY_KILL]		= WORD("kill"),
	[TCP_TEARDOWN_BY_DATA]		= WORD("data"),
	[TCP_TEARDOWN_BY_KEEPALIVE]	= WORD("keepalive"),
	[TCP_TEARDOWN_BY_USER_TIMEOUT]	= WORD("user_timeout"),
	[TCP_TEARDOWN_BY_RETRIES]	= WORD("retries"),
	[TCP_TEARDOWN_BY_FIN_TIMEOUT]	= WORD("fin_timeout"),
	[TCP_TEARDOWN_BY_MEMORY]	= WORD("memory"),
	[TCP_TEARDOWN_BY_ICMP]		= WORD("icmp"),
	[TCP_TEARDOWN_BY_NETNS]		= WORD("netns"),
	[TCP_TEARDOWN_BY_CONNECT]	= WORD("connect"),
	[TCP_TEARDOWN_BY_FIREWALL]	= WORD("firewall"),
	[TCP_TEARDOWN_BY_CLOSED_WINDOW]	= WORD("closed_window"),
};

static_assert(ARRAY_SIZE(set_off_words) == TCP_TEARDOWN_BYS);

static const struct word first_words[] = {
	[TCP_TEARDOWN_FIRST_NONE]	= WORD("none"),
	[TCP_TEARDOWN_FIRST_LOCAL]	= WORD("local"),
	[TCP_TEARDOWN_FIRST_PEER]	= WORD("peer"),
	[TCP_TEARDOWN_FIRST_BOTH]	= WORD("both"),
};

static_assert(ARRAY_SIZE(first_words) == TCP_TEARDOWN_FIRSTS);

static const struct word flag_words[] = {
	[ilog2(TCP_TEARDOWN_F_UNTRACKED)]	= WORD("untracked"),
	[ilog2(TCP_TEARDOWN_F_MINISOCK)]	= WORD("minisock"),
	[ilog2(TCP_TEARDOWN_F_LINGER)]		= WORD("linger"),
	[ilog2(TCP_TEARDOWN_F_INFERRED)]	= WORD("inferred"),
	[ilog2(TCP_TEARDOWN_F_ADOPTED)]		= WORD("adopted"),
	[ilog2(TCP_TEARDOWN_F_FIN_UNSENT)]	= WORD("fin_unsent"),
	[ilog2(TCP_TEARDOWN_F_FIN_QUEUED)]	= WORD("fin=queued"),
	[ilog2(TCP_TEARDOWN_F_REFUSED)]		= WORD("refused"),
	[ilog2(TCP_TEARDOWN_F_EXIT)]		= WORD("at_exit"),
	[ilog2(TCP_TEARDOWN_F_QUEUE_FULL)]	= WORD("accept_queue_full"),
	[ilog2(TCP_TEARDOWN_F_OPENER)]		= WORD("opener"),
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

/**
 * names_has() - does this number have a word?
 * @list: of which enum
 * @number: its value
 */
bool names_has(enum word_list list, unsigned int number)
{
	return number < lists[list].nr && lists[list].words[number].len;
}

/**
 * names_word() - the word for a number
 * @list: of which enum
 * @number: its value
 *
 * Return: "?" if there is none.
 */
const struct word *names_word(enum word_list list, unsigned int number)
{
	static const struct word none = WORD("?");

	return likely(names_has(list, number)) ? &lists[list].words[number] : &none;
}

/**
 * names_count() - the end of a list
 * @list: of which enum
 *
 * Return: the first number after it.
 */
unsigned int names_count(enum word_list list)
{
	return lists[list].nr;
}

/**
 * names_of_kind() - the enum of a record's .what
 * @kind: enum tcp_teardown_kind
 *
 * Return: WORD_LISTS if no record is of that kind.
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
 * names_event() - the word for a record's event
 * @event: record_event()
 *
 * For a reset this is the filter's word; the line says send, reply or rcv.
 */
const struct word *names_event(u8 event)
{
	enum word_list list = names_of_kind(event >> 4);

	return list == WORD_LISTS ? names_word(WORDS_KIND, ~0U) : names_word(list, event & 0xf);
}
