// SPDX-License-Identifier: GPL-2.0
/*
 * A connection is moved away by TCP_REPAIR, as CRIU does it: close() then sends nothing.
 * The connection ends nevertheless: aborted here, with close() as the trigger, not
 * disconnect(). connect() with AF_UNSPEC does the same, with disconnect() as the trigger.
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "lib/fixture.h"

#define UNREAD 10

static void repair(const struct net_end *end)
{
	int on = 1;

	REQUIRE(!setsockopt(end->fd, IPPROTO_TCP, TCP_REPAIR, &on, sizeof(on)), "TCP_REPAIR");
}

static void expect_call(struct fixture *self, const struct net_end *end, uint8_t what,
			bool linger, uint32_t unread)
{
	struct want want[] = {
		WANT_CALL(CLOSE, ESTABLISHED, end->snd_nxt, end->rcv_nxt, .unread = unread,
			  .linger = linger),
		WANT_STATE(ESTABLISHED, CLOSE, end->snd_nxt, end->rcv_nxt),
	};

	want[0].what = what;
	fixture_expect(self, end, want, ARRAY_SIZE(want));
}

static void closed(struct fixture *self)
{
	struct net_end end, other;

	net_pair(self->family, &end, &other);
	repair(&end);
	close(end.fd);
	expect_call(self, &end, TCP_TEARDOWN_CLOSE, false, 0);
	fixture_verdict(self, &end, VERDICT(ABORTED, LOCAL, CLOSE));
}

/* Without TCP_REPAIR this would cause a RST. */
static void with_linger(struct fixture *self)
{
	const struct linger linger = { .l_onoff = 1 };
	struct net_end end, other;

	net_pair(self->family, &end, &other);
	CHECK(!setsockopt(end.fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)), "SO_LINGER");
	repair(&end);
	close(end.fd);
	expect_call(self, &end, TCP_TEARDOWN_CLOSE, true, 0);
	fixture_verdict(self, &end, VERDICT(ABORTED, LOCAL, CLOSE));
}

static void with_data(struct fixture *self)
{
	struct net_end end, other;

	net_pair(self->family, &end, &other);
	net_send(&other, UNREAD);
	net_await_unread(&end, UNREAD);
	net_await_acked(&other);
	net_learn_numbers(&end);
	repair(&end);
	close(end.fd);
	expect_call(self, &end, TCP_TEARDOWN_CLOSE, false, UNREAD);
	fixture_verdict(self, &end, VERDICT(ABORTED, LOCAL, CLOSE));
}

static void disconnected(struct fixture *self)
{
	const struct sockaddr none = { .sa_family = AF_UNSPEC };
	struct net_end end, other;

	net_pair(self->family, &end, &other);
	repair(&end);
	CHECK(!connect(end.fd, &none, sizeof(none)), "disconnect");
	close(end.fd);
	expect_call(self, &end, TCP_TEARDOWN_DISCONNECT, false, 0);
	fixture_verdict(self, &end, VERDICT(ABORTED, LOCAL, DISCONNECT));
}

static void exited(struct fixture *self)
{
	struct net_end end, other;
	int status;
	pid_t pid;

	net_pair(self->family, &end, &other);
	repair(&end);
	pid = fork();
	if (!pid) {
		usleep(100000);
		_exit(0);
	}
	close(end.fd);
	REQUIRE(pid > 0 && waitpid(pid, &status, 0) == pid, "no child");
	fixture_verdict(self, &end, VERDICT(ABORTED, LOCAL, EXIT, .pid = pid));
	records_read(&self->records);
	CHECK(self->records.ends[0].flags & TCP_TEARDOWN_F_EXIT, "exit is not told");
}

static const struct testcase testcases[] = {
	TESTCASE("close() with TCP_REPAIR", closed),
	TESTCASE("the same with SO_LINGER 0", with_linger),
	TESTCASE("the same with data unread", with_data),
	TESTCASE("connect() with AF_UNSPEC with TCP_REPAIR", disconnected),
	TESTCASE("exit with TCP_REPAIR", exited),
};

int main(void)
{
	return testcases_run(testcases, ARRAY_SIZE(testcases));
}
