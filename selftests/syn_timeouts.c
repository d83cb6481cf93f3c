// SPDX-License-Identifier: GPL-2.0
/*
 * SYNs and SYN-ACKs without an answer, or with an ICMP answer: which limit ended the
 * connection, if two are set.
 *
 *	kernel				peer
 *	SYN u						> (lost)
 *	... again
 *	CLOSE
 *
 * By tries (TCP_SYNCNT) before TCP_USER_TIMEOUT, and by TCP_USER_TIMEOUT before the tries
 * are used up; in SYN_RECV after crossed SYNs, and with Fast Open, whose timer only
 * counts tries. An ICMP message ends all of these at once, except a request and an
 * accepted connection, which is treated as established. With IP_RECVERR it leaves an
 * error on the socket, which is not the cause of a later end.
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW; a TUN device; time that is
 * skipped while nothing happens. tcp_max_orphans is the whole host's.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/fixture.h"

#define DATA 100
#define HOUR_MS 3600000
#define FAST_OPEN "519"		/* as in fast_open.c */

static int max_orphans = -1;	/* opened in the first namespace */

static void set(int fd, int level, int option, int value)
{
	CHECK(!setsockopt(fd, level, option, &value, sizeof(value)), "option %d", option);
}

static void set_recverr(const struct fixture *self, int fd)
{
	if (self->family == NET_IPV6)
		set(fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
	else
		set(fd, IPPROTO_IP, IP_RECVERR, 1);
}

static void await_close(const struct net_end *end, int error)
{
	net_await_state(end, TCP_CLOSE);
	net_expect_error(end, error);
	close(end->fd);
}

static void tries_in_syn_sent(struct fixture *self)
{
	struct net_end end;

	peer_await_connect(&self->peer, &end);
	set(end.fd, IPPROTO_TCP, TCP_SYNCNT, 1);
	set(end.fd, IPPROTO_TCP, TCP_USER_TIMEOUT, HOUR_MS);
	await_close(&end, ETIMEDOUT);
	fixture_verdict(self, &end, VERDICT(TIMED_OUT, NONE, RETRIES, .no_owner = true));
}

static void time_in_syn_sent(struct fixture *self)
{
	struct net_end end;

	peer_await_connect(&self->peer, &end);
	set(end.fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 5000);
	await_close(&end, ETIMEDOUT);
	fixture_verdict(self, &end, VERDICT(TIMED_OUT, NONE, USER_TIMEOUT, .no_owner = true));
}

/* *syn_ack is the segment that crossed its own SYN. */
static void crossed(struct fixture *self, struct net_end *end, struct segment *syn_ack)
{
	peer_await_connect(&self->peer, end);
	peer_send(&self->peer, SYN, PEER_ISS, 0, 0);
	REQUIRE(peer_read(&self->peer, syn_ack, 0) && syn_ack->flags == (SYN | ACK),
		"no SYN-ACK");
	net_await_state(end, TCP_SYN_RECV);
}

static void tries_in_syn_recv(struct fixture *self)
{
	struct segment syn_ack;
	struct net_end end;

	crossed(self, &end, &syn_ack);
	set(end.fd, IPPROTO_TCP, TCP_SYNCNT, 1);
	set(end.fd, IPPROTO_TCP, TCP_USER_TIMEOUT, HOUR_MS);
	await_close(&end, ETIMEDOUT);
	fixture_verdict(self, &end, VERDICT(TIMED_OUT, NONE, RETRIES, .no_owner = true));
}

static void icmp_in_syn_sent(struct fixture *self)
{
	struct segment syn = { .flags = SYN };
	struct net_end end;

	peer_await_connect(&self->peer, &end);
	syn.from = end.local;
	syn.to = end.peer;
	syn.seq = end.snd_nxt - 1;
	set_recverr(self, end.fd);
	set(end.fd, IPPROTO_TCP, TCP_USER_TIMEOUT, HOUR_MS);
	peer_send_unreachable(&self->peer, &syn);
	await_close(&end, ECONNREFUSED);
	fixture_verdict(self, &end, VERDICT(REFUSED, PEER, ICMP, .no_owner = true));
}

static void icmp_in_syn_recv(struct fixture *self)
{
	struct segment syn_ack;
	struct net_end end;

	crossed(self, &end, &syn_ack);
	peer_send_unreachable(&self->peer, &syn_ack);
	await_close(&end, ECONNREFUSED);
	fixture_verdict(self, &end, VERDICT(REFUSED, PEER, ICMP, .no_owner = true));
}

/* Make a Fast Open child in SYN_RECV. Return: its listener. */
static int fast_open(struct fixture *self, struct segment *syn_ack)
{
	int listener = peer_listen(&self->peer, 0);

	net_sysctl("ipv4/tcp_fastopen", FAST_OPEN);
	net_sysctl("ipv4/tcp_synack_retries", "1");
	set(listener, IPPROTO_TCP, TCP_FASTOPEN, 8);
	peer_send(&self->peer, SYN, PEER_ISS, 0, DATA);
	REQUIRE(peer_read(&self->peer, syn_ack, 0) && syn_ack->flags == (SYN | ACK) &&
		syn_ack->ack == PEER_ISS + 1 + DATA, "no Fast Open");
	return listener;
}

static void fast_open_accept(struct fixture *self, int listener, struct net_end *end)
{
	socklen_t len = sizeof(end->cookie);

	memset(end, 0, sizeof(*end));
	end->fd = accept(listener, NULL, NULL);
	REQUIRE(end->fd >= 0 && !getsockopt(end->fd, SOL_SOCKET, SO_COOKIE, &end->cookie, &len),
		"no connection accepted");
	end->domain = net_domain(self->family);
	end->local = self->peer.kernel;
	end->peer = self->peer.self;
	close(listener);
}

static void fast_open_tries(struct fixture *self)
{
	struct segment syn_ack;
	int listener = fast_open(self, &syn_ack);
	struct net_end end;

	fast_open_accept(self, listener, &end);
	set(end.fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 1000);
	net_await_state(&end, TCP_CLOSE);
	close(end.fd);
	fixture_verdict(self, &end, VERDICT(TIMED_OUT, NONE, RETRIES, .no_owner = true));
}

/* No process has its socket, so its id is the record's. */
static void fast_open_icmp(struct fixture *self)
{
	struct segment syn_ack;
	int listener = fast_open(self, &syn_ack);
	struct net_end end = {
		.domain = net_domain(self->family),
		.local = self->peer.kernel, .peer = self->peer.self,
	};

	peer_send_unreachable(&self->peer, &syn_ack);
	net_settle();
	records_read(&self->records);
	if (CHECK(self->records.nr_ends == 1, "%u ends", self->records.nr_ends))
		end.cookie = self->records.ends[0].cookie;
	fixture_verdict(self, &end, VERDICT(REFUSED, PEER, ICMP, .no_owner = true));
	close(listener);
}

/* Accepted, it is treated as established: only tries end it, with the error of ICMP. */
static void fast_open_icmp_accepted(struct fixture *self)
{
	struct segment syn_ack;
	int listener = fast_open(self, &syn_ack);
	struct net_end end;

	fast_open_accept(self, listener, &end);
	peer_send_unreachable(&self->peer, &syn_ack);
	net_settle();
	records_read(&self->records);
	CHECK(!self->records.nr_ends, "ICMP has ended it");
	net_await_state(&end, TCP_CLOSE);
	close(end.fd);
	fixture_verdict(self, &end, VERDICT(TIMED_OUT, NONE, RETRIES, .no_owner = true));
}

static void icmp_for_request(struct fixture *self)
{
	int listener = peer_listen(&self->peer, 0);
	struct segment syn_ack;

	peer_send(&self->peer, SYN, PEER_ISS, 0, 0);
	REQUIRE(peer_read(&self->peer, &syn_ack, 0) && syn_ack.flags == (SYN | ACK),
		"no SYN-ACK");
	peer_send_unreachable(&self->peer, &syn_ack);
	net_settle();
	records_read(&self->records);
	CHECK(!self->records.nr && !self->records.nr_ends, "a request is no connection");
	close(listener);
}

/* An ICMP message about data in flight, which leaves an error and ends nothing. */
static void icmp_about_next(struct fixture *self, const struct net_end *end, uint8_t flags)
{
	struct segment segment;

	REQUIRE(peer_read(&self->peer, &segment, 0) && (segment.flags & ~PSH) == flags,
		"nothing was sent");
	peer_send_unreachable(&self->peer, &segment);
	net_settle();
	records_read(&self->records);
	CHECK(!self->records.nr_ends, "ICMP has ended %llx",
	      (unsigned long long)end->cookie);
}

static void recverr_in_established(struct fixture *self)
{
	struct net_end end;

	net_sysctl("ipv4/tcp_retries2", "3");
	peer_connect(&self->peer, &end);
	set_recverr(self, end.fd);
	net_send(&end, DATA);
	icmp_about_next(self, &end, ACK);
	net_await_state(&end, TCP_CLOSE);
	close(end.fd);
	fixture_verdict(self, &end, VERDICT(TIMED_OUT, NONE, RETRIES, .no_owner = true));
}

static void set_max_orphans(const char *value)
{
	REQUIRE(pwrite(max_orphans, value, strlen(value), 0) > 0, "tcp_max_orphans");
}

/* The error is still set when something else ends it. */
static void recverr_orphan_killed(struct fixture *self)
{
	struct net_end first, end;

	peer_connect(&self->peer, &first);
	peer_connect(&self->peer, &end);
	set_recverr(self, end.fd);
	close(first.fd);
	peer_expect(&self->peer, FIN | ACK, first.snd_nxt, first.rcv_nxt, 0);
	close(end.fd);
	icmp_about_next(self, &end, FIN | ACK);
	set_max_orphans("0");
	fixture_verdict(self, &end, VERDICT(ORPHAN_KILLED, LOCAL, MEMORY));
	set_max_orphans("4096");
}

static const struct testcase testcases[] = {
	TESTCASE_WITH_PEER("TCP_SYNCNT before TCP_USER_TIMEOUT", tries_in_syn_sent),
	TESTCASE_WITH_PEER("TCP_USER_TIMEOUT before the tries", time_in_syn_sent),
	TESTCASE_WITH_PEER("the same tries in SYN_RECV, crossed SYNs", tries_in_syn_recv),
	TESTCASE_WITH_PEER("ICMP in SYN_SENT, with IP_RECVERR", icmp_in_syn_sent),
	TESTCASE_WITH_PEER("ICMP in SYN_RECV, crossed SYNs", icmp_in_syn_recv),
	TESTCASE_WITH_PEER("Fast Open, tries of the SYN-ACK", fast_open_tries),
	TESTCASE_WITH_PEER("Fast Open, ICMP before accept()", fast_open_icmp),
	TESTCASE_WITH_PEER("Fast Open, ICMP after accept()", fast_open_icmp_accepted),
	TESTCASE_WITH_PEER("ICMP for a request", icmp_for_request),
	TESTCASE_WITH_PEER("ICMP with IP_RECVERR in ESTABLISHED", recverr_in_established),
	TESTCASE_WITH_PEER("ICMP with IP_RECVERR, then too many orphans", recverr_orphan_killed),
};

int main(void)
{
	fixture_needs_icount();
	max_orphans = open("/proc/sys/net/ipv4/tcp_max_orphans", O_WRONLY | O_CLOEXEC);
	return testcases_run(testcases, ARRAY_SIZE(testcases));
}
