/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Compares what was captured of many connections between A and B with the records, for
 * each end separately.
 */
#ifndef SELFTESTS_JUDGE_H
#define SELFTESTS_JUDGE_H

#include <stddef.h>

#include "capture.h"
#include "fact.h"
#include "wire.h"

/* The judgement on a segment or a record; judge.c explains them. */
enum verdict {
	/* Received: in the capture and recorded. */
	VERDICT_FIN,
	VERDICT_FIN_BACKLOG,
	VERDICT_FIN_INFERRED,
	VERDICT_RST,
	VERDICT_RST_CLOSING,
	VERDICT_RST_MINISOCK,
	VERDICT_OTHER,
	VERDICT_OTHER_BACKLOG,
	/* Sent: the same. */
	VERDICT_FIN_SENT,
	VERDICT_FIN_SENT_LATER,
	VERDICT_FIN_RESENT,
	VERDICT_FIN_LEFT,
	VERDICT_RST_SENT,
	VERDICT_RST_REPLY,
	/* Only in the capture. */
	VERDICT_FIN_EARLY,
	VERDICT_FIN_NO_SOCKET,
	VERDICT_FIN_NO_WINDOW,
	VERDICT_FIN_OLD,
	VERDICT_RST_REFUSED,
	VERDICT_RST_NO_SOCKET,
	VERDICT_RST_OVERTAKEN,
	/* Only in the records. */
	VERDICT_FIN_KEPT,
	/* Errors. */
	VERDICT_UNLOGGED,
	VERDICT_UNSEEN,
	VERDICTS
};

extern const char * const verdict_names[VERDICTS];

/* A segment at one end. */
struct sighting {
	struct segment segment;
	uint64_t time;			/* ns, CLOCK_MONOTONIC; when it reached TCP */
	unsigned int conn, end, order;
	bool answered;			/* by a RST that no socket has sent */
	bool gone;			/* to be ignored, as if it was not captured */
	const struct fact *by[FACT_KINDS]; /* the facts that describe it */
};

/* A record, which is a fact (see fact.h), at one end. */
struct logged {
	struct fact record;
	unsigned int conn, end;
	bool gone;
	enum verdict verdict;
};

struct evidence {
	struct sighting *sightings;
	size_t nr_sightings;
	struct logged *logged;
	size_t nr_logged;
	uint64_t slack;			/* ns, by which the two clocks may differ */
};

/* Begin: both sorted by connection and end. */
void evidence_sort(struct evidence *evidence);

/* Count the judgements; print errors, at most "tell". */
void judge(struct evidence *evidence, unsigned long *verdicts, unsigned int tell);

#endif
