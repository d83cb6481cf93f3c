/* SPDX-License-Identifier: GPL-2.0 */
/* The files in /sys/kernel/debug/tcp_teardown, which are about the whole host, and for root. */
#ifndef TCP_TEARDOWN_DEBUGFS_H
#define TCP_TEARDOWN_DEBUGFS_H

struct dentry;

struct dentry *debugfs_start(void);
void debugfs_stop(void);

#endif
