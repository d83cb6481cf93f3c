/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One close, made by a child in its own network namespace, and its expected records.
 */
#ifndef CHECK_KERNEL_RUN_H
#define CHECK_KERNEL_RUN_H

#include "lib/ktap.h"
#include "lib/peer.h"
#include "lib/records.h"
#include "lib/verdict.h"

#define RUN_WANTS 64
#define RUN_RECORDS 256
/* In place of a cookie that no process can ask for: any except 0. */
#define RUN_ANY_COOKIE UINT64_MAX

/**
 * struct expected - an expected record
 * @end: its connection's end
 * @want: the record; for a verdict only @want.kind is set
 * @verdict: for FACT_END
 * @pid: of the child
 */
struct expected {
	struct net_end end;
	struct want want;
	struct verdict verdict;
	uint32_t pid;
};

/**
 * struct counter - a counter of the kernel and of the module
 * @name: as in the file reconcile
 */
struct counter {
	char name[32];
	long kernel, ours;
};

#define RUN_COUNTERS 16

/**
 * struct run - one close in one family; shared by the child and its parent
 * @family: IPv4 or IPv6
 * @netns: inode number of the namespace; 0 until the child has it
 * @resends: how many unexpected retransmissions there were
 * @expects_resends: the close is about retransmissions
 * @unable: why this kernel cannot make such a close
 * @expected: the expected records; the child fills it
 * @nr_counters, @nr_differing: of the namespace; those that differ come first
 * @peer: the child's other end
 * @record: the actual records; the parent fills it
 */
struct run {
	enum net_family family;
	uint32_t netns;
	long resends;
	bool expects_resends;
	char unable[80];
	unsigned int nr_expected;
	struct expected expected[RUN_WANTS];
	unsigned int nr_counters, nr_differing;
	struct counter counter[RUN_COUNTERS];
	struct peer peer;
	unsigned int nr_records;
	bool overrun;
	struct fact record[RUN_RECORDS];
};

/**
 * struct close_kind - a kind of close
 * @name: for people
 * @make: makes it, in the child
 * @peer: needs a TUN device; without, over loopback
 * @seconds: how long it waits for a timer, if long
 */
struct close_kind {
	const char *name;
	void (*make)(struct run *run);
	bool peer;
	unsigned int seconds;
};

extern const struct close_kind close_kinds[];
#define CLOSE_KINDS_MAX 64
extern const unsigned int nr_close_kinds;

/* In the child: make the close, and exit. */
[[gnu::noreturn]] void run_child(const struct close_kind *kind, struct run *run);

/* Add expected records of that end. */
void run_expect(struct run *run, const struct net_end *end, const struct want *want,
		unsigned int nr);
void run_expect_verdict(struct run *run, const struct net_end *end,
			const struct verdict *verdict);

/* Wait until the end is a minisock in that state; until the end has no minisock. */
void run_await_minisock(const struct net_end *end, uint8_t state);
void run_await_gone(const struct net_end *end, unsigned int patience);

/* Kill the socket as ss -K does; if the kernel can't, the run ends here. */
void run_destroy(struct run *run, const struct net_end *end);

#define EXPECT(run, end, ...) do {						\
	const struct want want_[] = { __VA_ARGS__ };				\
	run_expect(run, end, want_, ARRAY_SIZE(want_));				\
} while (0)

#endif
