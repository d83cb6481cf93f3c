/* SPDX-License-Identifier: GPL-2.0 */
/* What the records of each connection add up to. */
#ifndef SELFTESTS_SOAK_CHAIN_H
#define SELFTESTS_SOAK_CHAIN_H

#include <tcp_teardown.h>

/* Keep what is needed of a record; its order is found later. */
void chain_add(const struct tcp_teardown_record *r);

/* Judge all connections, and print what was found, a name and a number a line. */
void chain_report(void);

#endif
