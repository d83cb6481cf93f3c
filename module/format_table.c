// SPDX-License-Identifier: GPL-2.0
/* Counters and connections as lines. */
#include "format.h"

#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <net/tcp_states.h>

#include "format_word.h"
#include "line.h"
#include "ring.h"
#include "stats.h"

/**
 * format_account() - where the records are
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

/* The order in which a connection comes through them. */
static const u8 from_states[] = {
	TCP_SYN_SENT, TCP_SYN_RECV, TCP_ESTABLISHED, TCP_FIN_WAIT1, TCP_FIN_WAIT2,
	TCP_CLOSING, TCP_TIME_WAIT, TCP_CLOSE_WAIT, TCP_LAST_ACK,
};

static const u8 to_states[] = {
	TCP_FIN_WAIT1, TCP_FIN_WAIT2, TCP_CLOSING, TCP_TIME_WAIT, TCP_CLOSE_WAIT,
	TCP_LAST_ACK, TCP_CLOSE,
};

static void summary_matrix(struct seq_file *m, const struct stats *stats)
{
	int from, to;

	seq_printf(m, "%-14s", "# from\\to");
	for (to = 0; to < ARRAY_SIZE(to_states); to++)
		seq_printf(m, " %10s", state_name(to_states[to]));
	seq_putc(m, '\n');
	for (from = 0; from < ARRAY_SIZE(from_states); from++) {
		seq_printf(m, "%-14s", state_name(from_states[from]));
		for (to = 0; to < ARRAY_SIZE(to_states); to++)
			seq_printf(m, " %10lu",
				   stats->transition[from_states[from]][to_states[to]]);
		seq_putc(m, '\n');
	}
}

static void summary_resets(struct seq_file *m, const struct stats *stats)
{
	char name[48];
	int i;

	seq_puts(m, "# resets sent, by reason\n");
	for (i = TCP_TEARDOWN_REASON_NOT_SPECIFIED; i < TCP_TEARDOWN_REASONS; i++) {
		scnprintf(name, sizeof(name), "rst_sent_for_%s", reason_name(i));
		seq_printf(m, "%-40s %lu\n", name, stats->reset_sent[i]);
	}
	seq_puts(m, "# resets received, by state\n");
	for (i = 0; i < ARRAY_SIZE(from_states); i++) {
		scnprintf(name, sizeof(name), "rst_received_in_%s", state_name(from_states[i]));
		seq_printf(m, "%-40s %lu\n", name, stats->reset_received[from_states[i]]);
	}
}

/**
 * format_summary() - the transitions as a matrix, then the counters, then resets
 * @m: the file
 * @stats: the figures
 */
void format_summary(struct seq_file *m, const struct stats *stats)
{
	int i;

	summary_matrix(m, stats);
	seq_puts(m, "# counters\n");
	for (i = 0; i < STATS_COUNTERS; i++)
		seq_printf(m, "%-32s %lu\n", stats_names[i], stats->count[i]);
	summary_resets(m, stats);
	format_verdicts(m, stats);
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

/**
 * format_latency() - how often so long in each state
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
	for (bucket = 0; bucket < STATS_BUCKETS; bucket++) {
		seq_printf(m, "%-14lu", bucket ? 1UL << (bucket - 1) : 0);
		for (state = 0; state < STATS_STATES; state++)
			seq_printf(m, " %10lu", stats->spent[state][bucket]);
		seq_putc(m, '\n');
	}
}

/**
 * format_reconcile_header() - what heads the comparison with the kernel
 * @m: the file
 */
void format_reconcile_header(struct seq_file *m)
{
	seq_puts(m, FORMAT_TITLE "reconcile\n");
	seq_printf(m, "%-10s %-19s %12s %12s %12s %s\n", "# netns", "counter",
		   "kernel", "ours", "difference", "proof");
}

/**
 * format_reconcile() - one of the kernel's counters beside ours
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
 * format_connections_header() - what heads the list of connections
 * @m: the file
 */
void format_connections_header(struct seq_file *m)
{
	seq_puts(m, FORMAT_TITLE "connections\n");
	seq_printf(m, "%-10s %8s %-11s %12s %-21s %-21s %8s %10s %10s %8s %-8s %7s %s\n",
		   "# netns", "id", "state", "age", "local", "peer", "unread", "uid",
		   "inode", "cgroup", "seen", "pid", "comm");
}

/* A blank and a number, or - where it is not known. */
static void line_known(struct line *line, bool known, u64 number, size_t width)
{
	line_literal(line, " ");
	if (known)
		line_number(line, number, width);
	else
		line_unknown(line, width);
}

/**
 * format_connection() - one connection as a line
 * @m: the file
 * @conn: the connection
 */
void format_connection(struct seq_file *m, const struct format_conn *conn)
{
	char text[FORMAT_LINE];
	struct line line = line_begin(text, sizeof(text));

	line_number(&line, conn->netns, 0);
	line_pad(&line, 0, 10);
	line_literal(&line, " ");
	line_hex(&line, conn->cookie, 8);
	line_literal(&line, " ");
	line_word(&line, state_name(conn->state), 11);
	line_literal(&line, " ");
	line_seconds(&line, conn->age, 12);
	line_literal(&line, " ");
	line_address(&line, conn->family, conn->local, conn->local_port, 21);
	line_literal(&line, " ");
	line_address(&line, conn->family, conn->peer, conn->peer_port, 21);
	line_known(&line, !conn->minisock, conn->unread, 8);
	line_known(&line, conn->knows_uid, conn->uid, 10);
	line_known(&line, conn->inode, conn->inode, 10);
	line_known(&line, conn->cgroup, conn->cgroup, 8);
	line_literal(&line, " ");
	line_word(&line, conn->adopted ? "adopted" : "begin", 8);
	line_known(&line, conn->pid, conn->pid, 7);
	line_literal(&line, " ");
	line_plain(&line, (const u8 *)conn->comm, sizeof(conn->comm));
	line_literal(&line, "\n");
	seq_write(m, text, line.len);
}
