/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TCP_TEARDOWN_COMPAT_NET_NET_NAMESPACE_H
#define TCP_TEARDOWN_COMPAT_NET_NET_NAMESPACE_H

#include_next <net/net_namespace.h>
#include <net/netns/hash.h>

/* Its inode number may be another's later; hash_mix is random. */
static inline u64 net_mixed(const struct net *net)
{
	return (u64)net_hash_mix(net) << 32 | net->ns.inum;
}

/*
 * What tells a namespace from each that is and was. The cookie is made on demand, by
 * a function that is not exported, until 3d368ab87cf6 ("net: initialize net->net_cookie
 * at netns setup"), 5.12.
 */
#define net_identity(net)						\
	_Generic((net)->net_cookie, u64: (net)->net_cookie, default: net_mixed(net))

#endif
