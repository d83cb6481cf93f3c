/* SPDX-License-Identifier: GPL-2.0 */
/* What the handlers of minisocks share. For contexts see event.h. */
#ifndef TCP_TEARDOWN_EVENT_MINISOCK_H
#define TCP_TEARDOWN_EVENT_MINISOCK_H

#include <net/tcp.h>

#include "base/moment.h"
#include "conn/conn.h"

/* DCCP uses the same functions of the kernel. Its minisocks have no struct tcp_timewait_sock. */
static inline bool minisock_is_tcp(const struct inet_timewait_sock *tw)
{
	return tw->tw_dr == tcp_death_row_of(twsk_net(tw));
}

struct moment *event_minisock_moment(struct conn *conn, struct moment *alone,
				     const struct inet_timewait_sock *tw, u64 now, u8 what);

#endif
