/* SPDX-License-Identifier: GPL-2.0 */
/* MPTCP connections over loopback, in a kernel that has MPTCP. */
#ifndef SELFTESTS_MPTCP_H
#define SELFTESTS_MPTCP_H

#include "net.h"

/* Why there can be no MPTCP connections, or NULL. */
const char *mptcp_lacks(void);

/* As net_pair(), with MPTCP sockets; the client has sent so much, which has been read. */
void mptcp_pair(enum net_family family, struct net_end *client, struct net_end *server,
		unsigned int sent);

#endif
