/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The module's files in debugfs, and a source of a known number of records: each
 * shutdown(SHUT_RD) of an open connection makes exactly one.
 */
#ifndef SELFTESTS_FILES_H
#define SELFTESTS_FILES_H

#include <stddef.h>
#include <tcp_teardown.h>

#include "net.h"

/* In place of a CPU's number. */
#define ALL_CPUS (-1)
#define RECORD_SIZE sizeof(struct tcp_teardown_record)
#define HEADER_SIZE sizeof(struct tcp_teardown_header)
/* The smallest ring: 4 KiB. */
#define SMALLEST_KB 4
#define SMALLEST (SMALLEST_KB * 1024 / (int)RECORD_SIZE)

/* The figures of a stats file. */
struct account {
	unsigned long long written, read, pending, overwritten, dropped, filtered;
};

/*
 * Begin: the module is loaded, the test is alone in its own namespace, no other records
 * come, the settings are the defaults, and no connection is held.
 */
void files_start(void);
/*
 * CHECK that the kernel's counter equals the module's in each line of a namespace in
 * which reconcile says "=". Return: how many lines.
 */
unsigned int files_check_reconcile(uint32_t netns);

/* In how many of these lines the counters differ. */
unsigned int files_reconcile_differs(uint32_t netns);
/* Wait until no connection is held and no record comes. */
void files_settle(void);
/* Restore the settings and drop the held connections. */
void files_reset(void);

int files_open(int cpu, const char *name, int flags);
/* Write it: 0, or errno. */
int files_write(int cpu, const char *name, const char *text);
void files_set(const char *name, unsigned int value);
unsigned int files_get(const char *name);
void files_clear(int cpu);
/* All of the file; to be freed. */
char *files_text(int cpu, const char *name);

/* hook, group, kind and status of each hook, without its hits; to be freed. */
char *files_hooks(void);

struct account files_account(int cpu);
/* One figure of the file "stats" of all CPUs. */
unsigned long long files_stat(const char *name);
/* CHECK that the account has exactly these figures, and adds up. */
bool files_check_account(int cpu, struct account want);

/* Open trace_pipe_raw; the header has been read and CHECKed. */
int files_open_raw(int cpu, int flags);
/* Read raw records, of known kinds, without blocking. Return: how many. */
int files_take(int cpu, struct tcp_teardown_record *to, int max);

/* Does the kernel's log have that text since log_mark()? */
long log_mark(void);
bool log_has(long since, const char *text);
/* How often? */
unsigned int log_count(long since, const char *text);

/* Write it to any file, with these flags besides: 0, or errno, of open() too. */
int write_text(const char *path, const char *text, int flags);

void pin(int cpu);
int online_cpus(void);
/* Take a CPU offline or online: 0, or errno. */
int cpu_plug(int cpu, bool online);

/* Open connections, half of them IPv6, that make records one by one. */
#define SOURCES 7

struct source {
	struct net_end end[SOURCES], peer[SOURCES];
	unsigned int made;
};

void source_open(struct source *source);
/* Make so many records on this CPU; the nth of all belongs to end[n % SOURCES]. */
void source_make(struct source *source, unsigned int records);
uint64_t source_cookie(const struct source *source, unsigned int nth);
/* Close by reset, so that no minisock is left. */
void source_close(struct source *source);

#endif
