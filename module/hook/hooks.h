/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The table of the hook points: what is attached where, and how.
 */
#ifndef TCP_TEARDOWN_HOOKS_H
#define TCP_TEARDOWN_HOOKS_H

struct dentry;

int hooks_start(const char *attach, const char *groups);
void hooks_debugfs(struct dentry *dir);
void hooks_stop(void);

#endif
