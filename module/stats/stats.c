// SPDX-License-Identifier: GPL-2.0
#include "stats/stats.h"

#include <linux/compiler.h>

const char * const stats_names[STATS_COUNTERS] = {
	[STATS_CLOSE]			= "call_close",
	[STATS_EXIT]			= "call_exit",
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
	[STATS_ACCEPT_QUEUE_FULL]	= "rst_for_full_accept_queue",
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
	[STATS_NO_LOCAL_PORT]		= "connect_no_local_port",
	[STATS_CONNECT_FAILED]		= "connect_failed",
	[STATS_HALF_CLOSED_DATA]	= "half_closed_segments_received",
	[STATS_HANDED_LOST]		= "minisock_handover_lost",
	[STATS_UNTRACKED]		= "untracked",
	[STATS_OVER_SHARE]		= "over_share",
};

/**
 * stats_add() - add one block of counters to another
 * @from: the block to add; hooks may raise it meanwhile
 * @to: the sum, which only the caller uses
 *
 * Each counter is exact, but they are not read at one instant.
 *
 * Context: any.
 */
void stats_add(const struct stats *from, struct stats *to)
{
	const unsigned long *counter = (const unsigned long *)from;
	unsigned long *sum = (unsigned long *)to;
	unsigned int i;

	for (i = 0; i < sizeof(*to) / sizeof(*sum); i++)
		sum[i] += READ_ONCE(counter[i]);
}

/**
 * stats_derive() - derive the counters of FINs from those of transitions
 * @sum: from stats_add()
 *
 * TCP queues a FIN with each transition to FIN_WAIT1 or LAST_ACK. It receives one with each
 * transition to CLOSE_WAIT or CLOSING, and with FIN_WAIT2>TIME_WAIT. Hooks count only the FINs
 * that come without such a transition.
 */
void stats_derive(struct stats *sum)
{
	int from;

	for (from = 0; from < TCP_MAX_STATES; from++) {
		sum->count[STATS_FIN_QUEUED] += sum->transition[from][TCP_FIN_WAIT1] +
						sum->transition[from][TCP_LAST_ACK];
		sum->count[STATS_FIN_RECEIVED] += sum->transition[from][TCP_CLOSE_WAIT] +
						  sum->transition[from][TCP_CLOSING];
	}
	sum->count[STATS_FIN_RECEIVED] += sum->transition[TCP_FIN_WAIT2][TCP_TIME_WAIT];
}
