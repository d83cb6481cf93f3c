/* SPDX-License-Identifier: GPL-2.0 */
/* 359745d78351 ("proc: remove PDE_DATA() completely"), 5.17. Kbuild sets HAVE_PDE_DATA. */
#ifndef TCP_TEARDOWN_COMPAT_LINUX_PROC_FS_H
#define TCP_TEARDOWN_COMPAT_LINUX_PROC_FS_H

#include_next <linux/proc_fs.h>

#ifndef HAVE_PDE_DATA
#define pde_data(inode) PDE_DATA(inode)
#endif

#endif
