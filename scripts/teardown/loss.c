// SPDX-License-Identifier: GPL-2.0
#include "loss.h"

#include <stdlib.h>

#include "complain.h"

struct loss_cpu *loss_new_cpu(struct losses *losses, u16 cpu)
{
	unsigned int nr = cpu < 2 * losses->nr ? 2 * losses->nr : cpu + 1U;

	if (cpu >= losses->nr) {
		losses->cpu = grow(losses->cpu, losses->nr, nr, sizeof(*losses->cpu));
		losses->nr = nr;
	}
	losses->cpu[cpu] = allocate(sizeof(*losses->cpu[cpu]));
	return losses->cpu[cpu];
}

/* Doubles at the powers of 2, from 4 on. */
static struct loss_span *new_span(struct loss_cpu *cpu)
{
	unsigned int nr = cpu->nr;

	if (nr == LOSS_SPANS)
		return &cpu->span[nr - 1];
	if (!nr || (nr >= 4 && !(nr & (nr - 1))))
		cpu->span = grow(cpu->span, nr, nr ? 2 * nr : 4, sizeof(*cpu->span));
	cpu->span[nr].begin = cpu->time;
	if (nr)
		cpu->span[nr].before = cpu->span[nr - 1].before + cpu->span[nr - 1].count;
	cpu->nr++;
	return &cpu->span[nr];
}

void loss_add(struct losses *losses, struct loss_cpu *cpu, u64 count)
{
	struct loss_span *span = new_span(cpu);

	losses->total += count;
	span->count += count;
	span->end = U64_MAX;
	cpu->open = true;
}

void loss_close(struct loss_cpu *cpu, u64 time)
{
	cpu->span[cpu->nr - 1].end = time;
	cpu->open = false;
}

/* How many spans are over before @time; how many begin no later. */
static unsigned int spans_over(const struct loss_cpu *cpu, u64 time)
{
	unsigned int low = 0, high = cpu->nr;

	while (low < high) {
		unsigned int middle = (low + high) / 2;

		if (cpu->span[middle].end < time)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static unsigned int spans_begun(const struct loss_cpu *cpu, u64 time)
{
	unsigned int low = 0, high = cpu->nr;

	while (low < high) {
		unsigned int middle = (low + high) / 2;

		if (cpu->span[middle].begin <= time)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static u64 cpu_between(const struct loss_cpu *cpu, u64 begin, u64 end)
{
	unsigned int first = spans_over(cpu, begin), behind = spans_begun(cpu, end);

	if (first >= behind)
		return 0;
	return cpu->span[behind - 1].before + cpu->span[behind - 1].count -
	       cpu->span[first].before;
}

u64 loss_between(const struct losses *losses, u64 begin, u64 end)
{
	u64 lost = 0;

	for (unsigned int i = 0; losses->total && i < losses->nr; i++)
		if (losses->cpu[i])
			lost += cpu_between(losses->cpu[i], begin, end);
	return lost;
}

void loss_free(struct losses *losses)
{
	for (unsigned int i = 0; i < losses->nr; i++) {
		if (losses->cpu[i])
			free(losses->cpu[i]->span);
		free(losses->cpu[i]);
	}
	free(losses->cpu);
}
