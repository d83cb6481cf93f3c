// SPDX-License-Identifier: GPL-2.0
#include "canvas.h"

#include <stdarg.h>
#include <stdio.h>

#include "print.h"

static int clamp_size(int size, int most)
{
	return size < 1 ? 1 : size > most ? most : size;
}

void canvas_clear(struct canvas *canvas, int width, int height)
{
	canvas->width = clamp_size(width, CANVAS_WIDTH);
	canvas->height = clamp_size(height, CANVAS_HEIGHT);
	memset(canvas->text, ' ', sizeof(canvas->text));
	memset(canvas->look, LOOK_PLAIN, sizeof(canvas->look));
}

static void put(struct canvas *canvas, int x, int y, enum look look, char c)
{
	if (x < 0 || y < 0 || x >= canvas->width || y >= canvas->height)
		return;
	/* What comes from a file must not command the terminal. */
	canvas->text[y][x] = c >= ' ' && c < 0x7f ? c : '?';
	canvas->look[y][x] = look;
}

int canvas_text(struct canvas *canvas, int x, int y, enum look look, const char *format, ...)
{
	char text[CANVAS_WIDTH + 1];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	for (const char *at = text; *at; at++)
		put(canvas, x++, y, look, *at);
	return x;
}

void canvas_text_left_of(struct canvas *canvas, int x, int y, enum look look,
			 const char *format, ...)
{
	char text[CANVAS_WIDTH + 1];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	canvas_text(canvas, x - (int)strlen(text), y, look, "%s", text);
}

void canvas_box(struct canvas *canvas, int x1, int x2, int y)
{
	for (int row = y; row < y + 3; row++) {
		bool is_edge = row != y + 1;

		for (int x = x1; x <= x2; x++)
			if (is_edge || x == x1 || x == x2)
				put(canvas, x, row, LOOK_PLAIN,
				    x == x1 || x == x2 ? (is_edge ? '+' : '|') : '-');
	}
}

static int row_len(const struct canvas *canvas, int y)
{
	int len = canvas->width;

	while (len && canvas->text[y][len - 1] == ' ')
		len--;
	return len;
}

void canvas_print(const struct canvas *canvas, struct print *to)
{
	int height = canvas->height;

	while (height && !row_len(canvas, height - 1))
		height--;
	for (int y = 0; y < height; y++) {
		print_bytes(to, canvas->text[y], row_len(canvas, y));
		print_char(to, '\n');
	}
}

static void set_look(struct print *to, enum look next, bool colours)
{
	static const char * const codes[] = {
		[LOOK_PLAIN] = "\033[0m",
		[LOOK_BOLD] = "\033[0;1m",
		[LOOK_DIM] = "\033[0;2m",
		[LOOK_ALERT] = "\033[0;1;31m",
	};

	print_word(to, codes[next == LOOK_ALERT && !colours ? LOOK_BOLD : next]);
}

void canvas_paint(const struct canvas *canvas, struct print *to, bool colours)
{
	for (int y = 0; y < canvas->height; y++) {
		int len = row_len(canvas, y);
		enum look look = LOOK_PLAIN;

		print_format(to, "\033[%d;1H", y + 1);
		for (int x = 0; x < len; x++) {
			if (canvas->look[y][x] != look) {
				look = canvas->look[y][x];
				set_look(to, look, colours);
			}
			print_char(to, canvas->text[y][x]);
		}
		if (look != LOOK_PLAIN)
			set_look(to, LOOK_PLAIN, colours);
		/* Behind the last column it would erase that. */
		if (len < canvas->width)
			print_word(to, "\033[K");
	}
}
