/* SPDX-License-Identifier: GPL-2.0 */
/*
 * ss -K, without ss.
 */
#ifndef SELFTESTS_DIAG_H
#define SELFTESTS_DIAG_H

#include "net.h"

/* Whether tcp_diag exists and can kill. */
bool diag_possible(void);

/* Kill the socket, which may be a minisock, at the end's addresses. */
void diag_destroy(enum net_family family, const struct net_end *end);

/* The same; the kernel's answer: 0, or errno. */
int diag_try_destroy(enum net_family family, const struct net_end *end);

/*
 * What this kernel cannot kill, in words; NULL: it can kill all. Tried once, in a
 * separate namespace, by the kernel's answer only.
 */
const char *diag_lacks_orphans(void);
const char *diag_lacks_minisocks(void);

#endif
