/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Adopts connections: begins to track those that were closing before the hooks were attached.
 */
#ifndef TCP_TEARDOWN_ADOPT_H
#define TCP_TEARDOWN_ADOPT_H

#include <linux/types.h>

void adopt_all(bool minisocks);
unsigned long adopt_count(void);

#endif
