// SPDX-License-Identifier: GPL-2.0
/*
 * The process that opens a connection, with the hook group opens: if no process closes
 * the connection, the opener is its owner; and the lifetime is known.
 *
 *	how it ends				owner: caller of	lifetime
 *	RST of the peer				connect()	since connect()
 *	the same				accept()	since accept()
 *	RST that refuses a SYN			connect()	since connect()
 *	SYNs unanswered				connect()	since connect()
 *	FIN of the peer, CLOSE_WAIT, RST	accept(), before or after the FIN
 *	close() by another process		close()		since accept()
 *	as MPTCP's subflow, by a kernel thread	connect()	since connect()
 *	RST before accept()			-		-
 *
 * Without the group, which is off by default, neither is known; switching it off drops
 * the state of open connections.
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW; a TUN device.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/files.h"
#include "lib/group.h"
#include "lib/life.h"
#include "lib/mptcp.h"

#define UP 1000
#define DOWN 300
#define NAP_S 2
#define CHILD "selftest-child"

/*
 * The expected owner of a connection, pid 0 if unknown, and the bounds of its lifetime.
 */
struct opened {
	pid_t pid;
	const char *comm;
	bool opener;
	uint64_t rx, tx;
	double least, most;
};

static const struct tcp_teardown_record *find_end(const struct records *records,
						  uint64_t cookie)
{
	unsigned int i;

	for (i = 0; i < records->nr_moments; i++)
		if (records->moments[i].cookie == cookie && records->moments[i].how)
			return &records->moments[i];
	return NULL;
}

static const struct tcp_teardown_record *await_end(struct fixture *self, uint64_t cookie)
{
	const struct tcp_teardown_record *r;
	struct net_wait wait = { };

	do {
		records_read(&self->records);
		r = find_end(&self->records, cookie);
	} while (!r && net_wait(&wait));
	REQUIRE(r, "it has not ended");
	return r;
}

static void check_owner(const struct tcp_teardown_record *r, pid_t pid, const char *comm,
			bool opener)
{
	CHECK(r->pid == (uint32_t)pid, "pid %u, not %d", r->pid, pid);
	CHECK(!strncmp((const char *)r->comm, comm, sizeof(r->comm)), "comm %.16s", r->comm);
	CHECK(!(r->flags & TCP_TEARDOWN_F_OPENER) == !opener, "flags 0x%x", r->flags);
}

static void expect_end(struct fixture *self, const struct net_end *end, uint8_t how,
		       const struct opened *opened)
{
	const struct tcp_teardown_record *r = await_end(self, end->cookie);
	double lifetime = r->lifetime / 1e9;

	CHECK(r->how == how, "how %u, not %u", r->how, how);
	check_owner(r, opened->pid, opened->comm, opened->opener);
	CHECK(r->rx == opened->rx && r->tx == opened->tx, "rx %llu tx %llu", r->rx, r->tx);
	if (opened->pid)
		CHECK(lifetime >= opened->least && lifetime <= opened->most,
		      "it lived %f s, not %f to %f", lifetime, opened->least, opened->most);
	else
		CHECK(r->lifetime == TCP_TEARDOWN_UNKNOWN, "it lived %f s", lifetime);
}

/* The test itself as owner. */
static struct opened mine(double began, uint64_t rx, uint64_t tx)
{
	static char comm[16];

	prctl(PR_GET_NAME, comm);
	return (struct opened) {
		.pid = getpid(), .comm = comm, .opener = true, .rx = rx, .tx = tx,
		.least = NAP_S, .most = net_now() - began,
	};
}

static void talk(const struct net_end *client, const struct net_end *server)
{
	net_send(client, UP);
	net_receive(server, UP);
	net_send(server, DOWN);
	net_receive(client, DOWN);
	net_await_acked(client);
	net_await_acked(server);
	sleep(NAP_S);
}

static void nap(void)
{
	usleep(200000);
}

/* A connection within the test, one end of which resets it. */
static void reset_pair(struct fixture *self, bool by_client)
{
	struct net_end ends[2], *other = &ends[by_client];
	double began = net_now();
	struct opened opened;

	net_pair(self->family, &ends[0], &ends[1]);
	talk(&ends[0], &ends[1]);
	net_abort(ends[!by_client].fd);
	net_expect_error(other, ECONNRESET);
	opened = by_client ? mine(began, UP, DOWN) : mine(began, DOWN, UP);
	expect_end(self, other, TCP_TEARDOWN_RESET_RECEIVED, &opened);
	close(other->fd);
	opened = by_client ? mine(began, DOWN, UP) : mine(began, UP, DOWN);
	opened.opener = false;
	expect_end(self, &ends[!by_client], TCP_TEARDOWN_RESET_SENT, &opened);
}

static void client_is_reset(struct fixture *self)
{
	reset_pair(self, false);
}

static void server_is_reset(struct fixture *self)
{
	reset_pair(self, true);
}

/* Fork a child with that name; returns 0 in it. */
static pid_t fork_child(void)
{
	pid_t pid = fork();

	REQUIRE(pid >= 0, "no process");
	if (!pid) {
		prctl(PR_SET_NAME, CHILD);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	}
	return pid;
}

static void end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* The line of "connections" with that id, blanks removed; NULL: none. */
static bool find_line(uint64_t cookie, char *found, size_t size)
{
	char *text = files_text(ALL_CPUS, "connections"), *line, *save, id[32];
	bool is_there = false;

	for (line = strtok_r(text, "\n", &save); line && !is_there;
	     line = strtok_r(NULL, "\n", &save)) {
		is_there = sscanf(line, "%*s %31s", id) == 1 &&
			   strtoull(id, NULL, 16) == cookie;
		if (is_there)
			snprintf(found, size, "%s", line);
	}
	free(text);
	return is_there;
}

/* In CLOSE_WAIT: pid and name of the opener, a lifetime, and the mark. */
static void expect_line(uint64_t cookie, pid_t pid, const char *comm, bool opener)
{
	char line[512], state[32], owner[32], name[32], lifetime[32];

	if (!CHECK(find_line(cookie, line, sizeof(line)), "not in connections"))
		return;
	CHECK(sscanf(line, "%*s %*s %31s %*s %*s %*s %31s %31s %*s %*s %*s %31s", state, owner,
		     name, lifetime) == 4, "%s", line);
	CHECK(!strcmp(state, "CLOSE_WAIT"), "%s", line);
	CHECK(opener ? atoi(owner) == pid : !strcmp(owner, "-"), "%s", line);
	CHECK(!strcmp(name, comm), "%s", line);
	CHECK(opener ? atof(lifetime) > 0 : !strcmp(lifetime, "-"), "%s", line);
	CHECK(!strstr(line, " opener") == !opener, "%s", line);
}

/* The child accepts when the parent says so, and does not close. */
static pid_t fork_acceptor(int listener, int go)
{
	pid_t pid = fork_child();
	char byte;

	if (pid)
		return pid;
	REQUIRE(read(go, &byte, 1) == 1 && accept(listener, NULL, NULL) >= 0,
		"nothing accepted");
	for (;;)
		pause();
}

/*
 * The accepted end, by the addresses of the other; its cookie is that of its first
 * record.
 */
static uint64_t cookie_of_peer(struct fixture *self, const struct net_end *end)
{
	struct net_wait wait = { };
	unsigned int i;

	do {
		records_read(&self->records);
		for (i = 0; i < self->records.nr; i++)
			if (net_place_is(&end->peer, self->records.records[i].local,
					 self->records.records[i].local_port))
				return self->records.records[i].cookie;
	} while (net_wait(&wait));
	REQUIRE(false, "no record of the peer");
	return 0;
}

/*
 * The other end closes; nothing closes this end in CLOSE_WAIT. @fin_first: before
 * accept()
 */
static void leak(struct fixture *self, bool fin_first)
{
	struct sockaddr_storage addr;
	struct net_end client, server = { };
	int go[2], listener;
	struct opened opened;
	uint16_t port;
	double began;
	socklen_t len;
	pid_t pid;

	REQUIRE(!pipe(go), "no pipe");
	listener = net_listen(self->family, &port);
	pid = fork_acceptor(listener, go[0]);
	len = net_loopback(self->family, port, &addr);
	client.fd = socket(net_domain(self->family), SOCK_STREAM, 0);
	REQUIRE(!connect(client.fd, (void *)&addr, len), "no connection");
	net_learn(&client);
	began = net_now();
	if (!fin_first)
		REQUIRE(write(go[1], "", 1) == 1, "no child");
	nap();
	net_send(&client, UP);
	shutdown(client.fd, SHUT_WR);
	server.cookie = cookie_of_peer(self, &client);
	nap();
	if (fin_first) {
		expect_line(server.cookie, 0, "-", false);
		REQUIRE(write(go[1], "", 1) == 1, "no child");
		nap();
	}
	expect_line(server.cookie, pid, CHILD, true);
	net_abort(client.fd);
	opened = (struct opened) {
		.pid = pid, .comm = CHILD, .opener = true, .rx = UP,
		.most = net_now() - began,
	};
	expect_end(self, &server, TCP_TEARDOWN_RESET_RECEIVED, &opened);
	close(listener);
	end_child(pid);
	close(go[0]);
	close(go[1]);
}

static void nobody_closes(struct fixture *self)
{
	leak(self, false);
}

static void fin_before_accept(struct fixture *self)
{
	leak(self, true);
}

static void refused(struct fixture *self)
{
	struct sockaddr_storage addr;
	struct net_end client = { };
	double began = net_now();
	struct opened opened;
	uint16_t port;
	socklen_t len;

	close(net_listen(self->family, &port));
	len = net_loopback(self->family, port, &addr);
	client.fd = socket(net_domain(self->family), SOCK_STREAM, 0);
	CHECK(connect(client.fd, (void *)&addr, len) < 0 && errno == ECONNREFUSED,
	      "connect was not refused");
	len = sizeof(client.cookie);
	REQUIRE(!getsockopt(client.fd, SOL_SOCKET, SO_COOKIE, &client.cookie, &len),
		"no cookie");
	opened = mine(began, 0, 0);
	opened.least = 0;
	expect_end(self, &client, TCP_TEARDOWN_REFUSED, &opened);
	CHECK(find_end(&self->records, client.cookie)->local_port, "no local port");
	close(client.fd);
}

/* A SYN at 0 and one at 1 s. */
static void unanswered(struct fixture *self)
{
	double began = net_now();
	struct opened opened;
	struct net_end end;
	int error;
	socklen_t len = sizeof(error);

	net_sysctl("ipv4/tcp_syn_retries", "1");
	peer_await_connect(&self->peer, &end);
	await_end(self, end.cookie);
	opened = mine(began, 0, 0);
	expect_end(self, &end, TCP_TEARDOWN_TIMED_OUT, &opened);
	CHECK(!getsockopt(end.fd, SOL_SOCKET, SO_ERROR, &error, &len) && error == ETIMEDOUT,
	      "not timed out");
	close(end.fd);
}

/* The closer replaces the opener. */
static void handed_on(struct fixture *self)
{
	struct net_end client, server;
	double began = net_now();
	struct opened opened;
	pid_t pid;

	net_pair(self->family, &client, &server);
	talk(&client, &server);
	pid = fork_child();
	if (!pid) {
		nap();
		net_abort(server.fd);
		for (;;)
			pause();
	}
	close(server.fd);
	net_expect_error(&client, ECONNRESET);
	opened = mine(began, UP, DOWN);
	opened.pid = pid;
	opened.comm = CHILD;
	opened.opener = false;
	expect_end(self, &server, TCP_TEARDOWN_RESET_SENT, &opened);
	opened = mine(began, DOWN, UP);
	expect_end(self, &client, TCP_TEARDOWN_RESET_RECEIVED, &opened);
	close(client.fd);
	end_child(pid);
}

static unsigned long remembered(void)
{
	char *text = files_text(ALL_CPUS, "stats"), *found = strstr(text, "connections_now ");
	unsigned long now;

	REQUIRE(found, "no connections_now");
	now = strtoul(found + strlen("connections_now "), NULL, 10);
	free(text);
	return now;
}

/* The state of an unaccepted connection. */
static void not_accepted(struct fixture *self)
{
	static const struct opened nobody = { .comm = "", .rx = UP };
	struct net_end client, server = { };
	struct sockaddr_storage addr;
	unsigned long before = remembered();
	uint16_t port;
	int listener = net_listen(self->family, &port);
	socklen_t len = net_loopback(self->family, port, &addr);

	client.fd = socket(net_domain(self->family), SOCK_STREAM, 0);
	REQUIRE(!connect(client.fd, (void *)&addr, len), "no connection");
	net_learn(&client);
	net_send(&client, UP);
	net_await_acked(&client);
	CHECK(remembered() == before + 1, "%lu are remembered, not %lu", remembered(), before + 1);
	net_abort(client.fd);
	server.cookie = cookie_of_peer(self, &client);
	expect_end(self, &server, TCP_TEARDOWN_RESET_RECEIVED, &nobody);
	CHECK(remembered() == before, "%lu are remembered, not %lu", remembered(), before);
	close(listener);
}

/* The state of the open ones is dropped; that of a closing one is kept. */
static void switched_off(struct fixture *self)
{
	static const struct opened nobody = { .comm = "", .rx = UP, .tx = DOWN };
	struct net_end open[2], closing[2];
	unsigned long before = remembered();
	double began = net_now();
	struct opened opened;
	char line[512];

	net_pair(self->family, &open[0], &open[1]);
	net_pair(self->family, &closing[0], &closing[1]);
	talk(&open[0], &open[1]);
	shutdown(closing[0].fd, SHUT_WR);
	net_expect_eof(&closing[1]);
	CHECK(remembered() == before + 4, "%lu are remembered, not %lu", remembered(), before + 4);
	CHECK(!find_line(open[0].cookie, line, sizeof(line)), "%s", line);
	group_set("-opens");
	CHECK(remembered() == before + 2, "%lu are remembered, not %lu", remembered(), before + 2);
	opened = mine(began, 0, 0);
	expect_line(closing[1].cookie, opened.pid, opened.comm, true);
	net_abort(open[0].fd);
	expect_end(self, &open[1], TCP_TEARDOWN_RESET_RECEIVED, &nobody);
	net_abort(closing[0].fd);
	opened = mine(began, 0, 0);
	expect_end(self, &closing[1], TCP_TEARDOWN_RESET_RECEIVED, &opened);
	net_pair(self->family, &open[0], &closing[0]);
	CHECK(remembered() == before, "%lu are remembered, not %lu", remembered(), before);
	group_set("+opens");
	net_abort(open[0].fd);
	close(open[1].fd);
	close(closing[0].fd);
	close(closing[1].fd);
}

static void await_ends(struct fixture *self, unsigned int nr)
{
	struct net_wait wait = { };

	do
		records_read(&self->records);
	while (self->records.nr_ends < nr && net_wait(&wait));
}

/* A kernel thread closes them. The acceptor is not known. */
static void subflows(struct fixture *self)
{
	struct net_end client, server;
	const struct tcp_teardown_record *r;
	unsigned int i, ends = 0;
	struct sockaddr_storage addr;
	struct net_place local;
	struct opened opened;
	socklen_t len = sizeof(addr);

	mptcp_pair(self->family, &client, &server, UP);
	REQUIRE(!getsockname(client.fd, (void *)&addr, &len), "no own address");
	local = net_place_of(&addr);
	close(client.fd);
	net_expect_eof(&server);
	close(server.fd);
	/* An MPTCP worker sends the second FIN; capture until then. */
	await_ends(self, 1);
	fixture_leave(self);
	await_ends(self, 2);
	opened = mine(0, 0, 0);
	for (i = 0; i < self->records.nr_moments; i++) {
		r = &self->records.moments[i];
		if (!net_place_is(&local, r->local, r->local_port) ||
		    !(r->kind == TCP_TEARDOWN_CALL || r->how))
			continue;
		check_owner(r, opened.pid, opened.comm, r->flags & TCP_TEARDOWN_F_OPENER);
		ends += r->how && r->lifetime != TCP_TEARDOWN_UNKNOWN;
	}
	CHECK(ends == 1, "%u have ended, and are known since they were opened", ends);
}

static const struct testcase testcases[] = {
	TESTCASE("who connects, reset by the peer", client_is_reset),
	TESTCASE("who accepts, reset by the peer", server_is_reset),
	TESTCASE("a process accepts and does not close", nobody_closes),
	TESTCASE("who accepts what is closing already", fin_before_accept),
	TESTCASE("who connects, and is refused", refused),
	TESTCASE_WITH_PEER("who connects, and is not answered", unanswered),
	TESTCASE("who closes is not who accepts", handed_on),
	TESTCASE("no process accepts the connection", not_accepted),
	TESTCASE("the group is switched off", switched_off),
	TESTCASE("subflows of MPTCP", subflows, .lacks = mptcp_lacks),
};

int main(void)
{
	return group_run("opens", 2, testcases, ARRAY_SIZE(testcases));
}
