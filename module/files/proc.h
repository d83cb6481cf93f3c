/* SPDX-License-Identifier: GPL-2.0 */
/* /proc/net/tcp_teardown: each network namespace's own. */
#ifndef TCP_TEARDOWN_PROC_H
#define TCP_TEARDOWN_PROC_H

/*
 * The name of the directories in /proc and in debugfs. It is exported: the kernel loads no second
 * module that exports it, whatever that module's name.
 */
extern const char * const tcp_teardown_name;

int proc_start(void);
void proc_stop(void);

#endif
