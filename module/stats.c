// SPDX-License-Identifier: GPL-2.0
#include "stats.h"

#include <linux/cpumask.h>

const char * const stats_names[STATS_COUNTERS] = {
	[STATS_CLOSE]			= "call_close",
	[STATS_SHUT_RD]			= "call_shutdown_rd",
	[STATS_SHUT_WR]			= "call_shutdown_wr",
	[STATS_SHUT_RDWR]		= "call_shutdown_rdwr",
	[STATS_DISCONNECT]		= "call_disconnect",
	[STATS_LISTENER]		= "call_listener_close",
	[STATS_ABORT]			= "call_abort",
	[STATS_FIN_RECEIVED]		= "fin_received",
	[STATS_FIN_DUPLICATE]		= "fin_received_again",
	[STATS_FIN_OUT_OF_ORDER]	= "fin_received_out_of_order",
	[STATS_FIN_QUEUED]		= "fin_queued",
	[STATS_FIN_RESENT]		= "fin_sent_again",
	[STATS_RST_SENT]		= "rst_sent",
	[STATS_RST_REPLY]		= "rst_sent_in_reply",
	[STATS_RST_RECEIVED]		= "rst_received",
	[STATS_RST_UNSEEN]		= "rst_or_late_data",
	[STATS_TW_ASKED]		= "minisock_asked",
	[STATS_TW_BORN_FIN_WAIT2]	= "minisock_born_in_fin_wait2",
	[STATS_TW_BORN_TIME_WAIT]	= "minisock_born_in_time_wait",
	[STATS_TW_SHORT]		= "minisock_for_4s_or_less",
	[STATS_TW_DCCP]			= "minisock_of_dccp",
	[STATS_TW_REARMED]		= "minisock_rearmed",
	[STATS_TW_REFUSED]		= "minisock_refused",
	[STATS_TW_REFUSED_ORPHAN]	= "minisock_refused_to_orphan",
	[STATS_TW_EXPIRED]		= "minisock_expired",
	[STATS_TW_RESET]		= "minisock_reset",
	[STATS_TW_REOPENED]		= "minisock_reopened_by_syn",
	[STATS_TW_ANSWERED]		= "minisock_answered_with_rst",
	[STATS_TW_REUSED]		= "minisock_reused_by_connect",
	[STATS_TW_KILLED]		= "minisock_killed",
	[STATS_TW_NETNS]		= "minisock_netns_gone",
	[STATS_TW_UNSEEN]		= "minisock_death_unseen",
	[STATS_ORPHAN_LINGER2]		= "orphan_given_up_by_linger2",
	[STATS_UNTRACKED]		= "not_remembered",
};

/**
 * stats_add() - add up over the CPUs
 * @percpu: the counters
 * @sum: raised by them
 *
 * Context: any. Each counter is exact; they are not all of one instant.
 */
void stats_add(const struct stats __percpu *percpu, struct stats *sum)
{
	const unsigned long *from;
	unsigned long *to = (unsigned long *)sum;
	unsigned int cpu, i;

	for_each_possible_cpu(cpu) {
		from = (const unsigned long *)per_cpu_ptr(percpu, cpu);
		for (i = 0; i < sizeof(*sum) / sizeof(*to); i++)
			to[i] += READ_ONCE(from[i]);
	}
}

/**
 * stats_move() - add counters that nobody raises any more to others
 * @from: no longer in use
 * @to: may be in use
 */
void stats_move(const struct stats __percpu *from, struct stats __percpu *to)
{
	unsigned long __percpu *counter = (unsigned long __percpu *)to;
	const unsigned long *gone;
	unsigned int cpu, i;

	for_each_possible_cpu(cpu) {
		gone = (const unsigned long *)per_cpu_ptr(from, cpu);
		for (i = 0; i < sizeof(struct stats) / sizeof(*gone); i++)
			this_cpu_add(counter[i], gone[i]);
	}
}
