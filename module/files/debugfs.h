/* SPDX-License-Identifier: GPL-2.0 */
/* /sys/kernel/debug/tcp_teardown: the whole host's, for root. */
#ifndef TCP_TEARDOWN_DEBUGFS_H
#define TCP_TEARDOWN_DEBUGFS_H

struct dentry;

struct dentry *debugfs_start(void);
void debugfs_stop(void);

#endif
