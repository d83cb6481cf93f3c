/* SPDX-License-Identifier: GPL-2.0 */
/*
 * BTF, the running kernel's description of its types. Before 7.1 the kernel exports no function
 * that finds a type by name (bpf_find_btf_id()), so the module reads the file in sysfs at load.
 *
 * Context of all functions: process, may sleep.
 */
#ifndef TCP_TEARDOWN_KBTF_H
#define TCP_TEARDOWN_KBTF_H

#include <linux/types.h>
#include <uapi/linux/btf.h>

/* BTF_KIND_TYPE_TAG, which older headers lack. */
#define KBTF_TYPE_TAG	18

/**
 * struct kbtf - BTF that has been read; each type ends within it
 * @file: the contents of the file
 * @strings: the section of strings; its last byte is 0
 * @strings_len: bytes of @strings
 * @types: the section of types
 * @at: for each id, the offset of the type in @types; ids begin with 1
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
