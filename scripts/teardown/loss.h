/* SPDX-License-Identifier: GPL-2.0 */
/* Which records are missing: of each CPU, how many, and between which times. */
#ifndef TEARDOWN_LOSS_H
#define TEARDOWN_LOSS_H

/* So many spans are kept apart of a CPU; later ones become one. */
#define LOSS_SPANS	1024

/**
 * struct loss_span - a gap
 * @begin: time of the record before it; 0 for none
 * @end: time of the record behind it; U64_MAX for none
 * @count: records that are missing
 * @before: and in all gaps before it
 */
struct loss_span {
	u64 begin;
	u64 end;
	u64 count;
	u64 before;
};

/**
 * struct loss_cpu - one CPU's records
 * @number: of the last one; 0 for none
 * @time: of the last one
 * @open: the last span has no end yet
 * @nr: of @span
 * @span: in order
 */
struct loss_cpu {
	u64 number;
	u64 time;
	bool open;
	unsigned int nr;
	struct loss_span *span;
};

/**
 * struct losses - of all CPUs
 * @total: records
 * @nr: of @cpu
 * @cpu: by number; NULL where none came of it
 */
struct losses {
	u64 total;
	unsigned int nr;
	struct loss_cpu **cpu;
};

struct loss_cpu *loss_new_cpu(struct losses *losses, u16 cpu);

static inline struct loss_cpu *loss_cpu(struct losses *losses, u16 cpu)
{
	if (likely(cpu < losses->nr && losses->cpu[cpu]))
		return losses->cpu[cpu];
	return loss_new_cpu(losses, cpu);
}

/* So many records of that CPU are missing here. */
void loss_add(struct losses *losses, struct loss_cpu *cpu, u64 count);

void loss_close(struct loss_cpu *cpu, u64 time);

/* A record of it has come. */
static inline void loss_record(struct loss_cpu *cpu, u64 time)
{
	cpu->time = time;
	if (unlikely(cpu->open))
		loss_close(cpu, time);
}

/* How many are missing that may be of that time. */
u64 loss_between(const struct losses *losses, u64 begin, u64 end);

void loss_free(struct losses *losses);

#endif
