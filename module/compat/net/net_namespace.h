/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TCP_TEARDOWN_COMPAT_NET_NET_NAMESPACE_H
#define TCP_TEARDOWN_COMPAT_NET_NET_NAMESPACE_H

#include_next <net/net_namespace.h>
#include <net/netns/hash.h>

/**
 * net_identity() - what tells a namespace from each that is and was
 * @net: the namespace
 *
 * The cookie is made on demand, by a function that is not exported, until 3d368ab87cf6
 * ("net: initialize net->net_cookie at netns setup"), 5.12. There a random number
 * stands for it, and the inode number, which may be another's later.
 */
static inline u64 net_identity(const struct net *net)
{
	if (__same_type(net->net_cookie, u64))
		return *(const u64 *)&net->net_cookie;
	return (u64)net_hash_mix(net) << 32 | net->ns.inum;
}

#endif
