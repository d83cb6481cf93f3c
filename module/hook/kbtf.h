/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The running kernel's own description of its types, BTF. The kernel exports no
 * function that finds a type by name before 7.1 (bpf_find_btf_id()), so the module reads its
 * file in sysfs at load.
 *
 * Context of all: process, may sleep.
 */
#ifndef TCP_TEARDOWN_KBTF_H
#define TCP_TEARDOWN_KBTF_H

#include <linux/types.h>
#include <uapi/linux/btf.h>

/* Of BTF_KIND_*; older headers lack it. */
#define KBTF_TYPE_TAG	18

/**
 * struct kbtf - BTF that has been read, each type within its bounds
 * @file: what was read
 * @strings: of its strings; the last byte is 0
 * @strings_len: bytes
 * @types: where the types begin
 * @at: by id, the offset of each type from @types; ids begin with 1
 * @nr: the highest id
 */
struct kbtf {
	void *file;
	const char *strings;
	u32 strings_len;
	const void *types;
	u32 *at;
	u32 nr;
};

int kbtf_open(struct kbtf *btf);
void kbtf_close(struct kbtf *btf);
const struct btf_type *kbtf_get(const struct kbtf *btf, u32 id);
const char *kbtf_name(const struct kbtf *btf, u32 name);
const struct btf_type *kbtf_plain(const struct kbtf *btf, u32 id);
const struct btf_type *kbtf_struct(const struct kbtf *btf, const char *name);
s64 kbtf_offset(const struct kbtf *btf, const struct btf_type *type, const char *path);

#endif
