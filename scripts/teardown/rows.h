/* SPDX-License-Identifier: GPL-2.0 */
/* The rows of a connection's ladder: segments, calls and timers, each once. */
#ifndef TEARDOWN_ROWS_H
#define TEARDOWN_ROWS_H

#include "connection.h"
#include "print.h"

/* States that one row can show of an end. */
#define ROW_STATES	6
/* No segment; nobody sends it. */
#define NOBODY		(-1)
/* Not printed yet. */
#define STATE_UNTOLD	0xfe

/**
 * struct row - a line of the ladder
 * @r: the record that it is made of; NULL where records were lost
 * @time: of it
 * @window: of a segment, in bytes
 * @text: what happens
 * @sender: of a segment: 0 for A, 1 for B; else NOBODY
 * @is_wave: a segment, and not only its arrival
 * @sent: a record of the sender has it
 * @got: the receiver has
 * @cause: of a FIN that was queued: where in @text it is, and how long; 0 for none
 * @nr_states: that A and B go through
 * @states: these
 */
struct row {
	const struct tcp_teardown_record *r;
	u64 time;
	u64 window;
	struct print text;
	int sender;
	bool is_wave;
	bool sent;
	bool got;
	char *cause;
	u8 nr_states[2];
	u8 states[2][ROW_STATES];
};

/**
 * struct rows - all of a connection
 * @nr: of @row
 * @row: in order
 * @has_base: is it known?
 * @base: u, v and w: of A and B what they send next, at first, and the number of B's FIN
 * @state: the last ones of A and B
 * @unseen: not all of A, of B, was seen
 */
struct rows {
	unsigned int nr;
	struct row *row;
	bool has_base[3];
	u32 base[3];
	u8 state[2];
	bool unseen[2];
};

/* Of a connection that is settled; its records may be changed. */
void rows_make(struct rows *rows, struct connection *connection);
void rows_free(struct rows *rows);

#endif
