// SPDX-License-Identifier: GPL-2.0
/* The kinds of close by a RST, sent or received. */
#include <errno.h>
#include <unistd.h>

#include "closes.h"
#include "lib/life.h"

#define DATA 10
#define CLOSED_PORT 9
#define SEQ 5000
#define ACKED 7000

void reset_unread(struct run *run)
{
	struct net_end end;
	uint32_t u, v;

	peer_connect(&run->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	peer_send(&run->peer, PSH | ACK, v, u, DATA);
	peer_expect(&run->peer, ACK, u, v + DATA, 0);
	close(end.fd);
	peer_expect(&run->peer, RST | ACK, u, v + DATA, 0);
	EXPECT(run, &end,
	       WANT_CALL(CLOSE, ESTABLISHED, u, v + DATA, .unread = DATA),
	       WANT_STATE(ESTABLISHED, CLOSE, u, v + DATA),
	       WANT_RESET(SENT, RST | ACK, CLOSE, u, v + DATA, REASON(TCP_ABORT_ON_CLOSE)));
	run_expect_verdict(run, &end, VERDICT(RESET_SENT, LOCAL, UNREAD));
}

void reset_linger0(struct run *run)
{
	struct net_end end;

	peer_connect(&run->peer, &end);
	net_abort(end.fd);
	peer_expect(&run->peer, RST | ACK, end.snd_nxt, end.rcv_nxt, 0);
	expect_abort(run, &end);
}

void reset_disconnect(struct run *run)
{
	const struct sockaddr none = { .sa_family = AF_UNSPEC };
	struct net_end end;
	uint32_t u, v;

	peer_connect(&run->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	CHECK(!connect(end.fd, &none, sizeof(none)), "disconnect");
	close(end.fd);
	peer_expect(&run->peer, RST | ACK, u, v, 0);
	EXPECT(run, &end,
	       WANT_CALL(DISCONNECT, ESTABLISHED, u, v),
	       WANT_STATE(ESTABLISHED, CLOSE, u, v),
	       WANT_RESET(SENT, RST | ACK, CLOSE, u, v, REASON(TCP_STATE)));
	run_expect_verdict(run, &end, VERDICT(RESET_SENT, LOCAL, DISCONNECT));
}

/* It was not accepted, so no process can ask for its cookie. */
void reset_listener(struct run *run)
{
	int fd = peer_listen(&run->peer, 0);
	struct net_end end = {
		.domain = net_domain(run->family), .cookie = RUN_ANY_COOKIE,
		.local = run->peer.kernel, .peer = run->peer.self,
	};
	struct segment reply = { };
	uint32_t u, v;

	peer_send(&run->peer, SYN, PEER_ISS, 0, 0);
	REQUIRE(peer_read(&run->peer, &reply, 0), "no answer to the SYN");
	u = reply.seq + 1;
	v = PEER_ISS + 1;
	peer_send(&run->peer, ACK, v, u, 0);
	close(fd);
	peer_expect(&run->peer, RST | ACK, u, v, 0);
	EXPECT(run, &end,
	       WANT_CALL(LISTENER, ESTABLISHED, u, v),
	       WANT_STATE(ESTABLISHED, CLOSE, u, v),
	       WANT_RESET(SENT, RST | ACK, CLOSE, u, v, REASON(TCP_STATE)));
	run_expect_verdict(run, &end, VERDICT(RESET_SENT, LOCAL, LISTENER));
}

void reset_received(struct run *run)
{
	struct net_end end;
	uint32_t u, v;

	peer_connect(&run->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	peer_send(&run->peer, RST, v, 0, 0);
	net_expect_error(&end, ECONNRESET);
	close(end.fd);
	EXPECT(run, &end,
	       WANT_RESET(RECEIVED, RST, ESTABLISHED, v, 0),
	       WANT_STATE(ESTABLISHED, CLOSE, u, v),
	       WANT_CALL(CLOSE, CLOSE, u, v));
	run_expect_verdict(run, &end, VERDICT(RESET_RECEIVED, PEER, PEER, .no_owner = true));
}

void reset_in_close_wait(struct run *run)
{
	struct net_end end;
	uint32_t u, v;

	peer_connect(&run->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	peer_send(&run->peer, FIN | ACK, v, u, 0);
	peer_expect(&run->peer, ACK, u, v + 1, 0);
	peer_send(&run->peer, RST | ACK, v + 1, u, 0);
	net_await_state(&end, TCP_CLOSE);
	close(end.fd);
	expect_passive(run, &end);
	EXPECT(run, &end,
	       WANT_SEGMENT(RCV, RST | ACK, CLOSE_WAIT, v + 1, u),
	       WANT_RESET(RECEIVED, RST | ACK, CLOSE_WAIT, v + 1, u),
	       WANT_STATE(CLOSE_WAIT, CLOSE, u, v + 1),
	       WANT_CALL(CLOSE, CLOSE, u, v + 1));
	run_expect_verdict(run, &end, VERDICT(RESET_RECEIVED, PEER, PEER, .no_owner = true));
}

void connect_refused(struct run *run)
{
	struct net_end end;
	uint32_t u;

	peer_await_connect(&run->peer, &end);
	u = end.snd_nxt;
	peer_send(&run->peer, RST | ACK, 0, u, 0);
	net_expect_error(&end, ECONNREFUSED);
	close(end.fd);
	EXPECT(run, &end,
	       WANT_RESET(RECEIVED, RST | ACK, SYN_SENT, 0, u),
	       WANT_STATE(SYN_SENT, CLOSE, u, 0),
	       WANT_CALL(CLOSE, CLOSE, u, 0));
	run_expect_verdict(run, &end, VERDICT(REFUSED, PEER, PEER, .no_owner = true));
}

void reset_nobody(struct run *run)
{
	struct net_end end = { .domain = net_domain(run->family) };

	run->peer.kernel.port = CLOSED_PORT;
	end.local = run->peer.kernel;
	end.peer = run->peer.self;
	peer_send(&run->peer, SYN, SEQ, 0, 0);
	peer_expect(&run->peer, RST | ACK, 0, SEQ + 1, 0);
	peer_send(&run->peer, ACK, SEQ, ACKED, 0);
	peer_expect(&run->peer, RST, ACKED, 0, 0);
	const struct want want[] = {
		{ .kind = FACT_RESET, .what = TCP_TEARDOWN_RST_REPLY,
		  .flags = RST | ACK, .ack = SEQ + 1, REASON(NO_SOCKET) },
		{ .kind = FACT_RESET, .what = TCP_TEARDOWN_RST_REPLY,
		  .flags = RST, .seq = ACKED, REASON(NO_SOCKET) },
	};

	run_expect(run, &end, want, ARRAY_SIZE(want));
}

void reset_data_after_close(struct run *run)
{
	struct net_end end;
	uint32_t u, v;

	peer_connect(&run->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	close(end.fd);
	peer_expect(&run->peer, FIN | ACK, u, v, 0);
	peer_send(&run->peer, PSH | ACK, v, u, DATA);
	peer_expect(&run->peer, RST, u, 0, 0);
	expect_active_close(run, &end);
	EXPECT(run, &end,
	       WANT_SEGMENT(RCV, PSH | ACK, FIN_WAIT1, v, u, .len = DATA),
	       WANT_STATE(FIN_WAIT1, CLOSE, u + 1, v),
	       WANT_RESET(REPLY, RST, CLOSE, u, 0, REASON(TCP_ABORT_ON_DATA)));
	run_expect_verdict(run, &end, VERDICT(RESET_SENT, LOCAL, DATA));
}

void reset_killed(struct run *run)
{
	struct net_end end;
	uint32_t u, v;

	peer_connect(&run->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	run_destroy(run, &end);
	peer_expect(&run->peer, RST | ACK, u, v, 0);
	close(end.fd);
	EXPECT(run, &end,
	       WANT_CALL(ABORT, ESTABLISHED, u, v),
	       WANT_RESET(SENT, RST | ACK, ESTABLISHED, u, v, REASON(TCP_STATE)),
	       WANT_STATE(ESTABLISHED, CLOSE, u, v),
	       WANT_CALL(CLOSE, CLOSE, u, v));
	run_expect_verdict(run, &end, VERDICT(RESET_SENT, LOCAL, KILL, .no_owner = true));
}
