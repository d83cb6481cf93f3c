/* SPDX-License-Identifier: GPL-2.0 */
/* A picture made of characters. What is beyond its edges is not drawn. */
#ifndef TEARDOWN_CANVAS_H
#define TEARDOWN_CANVAS_H

#define CANVAS_WIDTH	500
#define CANVAS_HEIGHT	200

enum look { LOOK_PLAIN, LOOK_BOLD, LOOK_DIM, LOOK_ALERT };

/**
 * struct canvas - a picture
 * @width: of it, in columns
 * @height: in rows
 * @text: printable ASCII
 * @look: enum look of each
 */
struct canvas {
	int width;
	int height;
	char text[CANVAS_HEIGHT][CANVAS_WIDTH];
	u8 look[CANVAS_HEIGHT][CANVAS_WIDTH];
};

struct print;

/* Empty, and at most of the largest size. */
void canvas_clear(struct canvas *canvas, int width, int height);

/* From that column on; returns the one behind it. */
int canvas_text(struct canvas *canvas, int x, int y, enum look look, const char *format, ...)
	__printf(5, 6);

/* The same, ending before column @x. */
void canvas_text_left_of(struct canvas *canvas, int x, int y, enum look look,
			 const char *format, ...) __printf(5, 6);

/* Its border, three rows high; @x2 is its last column. */
void canvas_box(struct canvas *canvas, int x1, int x2, int y);

/* As lines, without blanks at their ends and without empty ones at the end of all. */
void canvas_print(const struct canvas *canvas, struct print *to);

/* For a terminal, over what is there. */
void canvas_paint(const struct canvas *canvas, struct print *to, bool colours);

#endif
