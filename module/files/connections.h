/* SPDX-License-Identifier: GPL-2.0 */
/* The files connections, in debugfs and in /proc. */
#ifndef TCP_TEARDOWN_CONNECTIONS_H
#define TCP_TEARDOWN_CONNECTIONS_H

#include <linux/types.h>

struct file;
struct inode;
struct net;

/* The file in debugfs, with the connections of all network namespaces. */
extern const struct file_operations connections_fops;

int connections_open(struct file *file, const struct net *net, bool owners);
int connections_release(struct inode *inode, struct file *file);

#endif
