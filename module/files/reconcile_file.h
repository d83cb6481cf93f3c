/* SPDX-License-Identifier: GPL-2.0 */
/* The file reconcile, which shows one network namespace after the other. */
#ifndef TCP_TEARDOWN_RECONCILE_FILE_H
#define TCP_TEARDOWN_RECONCILE_FILE_H

#include <linux/fs.h>

extern const struct file_operations reconcile_file_fops;

#endif
