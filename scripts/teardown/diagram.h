/* SPDX-License-Identifier: GPL-2.0 */
/* The teardown's half of TCP's diagram of states (RFC 9293, figure 5), with numbers. */
#ifndef TEARDOWN_DIAGRAM_H
#define TEARDOWN_DIAGRAM_H

struct canvas;
struct counters;
struct findings;

/* Where the picture has less room than this, it is a table. */
#define DIAGRAM_WIDTH	80
#define DIAGRAM_HEIGHT	24

/**
 * struct view - what is drawn
 * @title: whose counters these are
 * @note: at the right of the title
 * @counters: as they are
 * @before: as they were
 * @seconds: between these two; 0 where rates are not known
 * @findings: of the doctor; NULL where it does not look
 * @from_records: they rest on records, of which some may be lost
 */
struct view {
	const char *title;
	const char *note;
	const struct counters *counters;
	const struct counters *before;
	double seconds;
	const struct findings *findings;
	bool from_records;
};

/* In the size that the canvas has. */
void diagram_draw(struct canvas *canvas, const struct view *view);

#endif
