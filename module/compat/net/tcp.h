/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TCP_TEARDOWN_COMPAT_NET_TCP_H
#define TCP_TEARDOWN_COMPAT_NET_TCP_H

#include_next <net/tcp.h>

/* 40570375356c ("tcp: add accessors to read/set tp->snd_cwnd"), 5.19 and 5.15.y */
#ifndef HAVE_TCP_SND_CWND
#define tcp_snd_cwnd(tp) ((tp)->snd_cwnd)
#endif

/* 049fe386d353 ("tcp: parse mptcp options contained in reset packets"), 5.12 */
#ifdef HAVE_TCP_RESET_SKB
#define TCP_RESET_HAS_SKB	true
#else
#define TCP_RESET_HAS_SKB	false
#endif

#endif
