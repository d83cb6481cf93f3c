// SPDX-License-Identifier: GPL-2.0
#include "base/sock.h"

#include <linux/sock_diag.h>

/**
 * sock_make_cookie() - generate the cookie of a socket that may have none
 * @sk: the socket
 *
 * __sock_gen_cookie() sets the cookie once, by a cmpxchg. It may nest.
 *
 * Return: the cookie.
 */
noinline u64 sock_make_cookie(const struct sock *sk)
{
	u32 halves[2];

	sock_diag_save_cookie((struct sock *)sk, halves);
	return atomic64_read(&sk->sk_cookie);
}
