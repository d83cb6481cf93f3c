/* SPDX-License-Identifier: GPL-2.0 */
/* A header of its own since 6.6. Later kernels' <linux/kernel.h> does not include it. */
#ifndef TCP_TEARDOWN_COMPAT_LINUX_HEX_H
#define TCP_TEARDOWN_COMPAT_LINUX_HEX_H

#ifdef HAVE_LINUX_HEX_H
#include_next <linux/hex.h>
#else
#include <linux/kernel.h>
#endif

#endif
