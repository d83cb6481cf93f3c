// SPDX-License-Identifier: GPL-2.0
/*
 * How "connections" names the closer when its process has exited.
 *
 * A child shuts one end down and exits; then another process gets its pid. A thread with
 * its own name shuts one down; so does a thread of a process whose main thread has ended.
 *
 * Shows: a live closer is listed with its pid and process name, and with the thread's
 * name; a closer that has exited, waited for or not, with no pid and (NAME), even if
 * another process now has the pid; a reader in another pid namespace sees nothing of a
 * closer that has exited.
 *
 * Needs: the module; root; ns_last_pid (CONFIG_CHECKPOINT_RESTORE).
 */
#include <fcntl.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/ktap.h"
#include "lib/listed.h"
#include "lib/module.h"
#include "lib/net.h"

#define LAST_PID "/proc/sys/kernel/ns_last_pid"
#define TRIES 50

static void check_closer(const struct net_end *end, const char *pid, const char *comm,
			 const char *rest)
{
	struct listed at = listed_of(end->cookie);

	CHECK(!strcmp(at.pid, pid), "pid %s, not %s", at.pid, pid);
	CHECK(!strcmp(at.comm, comm), "comm %s, not %s", at.comm, comm);
	CHECK(!strcmp(at.rest, rest), "\"%s\", not \"%s\"", at.rest, rest);
}

/* A child with that name shuts down, then waits for a signal to exit, or does not. */
static pid_t child_shuts(const struct net_end *end, const char *name)
{
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, name);
		shutdown(end->fd, SHUT_WR);
		pause();
	}
	REQUIRE(pid > 0, "no child");
	net_await_state(end, TCP_FIN_WAIT2);
	return pid;
}

static void await_zombie(pid_t pid)
{
	siginfo_t info;

	REQUIRE(!waitid(P_PID, pid, &info, WEXITED | WNOWAIT), "it does not end");
}

/* Make a process with the unused number @pid; 0: it could not get it. */
static pid_t stranger(pid_t pid)
{
	char last[16];
	pid_t child;
	int fd, len, i;

	for (i = 0; i < TRIES; i++) {
		fd = open(LAST_PID, O_WRONLY);
		len = snprintf(last, sizeof(last), "%d", pid - 1);
		REQUIRE(fd >= 0 && write(fd, last, len) == len, LAST_PID);
		close(fd);
		child = fork();
		if (!child) {
			prctl(PR_SET_NAME, "stranger");
			pause();
		}
		if (child == pid)
			return child;
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	return 0;
}

static void test_gone(void)
{
	struct net_end client, server;
	char number[16];
	pid_t pid, other;

	net_pair(NET_IPV4, &client, &server);
	pid = child_shuts(&client, "leaver");
	snprintf(number, sizeof(number), "%d", pid);
	check_closer(&client, number, "leaver", "");
	kill(pid, SIGKILL);
	await_zombie(pid);
	check_closer(&client, "-", "(leaver)", "");
	ktap_result("a zombie counts as gone");
	waitpid(pid, NULL, 0);
	check_closer(&client, "-", "(leaver)", "");
	ktap_result("a process that is gone has no pid, and its name is marked");
	other = stranger(pid);
	CHECK(other, "%d is given to nobody", pid);
	check_closer(&client, "-", "(leaver)", "");
	ktap_result("a process that reuses the pid is not shown");
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
}

static void *thread_shuts(void *arg)
{
	const struct net_end *end = arg;

	prctl(PR_SET_NAME, "a thread");
	shutdown(end->fd, SHUT_WR);
	return NULL;
}

static void test_thread(void)
{
	struct net_end client, server;
	pthread_t thread;
	char number[16];

	net_pair(NET_IPV4, &client, &server);
	REQUIRE(!pthread_create(&thread, NULL, thread_shuts, &client), "no thread");
	pthread_join(thread, NULL);
	net_await_state(&client, TCP_FIN_WAIT2);
	snprintf(number, sizeof(number), "%d", getpid());
	check_closer(&client, number, "closer_gone", " thread=a_thread");
	ktap_result("a thread is shown with its own name and that of its process");
}

static void *outlive(void *arg)
{
	thread_shuts(arg);
	pause();
	return NULL;
}

static void test_leader(void)
{
	struct net_end client, server;
	pthread_t thread;
	char number[16];
	pid_t pid;

	net_pair(NET_IPV4, &client, &server);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, "leader");
		REQUIRE(!pthread_create(&thread, NULL, outlive, &client), "no thread");
		pthread_exit(NULL);
	}
	net_await_state(&client, TCP_FIN_WAIT2);
	usleep(100000);
	snprintf(number, sizeof(number), "%d", pid);
	check_closer(&client, number, "leader", " thread=a_thread");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	check_closer(&client, "-", "(leader)", " thread=a_thread");
	ktap_result("a process is alive while one of its threads is");
}

/* It has CAP_NET_ADMIN, in the same network namespace. */
static void test_elsewhere(void)
{
	struct net_end client, server;
	int status;
	pid_t pid;

	net_pair(NET_IPV4, &client, &server);
	pid = child_shuts(&client, "leaver");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	pid = fork();
	if (!pid) {
		REQUIRE(!unshare(CLONE_NEWPID), "no pid namespace");
		pid = fork();
		if (!pid) {
			check_closer(&client, "-", "-", "");
			_exit(ktap_case_failed());
		}
		_exit(waitpid(pid, &status, 0) != pid || status);
	}
	CHECK(waitpid(pid, &status, 0) == pid && !status, "status %x", status);
	ktap_result("in another pid namespace a process that is gone has no name");
}

int main(void)
{
	module_need();
	if (access(LAST_PID, W_OK))
		ktap_skip_all("no ns_last_pid");
	net_new();
	ktap_plan(6);
	test_gone();
	test_thread();
	test_leader();
	test_elsewhere();
	return ktap_exit();
}
