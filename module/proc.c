// SPDX-License-Identifier: GPL-2.0
#include "proc.h"

#include <linux/capability.h>
#include <linux/export.h>
#include <linux/fs.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/seq_file_net.h>
#include <linux/slab.h>

#include "connections.h"
#include "format.h"
#include "netns.h"

const char * const tcp_teardown_name = "tcp_teardown";
EXPORT_SYMBOL_GPL(tcp_teardown_name);

static int summary_show(struct seq_file *m, void *v)
{
	const struct net *net = seq_file_single_net(m);
	struct stats *sum = netns_sum(net);

	if (!sum)
		return -ENOMEM;
	seq_printf(m, FORMAT_TITLE "summary of netns %u\n", net->ns.inum);
	format_summary(m, sum);
	format_elsewhere(m, netns_elsewhere(net));
	kfree(sum);
	return 0;
}

static int latency_show(struct seq_file *m, void *v)
{
	const struct net *net = seq_file_single_net(m);
	struct stats *sum = netns_sum(net);

	if (!sum)
		return -ENOMEM;
	seq_printf(m, FORMAT_TITLE "latency of netns %u\n", net->ns.inum);
	format_latency(m, sum);
	kfree(sum);
	return 0;
}

/*
 * /proc/net/tcp shows addresses and states to everyone; ss -p shows the owner of a socket only to
 * those who may inspect the processes. As with the other files, an open file keeps the namespace:
 * so no exit of a namespace waits for a reader.
 */
static int proc_connections_open(struct inode *inode, struct file *file)
{
	struct net *net;
	int err;

	if (file->f_mode & FMODE_WRITE)
		return -EACCES;
	net = maybe_get_net(pde_data(inode));
	if (!net)
		return -ENXIO;
	err = connections_open(file, net, file_ns_capable(file, net->user_ns, CAP_NET_ADMIN));
	if (err)
		put_net(net);
	return err;
}

static int proc_connections_release(struct inode *inode, struct file *file)
{
	struct net *net = pde_data(inode);
	int err = connections_release(inode, file);

	put_net(net);
	return err;
}

static const struct proc_ops proc_connections_ops = {
	.proc_open = proc_connections_open,
	.proc_read_iter = seq_read_iter,
	.proc_lseek = seq_lseek,
	.proc_release = proc_connections_release,
};

/**
 * proc_start() - make the files of one namespace
 * @net: the namespace
 * @ns: the module's part of it, with its counters
 *
 * Return: 0 or -ENOMEM.
 */
int proc_start(struct net *net, struct netns *ns)
{
	ns->dir = proc_net_mkdir(net, tcp_teardown_name, net->proc_net);
	if (!ns->dir)
		return -ENOMEM;
	if (proc_create_net_single("summary", 0444, ns->dir, summary_show, NULL) &&
	    proc_create_net_single("latency", 0444, ns->dir, latency_show, NULL) &&
	    proc_create_data("connections", 0444, ns->dir, &proc_connections_ops, net))
		return 0;
	proc_stop(ns->dir);
	return -ENOMEM;
}

/**
 * proc_stop() - remove the files; waits for active readers
 * @dir: of one namespace; may be NULL
 */
void proc_stop(struct proc_dir_entry *dir)
{
	proc_remove(dir);
}
