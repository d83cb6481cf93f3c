// SPDX-License-Identifier: GPL-2.0
#include "event/minisock_cause.h"

#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <net/tcp.h>

#include "event/event.h"
#include "uapi/tcp_teardown.h"

/**
 * struct minisock_seen - what this CPU has last done with minisocks
 * @tw: the minisock that a segment has reached
 * @substate: its substate before the segment
 * @tcp_flags: the flags of the segment
 * @timer: the timer of a minisock that has fired
 * @asked: the minisock that connect() wants to reuse, or ss -K to kill
 * @task: the task that does; with PREEMPT_RT, the task to which this entry belongs
 * @cause: enum tcp_teardown_timewait, if @asked dies for this task
 * @used: with PREEMPT_RT, a sequence number of the last use
 * @is_fresh: with PREEMPT_RT, the entry has no history: the task is new, or was evicted
 *
 * Hooks write and read these in one section with softirqs disabled. Such sections do not nest, and
 * stay on their CPU. The exception is a request of tcp_abort(), see event_minisock_abort(). With
 * PREEMPT_RT, one section may preempt another one, so each task has an entry. An entry is evicted
 * if SEEN_TASKS other tasks deal with minisocks meanwhile.
 */
struct minisock_seen {
	const struct inet_timewait_sock *tw;
	u8 substate;
	u8 tcp_flags;
	const struct timer_list *timer;
	const struct inet_timewait_sock *asked;
	const struct task_struct *task;
	u8 cause;
	unsigned long used;
	bool is_fresh;
};

#define SEEN_TASKS (IS_ENABLED(CONFIG_PREEMPT_RT) ? 16 : 1)

static DEFINE_PER_CPU(struct minisock_seen [SEEN_TASKS], minisocks_seen);

/* The entry of this task. If it has none, it gets the least recently used one. */
static struct minisock_seen *minisock_seen_by_task(struct minisock_seen *seen)
{
	struct minisock_seen *mine = seen;
	unsigned long used = 0;
	int i;

	for (i = 0; i < SEEN_TASKS; i++) {
		used = max(used, seen[i].used);
		if (mine->task != current &&
		    (seen[i].task == current || seen[i].used < mine->used))
			mine = &seen[i];
	}
	if (mine->task != current)
		*mine = (struct minisock_seen) { .task = current, .is_fresh = true };
	mine->used = used + 1;
	return mine;
}

static struct minisock_seen *minisock_seen(void)
{
	struct minisock_seen *seen = *this_cpu_ptr(&minisocks_seen);

	return IS_ENABLED(CONFIG_PREEMPT_RT) ? minisock_seen_by_task(seen) : seen;
}

bool minisock_cause_known;
bool minisock_cause_deaths_seen = true;	/* assumed until the hooks are attached */

/**
 * minisock_cause_reached() - note that a segment has reached a minisock
 * @tw: the minisock, not changed by the segment yet
 * @tcp_flags: the flags of the segment
 */
void minisock_cause_reached(const struct inet_timewait_sock *tw, u8 tcp_flags)
{
	struct minisock_seen *seen = minisock_seen();

	seen->is_fresh = false;
	seen->tw = tw;
	seen->substate = READ_ONCE(tw->tw_substate);
	seen->tcp_flags = tcp_flags;
	/* connect() would have reused it before this segment, so it was denied. */
	if (seen->asked == tw && seen->cause == TCP_TEARDOWN_TW_REUSED)
		seen->asked = NULL;
}

/**
 * minisock_cause_was_fin_wait2() - was a minisock in FIN_WAIT2 before the last segment?
 * @tw: the minisock
 *
 * Return: true if this CPU has seen a segment reach it in that substate.
 */
bool minisock_cause_was_fin_wait2(const struct inet_timewait_sock *tw)
{
	const struct minisock_seen *seen = minisock_seen();

	return seen->tw == tw && seen->substate == TCP_FIN_WAIT2;
}

static void event_minisock_asked(const struct inet_timewait_sock *tw, u8 cause)
{
	struct minisock_seen *seen = minisock_seen();

	seen->is_fresh = false;
	seen->asked = tw;
	seen->task = current;
	seen->cause = cause;
}

/**
 * event_minisock_unique() - connect() wants to reuse the ports of a minisock
 * @tw: the minisock
 *
 * Source: entry of tcp_twsk_unique(). If it returns true, the minisock is killed before softirqs
 * are enabled again.
 */
void event_minisock_unique(const struct inet_timewait_sock *tw)
{
	event_minisock_asked(tw, TCP_TEARDOWN_TW_REUSED);
}

/**
 * event_minisock_timer() - the timer of a minisock fires
 * @timer: the timer
 *
 * Source: entry of tw_timer_handler(), which kills the minisock.
 */
void event_minisock_timer(const struct timer_list *timer)
{
	minisock_seen()->timer = timer;
}

/**
 * event_minisock_abort() - a process such as ss -K kills a minisock
 * @tw: the minisock
 *
 * Context: as event_abort(). If the task moves to another CPU before the minisock dies, the
 * minisock still counts as killed, because no other cause is found.
 */
void event_minisock_abort(const struct inet_timewait_sock *tw)
{
	event_minisock_asked(tw, TCP_TEARDOWN_TW_KILLED);
}

/**
 * minisock_cause() - find out why a minisock dies
 * @tw: the minisock
 *
 * Return: enum tcp_teardown_timewait, 0 if the cause is unknown.
 */
u8 minisock_cause(const struct inet_timewait_sock *tw)
{
	struct minisock_seen *seen = minisock_seen();

	if (seen->timer == &tw->tw_timer) {
		seen->timer = NULL;
		return TCP_TEARDOWN_TW_EXPIRED;
	}
	if (!check_net(twsk_net(tw)))
		return TCP_TEARDOWN_TW_NETNS;
	if (!in_serving_softirq() && seen->asked == tw && seen->task == current) {
		seen->asked = NULL;	/* the memory may become another minisock */
		return seen->cause;
	}
	/* The cause may have no hook. The last segment does not prove that it is the cause. */
	if (!READ_ONCE(minisock_cause_known) || seen->is_fresh)
		return 0;
	/* Not only in a softirq: a device such as TUN delivers segments in process context. */
	if (seen->tw != tw)
		return TCP_TEARDOWN_TW_KILLED;
	if (seen->tcp_flags & TCPHDR_RST)
		return TCP_TEARDOWN_TW_RESET;
	if (seen->tcp_flags & TCPHDR_SYN && seen->substate == TCP_TIME_WAIT)
		return TCP_TEARDOWN_TW_REOPENED;
	return TCP_TEARDOWN_TW_ANSWERED;
}
