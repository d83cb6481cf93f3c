/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Load and remove the module, and check that it leaves nothing behind.
 */
#ifndef SELFTESTS_MODULE_H
#define SELFTESTS_MODULE_H

#include <stdbool.h>

/*
 * Load the module that lib.sh names, with these parameters: 0, or errno. Its file is read
 * once, and a test without a module is skipped.
 */
int module_load_image(const char *args);

/* As module_load_image(), with $TT_ARGS before these. */
int module_load(const char *args);

/* Begin: the module is loaded, or the test is skipped where there can be none. */
void module_need(void);

/* Read the file now: where idle time is skipped, that may take too long later. */
void module_read(void);

/* Remove it, without waiting: 0, or errno; EAGAIN while it is in use. */
int module_unload(void);

/* Remove it as soon as it is unused; ends the test if that takes too long. */
void module_unload_soon(void);

bool module_is_loaded(void);

/* CHECK that nothing is left in /proc, debugfs, slabs, ftrace and kprobes. */
bool module_left_nothing(void);

#endif
