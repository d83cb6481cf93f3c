/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The records of all CPUs in the order of time. One record of each CPU is at
 * hand; the earliest goes first.
 */
#ifndef TCP_TEARDOWN_MERGE_H
#define TCP_TEARDOWN_MERGE_H

#include "buffer.h"

struct tcp_teardown_record;

/**
 * struct merge_cpu - of one CPU
 * @cursor: for those who only look
 * @slot: the record at hand
 * @at_hand: there is one
 * @lost: records that were overwritten before it
 */
struct merge_cpu {
	struct buffer_cursor cursor;
	struct ring_slot slot;
	bool at_hand;
	unsigned long lost;
};

/**
 * struct merge - of all CPUs, or of one
 * @cpu: which, or BUFFER_ALL
 * @consume: take the records out; else leave them
 * @from: whose record merge_next() gave last
 * @lost: records of that CPU that were lost before it
 * @cpus: by number
 */
struct merge {
	int cpu;
	bool consume;
	unsigned int from;
	unsigned long lost;
	struct merge_cpu cpus[];
};

struct merge *merge_alloc(int cpu, bool consume);
void merge_free(struct merge *merge);
void merge_begin(struct merge *merge);
const struct tcp_teardown_record *merge_next(struct merge *merge);

#endif
