// SPDX-License-Identifier: GPL-2.0
#include "remember.h"

#include <linux/math64.h>
#include <linux/minmax.h>
#include <net/tcp.h>

#include "record.h"

static void remember_place(struct conn *conn, const struct sock_common *sc,
			   __be16 sport, u8 state)
{
	const struct net *net = read_pnet(&sc->skc_net);

	record_addresses(sc, conn->local, conn->peer);
	conn->net_cookie = net->net_cookie;
	conn->netns = net->ns.inum;
	conn->local_port = ntohs(sport);
	conn->peer_port = ntohs(sc->skc_dport);
	conn->family = sc->skc_family;
	conn->state = state;
	if ((1 << state) & TCPF_CLOSING_STATES)
		conn->adopted = state;
}

/**
 * remember() - begin to remember a connection
 * @sk: its full socket
 * @cookie: its id
 * @state: the state that it is in, or about to leave; if that is a closing
 *	state, it is adopted
 * @ref: from conn_find(), which found nothing
 *
 * Return: as conn_make().
 */
bool remember(const struct sock *sk, u64 cookie, u8 state,
	      struct conn_ref *ref)
{
	const struct sock_common *sc = common_of_sock(sk);

	if (!conn_make(cookie, sc, ref))
		return false;
	remember_place(ref->conn, sc, inet_sk(sk)->inet_sport, state);
	ref->conn->owner_id = record_owner(sk);
	return true;
}

/**
 * remember_tw() - adopt a minisock whose birth was not seen
 * @tw: it
 * @substate: as it was before what is told of it now
 * @ref: from conn_find(), which found nothing
 *
 * Return: as conn_make().
 */
bool remember_tw(const struct inet_timewait_sock *tw, u8 substate, struct conn_ref *ref)
{
	const struct sock_common *sc = common_of_tw(tw);

	if (!conn_make(atomic64_read(&tw->tw_cookie), sc, ref))
		return false;
	remember_place(ref->conn, sc, tw->tw_sport, substate);
	ref->conn->owner_id.uid = INVALID_UID;
	ref->conn->minisock = true;
	return true;
}

static void remember_spent(struct conn *conn, u64 spent)
{
	static const u8 slot_plus_one[TCP_MAX_STATES] = {
		[TCP_FIN_WAIT1] = TCP_TEARDOWN_SPENT_FIN_WAIT1 + 1,
		[TCP_FIN_WAIT2] = TCP_TEARDOWN_SPENT_FIN_WAIT2 + 1,
		[TCP_CLOSING] = TCP_TEARDOWN_SPENT_CLOSING + 1,
		[TCP_TIME_WAIT] = TCP_TEARDOWN_SPENT_TIME_WAIT + 1,
		[TCP_CLOSE_WAIT] = TCP_TEARDOWN_SPENT_CLOSE_WAIT + 1,
		[TCP_LAST_ACK] = TCP_TEARDOWN_SPENT_LAST_ACK + 1,
	};
	u8 slot = slot_plus_one[conn->state];

	if (slot)
		conn->spent[slot - 1] = min_t(u64, div_u64(spent, NSEC_PER_USEC), U32_MAX);
}

static void remember_first(struct conn *conn, u8 to)
{
	static const u8 first[TCP_MAX_STATES] = {
		[TCP_FIN_WAIT1] = TCP_TEARDOWN_FIRST_LOCAL,
		[TCP_FIN_WAIT2] = TCP_TEARDOWN_FIRST_LOCAL,
		[TCP_CLOSING] = TCP_TEARDOWN_FIRST_BOTH,
		[TCP_CLOSE_WAIT] = TCP_TEARDOWN_FIRST_PEER,
		[TCP_LAST_ACK] = TCP_TEARDOWN_FIRST_PEER,
	};

	if (!conn->first)
		conn->first = first[conn->state];
	if (!conn->first || to == TCP_CLOSING)
		conn->first = first[to];
}

/**
 * remember_state() - a connection leaves a state
 * @conn: held
 * @to: for which one
 * @now: when
 *
 * Return: nanoseconds in the old state, TCP_TEARDOWN_UNKNOWN if it was entered
 * unseen.
 */
u64 remember_state(struct conn *conn, u8 to, u64 now)
{
	u64 spent = conn->since ? elapsed(conn->since, now) : TCP_TEARDOWN_UNKNOWN;

	if (conn->since)
		remember_spent(conn, spent);
	remember_first(conn, to);
	conn->state = to;
	conn->since = now;
	return spent;
}

/**
 * remember_bytes() - payload between the first FIN and the second
 * @conn: held; its beginning was seen
 * @sk: its full socket, in the state that it is about to leave
 */
void remember_bytes(struct conn *conn, const struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	if (conn->adopted)
		return;
	if (conn->first == TCP_TEARDOWN_FIRST_LOCAL ||
	    conn->first == TCP_TEARDOWN_FIRST_BOTH)
		/* rcv_nxt counts the FIN. */
		conn->bytes = tp->rcv_nxt - conn->base - sock_flag(sk, SOCK_DONE);
	else if (conn->first == TCP_TEARDOWN_FIRST_PEER && sk->sk_state == TCP_CLOSE_WAIT)
		conn->bytes = (conn->state == TCP_LAST_ACK ? tp->write_seq :
							     tp->snd_nxt) - conn->base;
}

/**
 * remember_fin_left() - has the FIN left that had to wait?
 * @conn: held
 * @sk: its full socket
 *
 * Return: true once, when it is so.
 */
bool remember_fin_left(struct conn *conn, const struct sock *sk)
{
	if (!conn->fin_waits || tcp_sk(sk)->snd_nxt != tcp_sk(sk)->write_seq)
		return false;
	conn->fin_waits = false;
	return true;
}
