// SPDX-License-Identifier: GPL-2.0
/* Transitions of full sockets. */
#include "event.h"

#include <net/tcp.h>

#include "record.h"
#include "remember.h"
#include "verdict.h"

/*
 * What passes between the first FIN and the second: to us while our FIN is the
 * first, from us while the peer's is. The socket is about to enter @to.
 */
static void event_waves(const struct sock *sk, struct conn *conn, int to)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	switch (to) {
	case TCP_FIN_WAIT1:
		conn->fin_by = conn->call;
		conn->base = tp->rcv_nxt;
		break;
	case TCP_CLOSE_WAIT:
		conn->base = tp->snd_nxt;
		break;
	case TCP_LAST_ACK:
		conn->fin_by = conn->call;
		/* Else the ACK of the peer's FIN is still owed. */
		conn->three_way = tp->rcv_wup != tp->rcv_nxt;
		break;
	}
	remember_bytes(conn, sk);
}

static bool is_closing(int from, int to)
{
	return from != to && (1 << to) & (TCPF_CLOSING_STATES | TCPF_CLOSE) &&
	       !((1 << from) & (TCPF_LISTEN | TCPF_CLOSE));
}

/**
 * struct event_step - what the connection's memory says of a transition
 * @spent: nanoseconds in the state that is left
 * @refused: it has asked for a minisock, and there is none
 * @handed_over: to a minisock: the full socket goes, the connection does not
 * @untracked: there was something to remember, and it is not
 * @adopted: it was closing when it was first seen
 * @fin_left: its FIN, which had to wait, has left
 * @verdict: with the transition to CLOSE
 */
struct event_step {
	u64 spent;
	bool refused;
	bool handed_over;
	bool untracked;
	bool adopted;
	bool fin_left;
	struct verdict verdict;
};

static void event_step_on(const struct sock *sk, struct conn *conn, int to, u64 now,
			  struct event_step *step)
{
	step->spent = remember_state(conn, to, now);
	step->refused = to == TCP_CLOSE && conn->asked;
	step->adopted = conn->adopted;
	step->fin_left = remember_fin_left(conn, sk);
	event_waves(sk, conn, to);
}

static void event_step(const struct sock *sk, u64 cookie, int from, int to, u64 now,
		       struct event_step *step)
{
	const struct sock_common *sc = common_of_sock(sk);
	struct conn_ref ref;

	conn_find(cookie, sc, &ref);
	if (ref.conn && ref.conn->leaving == sc) {
		ref.conn->leaving = NULL;
		step->handed_over = true;
		if (!ref.conn->owner)	/* the minisock was faster */
			conn_forget(&ref);
	} else {
		/* The first sign of closing may be the last: nothing is lost. */
		bool matters = to != TCP_CLOSE || (1 << from) & TCPF_CLOSING_STATES;

		if (ref.conn || (matters && remember(sk, cookie, from, &ref)))
			event_step_on(sk, ref.conn, to, now, step);
		else
			step->untracked = matters;
		if (to == TCP_CLOSE)
			verdict_of_sock(&step->verdict, sk, from, ref.conn);
		if (to == TCP_CLOSE && ref.conn)
			conn_forget(&ref);
	}
	conn_put(&ref);
}

static void event_refused(const struct sock *sk, u64 now)
{
	struct tcp_teardown_record *r;

	netns_count(sock_net(sk), STATS_TW_REFUSED);
	r = record_of_sock(sk, now, TCP_TEARDOWN_TIMEWAIT, TCP_TEARDOWN_TW_REFUSED);
	if (r)
		record_publish(r);
}

static void event_tell_state(const struct sock *sk, int to, u64 now,
			     const struct event_step *step)
{
	struct tcp_teardown_record *r;

	r = record_of_transition(sk, now, to);
	if (!r)
		return;
	r->state.spent = step->spent;
	if (step->untracked)
		r->flags |= TCP_TEARDOWN_F_UNTRACKED;
	if (step->adopted)
		r->flags |= TCP_TEARDOWN_F_ADOPTED;
	record_publish(r);
}

/* An orphan that may not wait for the FIN goes with the ACK of its own. */
static bool is_given_up(const struct sock *sk)
{
	return sock_flag(sk, SOCK_DEAD) && READ_ONCE(tcp_sk(sk)->linger2) < 0;
}

/**
 * event_state() - a full socket changes its state
 * @sk: the socket; its sk_state is still @from
 * @from: old state
 * @to: new state
 *
 * Source: trace_inet_sock_set_state() in inet_sk_state_store(). Also called for
 * listeners, for MPTCP sockets and for other protocols.
 */
void event_state(const struct sock *sk, int from, int to)
{
	struct event_step step = { .spent = TCP_TEARDOWN_UNKNOWN };
	const struct net *net = sock_net(sk);
	u64 now;

	if (sk->sk_protocol != IPPROTO_TCP || !is_closing(from, to))
		return;
	now = record_now();
	event_step(sk, record_cookie(sk), from, to, now, &step);
	if (step.handed_over)
		return;
	netns_transition(net, from, to, step.spent);
	if (step.untracked)
		netns_count(net, STATS_UNTRACKED);
	if (step.fin_left)
		event_tell_fin_left(sk, now);
	if (step.refused)
		event_refused(sk, now);
	if (step.refused && step.verdict.how == TCP_TEARDOWN_ORPHAN_KILLED)
		netns_count(net, STATS_TW_REFUSED_ORPHAN);
	if (to == TCP_FIN_WAIT2 && is_given_up(sk))
		netns_count(net, STATS_ORPHAN_LINGER2);
	event_tell_state(sk, to, now, &step);
	if (to == TCP_CLOSE)
		verdict_tell_sock(&step.verdict, sk, now);
}
