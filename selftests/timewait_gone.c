// SPDX-License-Identifier: GPL-2.0
/*
 * Minisocks that end early without a segment, or are not created.
 *
 *	SOCK_DESTROY, as ss -K does
 *	the network namespace is removed
 *	tcp_max_tw_buckets is 0: refused; the full socket's record says so
 *	connect() with the ports of a TIME_WAIT
 *
 * Each case changes its own counter in /proc/net/tcp_teardown/summary, and no other.
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW; a TUN device; tcp_diag.
 */
#include <stdio.h>
#include <unistd.h>

#include "lib/diag.h"
#include "lib/life.h"

static void killed(struct fixture *self)
{
	struct net_end end;
	struct life life = life_time_wait(self, &end);
	uint32_t u = end.snd_nxt, v = end.rcv_nxt;
	const struct want want[] = {
		WANT_STATE(TIME_WAIT, CLOSE, u + 1, v + 1, BY_MINISOCK),
		WANT_TIMEWAIT(KILLED, TIME_WAIT, u + 1, v + 1),
	};

	diag_destroy(self->family, &end);
	life_expect(self, &end, &life, want, ARRAY_SIZE(want));
	life_counted(TCP_TEARDOWN_TW_KILLED);
	fixture_verdict(self, &end, VERDICT(THREE_WAY, LOCAL, CLOSE));
}

static void netns_time_wait(struct fixture *self)
{
	struct net_end end;
	struct life life = life_time_wait(self, &end);
	uint32_t u = end.snd_nxt, v = end.rcv_nxt;
	const struct want want[] = {
		WANT_STATE(TIME_WAIT, CLOSE, u + 1, v + 1, BY_MINISOCK),
		WANT_TIMEWAIT(NETNS, TIME_WAIT, u + 1, v + 1),
	};

	fixture_leave(self);
	life_expect(self, &end, &life, want, ARRAY_SIZE(want));
	fixture_verdict(self, &end, VERDICT(THREE_WAY, LOCAL, CLOSE));
}

static void netns_fin_wait2(struct fixture *self)
{
	struct net_end end;
	struct life life = life_fin_wait2(self, &end);
	uint32_t u = end.snd_nxt, v = end.rcv_nxt;
	const struct want want[] = {
		WANT_STATE(FIN_WAIT2, CLOSE, u + 1, v, BY_MINISOCK),
		WANT_TIMEWAIT(NETNS, FIN_WAIT2, u + 1, v),
	};

	fixture_leave(self);
	life_expect(self, &end, &life, want, ARRAY_SIZE(want));
	fixture_verdict(self, &end, VERDICT(ABORTED, LOCAL, NETNS));
}

/* Refused before the peer's FIN, and with it: then the end is orderly. */
static void refused(struct fixture *self, uint8_t flags, const struct verdict *verdict)
{
	uint32_t u, v, fin = flags & FIN;
	struct net_end end;

	net_sysctl("ipv4/tcp_max_tw_buckets", "0");
	peer_connect(&self->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	close(end.fd);
	peer_expect(&self->peer, FIN | ACK, u, v, 0);
	peer_send(&self->peer, flags, v, u + 1, 0);
	if (fin)
		peer_expect(&self->peer, ACK, u + 1, v + 1, 0);
	EXPECT_ROWS(self, &end,
		    ROWS_CLOSE(u, v),
		    WANT_SEGMENT(RCV, flags, FIN_WAIT1, v, u + 1),
		    WANT_STATE(FIN_WAIT1, FIN_WAIT2, u + 1, v),
		    WANT_REFUSED(FIN_WAIT2, u + 1, v + fin),
		    WANT_STATE(FIN_WAIT2, CLOSE, u + 1, v + fin));
	life_counted(TCP_TEARDOWN_TW_REFUSED);
	fixture_verdict(self, &end, verdict);
}

static void refused_fin_wait2(struct fixture *self)
{
	refused(self, ACK, VERDICT(ORPHAN_KILLED, LOCAL, MEMORY));
}

static void refused_time_wait(struct fixture *self)
{
	refused(self, FIN | ACK, VERDICT(THREE_WAY, LOCAL, CLOSE));
}

/* A socket on loopback with that port. */
static int bound_socket(struct fixture *self, uint16_t port)
{
	struct sockaddr_storage addr;
	socklen_t len = net_loopback(self->family, port, &addr);
	int fd = socket(net_domain(self->family), SOCK_STREAM, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	REQUIRE(!bind(fd, (void *)&addr, len), "port %u is taken", port);
	return fd;
}

/* A socket for which the kernel can only choose that port, after a second. */
static int socket_of_range(struct fixture *self, uint16_t port)
{
	char range[32];

	snprintf(range, sizeof(range), "%u %u", port, port);
	net_sysctl("ipv4/ip_local_port_range", range);
	net_sysctl("ipv4/tcp_tw_reuse", "1");
	sleep(3);
	return socket(net_domain(self->family), SOCK_STREAM, 0);
}

/*
 * A connect() with the same ports. If the socket is bound, the kernel does not check the
 * time; if the kernel chooses the port, a second must have passed.
 */
static void connect_again(struct fixture *self, bool bound)
{
	struct net_end end, next = { }, server = { };
	struct life life = life_of_pair(self, &end);
	uint32_t u = end.snd_nxt, v = end.rcv_nxt;
	int listener = bound_socket(self, end.peer.port);
	struct sockaddr_storage to;
	socklen_t len = net_loopback(self->family, end.peer.port, &to);
	const struct want want[] = {
		WANT_STATE(TIME_WAIT, CLOSE, u + 1, v + 1, BY_MINISOCK),
		WANT_TIMEWAIT(REUSED, TIME_WAIT, u + 1, v + 1),
	};

	REQUIRE(!listen(listener, 1), "no listener");
	next.fd = bound ? bound_socket(self, end.local.port) :
			  socket_of_range(self, end.local.port);
	REQUIRE(!connect(next.fd, (void *)&to, len), "no connection");
	server.fd = accept(listener, NULL, NULL);
	net_learn(&next);
	CHECK(next.local.port == end.local.port && next.cookie != end.cookie,
	      "not another connection with the same ports");
	CHECK(next.snd_nxt == u + 1 + LIFE_ISN_STEP + 1, "it begins at %u", next.snd_nxt);
	close(listener);
	net_abort(next.fd);
	close(server.fd);
	life_expect(self, &end, &life, want, ARRAY_SIZE(want));
	life_counted(TCP_TEARDOWN_TW_REUSED);
	fixture_verdict(self, &end, VERDICT(FOUR_WAY, LOCAL, CLOSE));
	fixture_verdict(self, &next, VERDICT(RESET_SENT, LOCAL, LINGER));
}

static void reused_bound(struct fixture *self)
{
	connect_again(self, true);
}

static void reused(struct fixture *self)
{
	connect_again(self, false);
}

static const struct testcase testcases[] = {
	TESTCASE_WITH_PEER("SOCK_DESTROY kills TIME_WAIT", killed, .lacks = diag_lacks_minisocks),
	TESTCASE_WITH_PEER("the namespace of a TIME_WAIT goes", netns_time_wait),
	TESTCASE_WITH_PEER("the namespace of a FIN_WAIT2 goes", netns_fin_wait2),
	TESTCASE_WITH_PEER("FIN_WAIT2 without a bucket", refused_fin_wait2),
	TESTCASE_WITH_PEER("TIME_WAIT without a bucket", refused_time_wait),
	TESTCASE("connect() of a bound socket reuses TIME_WAIT", reused_bound),
	TESTCASE("connect() reuses TIME_WAIT", reused),	/* waits, so it is the last */
};

int main(void)
{
	if (!diag_possible())
		ktap_skip_all("no tcp_diag that can kill");
	return testcases_run(testcases, ARRAY_SIZE(testcases) - !net_time_is_skipped());
}
