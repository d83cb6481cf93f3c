// SPDX-License-Identifier: GPL-2.0
#include "world.h"

#include "mark.h"

/* How deep writers, and all operations, may nest. */
#define DEEPEST_WRITER	4
#define DEEPEST		6

/*
 * The test's own accounts. An interrupting operation restores what the interrupted one
 * was changing, or changes it by one instruction: local_t.
 *
 * @offered, @done: calls of ring_claim(), and completed ones
 * @refused: calls that returned without a slot
 * @serial: records written, by the depth of the writer
 * @by: the writer of the record at a position
 * @claimed: whether it has been claimed
 * @offered_before, @done_before: @done and @offered around the last ring_clear()
 * @next: one after the position that was consumed last
 * @read, @lost: by the consumer, since the last ring_clear()
 * @consuming: an operation holds the consumers' lock
 */
static struct {
	struct ring ring;
	struct ring_slot slots[WORLD_SLOTS];
	bool overwrite;
	bool ever_overwrote;
	unsigned int writers;
	unsigned int depth;
	local_t offered;
	local_t done;
	local_t refused;
	local_t serial[DEEPEST_WRITER];
	struct mark by[WORLD_RECORDS];
	bool claimed[WORLD_RECORDS];
	u64 offered_before;
	u64 done_before;
	u64 next;
	u64 read;
	u64 lost;
	bool consuming;
} w;

static void check_record(const struct ring_slot *copy, u64 pos)
{
	struct mark m = mark_read(copy);

	host_check(mark_whole(copy, pos), "record %llu is torn", pos);
	host_check(w.claimed[pos] && w.by[pos].level == m.level && w.by[pos].serial == m.serial,
		   "record %llu was written by another", pos);
}

/* Was it so, at some time since @tail had that value? */
static bool is_full(unsigned long tail)
{
	return w.ring.head.counter - tail > w.ring.mask;
}

static void keep(struct ring_slot *slot, unsigned int level)
{
	struct mark m = { .level = level, .serial = w.serial[level].counter };
	u64 pos = slot->seq;

	host_inc(&w.serial[level]);
	host_check(pos < WORLD_RECORDS && !w.claimed[pos], "position %llu claimed twice",
		   pos);
	w.claimed[pos] = true;
	w.by[pos] = m;
	mark_fill(slot, m, pos);
	host_check(slot->seq == pos, "slot of %llu taken away", pos);
	ring_publish(slot);
}

static void write_one(void)
{
	unsigned long tail = w.ring.tail;
	unsigned int level = w.writers++;
	bool overwrite = w.overwrite;
	struct ring_slot *slot;

	host_inc(&w.offered);
	slot = ring_claim(&w.ring, overwrite);
	if (slot) {
		keep(slot, level);
	} else {
		host_inc(&w.refused);
		host_check(level || (!overwrite && is_full(tail)), "no slot, and %lu held",
			   w.ring.head.counter - tail);
	}
	host_inc(&w.done);
	w.writers--;
}

/* As buffer_next() and buffer_consumed(). */
static bool consume_one(void)
{
	struct ring_slot copy;
	enum ring_found found;
	unsigned long before;
	u64 pos;

	do {
		before = w.ring.overwritten;
		found = ring_copy(&w.ring, ring_oldest(&w.ring), &copy);
		w.lost += w.ring.overwritten - before;
		w.next += w.ring.overwritten - before;
	} while (found == RING_GONE);
	if (found != RING_WHOLE)
		return false;
	pos = copy.seq - 1;
	host_check(pos == w.next, "record %llu in place of %llu", pos,
		   w.next);
	check_record(&copy, pos);
	ring_consumed(&w.ring, w.ring.tail);
	w.next++;
	w.read++;
	return true;
}

static void look(void)
{
	unsigned long pos, end;
	struct ring_slot copy;

	pos = ring_window(&w.ring, &end);
	host_check(end - pos <= w.ring.mask + 1, "%lu records held", end - pos);
	for (; pos != end; pos++)
		if (ring_copy(&w.ring, pos, &copy) == RING_WHOLE)
			check_record(&copy, pos);
}

static void check_account(void)
{
	u64 done = w.done.counter, refused = w.refused.counter;
	u64 offered;
	struct ring_account a;

	ring_account(&w.ring, &a);
	offered = w.offered.counter;
	host_check(a.written == a.read + a.pending + a.overwritten + a.dropped, "the sum is wrong");
	host_check(a.written + w.offered_before >= done && a.written + w.done_before <= offered,
		   "written %llu, offered %llu, of that %llu done",
		   a.written, offered,
		   done);
	host_check(a.read == w.read, "read %llu of %llu", a.read,
		   w.read);
	host_check(a.overwritten >= w.lost && (w.ever_overwrote || !a.overwritten),
		   "overwritten %llu, reported %llu", a.overwritten,
		   w.lost);
	host_check(a.pending <= w.ring.mask + 1, "pending %llu", a.pending);
	host_check(w.offered_before || a.dropped >= refused, "dropped %llu, refused %llu",
		   a.dropped, refused);
}

static void clear(void)
{
	w.done_before = w.done.counter;
	ring_clear(&w.ring);
	w.offered_before = w.offered.counter;
	w.next = w.ring.tail;
	w.read = 0;
	w.lost = 0;
}

static void flip(void)
{
	w.overwrite = !w.overwrite;
	w.ever_overwrote |= w.overwrite;
}

static bool consumes(enum world_op op)
{
	return op == WORLD_CONSUME || op == WORLD_CONSUME_ONE || op == WORLD_ACCOUNT ||
	       op == WORLD_CLEAR;
}

/* Whether that operation is possible here, nested in others. */
bool world_may(enum world_op op)
{
	if (w.depth == DEEPEST)
		return false;
	if (op == WORLD_WRITE)
		return w.writers < DEEPEST_WRITER && w.offered.counter < WORLD_RECORDS;
	return !consumes(op) || !w.consuming;
}

static void consume_some(void)
{
	consume_one();
}

static void consume_all(void)
{
	while (consume_one())
		;
}

static void (* const ops[WORLD_OPS])(void) = {
	[WORLD_WRITE] = write_one,
	[WORLD_CONSUME] = consume_all,
	[WORLD_CONSUME_ONE] = consume_some,
	[WORLD_LOOK] = look,
	[WORLD_ACCOUNT] = check_account,
	[WORLD_CLEAR] = clear,
	[WORLD_FLIP] = flip,
};

void world_do(enum world_op op)
{
	w.depth++;
	if (consumes(op))
		w.consuming = true;
	ops[op]();
	if (consumes(op))
		w.consuming = false;
	w.depth--;
}

/**
 * world_begin() - start with an empty ring and empty accounts
 * @slots: of the ring
 * @overwrite: the oldest record when full
 */
void world_begin(unsigned int slots, bool overwrite)
{
	u64 used = w.ring.head.counter;

	memset(w.claimed, 0, used < WORLD_RECORDS ? used + 1 : WORLD_RECORDS);
	memset(w.serial, 0, sizeof(w.serial));
	w.offered.counter = 0;
	w.done.counter = 0;
	w.refused.counter = 0;
	w.offered_before = 0;
	w.done_before = 0;
	w.next = 0;
	w.read = 0;
	w.lost = 0;
	w.overwrite = overwrite;
	w.ever_overwrote = overwrite;
	ring_init(&w.ring, w.slots, slots);
}

u64 world_written(void)
{
	return w.offered.counter;
}

/* Everything has stopped: consume the rest; then the accounts must agree exactly. */
void world_end(void)
{
	u64 kept = w.offered.counter - w.refused.counter, i;
	struct ring_account a;

	world_do(WORLD_ACCOUNT);
	world_do(WORLD_CONSUME);
	world_do(WORLD_ACCOUNT);
	ring_account(&w.ring, &a);
	host_check(!a.pending && ring_is_empty(&w.ring), "%llu cannot be taken out",
		   a.pending);
	host_check(w.next == kept && (u64)w.ring.head.counter == kept, "%llu taken out of %llu",
		   w.next, kept);
	host_check(a.overwritten == w.lost, "overwritten %llu, reported %llu",
		   a.overwritten, w.lost);
	host_check(w.ring.dropped.counter == w.refused.counter, "dropped %ld, refused %ld",
		   w.ring.dropped.counter, w.refused.counter);
	for (i = 0; i < kept; i++)
		host_check(w.claimed[i], "nobody wrote record %llu", i);
}
