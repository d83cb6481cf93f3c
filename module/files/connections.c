// SPDX-License-Identifier: GPL-2.0
#include "files/connections.h"

#include <linux/err.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>

#include "files/conn_list.h"
#include "format/format.h"

/**
 * struct connections - an open file
 * @list: the list, made when the file is read from its beginning
 * @owners: the reader may see owners that ss would not show to it
 */
struct connections {
	struct conn_list list;
	bool owners;
};

/*
 * The number of a process in the reader's pid namespace; 0 if the process is gone, or not visible
 * there.
 * @nr: its number in the initial pid namespace
 * @start: when its first thread was started
 */
static u32 reader_pid(u32 nr, u64 start)
{
	const struct task_struct *leader;
	struct pid *pid;

	rcu_read_lock();
	pid = find_pid_ns(nr, &init_pid_ns);
	leader = pid_task(pid, PIDTYPE_TGID);
	/* Another process may have the number now. The leader may exit before its other threads. */
	if (leader && leader->start_boottime == start && atomic_read(&leader->signal->live))
		nr = pid_nr_ns(pid, task_active_pid_ns(current));
	else
		nr = 0;
	rcu_read_unlock();
	return nr;
}

/*
 * Hides a closer that the reader could not see. If the process is gone, its pid namespace is
 * unknown; then only a reader in the initial pid namespace sees its name.
 */
static void connection_closer(struct format_conn *line, bool owners)
{
	struct closer *closer = &line->subject.closer;
	bool shown = owners && closer->pid;

	line->pid = shown ? reader_pid(closer->pid, closer->start) : 0;
	line->gone = shown && !line->pid && task_active_pid_ns(current) == &init_pid_ns;
	if (!line->pid && !line->gone)
		memset(closer, 0, sizeof(*closer));
}

/*
 * Prints a connection without what ss would hide from the reader. inet_diag shows to everybody the
 * cgroup and the bytes of each full socket, and the uid of one that has a file. It shows none of
 * these for a minisock.
 */
static void connection_show(struct seq_file *m, const struct conn_copy *conn, bool owners)
{
	struct format_conn line = conn->line;
	kuid_t uid = line.subject.cred.uid;

	line.knows_uid = uid_valid(uid) && (owners || line.inode);
	line.uid = from_kuid_munged(seq_user_ns(m), uid);
	if (line.minisock && !owners) {
		line.subject.cred.cgroup = 0;
		line.knows_bytes = false;
	}
	connection_closer(&line, owners);
	format_connection(m, &line);
}

static struct conn_copy *connection_at(struct seq_file *m, loff_t pos)
{
	const struct connections *of = m->private;

	return pos <= of->list.nr ? &of->list.all[pos - 1] : NULL;
}

/* Position 0 is the header; a reader that comes there gets a new list. */
static void *connections_start(struct seq_file *m, loff_t *pos)
{
	struct connections *of = m->private;
	int err;

	if (*pos)
		return connection_at(m, *pos);
	conn_list_free(&of->list);
	err = conn_list_make(&of->list);
	return err ? ERR_PTR(err) : SEQ_START_TOKEN;
}

static void *connections_next(struct seq_file *m, void *v, loff_t *pos)
{
	return connection_at(m, ++*pos);
}

/* At its end, the list is freed. A reader that stops before continues with the same list. */
static void connections_stop(struct seq_file *m, void *v)
{
	struct connections *of = m->private;

	if (!v)
		conn_list_free(&of->list);
}

static int connections_show(struct seq_file *m, void *v)
{
	const struct connections *of = m->private;

	if (v == SEQ_START_TOKEN)
		format_connections_header(m, of->list.seen, of->list.nr);
	else
		connection_show(m, v, of->owners);
	return 0;
}

static const struct seq_operations connections_sops = {
	.start = connections_start,
	.next = connections_next,
	.stop = connections_stop,
	.show = connections_show,
};

/**
 * connections_open() - open a file that lists connections
 * @file: the file
 * @net: list only the connections of this namespace, which the caller holds; NULL: of all
 * @owners: the reader may see what ss does not show to everybody
 *
 * The list's memory is charged to the reader, and freed when the list has been read to its end. All
 * readers without @owners share a bound on it.
 *
 * Return: 0 or -ENOMEM.
 */
int connections_open(struct file *file, const struct net *net, bool owners)
{
	struct connections *of = __seq_open_private(file, &connections_sops, sizeof(*of));

	if (!of)
		return -ENOMEM;
	of->list.net = net;
	of->list.shares = !owners;
	of->owners = owners;
	return 0;
}

/**
 * connections_release() - close a file that lists connections
 * @inode: the file's inode
 * @file: the file, from connections_open()
 *
 * Return: 0.
 */
int connections_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;
	struct connections *of = m->private;

	conn_list_free(&of->list);
	return seq_release_private(inode, file);
}

/* The file in debugfs is root's, who may see everything. */
static int connections_open_all(struct inode *inode, struct file *file)
{
	return connections_open(file, NULL, true);
}

const struct file_operations connections_fops = {
	.owner = THIS_MODULE,
	.open = connections_open_all,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = connections_release,
};
