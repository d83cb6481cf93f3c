// SPDX-License-Identifier: GPL-2.0
/*
 * The ring with threads and signals: one thread writes, and signals from two timers and
 * from another thread make it write nested; one consumes, clears and checks the accounts;
 * one takes snapshots. The compiler and the machine may reorder as they like.
 *
 * Each level of writers numbers its records, so the consumer knows what to expect.
 * Missing records must be those that the ring counts as overwritten.
 *
 * usage: ring_torture [RECORDS]	so many are written in all; default 1000000
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "host.h"
#include "mark.h"

#define MOST_SLOTS	64
#define LEVELS		3	/* the writer, and a signal within a signal */
#define BURST		(MOST_SLOTS + 3)
#define RUN		16	/* the most records that are consumed at once */

enum mode { KEEP, OVERWRITE, FLIPPING, MODES };

/**
 * struct plan - one run
 * @slots: of the ring
 * @mode: overwrite off, on, or changing
 * @looks: a thread takes snapshots meanwhile
 * @clears: the consumer clears at times
 * @records: to be written
 */
struct plan {
	unsigned int slots;
	enum mode mode;
	bool looks;
	bool clears;
	u64 records;
};

/*
 * Shared by the threads.
 *
 * @consumers: their lock
 * @offered: calls of ring_claim()
 * @done: completed calls
 * @refused: calls that got no slot
 * @serial: records, by the level of the writer
 * @over: the writer has finished
 */
static struct {
	struct ring ring;
	struct ring_slot slots[MOST_SLOTS];
	pthread_mutex_t consumers;
	local_t offered;
	local_t done;
	local_t refused;
	local_t serial[LEVELS];
	bool overwrite;
	atomic_bool over;
	atomic_ullong looked;
} t = { .consumers = PTHREAD_MUTEX_INITIALIZER };

static struct plan plan;
static u64 totals[4];		/* written, consumed, overwritten, dropped */
static u64 in_runs;		/* consumed by consume_run() */

/* Only for the writing thread and its signals. */
static volatile unsigned int level;
static struct ring_slot *volatile held[LEVELS];
static u64 dice[LEVELS];
static local_t nested, within;

static void publish(struct ring_slot *slot, unsigned int l)
{
	struct mark m = { .level = l, .serial = t.serial[l].counter };
	u64 pos = slot->seq;
	unsigned int i;

	for (i = 0; i < l; i++)
		host_check(held[i] != slot, "given away while it was filled");
	held[l] = slot;
	host_inc(&t.serial[l]);
	mark_fill(slot, m, pos);
	host_check(slot->seq == pos, "taken away while it was filled");
	held[l] = NULL;
	ring_publish(slot);
}

static bool write_one(unsigned int l)
{
	struct ring_slot *slot;

	local_inc(&t.offered);
	slot = ring_claim(&t.ring, READ_ONCE(t.overwrite));
	if (slot)
		publish(slot, l);
	else
		local_inc(&t.refused);
	local_inc(&t.done);
	return slot;
}

static void on_signal(int signal)
{
	unsigned int l = level + 1, n;

	(void)signal;
	if (l == LEVELS)
		return;
	level = l;
	host_inc(l > 1 ? &within : &nested);
	for (n = host_random(&dice[l]) % (host_random(&dice[l]) % 8 ? 3 : BURST); n; n--)
		write_one(l);
	level = l - 1;
}

static void start_timer(timer_t *timer, int signal, long ns)
{
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = signal };
	struct itimerspec every = { .it_interval.tv_nsec = ns, .it_value.tv_nsec = ns };

	event._sigev_un._tid = syscall(SYS_gettid);
	host_check(!timer_create(CLOCK_MONOTONIC, &event, timer), "%m");
	host_check(!timer_settime(*timer, 0, &every, NULL), "%m");
}

static void relax(unsigned int l)
{
	volatile unsigned int n = host_random(&dice[l]) % 512;

	while (n)
		n--;
}

static void *writes(void *unused)
{
	timer_t timers[2];
	u64 want = plan.records, refused = 0;

	start_timer(&timers[0], SIGUSR1, 61000);
	start_timer(&timers[1], SIGUSR2, 97000);
	while ((u64)READ_ONCE(t.ring.head.counter) < want) {
		if (!write_one(0) && !(++refused % 4))
			sched_yield();	/* the consumer may be waiting for this CPU */
		if (!(host_random(&dice[0]) % 64))
			relax(0);
		if (plan.mode == FLIPPING && !(host_random(&dice[0]) % 1024))
			WRITE_ONCE(t.overwrite, !t.overwrite);
	}
	timer_delete(timers[0]);
	timer_delete(timers[1]);
	return unused;
}

/* Signals at times that a timer would not hit. */
static void *disturbs(void *writer)
{
	u64 random = 4;
	struct timespec pause = { };

	while (!atomic_load(&t.over)) {
		pthread_kill(*(pthread_t *)writer, SIGUSR2);
		pause.tv_nsec = host_random(&random) % 40000;
		nanosleep(&pause, NULL);
	}
	return NULL;
}

/* What a reader has seen: the last record of each level, and how many were missing. */
struct seen {
	u64 next[LEVELS];
	u64 pos;
	u64 skipped;
};

/* Reordered, repeated and invented records fail this. */
static void see(struct seen *s, const struct ring_slot *copy, u64 pos)
{
	struct mark m = mark_read(copy);

	host_check(mark_whole(copy, pos), "record %llu is torn", pos);
	host_check(m.level < LEVELS && m.serial >= s->next[m.level],
		   "record %llu: %llu of level %llu after %llu", pos,
		   m.serial, m.level,
		   s->next[m.level]);
	s->skipped += m.serial - s->next[m.level];
	s->next[m.level] = m.serial + 1;
}

static struct consumer {
	struct seen seen;
	u64 next;	/* position */
	u64 read;
	u64 lost;
	u64 done_before, offered_before;	/* ring_clear() */
} c;

/* As buffer_next() and buffer_consumed(). */
static bool consume_one(void)
{
	struct ring_slot copy;
	enum ring_found found;
	unsigned long before;

	do {
		before = t.ring.overwritten;
		found = ring_copy(&t.ring, ring_oldest(&t.ring), &copy);
		c.lost += t.ring.overwritten - before;
		c.next += t.ring.overwritten - before;
	} while (found == RING_GONE);
	if (found != RING_WHOLE)
		return false;
	host_check(copy.seq == c.next + 1, "record %llu in place of %llu",
		   copy.seq - 1, c.next);
	see(&c.seen, &copy, c.next);
	ring_consumed(&t.ring, t.ring.tail);
	c.next++;
	c.read++;
	return true;
}

/* As buffer_span() and buffer_span_consumed(): read consecutive records in place. */
static bool consume_run(unsigned long max)
{
	static struct ring_slot copies[RUN];
	unsigned long before = t.ring.overwritten, pos = ring_oldest(&t.ring), nr, i;

	c.lost += t.ring.overwritten - before;
	c.next += t.ring.overwritten - before;
	nr = ring_span(&t.ring, pos, max);
	for (i = 0; i < nr; i++)
		/* A writer may overwrite them; then the copies are not used. */
		data_race(memcpy(&copies[i], &t.ring.slots[(pos + i) & t.ring.mask],
				 sizeof(copies[i])));
	if (!nr || !ring_holds(&t.ring, pos))
		return false;
	for (i = 0; i < nr; i++) {
		host_check(copies[i].seq == c.next + 1, "record %llu in place of %llu",
			   copies[i].seq - 1, c.next);
		see(&c.seen, &copies[i], c.next++);
	}
	ring_consumed(&t.ring, t.ring.tail + nr - 1);
	c.read += nr;
	in_runs += nr;
	return true;
}

static bool consume(u64 *random)
{
	return (host_random(random) % 2 && consume_run(1 + host_random(random) % RUN)) ||
	       consume_one();
}

static void clear(void)
{
	totals[1] += c.read;
	totals[2] += c.lost;
	c.done_before = local_read(&t.done);
	smp_rmb();	/* what was done before it, */
	ring_clear(&t.ring);
	smp_rmb();	/* and offered after it */
	c.offered_before = local_read(&t.offered);
	c.next = t.ring.tail;
	c.read = 0;
	c.lost = 0;
}

/*
 * While others write, the account is between what was done before and what was offered
 * after.
 */
static void check_account(void)
{
	u64 refused = local_read(&t.refused), done, offered;
	struct ring_account a;

	done = local_read(&t.done);
	smp_rmb();	/* what was done before it, */
	ring_account(&t.ring, &a);
	smp_rmb();	/* and offered after it */
	offered = local_read(&t.offered);
	host_check(a.written == a.read + a.pending + a.overwritten + a.dropped, "the sum is wrong");
	host_check(a.written + c.offered_before >= done, "written %llu, done %llu", a.written,
		   done);
	host_check(a.written + c.done_before <= offered, "written %llu, offered %llu", a.written,
		   offered);
	host_check(a.read == c.read && a.pending <= t.ring.mask + 1, "read %llu, pending %llu",
		   a.read, a.pending);
	host_check(a.overwritten >= c.lost && a.overwritten - c.lost <= a.written,
		   "overwritten %llu", a.overwritten);
	host_check(plan.mode != KEEP || !a.overwritten, "overwritten without leave");
	host_check(plan.clears || a.dropped >= refused, "dropped too few");
}

static void *consumes(void *unused)
{
	u64 random = 2;
	unsigned int n;

	while (!atomic_load(&t.over)) {
		pthread_mutex_lock(&t.consumers);
		for (n = host_random(&random) % 256; n && consume(&random); n--)
			;
		check_account();
		if (plan.clears && !(host_random(&random) % 64))
			clear();
		pthread_mutex_unlock(&t.consumers);
		if (!n)
			sched_yield();
	}
	return unused;
}

static void look(void)
{
	unsigned long pos, next, end, found = 0;
	enum ring_found what;
	struct seen s = { };
	struct ring_slot copy;

	for (pos = ring_window(&t.ring, &end); pos < end; pos = next) {
		next = pos + 1;
		what = ring_copy(&t.ring, pos, &copy);
		if (what == RING_WHOLE) {
			see(&s, &copy, pos);
			found++;
		} else if (what == RING_GONE) {
			next = ring_overtaken(&t.ring);
			host_check(next > pos, "gone at %lu, overtaken up to %lu", pos, next);
			host_check(ring_copy(&t.ring, next - 1, &copy) != RING_TO_COME,
				   "said to be overtaken, and is to come");
		}
	}
	if (end > t.ring.mask)
		host_check(ring_copy(&t.ring, end - t.ring.mask - 2, &copy) != RING_TO_COME ||
			   end == t.ring.mask + 1, "an old record is said to be to come");
	atomic_fetch_add(&t.looked, found);
}

static void *looks(void *unused)
{
	const struct timespec pause = { .tv_nsec = 1000 };
	unsigned int n = 0;

	while (!atomic_load(&t.over)) {
		look();
		if (!(++n % 64))
			nanosleep(&pause, NULL);
	}
	return unused;
}

/* Everything has stopped: the accounts must agree exactly. */
static void check_end(void)
{
	u64 kept = local_read(&t.offered) - local_read(&t.refused), by_level = 0;
	struct ring_account a;
	unsigned int i;

	while (consume_one())
		;
	check_account();
	ring_account(&t.ring, &a);
	for (i = 0; i < LEVELS; i++)
		by_level += t.serial[i].counter;
	host_check(!a.pending && ring_is_empty(&t.ring), "%llu are left",
		   a.pending);
	host_check(c.next == kept && by_level == kept && (u64)t.ring.head.counter == kept,
		   "%llu were written, %llu seen", kept,
		   c.next);
	host_check(local_read(&t.ring.dropped) == local_read(&t.refused), "dropped");
	host_check(a.overwritten == c.lost, "overwritten %llu, reported %llu",
		   a.overwritten, c.lost);
	/* Records after the last one seen of a level were overwritten, too. */
	for (i = 0; i < LEVELS; i++)
		c.seen.skipped += t.serial[i].counter - c.seen.next[i];
	host_check(plan.clears || c.seen.skipped == c.lost, "missing %llu, overwritten %llu",
		   c.seen.skipped, c.lost);
	totals[0] += kept;
	totals[1] += c.read;
	totals[2] += c.lost;
	totals[3] += local_read(&t.refused);
}

static void prepare(void)
{
	unsigned int i;

	memset(&c, 0, sizeof(c));
	memset(t.serial, 0, sizeof(t.serial));
	t.offered.counter = 0;
	t.done.counter = 0;
	t.refused.counter = 0;
	t.overwrite = plan.mode == OVERWRITE;
	atomic_store(&t.over, false);
	for (i = 0; i < LEVELS; i++)
		dice[i] = i + plan.slots;
	ring_init(&t.ring, t.slots, plan.slots);
	/* Only a consumer, and nothing is overwritten: no copy may race. */
	host_races = plan.mode != KEEP || plan.looks;
}

static void run(void)
{
	pthread_t writer, others[3];
	unsigned int nr = 0;

	prepare();
	pthread_create(&writer, NULL, writes, NULL);
	pthread_create(&others[nr++], NULL, disturbs, &writer);
	pthread_create(&others[nr++], NULL, consumes, NULL);
	if (plan.looks)
		pthread_create(&others[nr++], NULL, looks, NULL);
	pthread_join(writer, NULL);
	atomic_store(&t.over, true);
	while (nr)
		pthread_join(others[--nr], NULL);
	check_end();
}

int main(int argc, char **argv)
{
	u64 records = argc > 1 ? strtoull(argv[1], NULL, 0) : 1000000;
	static const unsigned int sizes[] = { 2, 4, 8, MOST_SLOTS };
	struct sigaction action = { .sa_handler = on_signal };
	unsigned int i;

	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGUSR2, &action, NULL);
	for (i = 0; i < ARRAY_SIZE(sizes) * MODES * 4; i++) {
		plan = (struct plan) {
			.slots = sizes[i / (MODES * 4)],
			.mode = i / 4 % MODES,
			.looks = i & 1,
			.clears = i & 2,
			.records = records / (ARRAY_SIZE(sizes) * MODES * 4) + 1,
		};
		run();
	}
	printf("%llu records: %llu consumed, %llu of them in runs, %llu overwritten, ", totals[0],
	       totals[1], in_runs, totals[2]);
	printf("the rest cleared; %llu refused; %llu seen by who looks; ", totals[3],
	       atomic_load(&t.looked));
	printf("%ld signals within a writer, %ld within a signal\n", nested.counter,
	       within.counter);
	return 0;
}
