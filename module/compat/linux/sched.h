/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TCP_TEARDOWN_COMPAT_LINUX_SCHED_H
#define TCP_TEARDOWN_COMPAT_LINUX_SCHED_H

#include_next <linux/sched.h>

/*
 * 06c5088aeeda ("fs/exec: replace strlcpy with strscpy_pad in __set_task_comm"), 5.17.
 * In older kernels, the NUL after a task's name may be followed by bytes of an earlier name.
 */
#ifdef HAVE_TASK_COMM_PADDED
#define TASK_COMM_IS_PADDED	true
#else
#define TASK_COMM_IS_PADDED	false
#endif

#endif
