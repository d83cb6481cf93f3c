/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TCP_TEARDOWN_COMPAT_LINUX_COMPILER_H
#define TCP_TEARDOWN_COMPAT_LINUX_COMPILER_H

#include_next <linux/compiler.h>

/* 5.14 and 5.15 lack it. */
#ifndef __uninitialized
#if __has_attribute(__uninitialized__)
#define __uninitialized __attribute__((__uninitialized__))
#else
#define __uninitialized
#endif
#endif

#endif
