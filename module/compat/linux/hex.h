/* SPDX-License-Identifier: GPL-2.0 */
/* Since 6.6 this is a header of its own. Before, <linux/kernel.h> had what it declares. */
#ifndef TCP_TEARDOWN_COMPAT_LINUX_HEX_H
#define TCP_TEARDOWN_COMPAT_LINUX_HEX_H

#ifdef HAVE_LINUX_HEX_H
#include_next <linux/hex.h>
#else
#include <linux/kernel.h>
#endif

#endif
