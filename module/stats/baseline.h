/* SPDX-License-Identifier: GPL-2.0 */
/* Takes the base of the comparison that reconcile.h describes, while traffic runs. */
#ifndef TCP_TEARDOWN_BASELINE_H
#define TCP_TEARDOWN_BASELINE_H

void baseline_begin(unsigned long groups);

#endif
