// SPDX-License-Identifier: GPL-2.0
/*
 * Connections that begin, or nearly begin, with their end.
 *
 *	TCP Fast Open	data with the SYN; then four waves as ever, from both ends
 *	the server closes before the handshake has ended: SYN_RECV>FIN_WAIT1, and
 *			the ACK of the SYN-ACK acknowledges the FIN, or does not
 *	the server aborts it before: a RST in SYN_RECV
 *	the FIN comes with the last ACK of the handshake: the socket that this makes
 *			is in CLOSE_WAIT before anybody has it
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW; a TUN device.
 */
#include <string.h>
#include <unistd.h>

#include "lib/stage.h"

#define DATA 100

/* For client and server, neither asks for a cookie: 0x1 | 0x2 | 0x4 | 0x200. */
#define FAST_OPEN "519"

static void set_fast_open(int listener)
{
	int backlog = 8;

	net_sysctl("ipv4/tcp_fastopen", FAST_OPEN);
	REQUIRE(!setsockopt(listener, IPPROTO_TCP, TCP_FASTOPEN, &backlog, sizeof(backlog)),
		"TCP_FASTOPEN");
}

static void fast_pair(struct stage *stage, struct net_end *client, struct net_end *server)
{
	struct sockaddr_storage addr;
	char data[DATA] = "";
	uint16_t port;
	int listener = net_listen(stage->family, &port);
	socklen_t len = net_loopback(stage->family, port, &addr);

	set_fast_open(listener);
	client->fd = socket(net_domain(stage->family), SOCK_STREAM, 0);
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

static void expect_closed(struct stage *stage, const struct net_end *end)
{
	uint32_t u = end->snd_nxt, v = end->rcv_nxt;
	const struct want want[] = {
		WANT_CALL(CLOSE, ESTABLISHED, u, v),
		WANT_STATE(ESTABLISHED, FIN_WAIT1, u, v),
		WANT_SEGMENT(QUEUE, FIN | ACK, FIN_WAIT1, u, v),
		WANT_SEGMENT(RCV, ACK, FIN_WAIT1, v, u + 1),
		WANT_STATE(FIN_WAIT1, FIN_WAIT2, u + 1, v),
		WANT_TIMEWAIT(BORN, FIN_WAIT2, u + 1, v),
		WANT_SEGMENT(RCV, FIN | ACK, FIN_WAIT2, v, u + 1, BY_MINISOCK),
		WANT_STATE(FIN_WAIT2, TIME_WAIT, u + 1, v + 1, BY_MINISOCK),
	};

	stage_expect(stage, end, want, ARRAY_SIZE(want));
}

static void expect_other(struct stage *stage, const struct net_end *end)
{
	uint32_t w = end->snd_nxt, u = end->rcv_nxt;
	const struct want want[] = {
		WANT_SEGMENT(RCV, FIN | ACK, ESTABLISHED, u, w),
		WANT_STATE(ESTABLISHED, CLOSE_WAIT, w, u + 1),
		WANT_CALL(CLOSE, CLOSE_WAIT, w, u + 1),
		WANT_STATE(CLOSE_WAIT, LAST_ACK, w, u + 1),
		WANT_SEGMENT(QUEUE, FIN | ACK, LAST_ACK, w, u + 1),
		WANT_SEGMENT(RCV, ACK, LAST_ACK, u + 1, w + 1),
		WANT_STATE(LAST_ACK, CLOSE, w + 1, u + 1),
	};

	stage_expect(stage, end, want, ARRAY_SIZE(want));
}

static void four_waves(struct stage *stage, struct net_end *closer, struct net_end *other)
{
	close(closer->fd);
	net_expect_eof(other);
	stage_await(stage, closer, 6);
	close(other->fd);
	expect_closed(stage, closer);
	expect_other(stage, other);
	stage_leave(stage);
	stage_verdict(stage, closer, VERDICT(FOUR_WAY, LOCAL, CLOSE));
	stage_verdict(stage, other, VERDICT(FOUR_WAY, PEER, PEER));
}

static void client_first(struct stage *stage)
{
	struct net_end client, server;

	fast_pair(stage, &client, &server);
	four_waves(stage, &client, &server);
}

static void server_first(struct stage *stage)
{
	struct net_end client, server;

	fast_pair(stage, &client, &server);
	four_waves(stage, &server, &client);
}

/* SYN with data, SYN-ACK, and no ACK yet. TCP_REPAIR does not work here. */
static void begin(struct stage *stage, struct net_end *end)
{
	int listener = peer_listen(&stage->peer, 0);
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	struct segment reply = { };

	set_fast_open(listener);
	peer_send(&stage->peer, SYN, PEER_ISS, 0, DATA);
	REQUIRE(peer_read(&stage->peer, &reply, 0) && reply.flags == (SYN | ACK) &&
		reply.ack == PEER_ISS + 1 + DATA, "the answer to the SYN is not good");
	end->fd = accept(listener, (void *)&addr, &len);
	REQUIRE(end->fd >= 0, "no connection accepted");
	end->peer = net_place_of(&addr);
	end->local = stage->peer.kernel;
	end->domain = addr.ss_family;
	len = sizeof(end->cookie);
	REQUIRE(!getsockopt(end->fd, SOL_SOCKET, SO_COOKIE, &end->cookie, &len), "no cookie");
	end->snd_nxt = reply.seq + 1;
	end->rcv_nxt = reply.ack;
	close(listener);
}

static void closed_early(struct stage *stage)
{
	struct net_end end;
	uint32_t u, v;

	begin(stage, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	net_receive(&end, DATA);
	close(end.fd);
	peer_expect(&stage->peer, FIN | ACK, u, v, 0);
	peer_send(&stage->peer, ACK, v, u + 1, 0);
	peer_send(&stage->peer, FIN | ACK, v, u + 1, 0);
	peer_expect(&stage->peer, ACK, u + 1, v + 1, 0);
	const struct want want[] = {
		WANT_CALL(CLOSE, SYN_RECV, u, v),
		WANT_STATE(SYN_RECV, FIN_WAIT1, u, v),
		WANT_SEGMENT(QUEUE, FIN | ACK, FIN_WAIT1, u, v),
		WANT_SEGMENT(RCV, ACK, FIN_WAIT1, v, u + 1),
		WANT_STATE(FIN_WAIT1, FIN_WAIT2, u + 1, v),
		WANT_TIMEWAIT(BORN, FIN_WAIT2, u + 1, v),
		WANT_SEGMENT(RCV, FIN | ACK, FIN_WAIT2, v, u + 1, BY_MINISOCK),
		WANT_STATE(FIN_WAIT2, TIME_WAIT, u + 1, v + 1, BY_MINISOCK),
	};

	stage_expect(stage, &end, want, ARRAY_SIZE(want));
	stage_leave(stage);
	stage_verdict(stage, &end, VERDICT(FOUR_WAY, LOCAL, CLOSE));
}

/* The ACK of the handshake, and the FIN is acknowledged with the peer's own. */
static void closed_early_three_waves(struct stage *stage)
{
	struct net_end end;
	uint32_t u, v;

	begin(stage, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	net_receive(&end, DATA);
	close(end.fd);
	peer_expect(&stage->peer, FIN | ACK, u, v, 0);
	peer_send(&stage->peer, ACK, v, u, 0);
	peer_send(&stage->peer, FIN | ACK, v, u + 1, 0);
	peer_expect(&stage->peer, ACK, u + 1, v + 1, 0);
	const struct want want[] = {
		WANT_CALL(CLOSE, SYN_RECV, u, v),
		WANT_STATE(SYN_RECV, FIN_WAIT1, u, v),
		WANT_SEGMENT(QUEUE, FIN | ACK, FIN_WAIT1, u, v),
		WANT_SEGMENT(RCV, ACK, FIN_WAIT1, v, u),
		WANT_SEGMENT(RCV, FIN | ACK, FIN_WAIT1, v, u + 1),
		WANT_STATE(FIN_WAIT1, FIN_WAIT2, u + 1, v),
		WANT_STATE(FIN_WAIT2, TIME_WAIT, u + 1, v + 1, BY_MINISOCK),
		WANT_TIMEWAIT(BORN, TIME_WAIT, u + 1, v + 1),
	};

	stage_expect(stage, &end, want, ARRAY_SIZE(want));
	stage_leave(stage);
	stage_verdict(stage, &end, VERDICT(THREE_WAY, LOCAL, CLOSE));
}

static void aborted_early(struct stage *stage)
{
	struct net_end end;
	uint32_t u, v;

	begin(stage, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	close(end.fd);		/* with data unread */
	peer_expect(&stage->peer, RST | ACK, u, v, 0);
	const struct want want[] = {
		WANT_CALL(CLOSE, SYN_RECV, u, v, .unread = DATA),
		WANT_STATE(SYN_RECV, CLOSE, u, v),
		WANT_RESET(SENT, RST | ACK, CLOSE, u, v, REASON(TCP_ABORT_ON_CLOSE)),
	};

	stage_expect(stage, &end, want, ARRAY_SIZE(want));
	stage_verdict(stage, &end, VERDICT(RESET_SENT, LOCAL, UNREAD));
}

static void fin_with_ack(struct stage *stage)
{
	int listener = peer_listen(&stage->peer, 0);
	struct segment reply = { };
	uint32_t w, u = PEER_ISS + 1;
	struct net_end end;

	peer_send(&stage->peer, SYN, PEER_ISS, 0, 0);
	REQUIRE(peer_read(&stage->peer, &reply, 0) && reply.flags == (SYN | ACK), "no SYN-ACK");
	w = reply.seq + 1;
	peer_send(&stage->peer, FIN | ACK, u, w, 0);
	end.fd = accept(listener, NULL, NULL);
	close(listener);
	net_learn(&end);
	net_await_state(&end, TCP_CLOSE_WAIT);
	CHECK(end.snd_nxt == w && end.rcv_nxt == u + 1, "own numbers are %u, %u",
	      end.snd_nxt, end.rcv_nxt);
	peer_expect(&stage->peer, ACK, w, u + 1, 0);
	close(end.fd);
	peer_expect(&stage->peer, FIN | ACK, w, u + 1, 0);
	peer_send(&stage->peer, ACK, u + 1, w + 1, 0);
	const struct want want[] = {
		WANT_SEGMENT(RCV, FIN | ACK, ESTABLISHED, u, w),
		WANT_STATE(ESTABLISHED, CLOSE_WAIT, w, u + 1),
		WANT_CALL(CLOSE, CLOSE_WAIT, w, u + 1),
		WANT_STATE(CLOSE_WAIT, LAST_ACK, w, u + 1),
		WANT_SEGMENT(QUEUE, FIN | ACK, LAST_ACK, w, u + 1),
		WANT_SEGMENT(RCV, ACK, LAST_ACK, u + 1, w + 1),
		WANT_STATE(LAST_ACK, CLOSE, w + 1, u + 1),
	};

	stage_expect(stage, &end, want, ARRAY_SIZE(want));
	stage_verdict(stage, &end, VERDICT(FOUR_WAY, PEER, PEER));
}

static const struct scene scenes[] = {
	SCENE("TCP Fast Open, the client closes first", client_first),
	SCENE("TCP Fast Open, the server closes first", server_first),
	SCENE_WITH_PEER("close in SYN_RECV, four waves", closed_early),
	SCENE_WITH_PEER("close in SYN_RECV, three waves", closed_early_three_waves),
	SCENE_WITH_PEER("close in SYN_RECV with data unread", aborted_early),
	SCENE_WITH_PEER("the FIN comes with the last ACK of the handshake", fin_with_ack),
};

int main(void)
{
	return stage_run(scenes, ARRAY_SIZE(scenes));
}
