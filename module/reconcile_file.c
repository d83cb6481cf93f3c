// SPDX-License-Identifier: GPL-2.0
/* The file reconcile: one namespace after the other. */
#include "reconcile.h"

#include <linux/fs.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/string.h>

#include "format.h"
#include "netns.h"

/* @pos: 0 for the header, else a namespace's number, which never shifts. */
static void *reconcile_start(struct seq_file *m, loff_t *pos)
{
	if (!*pos)
		return SEQ_START_TOKEN;
	if (!netns_lock_from(pos))
		return NULL;
	netns_unlock();
	return pos;
}

static void *reconcile_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return reconcile_start(m, pos);
}

static void reconcile_stop(struct seq_file *m, void *v)
{
}

static void reconcile_netns_show(struct seq_file *m, const struct netns *ns)
{
	static struct stats sum;	/* netns_lock_from() guards it */

	memset(&sum, 0, sizeof(sum));
	counts_add(ns->own, &sum);
	reconcile_show(m, ns, &sum);
}

static int reconcile_show_one(struct seq_file *m, void *v)
{
	const struct netns *ns;
	loff_t number;

	if (v == SEQ_START_TOKEN) {
		format_reconcile_header(m);
		return 0;
	}
	number = *(loff_t *)v;
	ns = netns_lock_from(&number);
	if (!ns)
		return 0;
	if (number == *(loff_t *)v)	/* it still exists */
		reconcile_netns_show(m, ns);
	netns_unlock();
	return 0;
}

static const struct seq_operations reconcile_sops = {
	.start = reconcile_start,
	.next = reconcile_next,
	.stop = reconcile_stop,
	.show = reconcile_show_one,
};

static int reconcile_open(struct inode *inode, struct file *file)
{
	return seq_open(file, &reconcile_sops);
}

const struct file_operations reconcile_fops = {
	.owner = THIS_MODULE,
	.open = reconcile_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = seq_release,
};
