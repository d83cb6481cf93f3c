/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The module's records of the test's own namespace, and the expected ones. Here and in
 * the tests a "record" is a fact: see fact.h.
 */
#ifndef SELFTESTS_RECORDS_H
#define SELFTESTS_RECORDS_H

#include <netinet/tcp.h>
#include <tcp_teardown.h>

#include "fact.h"
#include "net.h"
#include "stream.h"

#define DEBUGFS_DIR "/sys/kernel/debug/tcp_teardown"

#define RECORDS_MAX 256
#define RECORDS_CPUS 64

struct records {
	uint32_t netns;
	unsigned int cpus;
	int fds[RECORDS_CPUS];
	struct stream streams[RECORDS_CPUS];
	unsigned int nr_moments;
	struct tcp_teardown_record moments[RECORDS_MAX];
	unsigned int nr;
	struct fact records[RECORDS_MAX];
	unsigned int nr_ends;
	struct fact ends[RECORDS_MAX];
};

/*
 * "moments" are the records as read, "records" are their facts. Verdicts (FACT_END) are
 * kept apart; verdict.h checks them.
 */

/* Begin; discard earlier records. */
void records_start(struct records *records);

/* Take in the records of our namespace, sorted by time. */
void records_read(struct records *records);

void records_stop(struct records *records);

/* How many there are with that cookie. */
unsigned int records_count(const struct records *records, uint64_t cookie);

/*
 * Read until there are so many and their events are complete, or the time is up; 0: the
 * time limit of net_wait().
 */
void records_await(struct records *records, uint64_t cookie, unsigned int nr,
		   unsigned int patience);

/* The last one with that cookie. */
const struct fact *records_last(const struct records *records, uint64_t cookie);

void record_note(const struct fact *record, const char *why);

/* A counter of the namespace, from /proc/net/tcp_teardown/summary. */
unsigned long long records_counter(const char *name);

/*
 * Whether the hook of a received RST has the segment in each state. Before 5.12 it lacks
 * it in ESTABLISHED: the record is "inferred", without ACK and window.
 */
bool records_have_rst(void);

/* The kernel's own, from /proc/net/netstat: TcpExt. */
unsigned long long records_netstat(const char *name);

/**
 * struct want - an expected record
 *
 * Made by the macros below. The connection's end supplies the rest: addresses, ports,
 * family, netns, cookie. comm of a call is the test's, and so is pid if it is 0.
 */
struct want {
	uint8_t kind, what, old, new, flags;
	bool minisock, linger, inferred, adopted;
	uint32_t seq, ack, len, unread, unsent, tries, timeout_ms, linger_s, pid;
	uint16_t reason;
};

#define WANT_CALL(call, state, seq_, ack_, ...)				\
	{ .kind = FACT_CALL, .what = TCP_TEARDOWN_##call,	\
	  .old = TCP_##state, .new = TCP_##state,			\
	  .seq = (seq_), .ack = (ack_), ##__VA_ARGS__ }
#define WANT_STATE(from, to, seq_, ack_, ...)				\
	{ .kind = FACT_STATE, .old = TCP_##from, .new = TCP_##to, \
	  .seq = (seq_), .ack = (ack_), ##__VA_ARGS__ }
#define WANT_SEGMENT(what_, flags_, state, seq_, ack_, ...)		\
	{ .kind = FACT_SEGMENT, .what = FACT_SEG_##what_, \
	  .old = TCP_##state, .new = TCP_##state, .flags = (flags_),	\
	  .seq = (seq_), .ack = (ack_), ##__VA_ARGS__ }
#define WANT_RESET(what_, flags_, state, seq_, ack_, ...)		\
	{ .kind = FACT_RESET, .what = TCP_TEARDOWN_RST_##what_,	\
	  .old = TCP_##state, .new = TCP_##state, .flags = (flags_),	\
	  .seq = (seq_), .ack = (ack_), ##__VA_ARGS__ }
#define WANT_TIMEWAIT(what_, state, seq_, ack_, ...)			\
	{ .kind = FACT_TIMEWAIT, .what = TCP_TEARDOWN_TW_##what_, \
	  .old = TCP_##state, .new = TCP_##state, .minisock = true,	\
	  .seq = (seq_), .ack = (ack_), ##__VA_ARGS__ }
/* Recorded by the full socket that asked for a minisock. */
#define WANT_REFUSED(state, seq_, ack_)					\
	{ .kind = FACT_TIMEWAIT, .what = TCP_TEARDOWN_TW_REFUSED, \
	  .old = TCP_##state, .new = TCP_##state, .seq = (seq_), .ack = (ack_) }
#define BY_MINISOCK .minisock = true
#define REASON(word) .reason = TCP_TEARDOWN_REASON_##word
/* Merged: only the FIN's own number, seq + len, must be right. */
#define INFERRED .inferred = true

/*
 * CHECK that these, and no others, are the records with end's cookie, or, if that is 0,
 * the records without a cookie that have end's addresses and ports.
 */
void records_expect(struct records *records, const struct net_end *end,
		    const struct want *want, unsigned int nr);

#endif
