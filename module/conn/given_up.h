/* SPDX-License-Identifier: GPL-2.0 */
/* Why the kernel has given up a connection that timed out. */
#ifndef TCP_TEARDOWN_GIVEN_UP_H
#define TCP_TEARDOWN_GIVEN_UP_H

#include <linux/types.h>

struct sock;

u8 given_up_by(const struct sock *sk, bool reset_sent);

#endif
