/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reads the records of all CPUs in the order of their time. A heap holds the next record of each
 * CPU that has one; the earliest is at its top.
 */
#ifndef TCP_TEARDOWN_MERGE_H
#define TCP_TEARDOWN_MERGE_H

#include "ring/buffer.h"

struct tcp_teardown_record;

/**
 * struct merge_cpu - the next record of one CPU
 * @slot: the record
 * @cursor: where to read on, if records are not consumed
 * @lost: number of records that were overwritten before it could be read
 * @cpu: the CPU
 */
struct merge_cpu {
	struct ring_slot slot;
	struct buffer_cursor cursor;
	unsigned long lost;
	unsigned int cpu;
};

/**
 * struct merge - a reader of all CPUs, or of one
 * @cpu: the CPU whose records are read, or BUFFER_ALL
 * @consume: consume the records; otherwise only look at them
 * @from: the CPU whose record merge_next() returned last
 * @lost: number of records that this CPU lost before that record
 * @until: return no record that is later than this, except as the first
 * @given: the entry of @from while it is still at the top of the heap, or NULL
 * @nr: number of entries in the heap
 * @heap: the CPUs that have a next record; its memory follows @cpus
 * @cpus: by CPU; NULL if that CPU had no record so far
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
