/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What ss -K does, without ss.
 */
#ifndef SELFTESTS_DIAG_H
#define SELFTESTS_DIAG_H

#include "net.h"

/* Whether there is tcp_diag, and it can kill. */
bool diag_possible(void);

/* Kill the socket, which may be a minisock, at the end's addresses. */
void diag_destroy(enum net_family family, const struct net_end *end);

/* The same; the kernel's answer: 0, or errno. */
int diag_try_destroy(enum net_family family, const struct net_end *end);

/*
 * What this kernel cannot kill, in words; NULL: it can. Tried once, in a namespace of
 * its own, by the kernel's answer alone.
 */
const char *diag_lacks_orphans(void);
const char *diag_lacks_minisocks(void);

#endif
