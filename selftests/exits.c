// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel closes the sockets of a process that exits. The record is that of close(),
 * and a flag says that the exit caused it, whether the process exits or is killed.
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/fixture.h"

#define UNREAD 77

static void go_by_exit(const struct net_end *end)
{
	(void)end;
	_exit(0);
}

static void go_by_signal(const struct net_end *end)
{
	(void)end;
	raise(SIGKILL);
}

static void go_by_close(const struct net_end *end)
{
	close(end->fd);
	_exit(0);
}

/* Only a child holds the end, with data unread; it ends in this way. */
static void leave(struct fixture *self, void (*go)(const struct net_end *end), bool exits)
{
	const struct fact *r = self->records.ends;
	struct net_end end, other;
	int status, pipes[2];
	char byte;
	pid_t pid;

	net_pair(self->family, &end, &other);
	net_send(&other, UNREAD);
	net_await_unread(&end, UNREAD);
	REQUIRE(!pipe(pipes), "no pipe");
	pid = fork();
	if (!pid) {
		close(pipes[1]);
		/* Until the parent has closed both. */
		go(read(pipes[0], &byte, 1) ? NULL : &end);
	}
	close(end.fd);
	close(pipes[0]);
	close(pipes[1]);
	REQUIRE(pid > 0 && waitpid(pid, &status, 0) == pid, "no child");
	fixture_verdict(self, &end, VERDICT(RESET_SENT, LOCAL, UNREAD, .pid = pid));
	while (r->cookie != end.cookie)
		r++;
	CHECK(!!(r->flags & TCP_TEARDOWN_F_EXIT) == exits, "flags 0x%x", r->flags);
	fixture_verdict(self, &other, VERDICT(RESET_RECEIVED, PEER, PEER, .no_owner = true));
	CHECK(records_counter("end=reset_sent,by=unread") ==
	      records_netstat("TCPAbortOnClose"), "the kernel counts others");
}

static void by_exit(struct fixture *self)
{
	leave(self, go_by_exit, true);
}

static void by_signal(struct fixture *self)
{
	leave(self, go_by_signal, true);
}

static void by_close(struct fixture *self)
{
	leave(self, go_by_close, false);
}

static const struct testcase testcases[] = {
	TESTCASE("_exit() with data unread", by_exit),
	TESTCASE("SIGKILL with data unread", by_signal),
	TESTCASE("close() with data unread, then _exit()", by_close),
};

int main(void)
{
	return testcases_run(testcases, ARRAY_SIZE(testcases));
}
