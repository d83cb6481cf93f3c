// SPDX-License-Identifier: GPL-2.0
#include "record/record_filter.h"

#include <linux/uidgid.h>

#include "base/moment.h"
#include "base/names.h"
#include "filter/filter.h"
#include "ring/buffer_write.h"

/* All values that ask_flow() sets, except FILTER_ID. */
#define FILTER_USES_FLOW	(BIT(FILTER_NETNS + 1) - 1)

static_assert(FILTER_NETNS + 1 == FILTER_KIND);

/* 0 stands for an unknown value in a moment, a flow and a closer. */
static u64 known(u64 value)
{
	return value ?: FILTER_UNKNOWN;
}

static void ask_flow(struct filter_event *event, const struct flow *flow)
{
	event->value[FILTER_LOCAL] = filter_half(flow->local);
	event->value[FILTER_LOCAL_LOWER] = filter_half(flow->local + 8);
	event->value[FILTER_PEER] = filter_half(flow->peer);
	event->value[FILTER_PEER_LOWER] = filter_half(flow->peer + 8);
	event->value[FILTER_LOCAL_PORT] = flow->local_port;
	event->value[FILTER_PEER_PORT] = flow->peer_port;
	event->value[FILTER_NETNS] = flow->netns;
	event->value[FILTER_ID] = known(flow->cookie);
}

static void ask_cred(struct filter_event *event, const struct sock_cred *cred)
{
	/* As from_kuid(&init_user_ns, ...), in 50 instructions less. */
	event->value[FILTER_UID] = uid_valid(cred->uid) ? __kuid_val(cred->uid) :
							  FILTER_UNKNOWN;
	event->value[FILTER_CGROUP] = known(cred->cgroup);
}

static void ask_closer(struct filter_event *event, const struct closer *closer)
{
	event->value[FILTER_PID] = known(closer->pid);
	event->value[FILTER_COMM] = closer->pid ? filter_half((const u8 *)closer->comm) :
						  FILTER_UNKNOWN;
	event->value[FILTER_COMM_LOWER] = filter_half((const u8 *)closer->comm + 8);
}

static void ask_moment(struct filter_event *event, const struct moment *m,
		       const struct totals *totals)
{
	event->value[FILTER_KIND] = m->kind;
	event->value[FILTER_EVENT] = record_event(m->kind, m->what);
	event->value[FILTER_FROM] = known(m->from);
	event->value[FILTER_STATE] = known(m->to);
	event->value[FILTER_REASON] = known(m->reason);
	event->value[FILTER_TIMEWAIT] = known(m->timewait);
	event->value[FILTER_END] = totals ? m->how : FILTER_UNKNOWN;
	event->value[FILTER_BY] = totals ? m->set_off : FILTER_UNKNOWN;
}

/**
 * record_keeps() - does a filter keep a record?
 * @filter: from filter_get()
 * @subject: the connection
 * @m: the moment
 * @totals: the connection's totals if it ends, otherwise NULL
 *
 * Return: true if it does. If not, the record is counted as filtered.
 */
noinline bool record_keeps(const struct filter *filter, const struct subject *subject,
			   const struct moment *m, const struct totals *totals)
{
	struct filter_event event __uninitialized;	/* the filter reads only what is set */

	ask_moment(&event, m, totals);
	if (filter->uses & (FILTER_USES_FLOW | BIT(FILTER_ID)))
		ask_flow(&event, &subject->flow);
	if (filter->uses & (BIT(FILTER_UID) | BIT(FILTER_CGROUP)))
		ask_cred(&event, &subject->cred);
	if (filter->uses & (BIT(FILTER_PID) | BIT(FILTER_COMM) | BIT(FILTER_COMM_LOWER)))
		ask_closer(&event, &subject->closer);
	if (filter_keeps(filter, &event))
		return true;
	buffer_filtered();
	return false;
}
