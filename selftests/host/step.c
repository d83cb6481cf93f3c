// SPDX-License-Identifier: GPL-2.0
#include "step.h"

#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

#define TRAP_FLAG	0x100UL
#define BREAKPOINT	0xcc

/*
 * A breakpoint, one for each depth of visits: a visit that arms one hits or disarms it
 * before it ends.
 *
 * @at: where; NULL if there is none
 * @byte: the original byte
 * @skip: how often to pass it
 * @visit: what to call then
 */
struct breakpoint {
	unsigned char *at;
	unsigned char byte;
	unsigned int skip;
	step_function visit;
	void *with;
};

#define DEEPEST		3

static struct breakpoint breakpoints[DEEPEST];
static struct breakpoint *here = breakpoints;	/* the one to be armed, or hit, next */
static struct step_path *tracing;

static void set(unsigned char *at, unsigned char byte)
{
	*(volatile unsigned char *)at = byte;
}

static void trace(struct step_path *path, unsigned char *at)
{
	unsigned int i;

	/* A repeated instruction (rep) counts once. */
	if (path->nr && path->at[path->nr - 1] == at)
		return;
	if (at >= __start_step_own && at < __stop_step_own)
		return;
	host_check(path->nr < STEP_MOST, "more than %d instructions", STEP_MOST);
	path->before[path->nr] = 0;
	for (i = 0; i < path->nr; i++)
		path->before[path->nr] += path->at[i] == at;
	path->at[path->nr++] = at;
}

/* After the instruction with the breakpoint: restore the breakpoint. */
static void on_step(greg_t *reg)
{
	if (tracing) {
		trace(tracing, (unsigned char *)reg[REG_RIP]);
		return;
	}
	set(here->at, BREAKPOINT);
	reg[REG_EFL] &= ~TRAP_FLAG;
}

static void on_breakpoint(greg_t *reg)
{
	struct breakpoint *b = here;

	set(b->at, b->byte);
	reg[REG_RIP]--;
	if (b->skip) {
		b->skip--;
		reg[REG_EFL] |= TRAP_FLAG;
		return;
	}
	b->at = NULL;
	here++;
	b->visit(b->with);
	here--;
}

static void on_trap(int signal, siginfo_t *info, void *context)
{
	greg_t *reg = ((ucontext_t *)context)->uc_mcontext.gregs;

	(void)signal;
	(void)info;
	if (here->at && (unsigned char *)reg[REG_RIP] == here->at + 1 && *here->at == BREAKPOINT)
		on_breakpoint(reg);
	else
		on_step(reg);
}

void step_begin(void)
{
	struct sigaction action = { .sa_sigaction = on_trap, .sa_flags = SA_SIGINFO | SA_NODEFER };
	size_t size = (etext - __executable_start + 4095) & ~4095UL;

	host_check(!mprotect(__executable_start, size, PROT_READ | PROT_WRITE | PROT_EXEC),
		   "%m");
	sigaction(SIGTRAP, &action, NULL);
}

/* Trace the instructions of @function. */
__section("step_own")
void step_trace(struct step_path *path, step_function function, void *with)
{
	path->nr = 0;
	tracing = path;
	asm volatile("pushfq; orq %0, (%%rsp); popfq" : : "er"(TRAP_FLAG) : "memory", "cc");
	function(with);
	asm volatile("pushfq; andq %0, (%%rsp); popfq" : : "er"(~TRAP_FLAG) : "memory", "cc");
	tracing = NULL;
}

/* Call @visit before instruction @i of the next function that takes this path. */
void step_arm(const struct step_path *path, unsigned int i, step_function visit, void *with)
{
	host_check(here < breakpoints + DEEPEST, "too deep");
	*here = (struct breakpoint) {
		.at = path->at[i],
		.byte = *path->at[i],
		.skip = path->before[i],
		.visit = visit,
		.with = with,
	};
	set(here->at, BREAKPOINT);
}

/* Return: whether it was called. */
bool step_disarm(void)
{
	if (!here->at)
		return true;
	set(here->at, here->byte);
	here->at = NULL;
	return false;
}
