/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A record describes a moment: a close() with its transition and the FIN that it queues.
 * A fact is one of these. The tests list facts, in the order in which they happen.
 */
#ifndef SELFTESTS_FACT_H
#define SELFTESTS_FACT_H

#include <stdbool.h>
#include <tcp_teardown.h>

enum fact_kind {
	FACT_CALL = 1,
	FACT_STATE,
	FACT_SEGMENT,
	FACT_RESET,
	FACT_TIMEWAIT,
	FACT_END,		/* the verdict */
	FACT_CONNECT,
	FACT_KINDS
};

/* .what of FACT_SEGMENT: enum tcp_teardown_segment, and a FIN that is queued */
enum fact_segment {
	FACT_SEG_RCV = TCP_TEARDOWN_SEG_RCV,
	FACT_SEG_RCV_DUP = TCP_TEARDOWN_SEG_RCV_DUP,
	FACT_SEG_RCV_OOO = TCP_TEARDOWN_SEG_RCV_OOO,
	FACT_SEG_RESEND = TCP_TEARDOWN_SEG_RESEND,
	FACT_SEG_LEFT = TCP_TEARDOWN_SEG_LEFT,
	FACT_SEG_ACK = TCP_TEARDOWN_SEG_ACK,
	FACT_SEG_QUEUE = TCP_TEARDOWN_SEGMENTS,
};

/* The most facts in one record. */
#define FACTS_MAX 6

/**
 * struct fact - one event of a record
 * @order: its place in the record
 * @kind: enum fact_kind
 * @what: the record's enum for this kind; for FACT_END enum tcp_teardown_how; close() at
 * the exit of the process is TCP_TEARDOWN_CLOSE
 * @new_state: for FACT_STATE; otherwise as @old_state
 * @flags: the record's; F_MINISOCK if a minisock is the source of this fact
 * @merged: @seq, @ack and @window are unknown: the record has those of its segment
 *
 * The rest is as in struct tcp_teardown_record.
 */
struct fact {
	__u64 number, time, cookie;
	__u8  local[16], peer[16];
	__u32 netns;
	__u16 local_port, peer_port, cpu;
	__u32 seq, ack, window, flags;
	__u8  order, kind, what, old_state, new_state, family, tcp_flags;
	bool merged;
	struct {
		bool exit;
		__u32 pid, unread, unsent, linger;
		__u8  comm[TCP_TEARDOWN_COMM_LEN], thread[TCP_TEARDOWN_COMM_LEN];
	} call;
	struct {
		__u64 spent;
	} state;
	struct {
		__u32 len, unsent;
		__u8  wscale, tries;
	} segment;
	struct {
		__u16 reason;
	} reset;
	struct {
		__u64 age;
		__u32 timeout_ms;
	} timewait;
	struct {
		__u8  first, set_off, fins_resent, fins_again;
		__u32 pid;
		__u64 bytes, spent[TCP_TEARDOWN_SPENTS];
		__u8  comm[TCP_TEARDOWN_COMM_LEN];
	} end;
};

/* Split a record into its facts, in order. Return: how many; up to FACTS_MAX. */
unsigned int facts_of(const struct tcp_teardown_record *record, struct fact *facts);

/* Compare by time; within one CPU by the order of records. For qsort(). */
int fact_compare(const void *a, const void *b);

#endif
