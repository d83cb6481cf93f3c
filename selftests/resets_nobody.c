// SPDX-License-Identifier: GPL-2.0
/*
 * RSTs in answer to a segment that belongs to no connection, or to a request.
 *
 *	segment				state		answer		reason
 *	SYN s, closed port		-		RST 0 ack s+1	NO_SOCKET
 *	ACK s ack a, closed port	-		RST a		NO_SOCKET
 *	FIN s, 10 bytes, closed port	-		RST 0 ack s+11	NO_SOCKET
 *	ACK s ack a			LISTEN		RST a		TCP_FLAGS
 *	ACK that is not of the SYN,ACK	SYN_RECV	RST a		TCP_FLAGS
 *	SYN s+1, in the window		SYN_RECV	RST 0 ack s+2	INVALID_SYN
 *	ACK, accept() is too slow	SYN_RECV	RST a		INVALID_SYN
 *
 * In SYN_RECV the listener answers; if the ACK is wrong, it answers in LISTEN, as if
 * there were no such connection. "Too slow" needs tcp_abort_on_overflow; then the record
 * has the listener's id and the reason.
 *
 * Each case changes its own counter in /proc/net/tcp_teardown/summary, and no other.
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW; a TUN device.
 */
#include <errno.h>
#include <unistd.h>

#include "lib/fixture.h"

#define CLOSED_PORT 9
#define SEQ 5000
#define ACKED 7000
#define DATA 10

/* The record of a RST without a connection. */
struct reply {
	uint8_t state, flags;
	uint32_t seq, ack;
	uint16_t reason;
};

/* CHECK that the kernel answers with that RST, and that the record says so. */
static void expect_told(struct fixture *self, uint64_t cookie, const struct reply *reply)
{
	const struct net_end nobody = {
		.local = self->peer.kernel, .peer = self->peer.self, .cookie = cookie,
		.domain = self->family == NET_IPV6 ? AF_INET6 : AF_INET,
	};
	const struct want want[] = { {
		.kind = FACT_RESET, .what = TCP_TEARDOWN_RST_REPLY,
		.old = reply->state, .new = reply->state, .flags = reply->flags,
		.seq = reply->seq, .ack = reply->ack, .reason = reply->reason,
	} };

	peer_expect(&self->peer, reply->flags, reply->seq, reply->ack, 0);
	records_expect(&self->records, &nobody, want, ARRAY_SIZE(want));
}

static void expect_counted(const char *counter)
{
	CHECK(records_counter("rst_sent_in_reply") == 1 && records_counter(counter) == 1,
	      "%s is not counted", counter);
}

static void expect_reply(struct fixture *self, uint8_t state, uint8_t flags, uint32_t seq,
			 uint32_t ack, uint16_t reason, const char *counter)
{
	const struct reply reply = { state, flags, seq, ack, reason };

	expect_told(self, 0, &reply);
	expect_counted(counter);
}

static void closed_port_syn(struct fixture *self)
{
	self->peer.kernel.port = CLOSED_PORT;
	peer_send(&self->peer, SYN, SEQ, 0, 0);
	expect_reply(self, 0, RST | ACK, 0, SEQ + 1,
		     TCP_TEARDOWN_REASON_NO_SOCKET, "rst_sent_for_NO_SOCKET");
}

static void closed_port_ack(struct fixture *self)
{
	self->peer.kernel.port = CLOSED_PORT;
	peer_send(&self->peer, ACK, SEQ, ACKED, 0);
	expect_reply(self, 0, RST, ACKED, 0,
		     TCP_TEARDOWN_REASON_NO_SOCKET, "rst_sent_for_NO_SOCKET");
}

static void closed_port_fin(struct fixture *self)
{
	self->peer.kernel.port = CLOSED_PORT;
	peer_send(&self->peer, FIN, SEQ, 0, DATA);
	expect_reply(self, 0, RST | ACK, 0, SEQ + DATA + 1,
		     TCP_TEARDOWN_REASON_NO_SOCKET, "rst_sent_for_NO_SOCKET");
	/* The FIN belongs to no socket: it is not recorded. */
	fixture_excuse(self, false, FIN);
}

static void listener_ack(struct fixture *self)
{
	int listener = peer_listen(&self->peer, 0);

	peer_send(&self->peer, ACK, SEQ, ACKED, 0);
	expect_reply(self, TCP_LISTEN, RST, ACKED, 0,
		     TCP_TEARDOWN_REASON_TCP_FLAGS, "rst_sent_for_TCP_FLAGS");
	close(listener);
}

/* Make a request. Return: the sequence number of its SYN,ACK. */
static uint32_t request(struct fixture *self)
{
	struct segment reply;

	peer_send(&self->peer, SYN, SEQ, 0, 0);
	REQUIRE(peer_read(&self->peer, &reply, 0) && reply.flags == (SYN | ACK) &&
		reply.ack == SEQ + 1, "no answer to the SYN");
	return reply.seq;
}

static void request_bad_ack(struct fixture *self)
{
	int listener = peer_listen(&self->peer, 0);
	uint32_t iss = request(self);

	peer_send(&self->peer, ACK, SEQ + 1, iss + 2, 0);
	expect_reply(self, TCP_LISTEN, RST, iss + 2, 0,
		     TCP_TEARDOWN_REASON_TCP_FLAGS, "rst_sent_for_TCP_FLAGS");
	close(listener);
}

static void request_syn(struct fixture *self)
{
	int listener = peer_listen(&self->peer, 0);

	request(self);
	peer_send(&self->peer, SYN, SEQ + 1, 0, 0);
	expect_reply(self, TCP_SYN_RECV, RST | ACK, 0, SEQ + 2,
		     TCP_TEARDOWN_REASON_INVALID_SYN, "rst_sent_for_INVALID_SYN");
	close(listener);
}

/* The listener whose queue was full; no connection. */
static void expect_queue_full(struct fixture *self, int listener, uint32_t iss)
{
	const struct reply reply = {
		TCP_SYN_RECV, RST, iss + 1, 0, TCP_TEARDOWN_REASON_INVALID_SYN
	};
	socklen_t len = sizeof(uint64_t);
	const struct fact *r;
	uint64_t cookie = 0;

	CHECK(!getsockopt(listener, SOL_SOCKET, SO_COOKIE, &cookie, &len), "no cookie");
	expect_told(self, cookie, &reply);
	r = records_last(&self->records, cookie);
	CHECK(r && r->flags & TCP_TEARDOWN_F_QUEUE_FULL, "the queue is not said to be full");
	expect_counted("rst_for_full_accept_queue");
	CHECK(records_counter("rst_sent_for_INVALID_SYN") == 1, "it is not counted");
}

/* Two requests, and a queue for one connection. */
static void request_overflow(struct fixture *self)
{
	int listener = peer_listen(&self->peer, 0);
	struct net_end first = { };
	uint32_t iss[2];

	net_sysctl("ipv4/tcp_abort_on_overflow", "1");
	REQUIRE(!listen(listener, 2), "no listener");
	iss[0] = request(self);
	self->peer.self.port++;
	iss[1] = request(self);
	REQUIRE(!listen(listener, 0), "no room for one");
	self->peer.self.port--;
	peer_send(&self->peer, ACK, SEQ + 1, iss[0] + 1, 0);
	self->peer.self.port++;
	peer_send(&self->peer, ACK, SEQ + 1, iss[1] + 1, 0);
	expect_queue_full(self, listener, iss[1]);
	first.fd = accept(listener, NULL, NULL);
	CHECK(first.fd >= 0, "the first is not there");
	self->peer.self.port--;
	peer_send(&self->peer, RST, SEQ + 1, 0, 0);
	net_expect_error(&first, ECONNRESET);
	close(first.fd);
	close(listener);
}

static const struct testcase testcases[] = {
	TESTCASE_WITH_PEER("SYN to a closed port", closed_port_syn),
	TESTCASE_WITH_PEER("ACK to a closed port", closed_port_ack),
	TESTCASE_WITH_PEER("data and FIN without ACK to a closed port", closed_port_fin),
	TESTCASE_WITH_PEER("ACK to a listener", listener_ack),
	TESTCASE_WITH_PEER("ACK that a request does not wait for", request_bad_ack),
	TESTCASE_WITH_PEER("SYN in the window of a request", request_syn),
	TESTCASE_WITH_PEER("ACK when accept() is too slow", request_overflow),
};

int main(void)
{
	return testcases_run(testcases, ARRAY_SIZE(testcases));
}
