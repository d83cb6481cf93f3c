// SPDX-License-Identifier: GPL-2.0
#include "findings.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "options.h"

/* The doctor is at work in this part of the time at most, and begins at most so often. */
#define SHARE		10
#define RUN_EVERY	(5 * NSEC_PER_SEC)

/* "LEAK   CLOSE_WAIT 6, oldest 3 h      certain" is "LEAK CLOSE_WAIT 6, oldest 3 h (certain)". */
static void take_finding(struct findings *findings, const char *line)
{
	const char *certainty = strrchr(line, ' ') + 1;
	const char *end = certainty;
	int word = strcspn(line, " "), blanks = strspn(line + word, " ");

	while (end[-1] == ' ')
		end--;
	line += word + blanks;
	snprintf(findings->text[findings->nr++], FINDING_LEN, "%.*s %.*s (%s)", word,
		 line - word - blanks, (int)(end - line), line, certainty);
}

/* Of the doctor's text the first line of each finding, and what it says of itself. */
static void take_line(struct findings *findings, const char *line)
{
	static const char myself[] = "tcp-teardown: ";

	if (!strncmp(line, "# not seen: ", 12))
		findings->not_seen++;
	else if (!strncmp(line, myself, strlen(myself)))
		snprintf(findings->failed, sizeof(findings->failed), "%s", line + strlen(myself));
	else if (isupper((unsigned char)*line) && strchr(line, ' ') &&
		 strncmp(line, "FINE ", 5) && findings->nr < FINDINGS)
		take_finding(findings, line);
}

static void take_bytes(struct findings_run *run, const char *bytes, size_t len)
{
	for (; len; bytes++, len--) {
		if (*bytes != '\n') {
			/* What is too long is cut. */
			if (run->len < sizeof(run->line) - 1)
				run->line[run->len++] = *bytes;
			continue;
		}
		run->line[run->len] = '\0';
		take_line(&run->so_far, run->line);
		run->len = 0;
	}
}

/* Signals are as they were before live took them, and keys are not for it. */
static int spawn(struct findings_run *run, const struct options *options, int to)
{
	const char * const argv[] = {
		"tcp-teardown", "doctor", "-d", options->directory,
		options->root ? "--root" : NULL, options->root, NULL
	};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none, to_default;
	int error;

	sigemptyset(&none);
	sigemptyset(&to_default);
	sigaddset(&to_default, SIGINT);
	sigaddset(&to_default, SIGPIPE);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &to_default);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, to, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&files, to, STDERR_FILENO);
	error = posix_spawn(&run->pid, "/proc/self/exe", &files, &attributes,
			    (char * const *)argv, environ);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	return error;
}

static void finish(struct findings_run *run)
{
	close(run->fd);
	run->fd = -1;
	waitpid(run->pid, NULL, 0);
	run->pid = 0;
	run->so_far.known = true;
	run->latest = run->so_far;
	run->next = now() + SHARE * (now() - run->began);
	if (run->next < run->began + RUN_EVERY)
		run->next = run->began + RUN_EVERY;
}

static void fail(struct findings_run *run, int error)
{
	run->latest = (struct findings) { .known = true };
	snprintf(run->latest.failed, sizeof(run->latest.failed), "%s", strerror(error));
	run->next = now() + RUN_EVERY;
}

static void begin(struct findings_run *run, const struct options *options)
{
	int fds[2], error;

	run->began = now();
	run->len = 0;
	run->so_far = (struct findings) { };
	if (pipe2(fds, O_CLOEXEC)) {
		fail(run, errno);
		return;
	}
	error = spawn(run, options, fds[1]);
	close(fds[1]);
	run->fd = fds[0];
	if (!error)
		return;
	run->pid = 0;
	close(run->fd);
	run->fd = -1;
	fail(run, error);
}

/* False: there is nothing now. */
static bool take(struct findings_run *run)
{
	char bytes[4096];
	ssize_t len = read(run->fd, bytes, sizeof(bytes));

	if (len < 0 && errno == EINTR)
		return true;
	if (len < 0 && errno == EAGAIN)
		return false;
	if (len > 0)
		take_bytes(run, bytes, len);
	else
		finish(run);
	return run->pid;
}

bool findings_poll(struct findings_run *run, const struct options *options)
{
	if (run->pid) {
		while (take(run))
			;
		return !run->pid;
	}
	if (now() < run->next)
		return false;
	begin(run, options);
	if (run->pid)
		fcntl(run->fd, F_SETFL, O_NONBLOCK);
	return !run->pid;
}

void findings_wait(struct findings_run *run, const struct options *options)
{
	begin(run, options);
	while (run->pid)
		take(run);
}

void findings_stop(struct findings_run *run)
{
	if (!run->pid)
		return;
	/* It has nothing to put in order. */
	kill(run->pid, SIGKILL);
	finish(run);
}
