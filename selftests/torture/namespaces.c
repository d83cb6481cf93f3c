// SPDX-License-Identifier: GPL-2.0
/*
 * Network namespaces are created and destroyed, with connections in each state of
 * teardown, and with readers inside.
 *
 * Shows: a reader of /proc that outlives everything else in its namespace still sees that
 * namespace and no other; reconcile and summary, which walk all namespaces, are read
 * meanwhile; remaining connections end with their namespace, and at the end none is
 * tracked.
 *
 * Needs: root, debugfs; it loads the module again.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/files.h"
#include "lib/ktap.h"
#include "lib/torture.h"
#include "lib/traffic.h"

#define PROC "/proc/self/net/tcp_teardown/"

static const char * const names[] = { "summary", "latency", "connections" };

/*
 * Read all of it, in small pieces: the text, or each connection in it, is of that
 * namespace.
 */
static bool read_own(int fd, uint32_t inode, int bite)
{
	char text[65536], head[32], *line;
	size_t len = 0;
	ssize_t got;

	lseek(fd, 0, SEEK_SET);
	while (len < sizeof(text) - 1) {
		got = read(fd, text + len, bite < (int)(sizeof(text) - 1 - len) ? bite : 1);
		if (got <= 0)
			break;
		len += got;
	}
	text[len] = '\0';
	if (strncmp(text, "# tcp_teardown 2 connections", 28)) {
		snprintf(head, sizeof(head), " of netns %u\n", inode);
		line = strstr(text, head);
		return line && line < strchr(text, '\n');
	}
	snprintf(head, sizeof(head), "%u ", inode);
	for (line = text; (line = strchr(line, '\n')) && *++line;)
		if (*line != '#' && strchr(line, '\n') && strncmp(line, head, strlen(head)))
			return false;
	return len > 0;
}

/*
 * A namespace's life. Files that were opened in it are read after the process has left
 * it.
 */
static void live(unsigned int random)
{
	int fds[3], listeners[2];
	uint32_t inode;
	unsigned int i;
	bool right = true;

	net_new();
	inode = net_inode();
	traffic_listen(listeners);
	for (i = 0; i < 3; i++) {
		char path[64];

		snprintf(path, sizeof(path), PROC "%s", names[i]);
		fds[i] = open(path, O_RDONLY | O_CLOEXEC);
		right &= fds[i] >= 0;
	}
	for (i = 0; i < 20 + random % 40; i++) {
		traffic_one(random + i, listeners);
		right &= read_own(fds[i % 3], inode, 1 + random % 700);
	}
	if (random % 2) {	/* then only files and minisocks hold it */
		close(listeners[0]);
		close(listeners[1]);
		net_new();
	}
	for (i = 0; i < 6; i++)
		right &= read_own(fds[i % 3], inode, 1 + random % 99);
	_exit(!right);
}

/* Half of them are killed at a random moment. */
static void namespace(struct actor *a)
{
	unsigned int random = torture_random(a, 1 << 30);
	pid_t pid = fork();
	int status;

	if (!pid)
		live(random);
	if (random % 4 == 3) {
		usleep(random % 50000);
		kill(pid, SIGKILL);
	}
	if (CHECK(pid > 0 && waitpid(pid, &status, 0) == pid, "no process"))
		CHECK(!status || (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL),
		      "a namespace saw what is not its own, or nothing: status %x", status);
}

static void walk(struct actor *a)
{
	static const char * const files[] = { "reconcile", "summary", "latency", "connections" };

	free(files_text(ALL_CPUS, files[torture_random(a, 4)]));
}

static void baseline(struct actor *a)
{
	files_write(ALL_CPUS, "hooks", torture_random(a, 2) ? "+resets" : "-resets");
}

static bool is_forgotten(void)
{
	char *text = files_text(ALL_CPUS, "stats");
	bool none = strstr(text, "connections_now ") &&
		    !strtoul(strstr(text, "connections_now ") + 16, NULL, 10);

	free(text);
	return none;
}

int main(void)
{
	struct actor actors[] = {
		{ .name = "namespaces", .turn = namespace },
		{ .name = "namespaces", .turn = namespace },
		{ .name = "namespaces", .turn = namespace },
		{ .name = "namespaces", .turn = namespace },
		{ .name = "walk", .turn = walk },
		{ .name = "new baseline", .turn = baseline, .rest = 500 },
	};
	struct net_wait wait = { };

	files_start();
	ktap_plan(2);
	torture_load("");
	torture_run(actors, ARRAY_SIZE(actors), 2);
	while (!is_forgotten() && net_wait(&wait))
		;
	CHECK(is_forgotten(), "connections of namespaces that went are remembered");
	files_write(ALL_CPUS, "hooks", "+resets");
	ktap_result("namespaces come and go, with readers inside");
	torture_end();
	return ktap_exit();
}
