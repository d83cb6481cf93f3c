/* SPDX-License-Identifier: GPL-2.0 */
/* Attaches and detaches the hooks, group by group; the file hooks. */
#ifndef TCP_TEARDOWN_HOOK_GROUPS_H
#define TCP_TEARDOWN_HOOK_GROUPS_H

struct dentry;

int hook_groups_start(const char *attach, const char *groups);
void hook_groups_debugfs(struct dentry *dir);
void hook_groups_stop(void);

#endif
