// SPDX-License-Identifier: GPL-2.0
/*
 * A plugin of QEMU: counts each instruction that an x86-64 guest executes between two
 * marks (marks.h), and its hidden costs.
 *
 *	-plugin executed.so,out=FILE
 *
 * FILE gets a paragraph for each pair of marks, "run", and a line for each instruction
 * that was executed: its address, how often, how many cache lines it was the first
 * to write, and what it is:
 *
 *	l	has a lock prefix, or is xchg with memory
 *	b	is "lock bts $0", which takes a bit lock
 *	c	cli
 *	s	sti, or popf
 *	-	none of these
 *
 * All of user space has the address 0. An instruction is counted when it is executed, not
 * when its block is entered, so interrupted and retranslated blocks are counted
 * correctly. Cache lines are counted for stores of a module's instructions, except to the
 * stack: each line once for each connection, and once for everything after the last
 * close.
 *
 * QEMU runs its CPUs in one thread (scripts/vm -m icount), so nothing is locked here.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "marks.h"
#include "qemu_plugin.h"

#define EXPORT		__attribute__((visibility("default")))
#define INSNS		(1U << 21)	/* places for instructions, and for lines: powers of 2 */
#define LINES		(1U << 21)
#define LINE_SHIFT	6
#define KERNEL		(1ULL << 63)
#define MODULES		0xffffffffa0000000ULL	/* and up: without KASLR, and with it */
#define MODULES_END	0xffffffffff000000ULL
#define STACK_NEAR	8192
#define LONGEST		15

struct insn {
	uint64_t address;
	uint64_t times;
	uint64_t lines;
	const char *what;
};

/* A written line, and the last epoch in which it was written. */
struct line {
	uint64_t number;
	uint64_t epoch;
};

EXPORT int qemu_plugin_version = QEMU_PLUGIN_API;

static struct insn insns[INSNS];
static struct insn user;
static struct line lines[LINES];
static uint64_t epoch = 1;
static uint64_t stack_pointer;
static FILE *out;

static void full(const char *what)
{
	fprintf(stderr, "executed: no room for more %s\n", what);
	exit(1);
}

static unsigned int hash(uint64_t key, unsigned int places)
{
	return (key * 0x9e3779b97f4a7c15ULL >> 32) & (places - 1);
}

static struct insn *insn_at(uint64_t address)
{
	unsigned int i = hash(address, INSNS), tries;

	if (address < KERNEL)
		return &user;
	for (tries = 0; tries < INSNS; tries++) {
		if (!insns[i].address)
			insns[i].address = address;
		if (insns[i].address == address)
			return &insns[i];
		i = (i + 1) & (INSNS - 1);
	}
	full("instructions");
	return NULL;
}

/* Whether this is the first store to this line in this epoch. */
static bool line_is_new(uint64_t number)
{
	unsigned int i = hash(number, LINES), tries;

	for (tries = 0; tries < LINES; tries++) {
		if (!lines[i].number)
			lines[i].number = number;
		if (lines[i].number == number) {
			bool new = lines[i].epoch != epoch;

			lines[i].epoch = epoch;
			return new;
		}
		i = (i + 1) & (LINES - 1);
	}
	full("cache lines");
	return false;
}

/* --- what an instruction is ------------------------------------------------ */

struct decoded {
	bool lock;
	bool two_bytes;		/* the opcode is behind 0x0f */
	uint8_t opcode;
	const uint8_t *modrm;
};

static struct decoded decode(const uint8_t *bytes)
{
	static const uint8_t prefixes[] = { 0xf0, 0xf2, 0xf3, 0x26, 0x2e, 0x36, 0x3e, 0x64,
					    0x65, 0x66, 0x67 };
	struct decoded d = { 0 };

	while (memchr(prefixes, *bytes, sizeof(prefixes)))
		d.lock |= *bytes++ == 0xf0;
	if ((*bytes & 0xf0) == 0x40)
		bytes++;
	d.two_bytes = *bytes == 0x0f;
	bytes += d.two_bytes;
	d.opcode = *bytes;
	d.modrm = bytes + 1;
	return d;
}

static bool in_memory(const struct decoded *d)
{
	return *d->modrm >> 6 != 3;
}

static unsigned int operation(const struct decoded *d)
{
	return *d->modrm >> 3 & 7;
}

/* The last byte of "bts $0" is the number of the bit. */
static const char *what_it_is(const struct decoded *d, const uint8_t *last)
{
	if (d->lock && d->two_bytes && d->opcode == 0xba && operation(d) == 5 && !*last)
		return "lb";
	if (d->lock)
		return "l";
	if (d->two_bytes)
		return "-";
	if ((d->opcode & 0xfe) == 0x86 && in_memory(d))
		return "l";
	if (d->opcode == 0xfa)
		return "c";
	return d->opcode == 0xfb || d->opcode == 0x9d ? "s" : "-";
}

static bool pushes(const struct decoded *d)
{
	if (d->two_bytes)
		return false;
	if (d->opcode == 0xff)
		return operation(d) == 2 || operation(d) == 6;
	return (d->opcode & 0xf8) == 0x50 || d->opcode == 0xe8;
}

/* "nopl displacement(%rax)" */
static uint32_t mark_of(const struct decoded *d)
{
	uint32_t which;

	if (!d->two_bytes || d->opcode != 0x1f || *d->modrm != 0x80)
		return 0;
	memcpy(&which, d->modrm + 1, sizeof(which));
	return which;
}

/* --- while the guest runs -------------------------------------------------- */

static void begin(void)
{
	unsigned int i;

	user.times = 0;
	for (i = 0; i < INSNS; i++) {
		insns[i].times = 0;
		insns[i].lines = 0;
	}
}

static void write_down(void)
{
	unsigned int i;

	fprintf(out, "run\n0 %lu 0 -\n", user.times);
	for (i = 0; i < INSNS; i++)
		if (insns[i].times)
			fprintf(out, "%lx %lu %lu %s\n", insns[i].address, insns[i].times,
				insns[i].lines, insns[i].what);
	fflush(out);
}

static void on_mark(unsigned int cpu, void *data)
{
	switch ((uintptr_t)data) {
	case MARK_BEGIN:
		begin();
		break;
	case MARK_CONNECTION:
	case MARK_CLOSED:
		epoch++;
		break;
	case MARK_END:
		write_down();
	}
}

static void on_insn(unsigned int cpu, void *data)
{
	((struct insn *)data)->times++;
}

/* QEMU 7.2 calls for loads, too, where stores were asked for. */
static void on_push(unsigned int cpu, uint32_t info, uint64_t address, void *data)
{
	if (qemu_plugin_mem_is_store(info))
		stack_pointer = address;
}

static void on_store(unsigned int cpu, uint32_t info, uint64_t address, void *data)
{
	if (!qemu_plugin_mem_is_store(info) || address < KERNEL ||
	    address - (stack_pointer - STACK_NEAR) < 2 * STACK_NEAR)
		return;
	if (line_is_new(address >> LINE_SHIFT))
		((struct insn *)data)->lines++;
}

/* --- when QEMU translates --------------------------------------------------- */

/* The bytes, with zeros behind them. */
static size_t copy_bytes(const struct qemu_plugin_insn *from, uint8_t *to)
{
	size_t size = qemu_plugin_insn_size(from);

	if (size > LONGEST)
		size = LONGEST;
#if QEMU_PLUGIN_API >= 3
	qemu_plugin_insn_data(from, to, size);
#else
	memcpy(to, qemu_plugin_insn_data(from), size);
#endif
	return size;
}

static bool of_a_module(uint64_t address)
{
	return address >= MODULES && address < MODULES_END;
}

static void on_translated_insn(struct qemu_plugin_insn *of)
{
	uint64_t address = qemu_plugin_insn_vaddr(of);
	struct insn *insn = insn_at(address);
	uint8_t bytes[LONGEST + 5] = { 0 };
	size_t size = copy_bytes(of, bytes);
	struct decoded d = decode(bytes);

	qemu_plugin_register_vcpu_insn_exec_cb(of, on_insn, QEMU_PLUGIN_CB_NO_REGS, insn);
	if (address < KERNEL) {
		if ((mark_of(&d) & 0xffff0000) == (MARK_BEGIN & 0xffff0000))
			qemu_plugin_register_vcpu_insn_exec_cb(of, on_mark,
							       QEMU_PLUGIN_CB_NO_REGS,
							       (void *)(uintptr_t)mark_of(&d));
		return;
	}
	insn->what = what_it_is(&d, &bytes[size - 1]);
	if (pushes(&d))
		qemu_plugin_register_vcpu_mem_cb(of, on_push, QEMU_PLUGIN_CB_NO_REGS,
						 QEMU_PLUGIN_MEM_W, NULL);
	else if (of_a_module(address))
		qemu_plugin_register_vcpu_mem_cb(of, on_store, QEMU_PLUGIN_CB_NO_REGS,
						 QEMU_PLUGIN_MEM_W, insn);
}

static void on_translated(uint64_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb), i;

	for (i = 0; i < n; i++)
		on_translated_insn(qemu_plugin_tb_get_insn(tb, i));
}

EXPORT int qemu_plugin_install(uint64_t id, const struct qemu_info_t *info, int argc, char **argv)
{
	if (argc != 1 || strncmp(argv[0], "out=", 4))
		return -1;
	out = fopen(argv[0] + 4, "w");
	if (!out)
		return -1;
	user.what = "-";
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translated);
	return 0;
}
