/* SPDX-License-Identifier: GPL-2.0 */
/* The list of connections in teardown, for debugfs and for /proc. */
#ifndef TCP_TEARDOWN_CONNECTIONS_H
#define TCP_TEARDOWN_CONNECTIONS_H

#include <linux/types.h>

struct net;
struct seq_file;

/**
 * struct connections_view - what a reader may see
 * @net: of this namespace alone; NULL for all
 * @owners: pid and comm too
 */
struct connections_view {
	const struct net *net;
	bool owners;
};

void *connections_start(struct seq_file *m, loff_t *pos);
void *connections_next(struct seq_file *m, void *v, loff_t *pos);
void connections_stop(struct seq_file *m, void *v);
int connections_show(struct seq_file *m, void *v,
		     const struct connections_view *view);

#endif
