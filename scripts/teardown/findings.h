/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The doctor's findings beside a picture. Another process looks for them: that may take
 * seconds where there are many sockets, and enters each network namespace.
 */
#ifndef TEARDOWN_FINDINGS_H
#define TEARDOWN_FINDINGS_H

#include <sys/types.h>

#define FINDINGS	32
#define FINDING_LEN	160

struct options;

/**
 * struct findings - of the latest run
 * @known: a run has ended
 * @nr: of @text
 * @text: what was found: word, fact and certainty
 * @not_seen: what the doctor could not see, in lines
 * @failed: what went wrong; empty if nothing did
 */
struct findings {
	bool known;
	unsigned int nr;
	char text[FINDINGS][FINDING_LEN];
	u64 not_seen;
	char failed[FINDING_LEN];
};

/**
 * struct findings_run - a doctor at work, and what was found before
 * @pid: of the doctor; 0 if none is at work
 * @fd: what it prints; -1 if none is at work
 * @next: when to begin the next run
 * @began: when this one began
 * @len: of @line
 * @line: the last one, of which more may come
 * @so_far: by this run
 * @latest: by the one before
 */
struct findings_run {
	pid_t pid;
	int fd;
	u64 next;
	u64 began;
	size_t len;
	char line[512];
	struct findings so_far;
	struct findings latest;
};

/* Begin a run if it is time to, and take what has come, without waiting; true: a run ended. */
bool findings_poll(struct findings_run *run, const struct options *options);

/* One run, to its end. */
void findings_wait(struct findings_run *run, const struct options *options);

/* The doctor, if it is at work. */
void findings_stop(struct findings_run *run);

#endif
