// SPDX-License-Identifier: GPL-2.0
/* The words that the lines of format_*.c are made of. */
#include "format_word.h"

#include <linux/kernel.h>
#include <net/tcp_states.h>

#include "uapi/tcp_teardown.h"

static const char * const state_names[TCP_MAX_STATES] = {
	[0]			= "-",
	[TCP_ESTABLISHED]	= "ESTABLISHED",
	[TCP_SYN_SENT]		= "SYN_SENT",
	[TCP_SYN_RECV]		= "SYN_RECV",
	[TCP_FIN_WAIT1]		= "FIN_WAIT1",
	[TCP_FIN_WAIT2]		= "FIN_WAIT2",
	[TCP_TIME_WAIT]		= "TIME_WAIT",
	[TCP_CLOSE]		= "CLOSE",
	[TCP_CLOSE_WAIT]	= "CLOSE_WAIT",
	[TCP_LAST_ACK]		= "LAST_ACK",
	[TCP_LISTEN]		= "LISTEN",
	[TCP_CLOSING]		= "CLOSING",
	[TCP_NEW_SYN_RECV]	= "NEW_SYN_RECV",
};

/**
 * name_at() - a name by its number
 * @names: by number
 * @nr: how many
 * @i: which; "?" if there is none
 */
const char *name_at(const char * const *names, size_t nr, size_t i)
{
	return i < nr && names[i] ? names[i] : "?";
}

/**
 * state_name() - a TCP state as RFC 9293 and the kernel call it
 * @state: TCP_ESTABLISHED ..., 0 for none
 */
const char *state_name(u8 state)
{
	return name_at(state_names, TCP_MAX_STATES, state);
}

static const char * const kind_names[] = {
	[TCP_TEARDOWN_CALL]	= "call",
	[TCP_TEARDOWN_STATE]	= "state",
	[TCP_TEARDOWN_SEGMENT]	= "segment",
	[TCP_TEARDOWN_RESET]	= "reset",
	[TCP_TEARDOWN_TIMEWAIT]	= "timewait",
	[TCP_TEARDOWN_END]	= "end",
};

static_assert(ARRAY_SIZE(kind_names) == TCP_TEARDOWN_KINDS);

/**
 * kind_name() - the kind of a record
 * @kind: enum tcp_teardown_kind
 */
const char *kind_name(u8 kind)
{
	return name_at(kind_names, TCP_TEARDOWN_KINDS, kind);
}

static const char * const reason_names[] = {
	[TCP_TEARDOWN_REASON_NOT_SPECIFIED] = "NOT_SPECIFIED",
	[TCP_TEARDOWN_REASON_NO_SOCKET] = "NO_SOCKET",
	[TCP_TEARDOWN_REASON_TCP_INVALID_ACK_SEQUENCE] = "TCP_INVALID_ACK_SEQUENCE",
	[TCP_TEARDOWN_REASON_TCP_RFC7323_PAWS] = "TCP_RFC7323_PAWS",
	[TCP_TEARDOWN_REASON_TCP_TOO_OLD_ACK] = "TCP_TOO_OLD_ACK",
	[TCP_TEARDOWN_REASON_TCP_ACK_UNSENT_DATA] = "TCP_ACK_UNSENT_DATA",
	[TCP_TEARDOWN_REASON_TCP_FLAGS] = "TCP_FLAGS",
	[TCP_TEARDOWN_REASON_TCP_OLD_ACK] = "TCP_OLD_ACK",
	[TCP_TEARDOWN_REASON_TCP_ABORT_ON_DATA] = "TCP_ABORT_ON_DATA",
	[TCP_TEARDOWN_REASON_TCP_TIMEWAIT_SOCKET] = "TCP_TIMEWAIT_SOCKET",
	[TCP_TEARDOWN_REASON_INVALID_SYN] = "INVALID_SYN",
	[TCP_TEARDOWN_REASON_TCP_ABORT_ON_CLOSE] = "TCP_ABORT_ON_CLOSE",
	[TCP_TEARDOWN_REASON_TCP_ABORT_ON_LINGER] = "TCP_ABORT_ON_LINGER",
	[TCP_TEARDOWN_REASON_TCP_ABORT_ON_MEMORY] = "TCP_ABORT_ON_MEMORY",
	[TCP_TEARDOWN_REASON_TCP_STATE] = "TCP_STATE",
	[TCP_TEARDOWN_REASON_TCP_KEEPALIVE_TIMEOUT] = "TCP_KEEPALIVE_TIMEOUT",
	[TCP_TEARDOWN_REASON_TCP_DISCONNECT_WITH_DATA] = "TCP_DISCONNECT_WITH_DATA",
	[TCP_TEARDOWN_REASON_MPTCP_RST_EUNSPEC] = "MPTCP_RST_EUNSPEC",
	[TCP_TEARDOWN_REASON_MPTCP_RST_EMPTCP] = "MPTCP_RST_EMPTCP",
	[TCP_TEARDOWN_REASON_MPTCP_RST_ERESOURCE] = "MPTCP_RST_ERESOURCE",
	[TCP_TEARDOWN_REASON_MPTCP_RST_EPROHIBIT] = "MPTCP_RST_EPROHIBIT",
	[TCP_TEARDOWN_REASON_MPTCP_RST_EWQ2BIG] = "MPTCP_RST_EWQ2BIG",
	[TCP_TEARDOWN_REASON_MPTCP_RST_EBADPERF] = "MPTCP_RST_EBADPERF",
	[TCP_TEARDOWN_REASON_MPTCP_RST_EMIDDLEBOX] = "MPTCP_RST_EMIDDLEBOX",
	[TCP_TEARDOWN_REASON_ERROR] = "ERROR",
	[TCP_TEARDOWN_REASON_OTHER] = "OTHER",
};

static_assert(ARRAY_SIZE(reason_names) == TCP_TEARDOWN_REASONS);

/**
 * reason_name() - why a RST was sent
 * @reason: enum tcp_teardown_reason
 */
const char *reason_name(u16 reason)
{
	return name_at(reason_names, TCP_TEARDOWN_REASONS, reason);
}
