// SPDX-License-Identifier: GPL-2.0
/*
 * usage: check_kernel [-q]
 *
 * Makes each kind of close in its own network namespace and compares the records with
 * what was done. scripts/check-kernel loads tcp_teardown with all hook groups and runs
 * this program.
 *
 *   -q   leave out the end of a TIME_WAIT by its timer, which takes a minute
 *
 * The exit status is 0 if all records are right, 1 if not, 2 if the check was not
 * possible.
 *
 * Needs: root; debugfs; a TUN device.
 */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collect.h"
#include "findings.h"
#include "lib/peer.h"
#include "report.h"

/* Records of a removed namespace come when the kernel cleans it up. */
#define PATIENCE_S 10
#define PATIENCE_ICOUNT_S 20
#define PATIENCE_SHORT_S 1
#define ATTEMPTS 3
#define FAULTS_SHOWN 4
#define CLOSE_FAMILIES 2

enum result { RIGHT, FAULTY, UNABLE, NOT_MADE, IMPOSSIBLE };

/**
 * struct attempt - a close in progress, or completed
 * @pid: of the child that makes it
 * @said: the file with its output
 * @status: its exit status
 */
struct attempt {
	const struct close_kind *kind;
	struct run *run;
	int pid, said, status;
	enum result result;
	char why[256];
};

static struct attempt attempts[CLOSE_KINDS_MAX][CLOSE_FAMILIES];
static struct judgement judgement;
static bool quick, has_peer, has_ipv6;

[[gnu::format(printf, 1, 2), gnu::noreturn]]
static void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("could not be checked: ");
	vprintf(format, args);
	printf("\n");
	va_end(args);
	exit(EXIT_UNKNOWN);
}

static void start(struct attempt *attempt)
{
	enum net_family family = attempt->run->family;

	memset(attempt->run, 0, sizeof(*attempt->run));
	attempt->run->family = family;
	attempt->said = memfd_create("said", 0);
	*attempt->why = '\0';
	collect_watch(attempt->run);
	fflush(stdout);
	attempt->pid = fork();
	if (attempt->pid < 0)
		die("no process: %s", strerror(errno));
	if (attempt->pid)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(attempt->said, STDOUT_FILENO);
	run_child(attempt->kind, attempt->run);
}

static void nap(void)
{
	usleep(1000);
	collect();
}

static bool has_ended(struct attempt *attempt)
{
	return waitpid(attempt->pid, &attempt->status, WNOHANG) == attempt->pid;
}

/* The last complaint that the child printed. */
static void last_words(struct attempt *attempt)
{
	char text[2048] = "", *line, *rest;

	if (pread(attempt->said, text, sizeof(text) - 1, 0) <= 0)
		snprintf(text, sizeof(text), "# ended with status %x", attempt->status);
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (*line == '#' && !strstr(line, "can't go on: Success"))
			snprintf(attempt->why, sizeof(attempt->why), "%s", line + 2);
}

static void await_records(const struct run *run)
{
	static bool hurry;
	struct net_wait wait = { .patience = PATIENCE_S };

	if (net_time_is_skipped())
		wait.patience = PATIENCE_ICOUNT_S;
	if (hurry)
		wait.patience = PATIENCE_SHORT_S;
	while (!judge_is_complete(run)) {
		collect();
		if (net_wait(&wait))
			continue;
		hurry = true;
		break;
	}
	/* Wrong records may still arrive. */
	net_settle();
	nap();
	nap();
}

/* Called when its child has ended. */
static void judge(struct attempt *attempt)
{
	struct run *run = attempt->run;

	memset(&judgement, 0, sizeof(judgement));
	if (!attempt->status && !*run->unable) {
		await_records(run);
		judge_run(run, &judgement);
		attempt->result = judgement.nr_faults ? FAULTY : RIGHT;
	} else if (!attempt->status) {
		attempt->result = UNABLE;
		snprintf(attempt->why, sizeof(attempt->why), "%s", run->unable);
	} else {
		attempt->result = NOT_MADE;
		last_words(attempt);
	}
	collect_unwatch(run);
	close(attempt->said);
}

/* A busy host retransmits segments, which no close expects. */
static bool was_disturbed(const struct attempt *attempt)
{
	const struct run *run = attempt->run;

	return attempt->result == NOT_MADE ||
	       (attempt->result == FAULTY && run->resends && !run->expects_resends);
}

static void finish(struct attempt *attempt)
{
	while (!has_ended(attempt))
		nap();
	judge(attempt);
}

/* A fault beside an unexpected retransmission does not prove a fault of the module. */
static void excuse(struct attempt *attempt)
{
	if (attempt->result != FAULTY)
		return;
	attempt->result = NOT_MADE;
	snprintf(attempt->why, sizeof(attempt->why),
		 "TCP has sent something again each time, this host is too busy");
	memset(&judgement, 0, sizeof(judgement));
}

static void make(struct attempt *attempt)
{
	unsigned int i;

	for (i = 0; i < ATTEMPTS; i++) {
		start(attempt);
		finish(attempt);
		if (!was_disturbed(attempt))
			return;
	}
	excuse(attempt);
}

static bool is_possible(struct attempt *attempt)
{
	if (attempt->run->family == NET_IPV6 && !has_ipv6) {
		attempt->result = IMPOSSIBLE;
		return false;
	}
	if (!attempt->kind->peer || has_peer)
		return true;
	attempt->result = NOT_MADE;
	return false;
}

static const char *word(const struct attempt *attempt)
{
	static const char * const words[] = {
		[RIGHT] = "ok", [FAULTY] = "WRONG", [UNABLE] = "-", [NOT_MADE] = "not made",
		[IMPOSSIBLE] = "-",
	};

	return words[attempt->result];
}

static void tell_faults(const struct attempt *attempt, const struct judgement *j)
{
	const char *family = net_family_names[attempt->run->family];
	unsigned int i;

	if (*attempt->why)
		printf("    %s: %s\n", family, attempt->why);
	for (i = 0; i < j->nr_faults && i < FAULTS_SHOWN; i++)
		printf("    %s: %s\n", family, j->faults[i].text);
	if (j->nr_faults > FAULTS_SHOWN)
		printf("    %s: ... and %u more\n", family, j->nr_faults - FAULTS_SHOWN);
}

/* Show a fault once if both families have it and only the numbers differ. */
static void tell_both(const struct attempt *pair, const struct judgement *judged)
{
	bool same = judged[0].nr_faults && judged[0].nr_faults == judged[1].nr_faults &&
		    !memcmp(judged[0].right, judged[1].right, sizeof(judged[0].right));

	tell_faults(&pair[0], &judged[0]);
	if (same)
		printf("    IPv6: the same\n");
	else
		tell_faults(&pair[1], &judged[1]);
}

static void add(const struct attempt *attempt)
{
	if (attempt->result == UNABLE)
		report_unable(attempt->why);
	else if (attempt->result == NOT_MADE)
		report_not_made(attempt->kind->name, *attempt->why ? attempt->why :
				"there is no /dev/net/tun (CONFIG_TUN)");
	else
		findings_add(&judgement);
}

/* In both families; do_it() makes the close, or waits for its end. */
static void each_family(struct attempt *pair, void (*do_it)(struct attempt *attempt))
{
	struct judgement judged[CLOSE_FAMILIES] = { };
	unsigned int i;

	for (i = 0; i < CLOSE_FAMILIES; i++) {
		if (is_possible(&pair[i])) {
			do_it(&pair[i]);
			judged[i] = judgement;
		}
		if (pair[i].result != IMPOSSIBLE)
			add(&pair[i]);
	}
	printf("%-50s %-9s %s\n", pair[0].kind->name, word(&pair[0]), word(&pair[1]));
	tell_both(pair, judged);
	fflush(stdout);
}

/* A kind that waits for a timer was started with the others. */
static void await_timer(struct attempt *attempt)
{
	double begun = net_now();
	bool tty = isatty(STDOUT_FILENO);

	while (!has_ended(attempt)) {
		if (tty)
			printf("\rwaiting for the timer: %2.0f s ", net_now() - begun);
		fflush(stdout);
		nap();
	}
	if (tty)
		printf("\r%40s\r", "");
	judge(attempt);
	if (was_disturbed(attempt))
		excuse(attempt);
}

static void prepare(void)
{
	struct run *runs = mmap(NULL, nr_close_kinds * CLOSE_FAMILIES * sizeof(*runs),
				PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned int i, family;

	if (runs == MAP_FAILED)
		die("no memory");
	for (i = 0; i < nr_close_kinds; i++)
		for (family = 0; family < CLOSE_FAMILIES; family++, runs++) {
			runs->family = family;
			attempts[i][family] = (struct attempt){
				.kind = &close_kinds[i], .run = runs,
			};
		}
}

static void make_all(void)
{
	unsigned int i, family;

	for (i = 0; i < nr_close_kinds; i++)
		for (family = 0; family < CLOSE_FAMILIES; family++)
			if (close_kinds[i].seconds && !quick && is_possible(&attempts[i][family]))
				start(&attempts[i][family]);
	for (i = 0; i < nr_close_kinds; i++)
		if (!close_kinds[i].seconds)
			each_family(attempts[i], make);
	for (i = 0; i < nr_close_kinds; i++)
		if (close_kinds[i].seconds && !quick)
			each_family(attempts[i], await_timer);
}

static bool ipv6_is_possible(void)
{
	int fd = socket(AF_INET6, SOCK_STREAM, 0);

	close(fd);
	return fd >= 0;
}

int main(int argc, char **argv)
{
	static struct hook_file before, after;

	if (argc == 2 && !strcmp(argv[1], "-h"))
		return !printf("usage: %s [-q]; see scripts/check-kernel\n", argv[0]);
	quick = argc == 2 && !strcmp(argv[1], "-q");
	if (argc != 1 + quick)
		die("usage: %s [-q]", argv[0]);
	if (!hook_file_read(&before))
		die("no " DEBUGFS_DIR "/hooks: %s", strerror(errno));
	if (!collect_start())
		die("the records can't be read: %s", strerror(errno));
	has_peer = peer_possible();
	has_ipv6 = ipv6_is_possible();
	findings_start(&before, has_ipv6);
	prepare();
	printf("%-50s %-9s %s\n", "close", "IPv4", "IPv6");
	make_all();
	if (!hook_file_read(&after))
		die("no " DEBUGFS_DIR "/hooks: %s", strerror(errno));
	return report_end(&after, collect_lost());
}
