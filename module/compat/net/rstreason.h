/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Why a RST is sent: 5cb2cb3eb20c ("rstreason: prepare for passive reset"), 6.10.
 * TCP_SEND_RESET_REASON, from Kbuild, says that the kernel has it, and that its
 * tracepoint tcp_send_reset tells it.
 */
#ifndef TCP_TEARDOWN_COMPAT_NET_RSTREASON_H
#define TCP_TEARDOWN_COMPAT_NET_RSTREASON_H

#ifdef TCP_SEND_RESET_REASON

#include_next <net/rstreason.h>

#include "../../uapi/tcp_teardown.h"

/* Ours of that name; TCP_TEARDOWN_REASON_OTHER if uapi/tcp_teardown.h has none. */
static __always_inline u16 rst_reason_named(const char *name)
{
#define RST_REASON(word)						\
	if (!__builtin_strcmp(name, #word))				\
		return TCP_TEARDOWN_REASON_##word;
	RST_REASON(NOT_SPECIFIED)
	RST_REASON(NO_SOCKET)
	RST_REASON(TCP_INVALID_ACK_SEQUENCE)
	RST_REASON(TCP_RFC7323_PAWS)
	RST_REASON(TCP_TOO_OLD_ACK)
	RST_REASON(TCP_ACK_UNSENT_DATA)
	RST_REASON(TCP_FLAGS)
	RST_REASON(TCP_OLD_ACK)
	RST_REASON(TCP_ABORT_ON_DATA)
	RST_REASON(TCP_TIMEWAIT_SOCKET)
	RST_REASON(INVALID_SYN)
	RST_REASON(TCP_ABORT_ON_CLOSE)
	RST_REASON(TCP_ABORT_ON_LINGER)
	RST_REASON(TCP_ABORT_ON_MEMORY)
	RST_REASON(TCP_STATE)
	RST_REASON(TCP_KEEPALIVE_TIMEOUT)
	RST_REASON(TCP_DISCONNECT_WITH_DATA)
	RST_REASON(MPTCP_RST_EUNSPEC)
	RST_REASON(MPTCP_RST_EMPTCP)
	RST_REASON(MPTCP_RST_ERESOURCE)
	RST_REASON(MPTCP_RST_EPROHIBIT)
	RST_REASON(MPTCP_RST_EWQ2BIG)
	RST_REASON(MPTCP_RST_EBADPERF)
	RST_REASON(MPTCP_RST_EMIDDLEBOX)
	RST_REASON(ERROR)
#undef RST_REASON
	return TCP_TEARDOWN_REASON_OTHER;
}

/*
 * By name, for kernels have less of them (6.10, 6.11) or may have more. The compiler
 * makes a table of it.
 */
static inline u16 rst_reason(enum sk_rst_reason reason)
{
	switch (reason) {
#define RST_REASON(name)						\
	case SK_RST_REASON_##name:					\
		return rst_reason_named(#name);
#define RST_REASON_END(name)						\
	case SK_RST_REASON_##name:					\
		break;
	DEFINE_RST_REASON(RST_REASON, RST_REASON_END)
#undef RST_REASON
#undef RST_REASON_END
	}
	return TCP_TEARDOWN_REASON_OTHER;
}

#else
#define TCP_SEND_RESET_REASON 0
#endif

#endif
