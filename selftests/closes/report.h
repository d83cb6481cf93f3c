/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Prints the results of the runs for people.
 */
#ifndef CHECK_KERNEL_REPORT_H
#define CHECK_KERNEL_REPORT_H

#include "hooks.h"

#define EXIT_COMPLETE 0
#define EXIT_INCOMPLETE 1
#define EXIT_UNKNOWN 2

/* This kernel can't make that close, or it failed here. */
void report_unable(const char *why);
void report_not_made(const char *name, const char *why);

/*
 * Print the table of hooks, what is lost, and the last line. Return: the exit status.
 * @after: the hooks as they are now
 * @lost: how many records were lost
 */
int report_end(const struct hook_file *after, unsigned long long lost);

#endif
