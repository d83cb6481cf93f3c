/* SPDX-License-Identifier: GPL-2.0 */
/* What goes wrong, in words, on stderr; and the exit status that follows from it. */
#ifndef TEARDOWN_COMPLAIN_H
#define TEARDOWN_COMPLAIN_H

#include <stddef.h>

/* The exit status. */
#define EXIT_FINE	0
#define EXIT_FOUND	1	/* doctor has found something */
#define EXIT_BAD	2	/* something was wrong: options, input, output */

/* Say it, and go on. */
void say(const char *format, ...) __printf(1, 2);

/* Say it, go on, and end with EXIT_BAD. */
void complain(const char *format, ...) __printf(1, 2);

/* Say it, and end now. */
void die(const char *format, ...) __printf(1, 2) __noreturn;

/* End with EXIT_FOUND, unless something was wrong. */
void exit_found(void);

/* EXIT_BAD after complain(), else EXIT_FINE or EXIT_FOUND. */
int exit_status(void);

/* Memory, or die(). What is new of it is 0. */
void *allocate(size_t size);
void *grow(void *old, size_t old_nr, size_t nr, size_t size);

#endif
