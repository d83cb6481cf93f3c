/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Load and remove the module, and check that it leaves nothing behind.
 */
#ifndef SELFTESTS_MODULE_H
#define SELFTESTS_MODULE_H

#include <stdbool.h>

/* Load $TT_MODULE, or another file, with $TT_ARGS and these parameters: 0, or errno. */
int module_load(const char *args);
int module_load_file(const char *file, const char *args);
/* As module_load(), from memory, if the file has been read. */
int module_load_image(const char *args);

/* Remove it, without waiting: 0, or errno; EAGAIN while it is in use. */
int module_unload(void);

/* Remove it as soon as it is unused; ends the test if that takes too long. */
void module_unload_soon(void);

bool module_is_loaded(void);

/* CHECK that nothing is left in /proc, debugfs, slabs, ftrace and kprobes. */
bool module_left_nothing(void);

#endif
