// SPDX-License-Identifier: GPL-2.0
/*
 * The ring, interrupted at every instruction.
 *
 * One instruction of an operation is interrupted by another operation: a writer, as in a
 * softirq, or a reader, as on another CPU. Then the same at the next instruction, and so
 * on to the last. This is done with each size, state and mode of the ring, and each pair
 * of operations; for writers also in two levels: a writer at each instruction of a writer
 * that runs at each instruction of a writer.
 *
 * usage: ring_step [SLOTS [DEEP_SLOTS]]	rings up to so large; default 4 2
 */
#include "step.h"
#include "world.h"

/* The initial ring. */
struct state {
	unsigned int slots;
	bool overwrite;
	unsigned int records;
	unsigned int consumed;
};

/* The interrupting operation, and how often it ran. */
struct visit {
	enum world_op op;
	unsigned int times;
};

/* A visit that another visit interrupts at an instruction. */
struct deep_visit {
	struct step_path *path;
	unsigned int at;
	struct visit visit;
};

static unsigned long interruptions;

static void prepare(const struct state *state)
{
	unsigned int i;

	world_begin(state->slots, state->overwrite);
	for (i = 0; i < state->records; i++)
		world_do(WORLD_WRITE);
	for (i = 0; i < state->consumed; i++)
		world_do(WORLD_CONSUME_ONE);
}

static noinline void operate(void *op)
{
	world_do(*(enum world_op *)op);
}

static void visit(void *with)
{
	const struct visit *v = with;
	unsigned int i;

	for (i = 0; i < v->times && world_may(v->op); i++)
		world_do(v->op);
}

static void visit_deep(void *with)
{
	struct deep_visit *v = with;

	enum world_op op = WORLD_WRITE;

	step_arm(v->path, v->at, visit, &v->visit);
	operate(&op);
	host_check(step_disarm(), "did not come to instruction %u of the visit", v->at);
}

/* To trace a visit: @at is ignored. */
static void visit_trace(void *with)
{
	struct deep_visit *v = with;
	enum world_op op = WORLD_WRITE;

	step_trace(v->path, operate, &op);
}

static void trial(const struct state *state, enum world_op op, const struct step_path *path,
		  unsigned int at, step_function then, void *with)
{
	prepare(state);
	step_arm(path, at, then, with);
	operate(&op);
	host_check(step_disarm(), "did not come to instruction %u", at);
	world_end();
	interruptions++;
}

static void trace(const struct state *state, enum world_op op, struct step_path *path)
{
	prepare(state);
	step_trace(path, operate, &op);
	world_end();
}

static void each_visit(const struct state *state, enum world_op op)
{
	static struct step_path path;
	struct visit visits[] = {
		{ WORLD_WRITE, 1 }, { WORLD_WRITE, state->slots },
		{ WORLD_WRITE, state->slots + 1 }, { WORLD_WRITE, 2 * state->slots },
		{ WORLD_CONSUME, 1 }, { WORLD_LOOK, 1 }, { WORLD_ACCOUNT, 1 },
		{ WORLD_CLEAR, 1 }, { WORLD_FLIP, 1 },
	};
	unsigned int i, at;

	trace(state, op, &path);
	for (i = 0; i < ARRAY_SIZE(visits); i++)
		for (at = 0; at < path.nr; at++)
			trial(state, op, &path, at, visit, &visits[i]);
}

static void each_op(const struct state *state)
{
	enum world_op op;

	for (op = WORLD_WRITE; op < WORLD_FLIP; op++)
		each_visit(state, op);
}

static void each_deep_visit(const struct state *state)
{
	static struct step_path path, inner;
	struct deep_visit v = { .path = &inner, .visit = { WORLD_WRITE, state->slots + 1 } };
	unsigned int at;

	trace(state, WORLD_WRITE, &path);
	for (at = 0; at < path.nr; at++) {
		trial(state, WORLD_WRITE, &path, at, visit_trace, &v);
		for (v.at = 0; v.at < inner.nr; v.at++)
			trial(state, WORLD_WRITE, &path, at, visit_deep, &v);
	}
}

/* Rings of that size: empty, partly full, full, overwritten. */
static void each_state(unsigned int slots, void (*then)(const struct state *state))
{
	const unsigned int records[] = { 0, slots - 1, slots, 2 * slots + 1 };
	struct state state = { .slots = slots };
	unsigned int i, mode;

	for (i = 0; i < ARRAY_SIZE(records); i++)
		for (mode = 0; mode < 4; mode++) {
			state.overwrite = mode & 1;
			state.records = records[i];
			state.consumed = mode & 2 ? 1 : 0;
			then(&state);
		}
}

int main(int argc, char **argv)
{
	unsigned int most = argc > 1 ? atoi(argv[1]) : 4, deep = argc > 2 ? atoi(argv[2]) : 2;
	unsigned int slots;

	host_check(most <= WORLD_SLOTS && deep <= WORLD_SLOTS, "too large a ring");
	step_begin();
	for (slots = 2; slots <= most; slots *= 2)
		each_state(slots, each_op);
	for (slots = 2; slots <= deep; slots *= 2)
		each_state(slots, each_deep_visit);
	printf("%lu interruptions\n", interruptions);
	return 0;
}
