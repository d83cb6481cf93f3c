// SPDX-License-Identifier: GPL-2.0
#include "files/reconcile_file.h"

#include <linux/bitops.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/string.h>

#include "conn/conn_pool.h"
#include "format/format.h"
#include "hook/hook.h"
#include "stats/counts.h"
#include "stats/netns.h"
#include "stats/reconcile.h"

/* @pos: 0 for the header, otherwise the number of a namespace, which does not change. */
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

/*
 * How both counts of a line relate: "off" if hooks are missing for the module's count, "~" if
 * there is a reason why they may differ, otherwise "=".
 * @i: enum reconcile_line
 * @forgotten: connections were untracked
 */
static const char *line_proof(int i, const struct netns *ns, bool forgotten)
{
	const struct reconcile *line = &reconcile_lines[i];
	bool may_differ;

	if (line->groups & ~READ_ONCE(hook_groups_whole))
		return "off";
	may_differ = line->maybe || netns_elsewhere(ns->net) ||
		     (line->remembered && forgotten) ||
		     (line->sleeps && (ns->base.begun & BIT(i))) ||
		     hook_group_missed(line->groups | BIT(GROUP_TRANSITIONS));
	return may_differ ? "~" : "=";
}

/* @ns: a namespace, locked by netns_lock_from(); @sum: its counters */
static void reconcile_show_lines(struct seq_file *m, const struct netns *ns,
				 const struct stats *sum)
{
	const struct reconcile *line;
	struct format_counter counter;
	struct conn_pool_stats conns;
	int i;

	conn_pool_stats(&conns);
	for (i = 0; i < RECONCILE_LINES; i++) {
		line = &reconcile_lines[i];
		counter = (struct format_counter) {
			.name = line->name,
			.kernel = reconcile_line_kernel(line, ns->net) - ns->base.kernel[i],
			.ours = reconcile_line_ours(line, sum) - ns->base.ours[i],
			.netns = ns->net->ns.inum,
			.proof = line_proof(i, ns, conns.exhausted),
			.unseen = !line->ours,
		};
		format_reconcile(m, &counter);
	}
}

static void reconcile_netns_show(struct seq_file *m, const struct netns *ns)
{
	static struct stats sum;	/* protected by the lock of netns_lock_from() */

	memset(&sum, 0, sizeof(sum));
	counts_add(ns->own, &sum);
	reconcile_show_lines(m, ns, &sum);
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
	if (number == *(loff_t *)v)	/* otherwise it is gone, and this is the next one */
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

const struct file_operations reconcile_file_fops = {
	.owner = THIS_MODULE,
	.open = reconcile_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = seq_release,
};
