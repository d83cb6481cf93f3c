/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The records of all CPUs in the order of time. A heap has the next record of each CPU that has
 * one, with the earliest at the top.
 */
#ifndef TCP_TEARDOWN_MERGE_H
#define TCP_TEARDOWN_MERGE_H

#include "ring/buffer.h"

struct tcp_teardown_record;

/**
 * struct merge_cpu - of one CPU
 * @slot: its next record
 * @cursor: if records are not consumed
 * @lost: records that were overwritten before it
 * @cpu: which
 */
struct merge_cpu {
	struct ring_slot slot;
	struct buffer_cursor cursor;
	unsigned long lost;
	unsigned int cpu;
};

/**
 * struct merge - of all CPUs, or of one
 * @cpu: which, or BUFFER_ALL
 * @consume: consume the records; otherwise only look
 * @from: whose record merge_next() returned last
 * @lost: records of that CPU that were lost before it
 * @until: leave records later than this time
 * @given: whose record was returned last, and is still at the top of the heap
 * @nr: how many are in the heap
 * @heap: those that have a next record
 * @cpus: by number; NULL if that CPU had no record so far
 */
struct merge {
	int cpu;
	bool consume;
	unsigned int from;
	unsigned long lost;
	u64 until;
	struct merge_cpu *given;
	unsigned int nr;
	struct merge_cpu **heap;
	struct merge_cpu *cpus[];
};

struct merge *merge_alloc(int cpu, bool consume);
void merge_free(struct merge *merge);
int merge_begin(struct merge *merge);
const struct tcp_teardown_record *merge_next(struct merge *merge);

#endif
