// SPDX-License-Identifier: GPL-2.0
/*
 * Compares prototypes of functions and layouts of structures with the running kernel's
 * BTF. If a header declares a function, the compiler has compared its prototype already,
 * see hook_entry.h. Static functions are compared only here.
 */
#include "hook/hook.h"

#include <linux/errno.h>
#include <linux/string.h>

#include "hook/kbtf.h"
#include "hook/layout.h"

static bool hook_was_checked;

static bool is_struct(const struct kbtf *btf, u32 id, const char *name, size_t len)
{
	const struct btf_type *type = kbtf_plain(btf, id);
	const char *found;

	if (!type || BTF_INFO_KIND(type->info) != BTF_KIND_STRUCT)
		return false;
	found = kbtf_name(btf, type->name_off);
	return strlen(found) == len && !strncmp(found, name, len);
}

/*
 * Finds "sock" in "struct sock *", "tcphdr" in "const struct tcphdr *". Return: where the name
 * begins, with its length in @len; NULL if @type is no pointer to a structure.
 */
static const char *struct_name(const char *type, size_t *len)
{
	const char *name = strstr(type, "struct "), *star = strstr(type, " *");

	if (!name || !star)
		return NULL;
	name += strlen("struct ");
	*len = star - name;
	return name;
}

/* An integer must have the same size and, because many arguments are integers, the same name. */
static bool is_arg(const struct kbtf *btf, const struct btf_param *param,
		   const struct hook_arg *arg)
{
	const struct btf_type *type = kbtf_plain(btf, param->type);
	size_t len;
	const char *name = struct_name(arg->type, &len);

	if (!type)
		return false;
	if (name)
		return BTF_INFO_KIND(type->info) == BTF_KIND_PTR &&
		       is_struct(btf, type->type, name, len);
	return BTF_INFO_KIND(type->info) == BTF_KIND_INT && type->size == arg->size &&
	       !strcmp(kbtf_name(btf, param->name_off), arg->name);
}

/* Compares all arguments that the handler reads. Sets @refused if one differs. */
static void hook_compare(struct hook *hook, const struct kbtf *btf,
			 const struct btf_type *func)
{
	const struct btf_type *proto = kbtf_get(btf, func->type);
	const struct btf_param *params;
	u32 nr, i;

	if (!proto || BTF_INFO_KIND(proto->info) != BTF_KIND_FUNC_PROTO) {
		strscpy(hook->refused, "BTF has no prototype of it", sizeof(hook->refused));
		return;
	}
	params = (const void *)(proto + 1);
	nr = BTF_INFO_VLEN(proto->info);
	for (i = 0; i < hook->nr_args; i++) {
		if (i < nr && is_arg(btf, &params[i], &hook->args[i]))
			continue;
		scnprintf(hook->refused, sizeof(hook->refused), "argument %u is not %s %s",
			  i + 1, hook->args[i].type, hook->args[i].name);
		return;
	}
}

/* Compares a function of BTF with the hooks of that name. Sets their @seen, by enum hook_id. */
static void hook_check_function(const struct kbtf *btf, const struct btf_type *func,
				bool *seen)
{
	const char *name = kbtf_name(btf, func->name_off);
	int i;

	for (i = 0; i < HOOKS; i++) {
		if (!hook_table[i].args || strcmp(hook_table[i].name, name))
			continue;
		seen[i] = true;
		hook_compare(&hook_table[i], btf, func);
	}
}

/* Refuses the hooks of static functions that are not @seen; all of them if that is NULL. */
static void hook_refuse_statics(const bool *seen, const char *why)
{
	int i;

	for (i = 0; i < HOOKS; i++)
		if (hook_table[i].is_static && !(seen && seen[i]))
			strscpy(hook_table[i].refused, why, sizeof(hook_table[i].refused));
}

static void hook_check_functions(const struct kbtf *btf)
{
	const struct btf_type *type;
	bool seen[HOOKS] = { };
	u32 id;

	for (id = 1; id <= btf->nr; id++) {
		type = kbtf_get(btf, id);
		if (BTF_INFO_KIND(type->info) == BTF_KIND_FUNC)
			hook_check_function(btf, type, seen);
	}
	/* If the compiler has changed a function's arguments, BTF leaves the function out. */
	hook_refuse_statics(seen, "its prototype is not in BTF");
}

/**
 * hook_check() - is this the kernel that the module was built for?
 *
 * Sets @refused of each hook whose function has another prototype. Without BTF
 * nothing is checked: if the kernel has none, or if sysfs is not mounted.
 *
 * Context: process, may sleep; before any hook is attached.
 *
 * Return: 0; -ENOEXEC if structures differ, and the log says how.
 */
int hook_check(void)
{
	struct kbtf btf;
	int err;

	err = kbtf_open(&btf);
	if (err == -ENOENT)
		return 0;	/* the file hooks says that nothing was checked */
	if (err) {
		pr_err("this kernel's BTF cannot be read (%d): static functions are not hooked, structures are not checked\n",
		       err);
		hook_refuse_statics(NULL, "BTF cannot be read");
		return 0;
	}
	err = layout_check(&btf);
	if (!err)
		hook_check_functions(&btf);
	kbtf_close(&btf);
	hook_was_checked = !err;
	return err;
}

/** hook_is_checked() - did hook_check() find BTF that it could read? */
bool hook_is_checked(void)
{
	return hook_was_checked;
}
