// SPDX-License-Identifier: GPL-2.0
#include "files/proc.h"

#include <linux/capability.h>
#include <linux/export.h>
#include <linux/fs.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/seq_file_net.h>
#include <linux/slab.h>
#include <net/net_namespace.h>

#include "files/connections.h"
#include "format/format.h"
#include "stats/netns.h"

const char * const tcp_teardown_name = "tcp_teardown";
EXPORT_SYMBOL_GPL(tcp_teardown_name);

static bool proc_stopping;	/* new namespaces get no files */

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
 * Everybody may read the file, because /proc/net/tcp, too, shows addresses and states to everybody.
 * The owners of sockets, which ss -p shows only to those who may inspect the processes, need
 * CAP_NET_ADMIN.
 *
 * As with the other files, an open file holds a reference to the namespace. So the namespace is not
 * destroyed while the file is open, and its exit waits for no reader.
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

/* Creates the directory and its files. */
static int proc_make(struct net *net, struct netns *ns)
{
	ns->dir = proc_net_mkdir(net, tcp_teardown_name, net->proc_net);
	if (!ns->dir)
		return -ENOMEM;
	if (proc_create_net_single("summary", 0444, ns->dir, summary_show, NULL) &&
	    proc_create_net_single("latency", 0444, ns->dir, latency_show, NULL) &&
	    proc_create_data("connections", 0444, ns->dir, &proc_connections_ops, net))
		return 0;
	proc_remove(ns->dir);
	return -ENOMEM;
}

static int __net_init proc_init(struct net *net)
{
	return READ_ONCE(proc_stopping) ? 0 : proc_make(net, netns_of(net));
}

static void __net_exit proc_exit(struct net *net)
{
	proc_remove(netns_of(net)->dir);
}

static struct pernet_operations proc_pernet = {
	.init = proc_init,
	.exit = proc_exit,
};

/**
 * proc_start() - create the files in each namespace, and in each that is created later
 *
 * Context: process, may sleep; after netns_start().
 *
 * Return: 0 or -ENOMEM.
 */
int proc_start(void)
{
	return register_pernet_subsys(&proc_pernet);
}

/*
 * Finds the next namespace with files, from @number on. The caller must remove @dir and put the
 * namespace. Return: NULL if there are no more.
 */
static struct net *proc_take(loff_t *number, struct proc_dir_entry **dir)
{
	struct net *net = NULL;
	struct netns *ns;

	while (!net && (ns = netns_lock_from(number))) {
		net = ns->dir ? maybe_get_net(ns->net) : NULL;
		if (net) {
			*dir = ns->dir;
			ns->dir = NULL;
		}
		netns_unlock();
		++*number;
	}
	return net;
}

/**
 * proc_stop() - remove the files; waits for active readers
 *
 * A reader may take long. unregister_pernet_subsys() holds a lock without which no namespace can be
 * created or destroyed, so it must not find a reader to wait for. This removes the files of one
 * namespace after the other before, and holds a reference to the namespace meanwhile.
 *
 * A namespace without a reference is left to unregister_pernet_subsys(): no file in it is open. One
 * that could not be created may still have a reference while the kernel undoes it: the barrier
 * waits for these. After the barrier no namespace gets files any more.
 *
 * Context: process, may sleep.
 */
void proc_stop(void)
{
	struct proc_dir_entry *dir;
	loff_t number = 0;
	struct net *net;

	WRITE_ONCE(proc_stopping, true);
	net_ns_barrier();
	while ((net = proc_take(&number, &dir))) {
		proc_remove(dir);
		put_net(net);
	}
	unregister_pernet_subsys(&proc_pernet);
}
