// SPDX-License-Identifier: GPL-2.0
/* The kinds of close that end as a minisock, and how that ends. */
#include <unistd.h>

#include "closes.h"
#include "lib/life.h"

#define DATA 10
#define LATER 100000		/* added to the sequence number of a new SYN */
#define TIMEWAIT_S 60
/* The timer wheel is late by up to an eighth; allow more. */
#define PATIENCE_S (TIMEWAIT_S * 9 / 8 + 30)

void close_fin_wait2(struct run *run, struct net_end *end)
{
	uint32_t u, v;

	peer_connect(&run->peer, end);
	u = end->snd_nxt;
	v = end->rcv_nxt;
	close(end->fd);
	peer_expect(&run->peer, FIN | ACK, u, v, 0);
	peer_send(&run->peer, ACK, v, u + 1, 0);
	run_await_minisock(end, TCP_FIN_WAIT2);
	expect_fin_wait2(run, end);
}

void close_time_wait(struct run *run, struct net_end *end)
{
	uint32_t u, v;

	peer_connect(&run->peer, end);
	u = end->snd_nxt;
	v = end->rcv_nxt;
	close(end->fd);
	peer_expect(&run->peer, FIN | ACK, u, v, 0);
	peer_send(&run->peer, FIN | ACK, v, u + 1, 0);
	peer_expect(&run->peer, ACK, u + 1, v + 1, 0);
	run_await_minisock(end, TCP_TIME_WAIT);
	expect_time_wait(run, end);
}

void close_pair(struct run *run, struct net_end *client, struct net_end *server)
{
	int on = 1;

	net_pair(run->family, client, server);
	setsockopt(client->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	close(client->fd);
	net_expect_eof(server);
	run_await_minisock(client, TCP_FIN_WAIT2);
	close(server->fd);
	run_await_minisock(client, TCP_TIME_WAIT);
	run_await_gone(server, 0);
	expect_fin_wait2(run, client);
	expect_fin_in_fin_wait2(run, client);
	expect_passive_close(run, server);
	run_expect_verdict(run, client, VERDICT(FOUR_WAY, LOCAL, CLOSE));
	run_expect_verdict(run, server, VERDICT(FOUR_WAY, PEER, PEER));
}

/* One second is the shortest; the records come when the timer fires. */
void fin_wait2_expired(struct run *run)
{
	struct net_end end;
	uint32_t u, v;

	net_sysctl("ipv4/tcp_fin_timeout", "1");
	close_fin_wait2(run, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	run_await_gone(&end, 0);
	EXPECT(run, &end,
	       WANT_STATE(FIN_WAIT2, CLOSE, u + 1, v, BY_MINISOCK),
	       WANT_TIMEWAIT(EXPIRED, FIN_WAIT2, u + 1, v));
	run_expect_verdict(run, &end, VERDICT(FIN_WAIT2_EXPIRED, LOCAL, FIN_TIMEOUT));
}

void fin_wait2_reset(struct run *run)
{
	struct net_end end;
	uint32_t u, v;

	close_fin_wait2(run, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	peer_send(&run->peer, RST | ACK, v, u + 1, 0);
	run_await_gone(&end, 0);
	EXPECT(run, &end,
	       WANT_SEGMENT(RCV, RST | ACK, FIN_WAIT2, v, u + 1, BY_MINISOCK),
	       WANT_STATE(FIN_WAIT2, CLOSE, u + 1, v, BY_MINISOCK),
	       WANT_TIMEWAIT(RESET, FIN_WAIT2, u + 1, v));
	run_expect_verdict(run, &end, VERDICT(RESET_RECEIVED, LOCAL, PEER));
}

void fin_wait2_answered(struct run *run)
{
	struct net_end end;
	uint32_t u, v;

	close_fin_wait2(run, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	peer_send(&run->peer, PSH | ACK, v, u + 1, DATA);
	peer_expect(&run->peer, RST, u + 1, 0, 0);
	EXPECT(run, &end,
	       WANT_SEGMENT(RCV, PSH | ACK, FIN_WAIT2, v, u + 1, BY_MINISOCK, .len = DATA),
	       WANT_STATE(FIN_WAIT2, CLOSE, u + 1, v, BY_MINISOCK),
	       WANT_TIMEWAIT(ANSWERED, FIN_WAIT2, u + 1, v),
	       WANT_RESET(REPLY, RST, FIN_WAIT2, u + 1, 0, BY_MINISOCK,
			  REASON(TCP_TIMEWAIT_SOCKET)));
	run_expect_verdict(run, &end, VERDICT(RESET_SENT, LOCAL, DATA));
}

void fin_wait2_netns(struct run *run)
{
	struct net_end end;

	close_fin_wait2(run, &end);
	expect_netns_gone(run, &end, TCP_FIN_WAIT2, end.snd_nxt + 1, end.rcv_nxt);
	run_expect_verdict(run, &end, VERDICT(ABORTED, LOCAL, NETNS));
}

void time_wait_expired(struct run *run)
{
	struct net_end end;
	uint32_t u, v;

	close_time_wait(run, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	run_await_gone(&end, PATIENCE_S);
	EXPECT(run, &end,
	       WANT_STATE(TIME_WAIT, CLOSE, u + 1, v + 1, BY_MINISOCK),
	       WANT_TIMEWAIT(EXPIRED, TIME_WAIT, u + 1, v + 1));
	run_expect_verdict(run, &end, VERDICT(THREE_WAY, LOCAL, CLOSE));
}

void time_wait_rearmed(struct run *run)
{
	struct net_end end;
	uint32_t u, v;

	close_time_wait(run, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	peer_send(&run->peer, FIN | ACK, v, u + 1, 0);
	peer_expect(&run->peer, ACK, u + 1, v + 1, 0);
	EXPECT(run, &end,
	       WANT_SEGMENT(RCV_DUP, FIN | ACK, TIME_WAIT, v, u + 1, BY_MINISOCK),
	       WANT_TIMEWAIT(REARMED, TIME_WAIT, u + 1, v + 1,
			     .timeout_ms = TIMEWAIT_S * 1000),
	       WANT_SEGMENT(ACK, ACK, TIME_WAIT, u + 1, v + 1, BY_MINISOCK));
	expect_netns_gone(run, &end, TCP_TIME_WAIT, u + 1, v + 1);
	run_expect_verdict(run, &end, VERDICT(THREE_WAY, LOCAL, CLOSE));
}

void time_wait_reset(struct run *run)
{
	struct net_end end;
	uint32_t u, v;

	net_sysctl("ipv4/tcp_rfc1337", "0");
	close_time_wait(run, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	peer_send(&run->peer, RST, v + 1, 0, 0);
	run_await_gone(&end, 0);
	EXPECT(run, &end,
	       WANT_SEGMENT(RCV, RST, TIME_WAIT, v + 1, 0, BY_MINISOCK),
	       WANT_STATE(TIME_WAIT, CLOSE, u + 1, v + 1, BY_MINISOCK),
	       WANT_TIMEWAIT(RESET, TIME_WAIT, u + 1, v + 1));
	run_expect_verdict(run, &end, VERDICT(THREE_WAY, LOCAL, CLOSE));
}

/* A SYN opens the next connection with the same ports, which is aborted at once. */
static void reopen(struct run *run, const struct net_end *end, uint32_t seq)
{
	int listener = peer_listen(&run->peer, end->local.port);
	struct segment reply = { };
	struct net_end next = { };

	peer_send(&run->peer, SYN, seq, 0, 0);
	REQUIRE(peer_read(&run->peer, &reply, 0) && reply.flags == (SYN | ACK) &&
		reply.ack == seq + 1, "no answer to the SYN");
	peer_send(&run->peer, ACK, seq + 1, reply.seq + 1, 0);
	next.fd = accept(listener, NULL, NULL);
	net_learn(&next);
	net_abort(next.fd);
	close(listener);
	expect_abort(run, &next);
}

void time_wait_reopened(struct run *run)
{
	struct net_end end;
	uint32_t u, v;

	close_time_wait(run, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	reopen(run, &end, v + LATER);
	EXPECT(run, &end,
	       WANT_SEGMENT(RCV_OOO, SYN, TIME_WAIT, v + LATER, 0, BY_MINISOCK),
	       WANT_STATE(TIME_WAIT, CLOSE, u + 1, v + 1, BY_MINISOCK),
	       WANT_TIMEWAIT(REOPENED, TIME_WAIT, u + 1, v + 1));
	run_expect_verdict(run, &end, VERDICT(THREE_WAY, LOCAL, CLOSE));
}

/* A socket on loopback with that port. */
static int bound_socket(struct run *run, uint16_t port)
{
	struct sockaddr_storage addr;
	socklen_t len = net_loopback(run->family, port, &addr);
	int fd = socket(net_domain(run->family), SOCK_STREAM, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	REQUIRE(!bind(fd, (void *)&addr, len), "port %u is taken", port);
	return fd;
}

/* Connect with the same ports, and abort at once; the other end receives the RST. */
static void connect_again(struct run *run, const struct net_end *end)
{
	int listener = bound_socket(run, end->peer.port);
	struct net_end next = { }, server = { };
	struct sockaddr_storage to;
	socklen_t len = net_loopback(run->family, end->peer.port, &to);
	uint32_t u, v;

	REQUIRE(!listen(listener, 1), "no listener");
	next.fd = bound_socket(run, end->local.port);
	REQUIRE(!connect(next.fd, (void *)&to, len), "no connection");
	server.fd = accept(listener, NULL, NULL);
	net_learn(&next);
	net_learn(&server);
	close(listener);
	net_abort(next.fd);
	net_await_state(&server, TCP_CLOSE);
	close(server.fd);
	u = next.snd_nxt;
	v = next.rcv_nxt;
	expect_abort(run, &next);
	EXPECT(run, &server,
	       WANT_RESET(RECEIVED, RST | ACK, ESTABLISHED, u, v),
	       WANT_STATE(ESTABLISHED, CLOSE, v, u),
	       WANT_CALL(CLOSE, CLOSE, v, u));
	run_expect_verdict(run, &server, VERDICT(RESET_RECEIVED, PEER, PEER,
						 .no_owner = true));
}

void time_wait_reused(struct run *run)
{
	struct net_end end, server;
	uint32_t u, v;

	close_pair(run, &end, &server);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	connect_again(run, &end);
	EXPECT(run, &end,
	       WANT_STATE(TIME_WAIT, CLOSE, u + 1, v + 1, BY_MINISOCK),
	       WANT_TIMEWAIT(REUSED, TIME_WAIT, u + 1, v + 1));
}

void time_wait_killed(struct run *run)
{
	struct net_end end;
	uint32_t u, v;

	close_time_wait(run, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	run_destroy(run, &end);
	EXPECT(run, &end,
	       WANT_STATE(TIME_WAIT, CLOSE, u + 1, v + 1, BY_MINISOCK),
	       WANT_TIMEWAIT(KILLED, TIME_WAIT, u + 1, v + 1));
	run_expect_verdict(run, &end, VERDICT(THREE_WAY, LOCAL, CLOSE));
}

void time_wait_refused(struct run *run)
{
	struct net_end end;
	uint32_t u, v;

	net_sysctl("ipv4/tcp_max_tw_buckets", "0");
	peer_connect(&run->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	close(end.fd);
	peer_expect(&run->peer, FIN | ACK, u, v, 0);
	peer_send(&run->peer, FIN | ACK, v, u + 1, 0);
	peer_expect(&run->peer, ACK, u + 1, v + 1, 0);
	expect_active_close(run, &end);
	expect_fin_in_fin_wait1(run, &end);
	EXPECT(run, &end,
	       WANT_REFUSED(FIN_WAIT2, u + 1, v + 1),
	       WANT_STATE(FIN_WAIT2, CLOSE, u + 1, v + 1));
	run_expect_verdict(run, &end, VERDICT(THREE_WAY, LOCAL, CLOSE));
}
