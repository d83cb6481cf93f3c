/* SPDX-License-Identifier: GPL-2.0 */
/* The files in /proc/net/tcp_teardown, which each network namespace has for itself. */
#ifndef TCP_TEARDOWN_PROC_H
#define TCP_TEARDOWN_PROC_H

/*
 * The name of the directories in /proc and in debugfs. It is exported so that the module cannot be
 * loaded twice: the kernel refuses a second module that exports the same symbol, whatever that
 * module's name.
 */
extern const char * const tcp_teardown_name;

int proc_start(void);
void proc_stop(void);

#endif
