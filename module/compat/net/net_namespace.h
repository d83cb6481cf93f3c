/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TCP_TEARDOWN_COMPAT_NET_NET_NAMESPACE_H
#define TCP_TEARDOWN_COMPAT_NET_NET_NAMESPACE_H

#include_next <net/net_namespace.h>
#include <net/netns/hash.h>

/**
 * net_identity() - a number that identifies a namespace, and is not used again
 * @net: the namespace
 *
 * It is the namespace's cookie. Before 3d368ab87cf6 ("net: initialize net->net_cookie at netns
 * setup"), 5.12, the kernel made that only on demand, in a function that is not exported. On such
 * kernels this combines the namespace's random hash_mix with its inode number, which may be reused.
 *
 * Return: the number.
 */
static inline u64 net_identity(const struct net *net)
{
	if (__same_type(net->net_cookie, u64))
		return *(const u64 *)&net->net_cookie;
	return (u64)net_hash_mix(net) << 32 | net->ns.inum;
}

#endif
