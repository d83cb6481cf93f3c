// SPDX-License-Identifier: GPL-2.0
#include "stats/reconcile.h"

#include <linux/bitops.h>
#include <net/inet_timewait_sock.h>
#include <net/ip.h>
#include <net/tcp.h>

#include "base/groups.h"
#include "stats/stats.h"
#include "uapi/tcp_teardown.h"

static unsigned long reconcile_ends(const struct stats *s, u8 how, u8 by)
{
	return s->end[how][by];
}

/*
 * The functions below compute the module's counts. Where it is not plain, a comment names the
 * kernel's functions that raise the counter.
 */

static unsigned long reconcile_born(const struct stats *s)
{
	return s->count[STATS_TW_BORN_FIN_WAIT2] + s->count[STATS_TW_BORN_TIME_WAIT];
}

/*
 * __inet_twsk_schedule() counts the birth of a minisock as TW, or as TWKilled if its timer is set
 * for 4 s or less. In older kernels, tw_timer_handler() counts its end in the same way.
 */
static unsigned long ours_tw(const struct stats *s)
{
	return (TW_COUNTED_AT_EXPIRY ? s->count[STATS_TW_EXPIRED] : reconcile_born(s)) -
	       s->count[STATS_TW_SHORT] + s->count[STATS_TW_DCCP];
}

static unsigned long ours_tw_killed(const struct stats *s)
{
	return s->count[STATS_TW_SHORT];
}

/* __inet_check_established(), after tcp_twsk_unique() has agreed. */
static unsigned long ours_tw_recycled(const struct stats *s)
{
	return s->count[STATS_TW_REUSED];
}

/* tcp_time_wait(), if it gets no minisock. */
static unsigned long ours_tw_overflow(const struct stats *s)
{
	return s->count[STATS_TW_ASKED] - reconcile_born(s);
}

/*
 * __tcp_close() with SO_LINGER 0; tcp_rcv_state_process() for data after close(), and for an
 * orphan with TCP_LINGER2 < 0 whose FIN is acknowledged. The kernel does not count the RST of a
 * minisock that gets data.
 */
static unsigned long ours_on_data(const struct stats *s)
{
	return reconcile_ends(s, TCP_TEARDOWN_RESET_SENT, TCP_TEARDOWN_BY_LINGER) +
	       reconcile_ends(s, TCP_TEARDOWN_ABORTED, TCP_TEARDOWN_BY_LINGER) +
	       reconcile_ends(s, TCP_TEARDOWN_RESET_SENT, TCP_TEARDOWN_BY_DATA) -
	       s->count[STATS_TW_ANSWERED] + s->count[STATS_ORPHAN_LINGER2];
}

/* __tcp_close() with data unread. */
static unsigned long ours_on_close(const struct stats *s)
{
	return reconcile_ends(s, TCP_TEARDOWN_RESET_SENT, TCP_TEARDOWN_BY_UNREAD);
}

/* __tcp_close() and tcp_out_of_resources(), if tcp_check_oom() returns true. */
static unsigned long ours_on_memory(const struct stats *s)
{
	return reconcile_ends(s, TCP_TEARDOWN_ORPHAN_KILLED, TCP_TEARDOWN_BY_MEMORY) -
	       s->count[STATS_TW_REFUSED_ORPHAN];
}

/* tcp_write_err() */
static unsigned long ours_on_timeout(const struct stats *s)
{
	return reconcile_ends(s, TCP_TEARDOWN_TIMED_OUT, TCP_TEARDOWN_BY_RETRIES) +
	       reconcile_ends(s, TCP_TEARDOWN_TIMED_OUT, TCP_TEARDOWN_BY_KEEPALIVE) +
	       reconcile_ends(s, TCP_TEARDOWN_TIMED_OUT, TCP_TEARDOWN_BY_USER_TIMEOUT) +
	       reconcile_ends(s, TCP_TEARDOWN_TIMED_OUT, TCP_TEARDOWN_BY_CLOSED_WINDOW);
}

/* __tcp_close() in FIN_WAIT2 with TCP_LINGER2 < 0. */
static unsigned long ours_on_linger(const struct stats *s)
{
	return reconcile_ends(s, TCP_TEARDOWN_RESET_SENT, TCP_TEARDOWN_BY_LINGER2) -
	       s->count[STATS_ORPHAN_LINGER2];
}

/* tcp_set_state() */
static unsigned long ours_estab_resets(const struct stats *s)
{
	return s->transition[TCP_ESTABLISHED][TCP_CLOSE] +
	       s->transition[TCP_CLOSE_WAIT][TCP_CLOSE];
}

/* tcp_send_active_reset(), tcp_v4_send_reset(), tcp_v6_send_response() */
static unsigned long ours_out_rsts(const struct stats *s)
{
	return s->count[STATS_RST_SENT] + s->count[STATS_RST_REPLY];
}

const struct reconcile reconcile_lines[RECONCILE_LINES] = {
	[RECONCILE_TW] = {
		.name = "TW", .mib = LINUX_MIB_TIMEWAITED, .ours = ours_tw,
		.groups = BIT(GROUP_TIMEWAIT) },
	[RECONCILE_TW_RECYCLED] = {
		.name = "TWRecycled", .mib = LINUX_MIB_TIMEWAITRECYCLED, .ours = ours_tw_recycled,
		.groups = BIT(GROUP_TIMEWAIT), .maybe = true },
	[RECONCILE_TW_KILLED] = {
		.name = "TWKilled", .mib = LINUX_MIB_TIMEWAITKILLED, .ours = ours_tw_killed,
		.groups = BIT(GROUP_TIMEWAIT) },
	[RECONCILE_TW_OVERFLOW] = {
		.name = "TCPTimeWaitOverflow", .mib = LINUX_MIB_TCPTIMEWAITOVERFLOW,
		.ours = ours_tw_overflow, .groups = BIT(GROUP_TIMEWAIT) },
	[RECONCILE_ON_DATA] = {
		.name = "TCPAbortOnData", .mib = LINUX_MIB_TCPABORTONDATA, .ours = ours_on_data,
		.groups = BIT(GROUP_TIMEWAIT) | BIT(GROUP_RESETS) | BIT(GROUP_CALLS),
		.remembered = true, .sleeps = true },
	[RECONCILE_ON_CLOSE] = {
		.name = "TCPAbortOnClose", .mib = LINUX_MIB_TCPABORTONCLOSE, .ours = ours_on_close,
		.groups = BIT(GROUP_CALLS), .remembered = true },
	[RECONCILE_ON_MEMORY] = {
		.name = "TCPAbortOnMemory", .mib = LINUX_MIB_TCPABORTONMEMORY,
		.ours = ours_on_memory, .groups = BIT(GROUP_TIMEWAIT), .remembered = true },
	[RECONCILE_ON_TIMEOUT] = {
		.name = "TCPAbortOnTimeout", .mib = LINUX_MIB_TCPABORTONTIMEOUT,
		.ours = ours_on_timeout, .remembered = true },
	[RECONCILE_ON_LINGER] = {
		.name = "TCPAbortOnLinger", .mib = LINUX_MIB_TCPABORTONLINGER,
		.ours = ours_on_linger, .remembered = true },
	[RECONCILE_FAILED] = {
		.name = "TCPAbortFailed", .mib = LINUX_MIB_TCPABORTFAILED, .maybe = true },
	[RECONCILE_ESTAB_RESETS] = {
		.name = "EstabResets", .mib = TCP_MIB_ESTABRESETS, .is_tcp = true,
		.ours = ours_estab_resets },
	[RECONCILE_OUT_RSTS] = {
		.name = "OutRsts", .mib = TCP_MIB_OUTRSTS, .is_tcp = true, .ours = ours_out_rsts,
		.groups = BIT(GROUP_RESETS), .maybe = true },
};

/* As snmp_fold_field(), which newer kernels do not export. */
static unsigned long mib_sum(void __percpu *mib, int field)
{
	unsigned long sum = 0;
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		sum += snmp_get_cpu_field(mib, cpu, field);
	return sum;
}

static void __percpu *line_mib(const struct reconcile *line, const struct net *net)
{
	return line->is_tcp ? (void __percpu *)net->mib.tcp_statistics :
			      (void __percpu *)net->mib.net_statistics;
}

/**
 * reconcile_line_kernel() - read the kernel's counter
 * @line: entry of reconcile_lines[]
 * @net: the namespace
 *
 * Return: the sum over all CPUs.
 */
unsigned long reconcile_line_kernel(const struct reconcile *line, const struct net *net)
{
	return mib_sum(line_mib(line, net), line->mib);
}

/**
 * reconcile_line_ours() - compute the module's count of the same events
 * @line: entry of reconcile_lines[]
 * @sum: the module's counters
 *
 * Return: the count, 0 if the module cannot see these events.
 */
unsigned long reconcile_line_ours(const struct reconcile *line, const struct stats *sum)
{
	return line->ours ? line->ours(sum) : 0;
}

static bool line_is_of(const struct reconcile *line, unsigned long groups)
{
	return (line->groups | BIT(GROUP_TRANSITIONS)) & groups;
}

/**
 * reconcile_clear() - set the base of the comparison to 0, before reconcile_begin()
 * @base: the base
 * @groups: bits by enum hook_group; only the lines that depend on one of these groups change
 */
void reconcile_clear(struct reconcile_base *base, unsigned long groups)
{
	int i;

	for (i = 0; i < RECONCILE_LINES; i++) {
		if (!line_is_of(&reconcile_lines[i], groups))
			continue;
		base->kernel[i] = 0;
		base->ours[i] = 0;
		base->begun |= BIT(i);
	}
}

/**
 * reconcile_ours() - add counters of the module to the base of the comparison
 * @base: the base
 * @stats: the counters
 * @groups: as for reconcile_clear()
 */
void reconcile_ours(struct reconcile_base *base, const struct stats *stats,
		    unsigned long groups)
{
	int i;

	for (i = 0; i < RECONCILE_LINES; i++)
		if (line_is_of(&reconcile_lines[i], groups))
			base->ours[i] += reconcile_line_ours(&reconcile_lines[i], stats);
}

/**
 * reconcile_begin() - add both counts of one CPU to the base of the comparison
 * @base: the base
 * @net: the namespace
 * @stats: the CPU's own block of the namespace's counters, or NULL
 * @cpu: the CPU
 * @groups: as for reconcile_clear()
 *
 * Context: any.
 */
void reconcile_begin(struct reconcile_base *base, const struct net *net,
		     const struct stats *stats, unsigned int cpu, unsigned long groups)
{
	const struct reconcile *line;
	int i;

	for (i = 0; i < RECONCILE_LINES; i++) {
		line = &reconcile_lines[i];
		if (line_is_of(line, groups))
			base->kernel[i] += snmp_get_cpu_field(line_mib(line, net), cpu, line->mib);
	}
	if (stats)
		reconcile_ours(base, stats, groups);
}
