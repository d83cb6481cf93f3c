/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TCP_TEARDOWN_COMPAT_TRACE_EVENTS_TCP_H
#define TCP_TEARDOWN_COMPAT_TRACE_EVENTS_TCP_H

#include_next <trace/events/tcp.h>

/*
 * After 6.12 the tracepoint tcp_retransmit_skb also fires if the segment could not be sent, and has
 * the error. Kbuild sets HAVE_RETRANSMIT_ERR.
 */
#ifdef HAVE_RETRANSMIT_ERR
#define TCP_RETRANSMIT_PROTO \
	(void *data, const struct sock *sk, const struct sk_buff *skb, int err)
#define TCP_RETRANSMIT_FAILED err
#else
#define TCP_RETRANSMIT_PROTO \
	(void *data, const struct sock *sk, const struct sk_buff *skb)
#define TCP_RETRANSMIT_FAILED 0
#endif

#endif
