// SPDX-License-Identifier: GPL-2.0
/* What the filter is told of a record that is to be made. For contexts see event.h. */
#include "record.h"

#include <linux/cgroup.h>
#include <linux/uidgid.h>

/**
 * record_ask_addresses() - tell the filter addresses
 * @event: set
 * @local: own, 16 bytes, IPv4 as v4-mapped
 * @peer: the other side's
 */
void record_ask_addresses(struct filter_event *event, const u8 *local, const u8 *peer)
{
	event->value[FILTER_LOCAL] = filter_half(local);
	event->value[FILTER_LOCAL_LOWER] = filter_half(local + 8);
	event->value[FILTER_PEER] = filter_half(peer);
	event->value[FILTER_PEER_LOWER] = filter_half(peer + 8);
}

/**
 * record_owner() - whose a full socket is
 * @sk: the socket
 *
 * From its making or accept() on; no process is asked.
 */
struct conn_owner record_owner(const struct sock *sk)
{
	struct conn_owner owner = { .uid = sk->sk_uid };

#ifdef CONFIG_SOCK_CGROUP_DATA
	owner.cgroup = cgroup_id(sock_cgroup_ptr((void *)&sk->sk_cgrp_data));
#endif
	return owner;
}

/* A minisock has none; its connection has. No bucket is held. */
static struct conn_owner owner_of_tw(const struct inet_timewait_sock *tw)
{
	struct conn_owner owner = { .uid = INVALID_UID };
	struct conn_ref ref = conn_find(atomic64_read(&tw->tw_cookie), common_of_tw(tw));

	if (ref.conn)
		owner = ref.conn->owner_id;
	conn_put(ref);
	return owner;
}

static struct conn_owner owner_of(const struct sock_common *sc)
{
	if (sc->skc_state == TCP_TIME_WAIT)
		return owner_of_tw((const struct inet_timewait_sock *)sc);
	return record_owner((const struct sock *)sc);
}

static void ask_owner(struct filter_event *event, const struct conn_owner *owner)
{
	/* from_kuid() of the initial user namespace, in 50 instructions less */
	event->value[FILTER_UID] = uid_valid(owner->uid) ? __kuid_val(owner->uid) :
							   FILTER_UNKNOWN;
	event->value[FILTER_CGROUP] = owner->cgroup ?: FILTER_UNKNOWN;
}

#define USES_ADDRESSES	(BIT(FILTER_LOCAL) | BIT(FILTER_LOCAL_LOWER) |	\
			 BIT(FILTER_PEER) | BIT(FILTER_PEER_LOWER))
#define USES_OWNER	(BIT(FILTER_UID) | BIT(FILTER_CGROUP))

/* What few filters use and takes some finding. */
static noinline void ask_more(struct filter_event *event, u32 uses,
			      const struct sock_common *sc, const struct conn_owner *owner)
{
	struct conn_owner found;
	u8 local[16] __uninitialized, peer[16] __uninitialized;

	if (uses & USES_ADDRESSES) {
		record_addresses(sc, local, peer);
		record_ask_addresses(event, local, peer);
	}
	if (!(uses & USES_OWNER))
		return;
	if (!owner) {
		found = owner_of(sc);
		owner = &found;
	}
	ask_owner(event, owner);
}

static u64 verdict_of(struct record_head head)
{
	return head.kind == TCP_TEARDOWN_END ? head.what : FILTER_UNKNOWN;
}

/**
 * record_keeps() - is a record of that socket wanted?
 * @filter: from filter_get()
 * @sc: the socket
 * @sport: its port
 * @owner: whose it is; NULL to find out
 * @head: what the record is of
 */
bool record_keeps(const struct filter *filter, const struct sock_common *sc,
		  __be16 sport, const struct conn_owner *owner, struct record_head head)
{
	struct filter_event event __uninitialized;	/* what is not used costs nothing */

	event.value[FILTER_LOCAL_PORT] = ntohs(sport);
	event.value[FILTER_PEER_PORT] = ntohs(sc->skc_dport);
	event.value[FILTER_NETNS] = read_pnet(&sc->skc_net)->ns.inum;
	event.value[FILTER_FROM] = head.from;
	event.value[FILTER_STATE] = head.to;
	event.value[FILTER_KIND] = head.kind;
	event.value[FILTER_VERDICT] = verdict_of(head);
	if (filter->uses & (USES_ADDRESSES | USES_OWNER))
		ask_more(&event, filter->uses, sc, owner);
	return record_wanted(filter, &event);
}
