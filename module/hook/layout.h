/* SPDX-License-Identifier: GPL-2.0 */
/* Compares the running kernel's structures with those that the module was built for. */
#ifndef TCP_TEARDOWN_LAYOUT_H
#define TCP_TEARDOWN_LAYOUT_H

struct kbtf;

int layout_check(const struct kbtf *btf);

#endif
