// SPDX-License-Identifier: GPL-2.0
#include "remember.h"

#include <net/tcp.h>

static void remember_place(struct conn *conn, const struct sock_common *sc,
			   __be16 sport, u8 state)
{
	const struct net *net = read_pnet(&sc->skc_net);

	record_addresses(sc, conn->local, conn->peer);
	conn->net_cookie = net_identity(net);
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
 * @bucket: held, its own
 * @sk: its full socket
 * @cookie: its id
 * @state: the state that it is in, or about to leave; if that is a closing
 *	state, it is adopted
 *
 * Context and return: as conn_make().
 */
struct conn *remember(struct hlist_bl_head *bucket, const struct sock *sk, u64 cookie,
		      u8 state)
{
	const struct sock_common *sc = common_of_sock(sk);
	struct conn *conn = conn_make(bucket, cookie, sc);

	if (!conn)
		return NULL;
	remember_place(conn, sc, inet_sk(sk)->inet_sport, state);
	conn->owner_id = record_owner(sk);
	return conn;
}

/**
 * remember_tw() - adopt a minisock whose birth was not seen
 * @bucket: held, its own
 * @tw: it
 * @cookie: its id, as it was read when the bucket was found: ss may make one now
 * @substate: as it was before what is told of it now
 *
 * Context and return: as conn_make().
 */
struct conn *remember_tw(struct hlist_bl_head *bucket, const struct inet_timewait_sock *tw,
			 u64 cookie, u8 substate)
{
	const struct sock_common *sc = common_of_tw(tw);
	struct conn *conn = conn_make(bucket, cookie, sc);

	if (!conn)
		return NULL;
	remember_place(conn, sc, tw->tw_sport, substate);
	conn->owner_id.uid = INVALID_UID;
	conn->minisock = true;
	return conn;
}

/**
 * remember_first() - whose FIN is the first?
 * @conn: held; it leaves its state
 * @to: for that one
 */
void remember_first(struct conn *conn, u8 to)
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
