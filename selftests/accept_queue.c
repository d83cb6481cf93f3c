// SPDX-License-Identifier: GPL-2.0
/*
 * The last ACK of a handshake arrives while the accept queue is full.
 *
 *	tcp_abort_on_overflow=1	the listener answers with a RST; its record has the flag
 *				for this and the listener's id; it has its own counter
 *	0			nothing is sent, nothing is recorded
 *	1, and a SYN for a socket in SYN_RECV: the RST lacks the flag
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW; a TUN device.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/fixture.h"

#define COUNTER "rst_for_full_accept_queue"

static uint64_t cookie_of(int fd)
{
	uint64_t cookie;
	socklen_t len = sizeof(cookie);

	REQUIRE(!getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &len), "no cookie");
	return cookie;
}

/* A listener with room for one; listen(fd, 0) means one, too. */
static int listen_for(struct fixture *self, int backlog)
{
	int listener = peer_listen(&self->peer, 0);

	REQUIRE(!listen(listener, backlog), "listen");
	return listener;
}

/* The peer sends a SYN from that port. Return: the SYN-ACK's sequence number. */
static uint32_t shake(struct fixture *self, uint16_t port, uint32_t seq)
{
	struct segment reply;

	self->peer.self.port = port;
	peer_send(&self->peer, SYN, seq, 0, 0);
	do
		REQUIRE(peer_read(&self->peer, &reply, 0), "no answer to the SYN");
	while (reply.flags != (SYN | ACK) || reply.to.port != port);
	return reply.seq + 1;
}

/*
 * So many unaccepted connections fill the queue; one more only lacks its last ACK.
 * Return: that ACK's number.
 */
static uint32_t fill(struct fixture *self, unsigned int room)
{
	uint32_t ack = shake(self, 4000 + room, PEER_ISS);
	unsigned int i;

	for (i = 0; i < room; i++)
		peer_send(&self->peer, ACK, PEER_ISS + 1, shake(self, 4000 + i, PEER_ISS), 0);
	self->peer.self.port = 4000 + room;
	return ack;
}

static const struct tcp_teardown_record *reply_of(const struct records *records)
{
	unsigned int i;

	for (i = 0; i < records->nr_moments; i++)
		if (records->moments[i].kind == TCP_TEARDOWN_RESET &&
		    records->moments[i].what == TCP_TEARDOWN_RST_REPLY)
			return &records->moments[i];
	return NULL;
}

static void expect_reply(struct fixture *self, uint64_t listener, uint32_t seq, bool is_full)
{
	const struct tcp_teardown_record *r;

	net_settle();
	records_read(&self->records);
	r = reply_of(&self->records);
	if (!CHECK(r, "no record of the RST"))
		return;
	CHECK(!!(r->flags & TCP_TEARDOWN_F_QUEUE_FULL) == is_full, "flags 0x%x", r->flags);
	CHECK(r->cookie == (is_full ? listener : 0), "id %llx, not %llx", r->cookie,
	      (unsigned long long)listener);
	CHECK(net_place_is(&self->peer.kernel, r->local, r->local_port) &&
	      net_place_is(&self->peer.self, r->peer, r->peer_port), "not in its place");
	CHECK(r->old_state == TCP_SYN_RECV && r->new_state == TCP_SYN_RECV, "state %u>%u",
	      r->old_state, r->new_state);
	CHECK(r->reason == TCP_TEARDOWN_REASON_INVALID_SYN, "reason %u", r->reason);
	CHECK(!is_full || (r->seq == seq && !r->ack && r->tcp_flags == RST),
	      "seq %u ack %u flags %x", r->seq, r->ack, r->tcp_flags);
	CHECK(!self->records.nr_ends, "a verdict");
	CHECK(records_counter(COUNTER) == is_full, COUNTER " is %llu",
	      records_counter(COUNTER));
}

static void overflow(struct fixture *self, int backlog, unsigned int room)
{
	int listener = listen_for(self, backlog);
	uint64_t cookie = cookie_of(listener);
	uint32_t ack;

	net_sysctl("ipv4/tcp_abort_on_overflow", "1");
	ack = fill(self, room);
	peer_send(&self->peer, ACK, PEER_ISS + 1, ack, 0);
	peer_expect(&self->peer, RST, ack, 0, 0);
	expect_reply(self, cookie, ack, true);
}

static void room_for_one(struct fixture *self)
{
	overflow(self, 0, 1);
}

static void room_for_two(struct fixture *self)
{
	overflow(self, 1, 2);
}

/* The peer's data has already arrived. */
static void with_data(struct fixture *self)
{
	int listener = listen_for(self, 0);
	uint64_t cookie = cookie_of(listener);
	uint32_t ack;

	net_sysctl("ipv4/tcp_abort_on_overflow", "1");
	ack = fill(self, 1);
	peer_send(&self->peer, PSH | ACK, PEER_ISS + 1, ack, 100);
	peer_expect(&self->peer, RST, ack, 0, 0);
	expect_reply(self, cookie, ack, true);
}

static void no_abort(struct fixture *self)
{
	int listener = listen_for(self, 0);
	struct segment reply;
	uint32_t ack;

	ack = fill(self, 1);
	peer_send(&self->peer, ACK, PEER_ISS + 1, ack, 0);
	net_settle();
	while (peer_try_read(&self->peer, &reply))
		CHECK(!(reply.flags & RST), "a RST");
	records_read(&self->records);
	CHECK(!self->records.nr_moments, "%u records", self->records.nr_moments);
	CHECK(!records_counter(COUNTER), COUNTER " is %llu", records_counter(COUNTER));
	CHECK(records_netstat("ListenOverflows") == 1, "the queue was not full");
	close(listener);
}

/* Another SYN in the window of a request: it causes a RST by itself. */
static void not_full(struct fixture *self)
{
	int listener = listen_for(self, 0);
	uint32_t ack;

	net_sysctl("ipv4/tcp_abort_on_overflow", "1");
	ack = shake(self, 4000, PEER_ISS);
	peer_send(&self->peer, SYN | ACK, PEER_ISS + 1, ack, 0);
	peer_expect(&self->peer, RST, ack, 0, 0);
	expect_reply(self, cookie_of(listener), ack, false);
	close(listener);
}

static const struct testcase testcases[] = {
	TESTCASE_WITH_PEER("the accept queue for one is full", room_for_one),
	TESTCASE_WITH_PEER("the accept queue for two is full", room_for_two),
	TESTCASE_WITH_PEER("the accept queue is full, data with the ACK", with_data),
	TESTCASE_WITH_PEER("the accept queue is full, without tcp_abort_on_overflow", no_abort),
	TESTCASE_WITH_PEER("a SYN for a request", not_full),
};

int main(void)
{
	return testcases_run(testcases, ARRAY_SIZE(testcases));
}
