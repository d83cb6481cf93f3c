/* SPDX-License-Identifier: GPL-2.0 */
/* The terminal, while it shows one picture: whatever ends the program, it is as it was. */
#ifndef TEARDOWN_SCREEN_H
#define TEARDOWN_SCREEN_H

struct canvas;

enum screen_event { SCREEN_NOTHING, SCREEN_RESIZED, SCREEN_INPUT, SCREEN_END };

/* Of the terminal at stdout; else as LINES and COLUMNS have it; else 80 by 24. */
void screen_size(int *width, int *height);

/*
 * Show the alternate screen; dies where stdout is no terminal that has one. What goes to
 * stderr is shown at screen_leave().
 */
void screen_enter(void);

/* Wait for a key or a signal that says so, or for input at @fd (-1: none), at most so long. */
enum screen_event screen_wait(int timeout_ms, int fd);

void screen_show(const struct canvas *canvas);

/* As it was. Also at exit(). */
void screen_leave(void);

#endif
