// SPDX-License-Identifier: GPL-2.0
/*
 * Connections that are closed during or before their handshake.
 *
 *	TCP Fast Open	data with the SYN; then the usual four waves, from both ends
 *	the server closes before the handshake is complete: SYN_RECV>FIN_WAIT1, and
 *			the ACK of the SYN-ACK acknowledges the FIN, or does not
 *	the server aborts it before: a RST in SYN_RECV
 *	the FIN comes with the last ACK of the handshake: the socket that this makes
 *			is in CLOSE_WAIT before it is accepted
 *	the FIN, with or without data, comes with the SYN-ACK, for a Fast Open client
 *	TCP_FASTOPEN_CONNECT, and the socket is closed before its SYN is sent
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW; a TUN device.
 */
#include <string.h>
#include <unistd.h>

#include "lib/fixture.h"

#define DATA 100

/* For client and server, both without a cookie: 0x1 | 0x2 | 0x4 | 0x200. */
#define FAST_OPEN "519"

static void set_fast_open(int listener)
{
	int backlog = 8;

	net_sysctl("ipv4/tcp_fastopen", FAST_OPEN);
	REQUIRE(!setsockopt(listener, IPPROTO_TCP, TCP_FASTOPEN, &backlog, sizeof(backlog)),
		"TCP_FASTOPEN");
}

static void fast_pair(struct fixture *self, struct net_end *client, struct net_end *server)
{
	struct sockaddr_storage addr;
	char data[DATA] = "";
	uint16_t port;
	int listener = net_listen(self->family, &port);
	socklen_t len = net_loopback(self->family, port, &addr);

	set_fast_open(listener);
	client->fd = socket(net_domain(self->family), SOCK_STREAM, 0);
	REQUIRE(sendto(client->fd, data, DATA, MSG_FASTOPEN, (void *)&addr, len) == DATA,
		"MSG_FASTOPEN");
	server->fd = accept(listener, NULL, NULL);
	REQUIRE(server->fd >= 0, "no connection accepted");
	close(listener);
	net_receive(server, DATA);
	net_await_acked(client);
	CHECK(records_netstat("TCPFastOpenPassive") == 1, "no Fast Open");
	net_learn(client);
	net_learn(server);
}

static void client_first(struct fixture *self)
{
	struct net_end client, server;

	fast_pair(self, &client, &server);
	fixture_four_waves(self, &client, &server);
}

static void server_first(struct fixture *self)
{
	struct net_end client, server;

	fast_pair(self, &client, &server);
	fixture_four_waves(self, &server, &client);
}

/* @end: connect() has returned and sent nothing; the first data will go with the SYN. */
static void defer(struct fixture *self, struct net_end *end)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(end->cookie);
	int on = 1;

	*end = (struct net_end){ .domain = net_domain(self->family) };
	net_sysctl("ipv4/tcp_fastopen", FAST_OPEN);
	end->fd = socket(end->domain, SOCK_STREAM, 0);
	REQUIRE(!setsockopt(end->fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &on, sizeof(on)) &&
		!getsockopt(end->fd, SOL_SOCKET, SO_COOKIE, &end->cookie, &len), "no socket");
	len = peer_address(&self->peer, &addr);
	REQUIRE(!connect(end->fd, (void *)&addr, len), "connect() waits");
}

/* Nothing was written or sent, and connect() did not fail. */
static void expect_deferred(struct fixture *self, const struct net_end *end, uint8_t what,
			    const struct verdict *verdict)
{
	const struct tcp_teardown_record *r = self->records.moments;
	struct segment segment;

	records_read(&self->records);
	CHECK(!peer_try_read(&self->peer, &segment), "something was sent");
	CHECK(self->records.nr_moments >= 1, "no record");
	CHECK(r->kind == TCP_TEARDOWN_CALL && r->what == what, "kind %u what %u", r->kind,
	      r->what);
	CHECK(r->old_state == TCP_SYN_SENT && r->new_state == TCP_CLOSE, "%u>%u",
	      r->old_state, r->new_state);
	CHECK(!r->unsent && !r->unread && !r->tx && !r->rx, "unsent %u unread %u", r->unsent,
	      r->unread);
	CHECK(!records_counter("connect_failed"), "connect_failed");
	fixture_verdict(self, end, verdict);
}

static void deferred_closed(struct fixture *self)
{
	struct net_end end;

	defer(self, &end);
	close(end.fd);
	expect_deferred(self, &end, TCP_TEARDOWN_CLOSE, VERDICT(ABORTED, LOCAL, CLOSE));
}

static void deferred_linger0(struct fixture *self)
{
	struct net_end end;

	defer(self, &end);
	net_abort(end.fd);
	expect_deferred(self, &end, TCP_TEARDOWN_CLOSE,
			VERDICT(ABORTED, LOCAL, LINGER));
}

/* In SYN_SENT the kernel treats this as a disconnect(). */
static void deferred_shutdown(struct fixture *self)
{
	struct net_end end;

	defer(self, &end);
	shutdown(end.fd, SHUT_RDWR);
	expect_deferred(self, &end, TCP_TEARDOWN_DISCONNECT,
			VERDICT(ABORTED, LOCAL, DISCONNECT));
	close(end.fd);
}

/*
 * A client's SYN with data is answered by SYN, ACK, data and FIN in one segment. Data
 * follows the SYN in sequence, and the FIN follows the data.
 */
static void fin_with_syn_ack(struct fixture *self, unsigned int len)
{
	const struct tcp_teardown_record *r;
	struct segment syn;
	struct net_end end;
	uint32_t v = PEER_ISS + 1, u;
	char data[DATA] = "";

	defer(self, &end);
	REQUIRE(send(end.fd, data, DATA, MSG_DONTWAIT) == DATA, "nothing is sent");
	REQUIRE(peer_read(&self->peer, &syn, 0) && syn.flags == SYN && syn.len == DATA,
		"no SYN with data");
	self->peer.kernel = syn.from;
	u = syn.seq + 1 + DATA;
	self->peer.wscale = 7;
	peer_send(&self->peer, SYN | FIN | ACK, PEER_ISS, u, len);
	peer_expect(&self->peer, ACK, u, v + len + 1, 0);
	net_await_state(&end, TCP_CLOSE_WAIT);
	net_receive(&end, len);
	records_read(&self->records);
	r = self->records.moments;
	CHECK(self->records.nr_moments == 1 && r->kind == TCP_TEARDOWN_SEGMENT &&
	      r->what == TCP_TEARDOWN_SEG_RCV && r->tcp_flags & FIN &&
	      r->old_state == TCP_ESTABLISHED && r->new_state == TCP_CLOSE_WAIT,
	      "%u records, kind %u what %u, %u>%u", self->records.nr_moments, r->kind,
	      r->what, r->old_state, r->new_state);
	CHECK(r->seq == v && r->len == len && r->ack == u, "seq %u len %u ack %u", r->seq,
	      r->len, r->ack);
	CHECK(!r->wscale && r->window == PEER_WINDOW, "win %u wscale %u", r->window,
	      r->wscale);
	close(end.fd);
	peer_expect(&self->peer, FIN | ACK, u, v + len + 1, 0);
	peer_send(&self->peer, ACK, v + len + 1, u + 1, 0);
	fixture_verdict(self, &end, VERDICT(FOUR_WAY, PEER, PEER));
	records_read(&self->records);
	r = &self->records.moments[self->records.nr_moments - 1];
	CHECK(r->rx == len && r->tx == DATA, "rx %llu tx %llu", r->rx, r->tx);
}

static void fin_with_syn_ack_and_data(struct fixture *self)
{
	fin_with_syn_ack(self, 1400);
}

static void fin_with_syn_ack_and_byte(struct fixture *self)
{
	fin_with_syn_ack(self, 1);
}

static void fin_with_syn_ack_alone(struct fixture *self)
{
	fin_with_syn_ack(self, 0);
}

/* SYN with data, SYN-ACK, and no ACK yet. TCP_REPAIR does not work here. */
static void begin(struct fixture *self, struct net_end *end)
{
	int listener = peer_listen(&self->peer, 0);
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	struct segment reply = { };

	set_fast_open(listener);
	peer_send(&self->peer, SYN, PEER_ISS, 0, DATA);
	REQUIRE(peer_read(&self->peer, &reply, 0) && reply.flags == (SYN | ACK) &&
		reply.ack == PEER_ISS + 1 + DATA, "the answer to the SYN is not good");
	end->fd = accept(listener, (void *)&addr, &len);
	REQUIRE(end->fd >= 0, "no connection accepted");
	end->peer = net_place_of(&addr);
	end->local = self->peer.kernel;
	end->domain = addr.ss_family;
	len = sizeof(end->cookie);
	REQUIRE(!getsockopt(end->fd, SOL_SOCKET, SO_COOKIE, &end->cookie, &len), "no cookie");
	end->snd_nxt = reply.seq + 1;
	end->rcv_nxt = reply.ack;
	close(listener);
}

static void closed_early(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	begin(self, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	net_receive(&end, DATA);
	close(end.fd);
	peer_expect(&self->peer, FIN | ACK, u, v, 0);
	peer_send(&self->peer, ACK, v, u + 1, 0);
	peer_send(&self->peer, FIN | ACK, v, u + 1, 0);
	peer_expect(&self->peer, ACK, u + 1, v + 1, 0);
	EXPECT_ROWS(self, &end,
		    WANT_CALL(CLOSE, SYN_RECV, u, v),
		    WANT_STATE(SYN_RECV, FIN_WAIT1, u, v),
		    WANT_SEGMENT(QUEUE, FIN | ACK, FIN_WAIT1, u, v),
		    ROWS_FIN_ACKED(u, v),
		    WANT_TIMEWAIT(BORN, FIN_WAIT2, u + 1, v),
		    ROWS_MINISOCK_FIN(u, v));
	fixture_leave(self);
	fixture_verdict(self, &end, VERDICT(FOUR_WAY, LOCAL, CLOSE));
}

/* The ACK of the handshake; the peer's FIN acknowledges the kernel's. */
static void closed_early_three_waves(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	begin(self, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	net_receive(&end, DATA);
	close(end.fd);
	peer_expect(&self->peer, FIN | ACK, u, v, 0);
	peer_send(&self->peer, ACK, v, u, 0);
	peer_send(&self->peer, FIN | ACK, v, u + 1, 0);
	peer_expect(&self->peer, ACK, u + 1, v + 1, 0);
	EXPECT_ROWS(self, &end,
		    WANT_CALL(CLOSE, SYN_RECV, u, v),
		    WANT_STATE(SYN_RECV, FIN_WAIT1, u, v),
		    WANT_SEGMENT(QUEUE, FIN | ACK, FIN_WAIT1, u, v),
		    WANT_SEGMENT(RCV, ACK, FIN_WAIT1, v, u),
		    ROWS_FIN_ACKED_BY_FIN(u, v));
	fixture_leave(self);
	fixture_verdict(self, &end, VERDICT(THREE_WAY, LOCAL, CLOSE));
}

static void aborted_early(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	begin(self, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	close(end.fd);		/* with data unread */
	peer_expect(&self->peer, RST | ACK, u, v, 0);
	EXPECT_ROWS(self, &end,
		    WANT_CALL(CLOSE, SYN_RECV, u, v, .unread = DATA),
		    WANT_STATE(SYN_RECV, CLOSE, u, v),
		    WANT_RESET(SENT, RST | ACK, CLOSE, u, v, REASON(TCP_ABORT_ON_CLOSE)));
	fixture_verdict(self, &end, VERDICT(RESET_SENT, LOCAL, UNREAD));
}

static void fin_with_ack(struct fixture *self)
{
	int listener = peer_listen(&self->peer, 0);
	struct segment reply = { };
	uint32_t w, u = PEER_ISS + 1;
	struct net_end end;

	peer_send(&self->peer, SYN, PEER_ISS, 0, 0);
	REQUIRE(peer_read(&self->peer, &reply, 0) && reply.flags == (SYN | ACK), "no SYN-ACK");
	w = reply.seq + 1;
	peer_send(&self->peer, FIN | ACK, u, w, 0);
	end.fd = accept(listener, NULL, NULL);
	close(listener);
	net_learn(&end);
	net_await_state(&end, TCP_CLOSE_WAIT);
	CHECK(end.snd_nxt == w && end.rcv_nxt == u + 1, "own numbers are %u, %u",
	      end.snd_nxt, end.rcv_nxt);
	peer_expect(&self->peer, ACK, w, u + 1, 0);
	close(end.fd);
	peer_expect(&self->peer, FIN | ACK, w, u + 1, 0);
	peer_send(&self->peer, ACK, u + 1, w + 1, 0);
	EXPECT_ROWS(self, &end, ROWS_PASSIVE_CLOSE(w, u));
	fixture_verdict(self, &end, VERDICT(FOUR_WAY, PEER, PEER));
}

static const struct testcase testcases[] = {
	TESTCASE("TCP Fast Open, the client closes first", client_first),
	TESTCASE("TCP Fast Open, the server closes first", server_first),
	TESTCASE_WITH_PEER("close in SYN_RECV, four waves", closed_early),
	TESTCASE_WITH_PEER("close in SYN_RECV, three waves", closed_early_three_waves),
	TESTCASE_WITH_PEER("close in SYN_RECV with data unread", aborted_early),
	TESTCASE_WITH_PEER("the FIN comes with the last ACK of the handshake", fin_with_ack),
	TESTCASE_WITH_PEER("the FIN comes with SYN, ACK and data", fin_with_syn_ack_and_data),
	TESTCASE_WITH_PEER("the FIN comes with SYN, ACK and a byte", fin_with_syn_ack_and_byte),
	TESTCASE_WITH_PEER("the FIN comes with SYN and ACK", fin_with_syn_ack_alone),
	TESTCASE_WITH_PEER("close before the SYN is sent", deferred_closed),
	TESTCASE_WITH_PEER("close with SO_LINGER 0 before the SYN is sent", deferred_linger0),
	TESTCASE_WITH_PEER("shutdown before the SYN is sent", deferred_shutdown),
};

int main(void)
{
	return testcases_run(testcases, ARRAY_SIZE(testcases));
}
