// SPDX-License-Identifier: GPL-2.0
/* Prints counters and connections as lines. */
#include "format/format.h"

#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <net/tcp_states.h>

#include "base/names.h"
#include "format/line.h"
#include "ring/ring.h"
#include "stats/stats.h"

/**
 * format_account() - print what became of the records
 * @m: the file
 * @account: the figures
 */
void format_account(struct seq_file *m, const struct ring_account *account)
{
	seq_printf(m, "%-32s %llu\n", "written", account->written);
	seq_printf(m, "%-32s %llu\n", "read", account->read);
	seq_printf(m, "%-32s %llu\n", "pending", account->pending);
	seq_printf(m, "%-32s %llu\n", "overwritten", account->overwritten);
	seq_printf(m, "%-32s %llu\n", "dropped", account->dropped);
	seq_printf(m, "%-32s %llu\n", "filtered", account->filtered);
}

/* A counter that is 0 has no line, so that the others fit on a screen. docs/abi lists all. */
static void summary_line(struct seq_file *m, const char *name, unsigned long count)
{
	if (count)
		seq_printf(m, "%-40s %lu\n", name, count);
}

/* In the order of a connection's life. */
static const u8 states[] = {
	TCP_SYN_SENT, TCP_SYN_RECV, TCP_ESTABLISHED, TCP_FIN_WAIT1, TCP_FIN_WAIT2,
	TCP_CLOSING, TCP_TIME_WAIT, TCP_CLOSE_WAIT, TCP_LAST_ACK, TCP_CLOSE,
};

/* How many connections ended in this way, and how many of these by each cause. */
static void summary_end(struct seq_file *m, const unsigned long *by, u8 how)
{
	unsigned long sum = 0;
	char name[64];
	u8 i;

	for (i = 0; i < TCP_TEARDOWN_BYS; i++)
		sum += by[i];
	scnprintf(name, sizeof(name), "end=%s", how_name(how));
	summary_line(m, name, sum);
	for (i = 0; i < TCP_TEARDOWN_BYS; i++) {
		scnprintf(name, sizeof(name), "end=%s,by=%s", how_name(how), set_off_name(i));
		summary_line(m, name, by[i]);
	}
}

static void summary_ends(struct seq_file *m, const struct stats *stats)
{
	char name[64];
	u8 i;

	seq_puts(m, "# how connections ended, and by what\n");
	for (i = TCP_TEARDOWN_UNSEEN; i < TCP_TEARDOWN_HOWS; i++)
		summary_end(m, stats->end[i], i);
	seq_puts(m, "# who closed first\n");
	for (i = 0; i < TCP_TEARDOWN_FIRSTS; i++) {
		scnprintf(name, sizeof(name), "first=%s", first_name(i));
		summary_line(m, name, stats->first[i]);
	}
}

/* The counters from @from up to the one before @to. */
static void summary_counters(struct seq_file *m, const struct stats *stats,
			     enum stats_counter from, enum stats_counter to)
{
	for (; from < to; from++)
		summary_line(m, stats_names[from], stats->count[from]);
}

static void summary_resets(struct seq_file *m, const struct stats *stats)
{
	char name[64];
	int i;

	seq_puts(m, "# resets; why they were sent, and in which state received\n");
	summary_counters(m, stats, STATS_RST_SENT, STATS_TW_ASKED);
	for (i = TCP_TEARDOWN_REASON_NOT_SPECIFIED; i < TCP_TEARDOWN_REASONS; i++) {
		scnprintf(name, sizeof(name), "rst_sent_for_%s", reason_name(i));
		summary_line(m, name, stats->reset_sent[i]);
	}
	for (i = 0; i < ARRAY_SIZE(states); i++) {
		scnprintf(name, sizeof(name), "rst_received_in_%s", state_name(states[i]));
		summary_line(m, name, stats->reset_received[states[i]]);
	}
}

static void summary_transitions(struct seq_file *m, const struct stats *stats)
{
	char name[64];
	int from, to;

	seq_puts(m, "# from one state to the next\n");
	for (from = 0; from < ARRAY_SIZE(states); from++) {
		for (to = 0; to < ARRAY_SIZE(states); to++) {
			scnprintf(name, sizeof(name), "%s>%s", state_name(states[from]),
				  state_name(states[to]));
			summary_line(m, name, stats->transition[states[from]][states[to]]);
		}
	}
}

/**
 * format_summary() - print the counters, the most important first
 * @m: the file
 * @stats: the figures
 */
void format_summary(struct seq_file *m, const struct stats *stats)
{
	summary_ends(m, stats);
	summary_resets(m, stats);
	summary_transitions(m, stats);
	seq_puts(m, "# calls, segments, minisocks\n");
	summary_counters(m, stats, 0, STATS_RST_SENT);
	summary_counters(m, stats, STATS_TW_ASKED, STATS_COUNTERS);
}

/**
 * format_elsewhere() - print how many counts a namespace lacks
 * @m: the file
 * @count: how many of its events were counted only for the host
 */
void format_elsewhere(struct seq_file *m, unsigned long count)
{
	summary_line(m, "counted_for_host_alone", count);
}

static const u8 latency_states[] = {
	[STATS_FIN_WAIT1] = TCP_FIN_WAIT1,
	[STATS_FIN_WAIT2] = TCP_FIN_WAIT2,
	[STATS_CLOSING] = TCP_CLOSING,
	[STATS_TIME_WAIT] = TCP_TIME_WAIT,
	[STATS_CLOSE_WAIT] = TCP_CLOSE_WAIT,
	[STATS_LAST_ACK] = TCP_LAST_ACK,
};

static_assert(ARRAY_SIZE(latency_states) == STATS_STATES);

static void latency_line(struct seq_file *m, const struct stats *stats, int bucket)
{
	unsigned long any = 0;
	int state;

	for (state = 0; state < STATS_STATES; state++)
		any |= stats->spent[state][bucket];
	if (!any)
		return;
	seq_printf(m, "%-14llu", bucket ? 1ULL << (bucket - 1) : 0);
	for (state = 0; state < STATS_STATES; state++)
		seq_printf(m, " %10lu", stats->spent[state][bucket]);
	seq_putc(m, '\n');
}

/**
 * format_latency() - print histograms of the time in each state
 * @m: the file
 * @stats: the figures
 */
void format_latency(struct seq_file *m, const struct stats *stats)
{
	int state, bucket;

	seq_printf(m, "%-14s", "# from_us");
	for (state = 0; state < STATS_STATES; state++)
		seq_printf(m, " %10s", state_name(latency_states[state]));
	seq_putc(m, '\n');
	for (bucket = 0; bucket < STATS_BUCKETS; bucket++)
		latency_line(m, stats, bucket);
}

/**
 * format_reconcile_header() - print the first lines of the file reconcile
 * @m: the file
 */
void format_reconcile_header(struct seq_file *m)
{
	seq_puts(m, FORMAT_TITLE "reconcile\n");
	seq_printf(m, "%-10s %-19s %12s %12s %12s %s\n", "# netns", "counter",
		   "kernel", "ours", "difference", "proof");
}

/**
 * format_reconcile() - print one of the kernel's counters and the module's count
 * @m: the file
 * @counter: the figures
 */
void format_reconcile(struct seq_file *m, const struct format_counter *counter)
{
	char ours[24] = "-", difference[24] = "-";

	if (!counter->unseen) {
		scnprintf(ours, sizeof(ours), "%ld", (long)counter->ours);
		scnprintf(difference, sizeof(difference), "%ld",
			  (long)(counter->kernel - counter->ours));
	}
	seq_printf(m, "%-10u %-19s %12lu %12s %12s %s\n", counter->netns,
		   counter->name, counter->kernel, ours, difference, counter->proof);
}

/**
 * format_connections_header() - print the first lines of a list of connections
 * @m: the file
 * @seen: how many connections there are
 * @nr: how many lines follow
 */
void format_connections_header(struct seq_file *m, unsigned long seen, unsigned int nr)
{
	seq_puts(m, FORMAT_TITLE "connections\n");
	if (seen > nr)
		seq_printf(m, "# %lu of %lu are left out, the last by state and age\n",
			   seen - nr, seen);
	seq_printf(m, "%-10s %8s %-11s %12s  %-21s %-21s %7s %-15s %8s %10s %10s %12s %10s %10s %8s %7s %s\n",
		   "# netns", "id", "state", "age", "local", "peer", "pid", "comm", "unread",
		   "rx", "tx", "lifetime", "uid", "inode", "cgroup", "ifindex", "seen");
}

/* A space, then a number, or "-" if it is not known. */
static void line_known(struct line *line, bool known, u64 number, size_t width)
{
	line_literal(line, " ");
	if (known)
		line_number(line, number, width);
	else
		line_unknown(line, width);
}

/* The pid and name of the closer. If the process is gone, the name is in parentheses. */
static void line_closer(struct line *line, const struct format_conn *conn)
{
	size_t begin;

	line_known(line, conn->pid, conn->pid, 7);
	line_literal(line, " ");
	begin = line->len;
	if (conn->gone)
		line_literal(line, "(");
	line_plain(line, conn->subject.closer.comm, TASK_COMM_LEN);
	if (conn->gone)
		line_literal(line, ")");
	line_pad(line, begin, 15);
}

/* The name of the thread that called, if it is not that of the process. */
static void line_thread(struct line *line, const struct closer *closer)
{
	if (!strncmp(closer->thread, closer->comm, TASK_COMM_LEN))
		return;
	line_literal(line, " thread=");
	line_plain(line, closer->thread, TASK_COMM_LEN);
}

/* The columns up to the addresses. */
static void line_conn(struct line *line, const struct flow *flow, const struct format_conn *conn)
{
	line_number(line, flow->netns, 0);
	line_pad(line, 0, 10);
	line_literal(line, " ");
	line_hex(line, flow->cookie, 8);
	line_literal(line, " ");
	line_word(line, state_name(conn->state), 11);
	line_literal(line, " ");
	line_seconds(line, conn->age, 12);
	line_word(line, conn->age_is_bound ? "+" : "", 2);
	line_address(line, flow->family, flow->local, flow->local_port, 21);
	line_literal(line, " ");
	line_address(line, flow->family, flow->peer, flow->peer_port, 21);
}

/**
 * format_connection() - print a connection as a line
 * @m: the file
 * @conn: the connection
 */
void format_connection(struct seq_file *m, const struct format_conn *conn)
{
	const struct subject *subject = &conn->subject;
	char text[FORMAT_LINE];
	struct line line = line_begin(text, sizeof(text));

	line_conn(&line, &subject->flow, conn);
	line_closer(&line, conn);
	line_known(&line, !conn->minisock, conn->unread, 8);
	line_known(&line, conn->knows_bytes, conn->rx, 10);
	line_known(&line, conn->knows_bytes, conn->tx, 10);
	line_literal(&line, " ");
	line_seconds(&line, conn->lifetime, 12);
	line_known(&line, conn->knows_uid, conn->uid, 10);
	line_known(&line, conn->inode, conn->inode, 10);
	line_known(&line, subject->cred.cgroup, subject->cred.cgroup, 8);
	line_known(&line, subject->flow.ifindex, subject->flow.ifindex, 7);
	line_literal(&line, " ");
	line_word(&line, conn->adopted ? "adopted" : "begin", 0);
	if (subject->closer.is_opener)
		line_literal(&line, " opener");
	line_thread(&line, &subject->closer);
	seq_write(m, text, line_end(&line));
}
