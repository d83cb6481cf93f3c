// SPDX-License-Identifier: GPL-2.0
/*
 * A process is killed, and the kernel closes its sockets for it.
 *
 *	killed				other
 *	SIGKILL, FIN u ack v		FIN_WAIT1	> CLOSE_WAIT
 *	ACK v ack u+1			FIN_WAIT2	< (delayed)
 *	FIN w ack u+1			TIME_WAIT	< close, LAST_ACK
 *	ACK u+1 ack w+1					> CLOSE
 *
 * The killed process is the owner, with its pid, and its exit is the trigger. With unread
 * data it sends a RST instead of a FIN. In CLOSE_WAIT the other end closed first.
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW.
 */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/fixture.h"

#define UNREAD 777

/* A child that is the only holder of the end's socket, and does nothing. */
static pid_t leave_to_child(const struct net_end *end)
{
	pid_t pid = fork();

	if (!pid)
		for (;;)
			pause();
	REQUIRE(pid > 0, "no child");
	close(end->fd);
	return pid;
}

static void kill_child(pid_t pid)
{
	int status;

	REQUIRE(!kill(pid, SIGKILL) && waitpid(pid, &status, 0) == pid, "the child lives");
}

static void expect_killed(struct fixture *self, const struct net_end *end, pid_t pid)
{
	uint32_t u = end->snd_nxt, v = end->rcv_nxt;

	EXPECT_ROWS(self, end,
		    WANT_CALL(CLOSE, ESTABLISHED, u, v, .pid = pid),
		    WANT_STATE(ESTABLISHED, FIN_WAIT1, u, v),
		    WANT_SEGMENT(QUEUE, FIN | ACK, FIN_WAIT1, u, v),
		    ROWS_FIN_ACKED(u, v),
		    WANT_TIMEWAIT(BORN, FIN_WAIT2, u + 1, v),
		    ROWS_MINISOCK_FIN(u, v));
	fixture_leave(self);
	fixture_verdict(self, end, VERDICT(FOUR_WAY, LOCAL, EXIT, .pid = pid));
}

/* The process that ends in CLOSE_WAIT; 0: the test itself. */
static void expect_passive(struct fixture *self, const struct net_end *end, pid_t pid)
{
	uint32_t w = end->snd_nxt, u = end->rcv_nxt;

	EXPECT_ROWS(self, end,
		    ROWS_PEER_FIN(w, u),
		    WANT_CALL(CLOSE, CLOSE_WAIT, w, u + 1, .pid = pid),
		    WANT_STATE(CLOSE_WAIT, LAST_ACK, w, u + 1),
		    WANT_SEGMENT(QUEUE, FIN | ACK, LAST_ACK, w, u + 1),
		    ROWS_LAST_ACK(w, u));
	fixture_verdict(self, end, VERDICT(FOUR_WAY, PEER, PEER, .pid = pid));
}

static void established(struct fixture *self)
{
	struct net_end killed, other;
	pid_t pid;

	net_pair(self->family, &killed, &other);
	pid = leave_to_child(&killed);
	kill_child(pid);
	net_expect_eof(&other);
	fixture_await(self, &killed, 6);
	close(other.fd);
	expect_passive(self, &other, 0);
	expect_killed(self, &killed, pid);
}

static void close_wait(struct fixture *self)
{
	struct net_end killed, other;
	pid_t pid;

	net_pair(self->family, &killed, &other);
	CHECK(!shutdown(other.fd, SHUT_WR), "shutdown");
	net_await_state(&other, TCP_FIN_WAIT2);
	pid = leave_to_child(&killed);
	kill_child(pid);
	net_expect_eof(&other);
	close(other.fd);
	expect_passive(self, &killed, pid);
	fixture_leave(self);
	fixture_verdict(self, &other, VERDICT(FOUR_WAY, LOCAL, SHUTDOWN));
}

static void expect_unread(struct fixture *self, const struct net_end *end, pid_t pid)
{
	uint32_t u = end->snd_nxt, v = end->rcv_nxt;

	EXPECT_ROWS(self, end,
		    WANT_CALL(CLOSE, ESTABLISHED, u, v, .unread = UNREAD, .pid = pid),
		    WANT_STATE(ESTABLISHED, CLOSE, u, v),
		    WANT_RESET(SENT, RST | ACK, CLOSE, u, v, REASON(TCP_ABORT_ON_CLOSE)));
	fixture_verdict(self, end, VERDICT(RESET_SENT, LOCAL, UNREAD, .pid = pid));
}

static void expect_reset(struct fixture *self, const struct net_end *end)
{
	uint32_t v = end->snd_nxt, u = end->rcv_nxt;

	EXPECT_ROWS(self, end, ROWS_RESET_RECEIVED(v, u));
	fixture_verdict(self, end, VERDICT(RESET_RECEIVED, PEER, PEER, .no_owner = true));
}

static void unread(struct fixture *self)
{
	struct net_end killed, other;
	pid_t pid;

	net_pair(self->family, &killed, &other);
	net_send(&other, UNREAD);
	net_await_unread(&killed, UNREAD);
	net_await_acked(&other);
	net_learn_numbers(&killed);
	net_learn_numbers(&other);
	pid = leave_to_child(&killed);
	kill_child(pid);
	net_expect_error(&other, ECONNRESET);
	close(other.fd);
	expect_unread(self, &killed, pid);
	expect_reset(self, &other);
}

static const struct testcase testcases[] = {
	TESTCASE("killed in ESTABLISHED", established),
	TESTCASE("killed in CLOSE_WAIT", close_wait),
	TESTCASE("killed with data unread", unread),
};

int main(void)
{
	return testcases_run(testcases, ARRAY_SIZE(testcases));
}
