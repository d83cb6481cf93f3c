// SPDX-License-Identifier: GPL-2.0
#include "event/minisock_cause.h"

#include <linux/minmax.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <net/tcp.h>

#include "event/event.h"
#include "uapi/tcp_teardown.h"

/**
 * struct minisock_seen - what this CPU is at
 * @tw: the minisock that a segment has reached
 * @substate: as it was before
 * @tcp_flags: the segment's
 * @timer: that of a minisock, which fires
 * @asked: the minisock that connect() or ss -K asks for
 * @task: who asks; with PREEMPT_RT, whose this is
 * @cause: what for
 * @used: with PREEMPT_RT, when it was used last
 * @is_fresh: with PREEMPT_RT, nothing is known of this task: never seen, or evicted
 *
 * All are written and read in one section with softirqs disabled, which is not
 * nested and not moved to another CPU; except requests from tcp_abort(), see
 * event_minisock_abort(). With PREEMPT_RT such a section may be preempted by another
 * one, so each task has its own. A task's is lost if SEEN_TASKS others come upon
 * minisocks meanwhile.
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

/* Of this task, or in place of what was used longest ago. */
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
bool minisock_cause_deaths_seen = true;	/* until it is known that they are not */

/**
 * minisock_cause_reached() - a segment has reached a minisock
 * @tw: it, as it was before
 * @tcp_flags: the segment's
 */
void minisock_cause_reached(const struct inet_timewait_sock *tw, u8 tcp_flags)
{
	struct minisock_seen *seen = minisock_seen();

	seen->is_fresh = false;
	seen->tw = tw;
	seen->substate = READ_ONCE(tw->tw_substate);
	seen->tcp_flags = tcp_flags;
	/* connect() has it at once, or was denied. */
	if (seen->asked == tw && seen->cause == TCP_TEARDOWN_TW_REUSED)
		seen->asked = NULL;
}

/**
 * minisock_cause_was_fin_wait2() - before the segment that has reached it
 * @tw: it
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
 * event_minisock_unique() - connect() wants the ports of a minisock
 * @tw: the minisock
 *
 * Source: entry of tcp_twsk_unique(). If it agrees, the minisock is killed
 * before softirqs are enabled again.
 */
void event_minisock_unique(const struct inet_timewait_sock *tw)
{
	event_minisock_asked(tw, TCP_TEARDOWN_TW_REUSED);
}

/**
 * event_minisock_timer() - the timer of a minisock fires
 * @timer: it
 *
 * Source: entry of tw_timer_handler(), which kills the minisock.
 */
void event_minisock_timer(const struct timer_list *timer)
{
	minisock_seen()->timer = timer;
}

/**
 * event_minisock_abort() - a minisock is to be killed, as by ss -K
 * @tw: the minisock
 *
 * Context: process, preemptible; see event_abort(). If the task moves to another
 * CPU now, the minisock counts as killed because no other cause was seen.
 */
void event_minisock_abort(const struct inet_timewait_sock *tw)
{
	event_minisock_asked(tw, TCP_TEARDOWN_TW_KILLED);
}

/**
 * minisock_cause() - why a minisock dies
 * @tw: it
 *
 * Return: enum tcp_teardown_timewait; 0 if that cannot be told.
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
		seen->asked = NULL;	/* its memory may be another's next */
		return seen->cause;
	}
	/* A segment may have been before, and another cause that has no hook now. */
	if (!READ_ONCE(minisock_cause_known) || seen->is_fresh)
		return 0;
	/* A device may hand in segments in process context, as TUN does. */
	if (seen->tw != tw)
		return TCP_TEARDOWN_TW_KILLED;
	if (seen->tcp_flags & TCPHDR_RST)
		return TCP_TEARDOWN_TW_RESET;
	if (seen->tcp_flags & TCPHDR_SYN && seen->substate == TCP_TIME_WAIT)
		return TCP_TEARDOWN_TW_REOPENED;
	return TCP_TEARDOWN_TW_ANSWERED;
}
