/* SPDX-License-Identifier: GPL-2.0 */
/* Notes where the counts of the kernel and of the module begin, while traffic runs. */
#ifndef TCP_TEARDOWN_BASELINE_H
#define TCP_TEARDOWN_BASELINE_H

void baseline_begin(unsigned long groups);

#endif
