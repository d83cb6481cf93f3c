// SPDX-License-Identifier: GPL-2.0
#include "files/debugfs.h"

#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "base/user_text.h"
#include "conn/adopt.h"
#include "conn/conn_pool.h"
#include "event/event.h"
#include "files/connections.h"
#include "files/proc.h"
#include "files/reconcile_file.h"
#include "files/trace_files.h"
#include "filter/filter_file.h"
#include "format/format.h"
#include "ring/buffer.h"
#include "stats/netns.h"

static struct dentry *debugfs_dir;

static const char debugfs_readme[] =
"tcp_teardown: how TCP connections end\n"
"\n"
"  trace              all records that are held, as text, by time; reading\n"
"                     consumes nothing, writing clears\n"
"  trace_pipe         the same, but each record is given once; waits for more\n"
"  per_cpu/cpuN/      one CPU's trace, trace_pipe and stats, and:\n"
"    trace_pipe_raw   its records in binary; format describes them\n"
"  connections        those in teardown now: state, seconds in it, unread bytes,\n"
"                     who last closed or shut down, or, with the group opens, opened\n"
"  summary            how connections ended, and counters\n"
"  latency            time in each state: how often so many microseconds or more\n"
"  reconcile          the kernel's own counters beside ours, by network namespace\n"
"\n"
"  filter             which records to make, as 'port == 443 && netns == self',\n"
"                     'comm == nginx && end == any'; 0 or none: all\n"
"  hooks              what is attached, how often it ran, what it missed;\n"
"                     -group detaches, +group attaches; off at first: acks, opens\n"
"  stats              written = read + pending + overwritten + dropped; filtered\n"
"  tracing_on         1: keep records, 0: don't\n"
"  overwrite          when full, 1: overwrite the oldest, 0: drop the newest\n"
"  buffer_size_kb     of each CPU; a new size drops what is held\n"
"  half_closed_data   1: record the data of half-closed streams, too\n"
"\n"
"Each network namespace has in /proc/net/tcp_teardown/ its own summary, latency\n"
"and connections.\n"
"\n"
"A record is one moment: what happened, and what that did. Its line: time (s,\n"
"CLOCK_MONOTONIC; line 2 has it in real time), cpu, netns (inode number), id\n"
"(socket cookie, hex, as ss -e has it), local and peer address, event, seq, ack,\n"
"win, state (OLD>NEW), then details. event:\n"
"  close, exit, shutdown_rd|wr|rdwr, disconnect, listener_close, abort: a call,\n"
"            with pid, comm, unread and unsent bytes; fin=queued: our FIN\n"
"  rcv:FLAGS received; rcv_dup (had it), rcv_ooo (out of order); refused\n"
"  resend: a FIN is sent again; left: one that had to wait has left;\n"
"            send:ACK, with the group acks\n"
"  send:RST, reply:RST (to a segment), with reason=; rcv:RST, accepted\n"
"  born, rearmed, refused: a minisock; its end: expired, reset,\n"
"            reopened_by_syn, answered_with_rst, reused_by_connect, killed,\n"
"            netns_gone\n"
"  state     a transition by itself; no_local_port, connect_failed: connect()\n"
"A connection's last record has end= (how), first= (who closed first), by= (what\n"
"brought it about), pid= and comm= of who called last.\n"
"Of segments and resets, seq and ack are those on the wire, win as well if\n"
"received (unscaled); else they are SND.NXT, RCV.NXT and the receive window.\n";

static ssize_t readme_read(struct file *file, char __user *to, size_t size,
			   loff_t *pos)
{
	return simple_read_from_buffer(to, size, pos, debugfs_readme,
				       sizeof(debugfs_readme) - 1);
}

static const struct file_operations readme_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.read = readme_read,
	.llseek = default_llseek,
};

/**
 * struct control - a file that holds a number
 * @name: name of the file
 * @get: returns the number
 * @set: changes the number; returns 0, or an error that it has explained in the log
 */
struct control {
	const char *name;
	unsigned int (*get)(void);
	int (*set)(unsigned int value);
};

static int control_set_bool(const char *name, bool *to, unsigned int value)
{
	if (value > 1) {
		pr_err_ratelimited("%s: %u is not 0 or 1\n", name, value);
		return -EINVAL;
	}
	WRITE_ONCE(*to, value);
	return 0;
}

static unsigned int tracing_on_get(void)
{
	return READ_ONCE(buffer_on);
}

static int tracing_on_set(unsigned int value)
{
	return control_set_bool("tracing_on", &buffer_on, value);
}

static unsigned int overwrite_get(void)
{
	return READ_ONCE(buffer_overwrite);
}

static int overwrite_set(unsigned int value)
{
	return control_set_bool("overwrite", &buffer_overwrite, value);
}

static unsigned int half_closed_data_get(void)
{
	return READ_ONCE(event_half_closed_data);
}

static int half_closed_data_set(unsigned int value)
{
	return control_set_bool("half_closed_data", &event_half_closed_data, value);
}

static const struct control controls[] = {
	{ "tracing_on", tracing_on_get, tracing_on_set },
	{ "overwrite", overwrite_get, overwrite_set },
	{ "buffer_size_kb", buffer_size_kb, buffer_resize },
	{ "half_closed_data", half_closed_data_get, half_closed_data_set },
};

static ssize_t control_read(struct file *file, char __user *to, size_t size,
			    loff_t *pos)
{
	const struct control *control = file->private_data;
	char text[16];
	int len = scnprintf(text, sizeof(text), "%u\n", control->get());

	return simple_read_from_buffer(to, size, pos, text, len);
}

static ssize_t control_write(struct file *file, const char __user *from,
			     size_t size, loff_t *pos)
{
	const struct control *control = file->private_data;
	unsigned int value;
	char text[32];
	int err = -EINVAL;

	if (size < sizeof(text))
		err = user_text_get(text, from, size);
	if (err == -EFAULT)
		return err;
	if (err || kstrtouint(text, 0, &value)) {
		pr_err_ratelimited("%s: not a number that it can take\n", control->name);
		return -EINVAL;
	}
	err = control->set(value);
	return err ? err : size;
}

static const struct file_operations control_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.read = control_read,
	.write = control_write,
	.llseek = default_llseek,
};

DEFINE_SHOW_ATTRIBUTE(format);

static int summary_show(struct seq_file *m, void *v)
{
	struct stats *sum = netns_sum(NULL);

	if (!sum)
		return -ENOMEM;
	seq_puts(m, FORMAT_TITLE "summary of the host\n");
	format_summary(m, sum);
	kfree(sum);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(summary);

static int latency_show(struct seq_file *m, void *v)
{
	struct stats *sum = netns_sum(NULL);

	if (!sum)
		return -ENOMEM;
	seq_puts(m, FORMAT_TITLE "latency of the host\n");
	format_latency(m, sum);
	kfree(sum);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(latency);

static int stats_show(struct seq_file *m, int cpu)
{
	struct buffer_memory memory;
	struct ring_account account;
	int err = buffer_account(cpu, &account);

	if (err)
		return err;
	format_account(m, &account);
	buffer_memory(cpu, &memory);
	seq_printf(m, "%-32s %lu\n", "ring_kb", memory.kb);
	seq_printf(m, "%-32s %lu\n", "ring_kb_asked", memory.asked_kb);
	return 0;
}

static int stats_all_show(struct seq_file *m, void *v)
{
	struct conn_pool_stats conns;
	int err;

	seq_puts(m, FORMAT_TITLE "stats\n");
	err = stats_show(m, BUFFER_ALL);
	if (err)
		return err;
	conn_pool_stats(&conns);
	seq_printf(m, "%-32s %lu\n", "connections_now", conns.now);
	seq_printf(m, "%-32s %lu\n", "connections_max", conns.max);
	seq_printf(m, "%-32s %lu\n", "connections_ready", conns.ready);
	seq_printf(m, "%-32s %lu\n", "connections_table_full", conns.exhausted);
	seq_printf(m, "%-32s %lu\n", "connections_over_share", conns.over_share);
	seq_printf(m, "%-32s %lu\n", "connections_adopted", adopt_count());
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats_all);

static int stats_cpu_show(struct seq_file *m, void *v)
{
	int cpu = trace_files_data_cpu(m->private);

	seq_printf(m, FORMAT_TITLE "stats of cpu %d\n", cpu);
	return stats_show(m, cpu);
}
DEFINE_SHOW_ATTRIBUTE(stats_cpu);

static void debugfs_start_cpu(unsigned int cpu, struct dentry *per_cpu)
{
	void *data = trace_files_data(cpu);
	struct dentry *dir;
	char name[16];

	scnprintf(name, sizeof(name), "cpu%u", cpu);
	dir = debugfs_create_dir(name, per_cpu);
	debugfs_create_file("trace", 0600, dir, data, &snapshot_fops);
	debugfs_create_file("trace_pipe", 0400, dir, data, &pipe_fops);
	debugfs_create_file("trace_pipe_raw", 0400, dir, data, &pipe_raw_fops);
	debugfs_create_file("stats", 0400, dir, data, &stats_cpu_fops);
}

/**
 * debugfs_start() - create the files
 *
 * If debugfs refuses, the module works without these files, as the kernel recommends: it still has
 * those in /proc.
 *
 * Context: process, may sleep.
 *
 * Return: the directory, for further files; an error pointer is good for that, too.
 */
struct dentry *debugfs_start(void)
{
	struct dentry *dir = debugfs_create_dir(tcp_teardown_name, NULL), *per_cpu;
	void *all = trace_files_data(BUFFER_ALL);
	unsigned int i;

	debugfs_dir = dir;
	debugfs_create_file("README", 0400, dir, NULL, &readme_fops);
	debugfs_create_file("trace", 0600, dir, all, &snapshot_fops);
	debugfs_create_file("trace_pipe", 0400, dir, all, &pipe_fops);
	debugfs_create_file("format", 0400, dir, NULL, &format_fops);
	debugfs_create_file("stats", 0400, dir, NULL, &stats_all_fops);
	debugfs_create_file("summary", 0400, dir, NULL, &summary_fops);
	debugfs_create_file("latency", 0400, dir, NULL, &latency_fops);
	debugfs_create_file("reconcile", 0400, dir, NULL, &reconcile_file_fops);
	debugfs_create_file("connections", 0400, dir, NULL, &connections_fops);
	for (i = 0; i < ARRAY_SIZE(controls); i++)
		debugfs_create_file(controls[i].name, 0600, dir,
				    (void *)&controls[i], &control_fops);
	debugfs_create_file("filter", 0600, dir, NULL, &filter_fops);
	per_cpu = debugfs_create_dir("per_cpu", dir);
	for_each_possible_cpu(i)
		debugfs_start_cpu(i, per_cpu);
	return dir;
}

/**
 * debugfs_stop() - remove the files; waits for active readers and writers
 *
 * Context: process, may sleep.
 */
void debugfs_stop(void)
{
	debugfs_remove(debugfs_dir);
}
