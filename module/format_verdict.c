// SPDX-License-Identifier: GPL-2.0
/* How connections ended, as words and as counters. */
#include "format.h"

#include <linux/kernel.h>
#include <linux/seq_file.h>

#include "format_word.h"
#include "stats.h"
#include "uapi/tcp_teardown.h"

static const char * const how_names[] = {
	[TCP_TEARDOWN_UNSEEN]		 = "unseen",
	[TCP_TEARDOWN_FOUR_WAY]		 = "four_way",
	[TCP_TEARDOWN_THREE_WAY]	 = "three_way",
	[TCP_TEARDOWN_SIMULTANEOUS]	 = "simultaneous",
	[TCP_TEARDOWN_ORDERLY]		 = "orderly",
	[TCP_TEARDOWN_RESET_SENT]	 = "reset_sent",
	[TCP_TEARDOWN_RESET_RECEIVED]	 = "reset_received",
	[TCP_TEARDOWN_REFUSED]		 = "refused",
	[TCP_TEARDOWN_TIMED_OUT]	 = "timed_out",
	[TCP_TEARDOWN_ABORTED]		 = "aborted",
	[TCP_TEARDOWN_ORPHAN_KILLED]	 = "orphan_killed",
	[TCP_TEARDOWN_FIN_WAIT2_EXPIRED] = "fin_wait2_expired",
};

static_assert(ARRAY_SIZE(how_names) == TCP_TEARDOWN_HOWS);

static const char * const set_off_names[] = {
	[TCP_TEARDOWN_BY_UNKNOWN]	= "unknown",
	[TCP_TEARDOWN_BY_PEER]		= "peer",
	[TCP_TEARDOWN_BY_CLOSE]		= "close",
	[TCP_TEARDOWN_BY_SHUTDOWN]	= "shutdown",
	[TCP_TEARDOWN_BY_EXIT]		= "exit",
	[TCP_TEARDOWN_BY_UNREAD]	= "unread",
	[TCP_TEARDOWN_BY_LINGER]	= "linger",
	[TCP_TEARDOWN_BY_LINGER2]	= "linger2",
	[TCP_TEARDOWN_BY_DISCONNECT]	= "disconnect",
	[TCP_TEARDOWN_BY_LISTENER]	= "listener",
	[TCP_TEARDOWN_BY_KILL]		= "kill",
	[TCP_TEARDOWN_BY_DATA]		= "data",
	[TCP_TEARDOWN_BY_KEEPALIVE]	= "keepalive",
	[TCP_TEARDOWN_BY_USER_TIMEOUT]	= "user_timeout",
	[TCP_TEARDOWN_BY_RETRIES]	= "retries",
	[TCP_TEARDOWN_BY_FIN_TIMEOUT]	= "fin_timeout",
	[TCP_TEARDOWN_BY_MEMORY]	= "memory",
	[TCP_TEARDOWN_BY_ICMP]		= "icmp",
	[TCP_TEARDOWN_BY_NETNS]		= "netns",
};

static_assert(ARRAY_SIZE(set_off_names) == TCP_TEARDOWN_BYS);

static const char * const first_names[] = {
	[TCP_TEARDOWN_FIRST_NONE]	= "none",
	[TCP_TEARDOWN_FIRST_LOCAL]	= "local",
	[TCP_TEARDOWN_FIRST_PEER]	= "peer",
	[TCP_TEARDOWN_FIRST_BOTH]	= "both",
};

static_assert(ARRAY_SIZE(first_names) == TCP_TEARDOWN_FIRSTS);

/**
 * how_name() - how a connection ended
 * @how: enum tcp_teardown_how
 */
const char *how_name(u8 how)
{
	return name_at(how_names, TCP_TEARDOWN_HOWS, how);
}

/**
 * set_off_name() - what set it off
 * @set_off: enum tcp_teardown_set_off
 */
const char *set_off_name(u8 set_off)
{
	return name_at(set_off_names, TCP_TEARDOWN_BYS, set_off);
}

/**
 * first_name() - who closed first
 * @first: enum tcp_teardown_first
 */
const char *first_name(u8 first)
{
	return name_at(first_names, TCP_TEARDOWN_FIRSTS, first);
}

/* Of all that can be together, those that were. */
static void verdicts_of(struct seq_file *m, const struct stats *stats, u8 how)
{
	char name[48];
	u8 by;

	for (by = 0; by < TCP_TEARDOWN_BYS; by++) {
		if (!stats->end[how][by])
			continue;
		scnprintf(name, sizeof(name), "end_%s/%s", how_name(how),
			  set_off_name(by));
		seq_printf(m, "%-32s %lu\n", name, stats->end[how][by]);
	}
}

/**
 * format_verdicts() - how many connections ended how
 * @m: the file
 * @stats: the figures
 */
void format_verdicts(struct seq_file *m, const struct stats *stats)
{
	unsigned long sum;
	u8 how, by, first;

	seq_puts(m, "# verdicts, and what set them off\n");
	for (how = TCP_TEARDOWN_UNSEEN; how < TCP_TEARDOWN_HOWS; how++) {
		sum = 0;
		for (by = 0; by < TCP_TEARDOWN_BYS; by++)
			sum += stats->end[how][by];
		seq_printf(m, "end_%-28s %lu\n", how_name(how), sum);
		verdicts_of(m, stats, how);
	}
	for (first = 0; first < TCP_TEARDOWN_FIRSTS; first++)
		seq_printf(m, "first_%-26s %lu\n", first_name(first),
			   stats->first[first]);
}
