// SPDX-License-Identifier: GPL-2.0
#include "hook/kbtf.h"

#include <linux/build_bug.h>
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#define KBTF_FILE	"/sys/kernel/btf/vmlinux"
#define KBTF_FILE_MAX	(64 << 20)

/* The most qualifiers and typedefs around a type, and anonymous structures around a member. */
#define KBTF_DEPTH	16
/* More members than any structure of the kernel has, nested ones included. */
#define KBTF_MEMBERS	65536

/**
 * struct kbtf_rest - what follows a struct btf_type of one kind
 * @is_known: this code knows the kind
 * @once: bytes that follow once
 * @each: bytes that follow BTF_INFO_VLEN() times
 */
struct kbtf_rest {
	bool is_known;
	u8 once;
	u8 each;
};

/* By BTF_KIND_*, see Documentation/bpf/btf.rst. Older headers lack the last ones. */
static const struct kbtf_rest kbtf_rest[] = {
	[BTF_KIND_INT] = { true, sizeof(u32) },
	[BTF_KIND_PTR] = { true },
	[BTF_KIND_ARRAY] = { true, sizeof(struct btf_array) },
	[BTF_KIND_STRUCT] = { true, 0, sizeof(struct btf_member) },
	[BTF_KIND_UNION] = { true, 0, sizeof(struct btf_member) },
	[BTF_KIND_ENUM] = { true, 0, sizeof(struct btf_enum) },
	[BTF_KIND_FWD] = { true },
	[BTF_KIND_TYPEDEF] = { true },
	[BTF_KIND_VOLATILE] = { true },
	[BTF_KIND_CONST] = { true },
	[BTF_KIND_RESTRICT] = { true },
	[BTF_KIND_FUNC] = { true },
	[BTF_KIND_FUNC_PROTO] = { true, 0, sizeof(struct btf_param) },
	[BTF_KIND_VAR] = { true, sizeof(struct btf_var) },
	[BTF_KIND_DATASEC] = { true, 0, sizeof(struct btf_var_secinfo) },
	[16] = { true },			/* FLOAT */
	[17] = { true, sizeof(u32) },		/* DECL_TAG */
	[KBTF_TYPE_TAG] = { true },
	[19] = { true, 0, 3 * sizeof(u32) },	/* ENUM64 */
};

/* Bytes of a type and of what follows it; 0 for an unknown kind. */
static u64 kbtf_size(const struct btf_type *type)
{
	u32 kind = BTF_INFO_KIND(type->info);

	if (kind >= ARRAY_SIZE(kbtf_rest) || !kbtf_rest[kind].is_known)
		return 0;
	return sizeof(*type) + kbtf_rest[kind].once +
	       (u64)kbtf_rest[kind].each * BTF_INFO_VLEN(type->info);
}

/* Find where each type begins, and check that it ends within bounds. */
static int kbtf_index(struct kbtf *btf, u32 types_len)
{
	u32 max = types_len / sizeof(struct btf_type);
	u64 at = 0, size;

	btf->at = kvmalloc_array(max + 1, sizeof(*btf->at), GFP_KERNEL);
	if (!btf->at)
		return -ENOMEM;
	while (at + sizeof(struct btf_type) <= types_len) {
		size = kbtf_size(btf->types + at);
		if (!size)
			return -EOPNOTSUPP;
		if (at + size > types_len)
			return -EINVAL;
		btf->at[++btf->nr] = at;
		at += size;
	}
	return at == types_len && btf->nr ? 0 : -EINVAL;
}

static int kbtf_parse(struct kbtf *btf, size_t size)
{
	const struct btf_header *header = btf->file;
	u64 types, strings;

	if (size < sizeof(*header) || header->magic != BTF_MAGIC ||
	    header->version != BTF_VERSION)
		return -EINVAL;
	types = (u64)header->hdr_len + header->type_off;
	strings = (u64)header->hdr_len + header->str_off;
	if (types + header->type_len > size || strings + header->str_len > size ||
	    !header->str_len || types % sizeof(u32))
		return -EINVAL;
	btf->types = btf->file + types;
	btf->strings = btf->file + strings;
	btf->strings_len = header->str_len;
	if (btf->strings[header->str_len - 1])
		return -EINVAL;
	return kbtf_index(btf, header->type_len);
}

/* Reads the whole file. Return: its size, or an error. */
static ssize_t kbtf_read(struct kbtf *btf, struct file *file)
{
	loff_t size = i_size_read(file_inode(file)), pos = 0;
	ssize_t got = 1;

	if (size <= 0 || size > KBTF_FILE_MAX)
		return -EINVAL;
	btf->file = vmalloc(size);
	if (!btf->file)
		return -ENOMEM;
	while (pos < size && got > 0)
		got = kernel_read(file, btf->file + pos, size - pos, &pos);
	if (got < 0)
		return got;
	return pos == size ? size : -EIO;
}

/**
 * kbtf_open() - read the running kernel's BTF
 * @btf: set
 *
 * Does not use kernel_read_file(), which takes an id of the purpose that some security modules
 * must know.
 *
 * Return: 0; -ENOENT if there is no such file; -EINVAL if it is not BTF; -EOPNOTSUPP for BTF
 * that is newer than this code; or another error.
 */
int kbtf_open(struct kbtf *btf)
{
	struct file *file = filp_open(KBTF_FILE, O_RDONLY, 0);
	ssize_t size;
	int err;

	*btf = (struct kbtf){ };
	if (IS_ERR(file))
		return PTR_ERR(file);
	size = kbtf_read(btf, file);
	filp_close(file, NULL);
	err = size < 0 ? size : kbtf_parse(btf, size);
	if (err)
		kbtf_close(btf);
	return err;
}

/**
 * kbtf_close() - free what kbtf_open() has read
 * @btf: from kbtf_open()
 */
void kbtf_close(struct kbtf *btf)
{
	kvfree(btf->at);
	vfree(btf->file);
}

/**
 * kbtf_get() - a type by its id
 * @btf: from kbtf_open()
 * @id: the type's id; 0 is void
 *
 * Return: the type; NULL for void and for an unknown id.
 */
const struct btf_type *kbtf_get(const struct kbtf *btf, u32 id)
{
	return id && id <= btf->nr ? btf->types + btf->at[id] : NULL;
}

/**
 * kbtf_name() - the name of a type, a member or a parameter
 * @btf: from kbtf_open()
 * @name: its name_off
 *
 * Return: the name; an empty string if it has none.
 */
const char *kbtf_name(const struct kbtf *btf, u32 name)
{
	return name < btf->strings_len ? btf->strings + name : "";
}

static bool is_qualifier_or_typedef(u32 kind)
{
	return kind == BTF_KIND_TYPEDEF || kind == BTF_KIND_VOLATILE ||
	       kind == BTF_KIND_CONST || kind == BTF_KIND_RESTRICT || kind == KBTF_TYPE_TAG;
}

/**
 * kbtf_plain() - a type by its id, without qualifiers, with typedefs resolved
 * @btf: from kbtf_open()
 * @id: the type's id
 *
 * Return: as kbtf_get(); also NULL beyond KBTF_DEPTH.
 */
const struct btf_type *kbtf_plain(const struct kbtf *btf, u32 id)
{
	const struct btf_type *type = kbtf_get(btf, id);
	int i;

	for (i = 0; type && is_qualifier_or_typedef(BTF_INFO_KIND(type->info)); i++) {
		if (i == KBTF_DEPTH)
			return NULL;
		type = kbtf_get(btf, type->type);
	}
	return type;
}

/**
 * kbtf_struct() - a structure by its name
 * @btf: from kbtf_open()
 * @name: "sock" for struct sock
 *
 * Return: the structure; NULL if there is none.
 */
const struct btf_type *kbtf_struct(const struct kbtf *btf, const char *name)
{
	const struct btf_type *type;
	u32 id;

	for (id = 1; id <= btf->nr; id++) {
		type = kbtf_get(btf, id);
		if (BTF_INFO_KIND(type->info) == BTF_KIND_STRUCT &&
		    !strcmp(kbtf_name(btf, type->name_off), name))
			return type;
	}
	return NULL;
}

static bool is_container(const struct btf_type *type)
{
	return type && (BTF_INFO_KIND(type->info) == BTF_KIND_STRUCT ||
			BTF_INFO_KIND(type->info) == BTF_KIND_UNION);
}

/* A member: its offset in bits from the beginning of the outermost structure, and its type. */
struct kbtf_member {
	u64 bits;
	const struct btf_type *type;
};

/*
 * Finds a member of a structure or union, also in an anonymous structure or union within it.
 * @len: length of @name
 * @budget: how many more members to look at; broken BTF could nest without end
 * @found: the structure, with its offset; if the member is found, replaced by the member
 */
static bool kbtf_find(const struct kbtf *btf, const char *name, size_t len, int depth,
		      u32 *budget, struct kbtf_member *found)
{
	const struct btf_type *type = found->type;
	const struct btf_member *m = (const void *)(type + 1);
	struct kbtf_member inner;
	const char *its_name;
	u32 i;

	for (i = 0; i < BTF_INFO_VLEN(type->info) && *budget; i++, m++) {
		(*budget)--;
		its_name = kbtf_name(btf, m->name_off);
		inner.type = kbtf_plain(btf, m->type);
		inner.bits = found->bits + (BTF_INFO_KFLAG(type->info) ?
					    BTF_MEMBER_BIT_OFFSET(m->offset) : m->offset);
		if ((strlen(its_name) == len && !strncmp(its_name, name, len)) ||
		    (!*its_name && depth && is_container(inner.type) &&
		     kbtf_find(btf, name, len, depth - 1, budget, &inner))) {
			*found = inner;
			return true;
		}
	}
	return false;
}

/**
 * kbtf_offset() - the offset of a member in a structure
 * @btf: from kbtf_open()
 * @type: from kbtf_struct()
 * @path: the member's name, "a.b" for b in a; not a bit field
 *
 * Return: the offset in bytes; -ENOENT if there is no such member.
 */
s64 kbtf_offset(const struct kbtf *btf, const struct btf_type *type, const char *path)
{
	struct kbtf_member at = { .type = type };
	u32 budget = KBTF_MEMBERS;
	size_t len;

	for (; *path; path += len + (path[len] == '.')) {
		len = strcspn(path, ".");
		if (!is_container(at.type) || !kbtf_find(btf, path, len, KBTF_DEPTH, &budget, &at))
			return -ENOENT;
	}
	return at.bits / BITS_PER_BYTE;
}
