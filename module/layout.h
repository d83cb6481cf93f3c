/* SPDX-License-Identifier: GPL-2.0 */
/* The structures of the kernel that are read: are they as they were when we were built? */
#ifndef TCP_TEARDOWN_LAYOUT_H
#define TCP_TEARDOWN_LAYOUT_H

struct kbtf;

int layout_check(const struct kbtf *btf);

#endif
