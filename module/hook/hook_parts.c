// SPDX-License-Identifier: GPL-2.0
/*
 * A compiler may split a function, or make a copy of it for some of its callers:
 * tcp_fin.part.0, .isra.0, .constprop.0, .llvm.N. Callers of such a part bypass the hook. The
 * kernel exports no function that searches for such names, but sprint_symbol(), which gives the
 * name at an address. So this asks for the names of all functions near each hooked one.
 */
#include "hook/hook.h"

#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/sort.h>
#include <linux/string.h>

/* How far to look, in bytes before and after: further than the functions of one C file reach. */
#define NEAR		(96UL << 10)
/* How far to go on from an address that has no symbol. */
#define GAP		256UL

static char parts_symbol[KSYM_SYMBOL_LEN];	/* under hooks_lock */

/* Callers do not call a ".cold" part: its function jumps to it. */
static bool is_part(const char *suffix)
{
	return *suffix == '.' && strcmp(suffix, ".cold") && strncmp(suffix, ".cold.", 6);
}

/* If the symbol is a part of a hooked function, the function's hook gets its name. */
static void part_note(const char *symbol)
{
	struct hook *hook;
	size_t len;
	int i;

	for (i = 0; i < HOOKS; i++) {
		hook = &hook_table[i];
		len = strlen(hook->name);
		if (hook->args && !strncmp(symbol, hook->name, len) && is_part(symbol + len))
			strscpy(hook->part, symbol, sizeof(hook->part));
	}
}

/* Looks at the symbol at an address. Return: where the next one may begin. */
static unsigned long part_step(unsigned long addr)
{
	unsigned long offset, size;
	char *plus;

	sprint_symbol(parts_symbol, addr);
	plus = strrchr(parts_symbol, '+');
	if (!plus || sscanf(plus, "+0x%lx/0x%lx", &offset, &size) != 2 || offset >= size)
		return addr + GAP;
	*plus = '\0';
	if (strchr(parts_symbol, '.'))
		part_note(parts_symbol);
	return addr - offset + size;
}

static int by_address(const void *a, const void *b)
{
	unsigned long left = *(const unsigned long *)a, right = *(const unsigned long *)b;

	return left < right ? -1 : left > right;
}

/**
 * hook_find_parts() - look for parts that were split off the hooked functions
 *
 * Sets @part of each hook. Does not find a part far from its function, as in a section for
 * unlikely code.
 *
 * Context: process, may sleep; holds hooks_lock.
 */
void hook_find_parts(void)
{
	unsigned long at[HOOKS], addr = 0;
	int i;

	for (i = 0; i < HOOKS; i++)
		at[i] = hook_table[i].addr;
	sort(at, HOOKS, sizeof(at[0]), by_address, NULL);
	for (i = 0; i < HOOKS; i++) {
		if (!at[i])
			continue;
		for (addr = max(addr, at[i] - NEAR); addr < at[i] + NEAR; addr = part_step(addr))
			cond_resched();
	}
}
