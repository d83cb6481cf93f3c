/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TCP_TEARDOWN_COMPAT_NET_NET_NAMESPACE_H
#define TCP_TEARDOWN_COMPAT_NET_NET_NAMESPACE_H

#include_next <net/net_namespace.h>
#include <net/netns/hash.h>

/**
 * net_identity() - a number that no other namespace has or had
 * @net: the namespace
 *
 * Until 3d368ab87cf6 ("net: initialize net->net_cookie at netns setup"), 5.12, a function that is
 * not exported makes the cookie on demand. There a random number replaces it, together with the
 * inode number, which may be reused.
 */
static inline u64 net_identity(const struct net *net)
{
	if (__same_type(net->net_cookie, u64))
		return *(const u64 *)&net->net_cookie;
	return (u64)net_hash_mix(net) << 32 | net->ns.inum;
}

#endif
