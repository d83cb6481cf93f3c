/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ring's order of memory, for spin: module/ring/ring.h and ring.c, line for line:
 *
 *	ring_has_room(), ring_claim(), ring_publish()	write()
 *	ring_window(), ring_oldest()			window()
 *	ring_copy()					copy()
 *	buffer_next(), ring_consumed(), ring_clear()	consumer
 *
 * Modelled: one CPU that writes, interrupted at any step by a nested writer, and that by
 * another one; a consumer and a reader of snapshots, each on its own CPU. The writer's
 * stores become visible to the others late and in any order that smp_wmb(),
 * smp_store_release() and stores to the same place allow, which is weaker than x86 and as
 * weak as arm64. A reader's loads between two barriers are done in any order, and see
 * what is visible then. All interleavings are tried.
 *
 * Not modelled: memory in which two readers may see two stores in different order (only
 * old POWER, of the machines that Linux runs on); late loads of a writer's CPU (it loads
 * what only it has stored, and tail, which only grows); more than BUFFER stores in
 * flight; the compiler; numbers that wrap; the accounts, which ring_step and the other
 * programs check; the wake-up of sleepers; the replacement of a ring.
 *
 * A record is two words, both of them its position.
 *
 * PLANT_*: faults, each of which must be found.
 */
#ifndef SLOTS
#define SLOTS		2
#endif
#ifndef OUTER
#define OUTER		2	/* calls by the writer, */
#endif
#ifndef NESTED
#define NESTED		2	/* by those that interrupt it, */
#endif
#ifndef DEEP
#define DEEP		0	/* and those that interrupt these */
#endif
#ifndef OVERWRITE
#define OVERWRITE	1
#endif
#ifndef CONSUMES
#define CONSUMES	1
#endif
#ifndef LOOKS
#define LOOKS		0
#endif

#ifndef CLEARS
#define CLEARS		1
#endif
#ifndef BUFFER
#define BUFFER		4
#endif

#define ALL		(OUTER + NESTED + DEEP)
#define MASK		(SLOTS - 1)
#define NOWHERE		255

/* Places in memory. */
#define HEAD		0
#define SEQ(pos)	(1 + (pos) % SLOTS)
#define DATA(pos, word)	(1 + SLOTS + ((pos) % SLOTS) * 2 + (word))
#define PLACES		(1 + 3 * SLOTS)

/* As the writing CPU has it, and as the others see it. */
byte own[1 + SLOTS], memory[PLACES];
byte tail;

/* Stores on their way: the place, and how many barriers were before it. */
typedef store { byte place; byte value; byte after };
store buffer[BUFFER];
byte stores, barriers;

byte depth;			/* of the writer that runs */
byte refused, ended;		/* calls of ring_claim() without a slot; and all */

inline put(where, what)
{
	atomic {
		stores < BUFFER ->
		buffer[stores].value = what;
		buffer[stores].place = where;
		if
		:: where <= SLOTS -> own[where] = buffer[stores].value
		:: else
		fi;
		buffer[stores].after = barriers;
		stores++
	}
}

inline wmb()
{
	atomic {
		if
		:: stores == 0 -> barriers = 0
		:: else -> barriers++
		fi
	}
}

/* A store becomes visible: one before which there is no barrier, nor that place. */
proctype visible()
{
	byte i, j;
	bool may;

end:	do
	:: atomic {
		stores > 0 ->
		i = 0;
		do
		:: i + 1 < stores -> i++
		:: break
		od;
		may = (buffer[i].after == buffer[0].after);
		j = 0;
		do
		:: j < i ->
			if
			:: buffer[j].place == buffer[i].place -> may = false
			:: else
			fi;
			j++
		:: else -> break
		od;
		if
		:: may ->
			memory[buffer[i].place] = buffer[i].value;
			do
			:: i + 1 < stores ->
				buffer[i].place = buffer[i + 1].place;
				buffer[i].value = buffer[i + 1].value;
				buffer[i].after = buffer[i + 1].after;
				i++
			:: else -> break
			od;
			stores--;
			buffer[stores].place = 0;
			buffer[stores].value = 0;
			buffer[stores].after = 0;
			/* Keep the numbers small, so that like states are the same. */
			j = 0;
			may = (stores > 0);
			i = (stores > 0 -> buffer[0].after : barriers);
			do
			:: j < stores -> buffer[j].after = buffer[j].after - i; j++
			:: else -> break
			od;
			barriers = barriers - i
		:: else
		fi;
		i = 0; j = 0; may = false
	   }
	od
}

inline write()
{
	pos = own[HEAD];
	do
	:: room = (own[SEQ(pos)] == pos - MASK);
#ifdef PLANT_ADD
	   room = true;
#endif
#if !OVERWRITE
	   room = (room && pos - tail <= MASK);
#endif
	   atomic {
		stores < BUFFER ->
		if
		:: room && own[HEAD] == pos ->
			put(HEAD, pos + 1);
			break
		:: !room && own[HEAD] == pos ->
			refused++;
			break
		:: else -> pos = own[HEAD]
		fi
	   }
	od;
	if
	:: room ->
#ifndef PLANT_NO_WMB_HEAD
		wmb();
#endif
		put(SEQ(pos), pos);
#ifndef PLANT_NO_WMB_SEQ
		wmb();
#endif
#ifdef PLANT_EARLY
		put(SEQ(pos), pos + 1);
#endif
		put(DATA(pos, 0), pos);
		put(DATA(pos, 1), pos);
#ifndef PLANT_NO_RELEASE
		wmb();
#endif
#ifndef PLANT_EARLY
		/* ring_publish() reads seq again. */
		put(SEQ(pos), own[SEQ(pos)] + 1);
#endif
	:: else
	fi;
	atomic { ended++; pos = 0; room = false }
}

proctype writer() provided (depth == 0)
{
	byte n, pos;
	bool room;

	do
	:: n < OUTER -> n++; write()
	:: else -> break
	od
}

/* It comes at any time, writes one or more, and goes. */
#define INTERRUPT(name, level, most)					\
proctype name() provided (depth <= level)				\
{									\
	byte n, pos, under;						\
	bool room;							\
									\
	do								\
	:: atomic { n < most && depth < level -> under = depth; depth = level } \
	   do								\
	   :: n < most -> n++; write()					\
	   :: n > 0 -> break						\
	   od;								\
	   atomic { depth = under; under = 0 }				\
	:: n == most -> break						\
	od								\
}

INTERRUPT(softirq, 1, NESTED)
#if DEEP
INTERRUPT(hardirq, 2, DEEP)
#endif

/* Tail before head. */
inline window()
{
#ifdef PLANT_HEAD_FIRST
	h = memory[HEAD];
#endif
	t = tail;
	atomic {
#ifndef PLANT_HEAD_FIRST
		h = memory[HEAD];
#endif
		assert(h >= t);
		at = (h - t > SLOTS -> h - SLOTS : t);
		t = 0
	}
}

/* Two words, and what seq is then. */
inline copy()
{
	seq = memory[SEQ(at)];
	if
	:: seq == at + 1 ->
#ifdef PLANT_NO_RMB
		seq = memory[SEQ(at)];
#endif
		if
		:: w0 = memory[DATA(at, 0)]; w1 = memory[DATA(at, 1)]
		:: w1 = memory[DATA(at, 1)]; w0 = memory[DATA(at, 0)]
		fi;
#ifndef PLANT_NO_RMB
		seq = memory[SEQ(at)];
#endif
	:: else
	fi
}

/* Is the record that was copied whole? */
#define IS_TRUE		(w0 == at && w1 == at)

inline forget()
{
	t = 0; h = 0; at = 0; seq = 0; w0 = 0; w1 = 0
}

/* Who finds a record gone finds head moved: else this would not end. */
inline consume()
{
	do
	:: window();
	   assert(at != gone);
	   atomic {
		assert(OVERWRITE || at == tail);
		tail = at
	   }
#ifdef PLANT_EARLY_TAIL
	   atomic { at < h -> tail = at + 1 }
#endif
	   copy();
	   atomic {
		if
		:: seq == at + 1 ->
			assert(IS_TRUE);
			tail = at + 1;
			break
		:: seq < at + 1 -> break
		:: seq > at + 1 ->
			assert(OVERWRITE);
			gone = at
		fi
	   }
	od;
	atomic { forget(); gone = NOWHERE }
}

proctype consumer()
{
	byte t, h, at, seq, w0, w1, gone = NOWHERE;
	bool cleared = !CLEARS;

	do
	:: tail < memory[HEAD] -> consume()
	:: atomic { !cleared -> tail = memory[HEAD]; cleared = true }
	:: ended == ALL && stores == 0 && tail == memory[HEAD] -> break
	od;
	/* At rest: each call is somewhere, and all could be taken out. */
	assert(own[HEAD] - SLOTS + refused == ALL)
}

#if LOOKS
proctype looker()
{
	byte t, h, at, seq, w0, w1;

	window();
	assert(h - at <= SLOTS);
	do
	:: at < h ->
		copy();
		atomic {
			assert(seq != at + 1 || IS_TRUE);
			at++
		}
	:: else -> break
	od
}
#endif

/* As after SLOTS records that were consumed: positions begin at SLOTS. */
init
{
	byte i;

	atomic {
		own[HEAD] = SLOTS;
		memory[HEAD] = SLOTS;
		tail = SLOTS;
		i = SLOTS;
		do
		:: i < 2 * SLOTS ->
			own[SEQ(i)] = i - MASK;
			memory[SEQ(i)] = i - MASK;
			i++
		:: else -> break
		od;
		i = 0;
		run visible();
		run writer();
		run softirq();
#if DEEP
		run hardirq();
#endif
#if CONSUMES
		run consumer();
#endif
#if LOOKS
		run looker()
#endif
	}
}
