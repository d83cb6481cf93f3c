/* SPDX-License-Identifier: GPL-2.0 */
/* Checks the chain of records of each connection. */
#ifndef SELFTESTS_SOAK_CHAIN_H
#define SELFTESTS_SOAK_CHAIN_H

#include <tcp_teardown.h>

/* Keep the needed part of a record; they are sorted later. */
void chain_add(const struct tcp_teardown_record *r);

/* Judge all connections, and print the result, a name and a number per line. */
void chain_report(void);

#endif
