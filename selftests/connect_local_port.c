// SPDX-License-Identifier: GPL-2.0
/*
 * A connect() that fails before a SYN is sent, so that no connection ends.
 *
 *	no local port is left	ip_local_port_range has one port, in use
 *	the port is taken	bind() to the port of a connection to the same place
 *
 * It returns EADDRNOTAVAIL and makes a record of kind "connect" with the process and the
 * address; no transition and no verdict. It has its own counter. The next connect() of
 * the same socket, to an address for which a port is free, makes an ordinary connection.
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "lib/fixture.h"

#define ONLY_PORT 40000
#define ONLY_RANGE "40000 40000"

/* A socket of the test. */
static void open_end(struct fixture *self, struct net_end *end)
{
	socklen_t len = sizeof(end->cookie);

	*end = (struct net_end){ .domain = net_domain(self->family) };
	end->fd = socket(end->domain, SOCK_STREAM, 0);
	REQUIRE(end->fd >= 0 &&
		!getsockopt(end->fd, SOL_SOCKET, SO_COOKIE, &end->cookie, &len), "no socket");
}

static int connect_end(struct fixture *self, struct net_end *end, uint16_t port)
{
	struct sockaddr_storage addr;
	socklen_t len = net_loopback(self->family, port, &addr);

	end->peer = net_place_of(&addr);
	return connect(end->fd, (void *)&addr, len) ? errno : 0;
}

static void bind_end(struct fixture *self, struct net_end *end, uint16_t port)
{
	struct sockaddr_storage addr;
	socklen_t len = net_loopback(self->family, port, &addr);
	int on = 1;

	REQUIRE(!setsockopt(end->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) &&
		!bind(end->fd, (void *)&addr, len), "port %u", port);
}

static const struct tcp_teardown_record *only_moment(const struct records *records,
						     uint64_t cookie)
{
	const struct tcp_teardown_record *found = NULL;
	unsigned int i, nr = 0;

	for (i = 0; i < records->nr_moments; i++)
		if (records->moments[i].cookie == cookie) {
			found = &records->moments[i];
			nr++;
		}
	CHECK(nr == 1, "%u records, not one", nr);
	return found;
}

/* @port: its own port; 0 if it never had one */
static void expect_failed(struct fixture *self, const struct net_end *end, uint16_t port)
{
	const struct tcp_teardown_record *r;
	char comm[TCP_TEARDOWN_COMM_LEN] = "";

	net_settle();
	records_read(&self->records);
	r = only_moment(&self->records, end->cookie);
	if (!r)
		return;
	prctl(PR_GET_NAME, comm);
	CHECK(r->kind == TCP_TEARDOWN_CONNECT && r->what == TCP_TEARDOWN_NO_LOCAL_PORT,
	      "kind %u what %u", r->kind, r->what);
	CHECK(r->new_state == r->old_state && !r->how && !r->timewait && !r->spent,
	      "state %u>%u, how %u", r->old_state, r->new_state, r->how);
	CHECK(!r->seq && !r->ack && !r->window && !r->unsent && !r->flags,
	      "seq %u ack %u win %u flags %x", r->seq, r->ack, r->window, r->flags);
	CHECK(r->pid == (uint32_t)getpid() && !strncmp((char *)r->comm, comm, sizeof(comm)),
	      "pid %u comm %.16s", r->pid, r->comm);
	CHECK(r->family == end->domain && r->local_port == port &&
	      net_place_is(&end->peer, r->peer, r->peer_port), "not where it was to go");
	CHECK(!self->records.nr_ends, "%u verdicts", self->records.nr_ends);
}

static void expect_counted(unsigned long long failed, unsigned long long ends)
{
	CHECK(records_counter("connect_no_local_port") == failed, "no_local_port: %llu",
	      records_counter("connect_no_local_port"));
	CHECK(records_counter("connect_failed") == 0, "connect_failed: %llu",
	      records_counter("connect_failed"));
	CHECK(records_counter("SYN_SENT>CLOSE") == 0, "a transition: %llu",
	      records_counter("SYN_SENT>CLOSE"));
	CHECK(records_counter("end=aborted") == ends, "aborted: %llu",
	      records_counter("end=aborted"));
}

/* One connection from the only port; return its listener's port. */
static uint16_t take_port(struct fixture *self, struct net_end *first, int *listener)
{
	uint16_t port;

	*listener = net_listen(self->family, &port);
	open_end(self, first);
	net_sysctl("ipv4/ip_local_port_range", ONLY_RANGE);
	REQUIRE(!connect_end(self, first, port), "no connection");
	return port;
}

static void no_port(struct fixture *self)
{
	struct net_end first, end;
	int listener;
	uint16_t port = take_port(self, &first, &listener);

	open_end(self, &end);
	CHECK(connect_end(self, &end, port) == EADDRNOTAVAIL, "errno %d", errno);
	close(end.fd);
	expect_failed(self, &end, 0);
	expect_counted(1, 0);
}

static void no_port_at_once(struct fixture *self)
{
	struct net_end first, end;
	int listener;
	uint16_t port = take_port(self, &first, &listener);

	open_end(self, &end);
	fcntl(end.fd, F_SETFL, O_NONBLOCK);
	CHECK(connect_end(self, &end, port) == EADDRNOTAVAIL, "errno %d", errno);
	close(end.fd);
	expect_failed(self, &end, 0);
	expect_counted(1, 0);
}

static void port_taken(struct fixture *self)
{
	struct net_end first, end;
	uint16_t port;

	net_listen(self->family, &port);
	open_end(self, &first);
	bind_end(self, &first, ONLY_PORT);
	REQUIRE(!connect_end(self, &first, port), "no connection");
	open_end(self, &end);
	bind_end(self, &end, ONLY_PORT);
	CHECK(connect_end(self, &end, port) == EADDRNOTAVAIL, "errno %d", errno);
	close(end.fd);
	expect_failed(self, &end, ONLY_PORT);
	expect_counted(1, 0);
}

/* The failed attempt does not affect this one. */
static void then_another(struct fixture *self)
{
	int listener, elsewhere;
	struct net_end first, end;
	uint16_t port, other;

	elsewhere = net_listen(self->family, &other);
	port = take_port(self, &first, &listener);
	open_end(self, &end);
	CHECK(connect_end(self, &end, port) == EADDRNOTAVAIL, "errno %d", errno);
	expect_failed(self, &end, 0);
	CHECK(!connect_end(self, &end, other), "errno %d", errno);
	net_learn(&end);
	close(end.fd);
	fixture_await(self, &end, 3);
	CHECK(records_counter("ESTABLISHED>FIN_WAIT1") == 1, "it does not close");
	expect_counted(1, 0);
	close(elsewhere);
	close(listener);
	close(first.fd);
}

static const struct testcase testcases[] = {
	TESTCASE("no local port", no_port),
	TESTCASE("no local port, a socket that does not wait", no_port_at_once),
	TESTCASE("the local port is taken", port_taken),
	TESTCASE("no local port, then another connection", then_another),
};

int main(void)
{
	return testcases_run(testcases, ARRAY_SIZE(testcases));
}
