/* SPDX-License-Identifier: GPL-2.0 */
/* The moment of a full socket's transition. For contexts see event.h. */
#ifndef TCP_TEARDOWN_EVENT_MOMENT_H
#define TCP_TEARDOWN_EVENT_MOMENT_H

#include <net/tcp.h>

#include "base/sock.h"
#include "conn/conn_track.h"
#include "event/event_call.h"
#include "record/record.h"

/*
 * Does this transition queue a FIN? It does: both callers of tcp_send_fin() call tcp_close_state()
 * just before, which makes the transition.
 */
static inline bool is_fin_queued(int to)
{
	return (1 << to) & (TCPF_FIN_WAIT1 | TCPF_LAST_ACK);
}

/* Did the segment that began the moment cause this transition? */
static inline bool segment_did(const struct moment *m, const struct sock *sk, int to)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	/* tcp_reset() has set the error, for a RST or for data that nobody will read. */
	if (to == TCP_CLOSE && (sk->sk_err == ECONNRESET || sk->sk_err == EPIPE))
		return true;
	if (m->tcp_flags & TCPHDR_RST)
		return false;
	if (to == TCP_CLOSING)
		return m->tcp_flags & TCPHDR_FIN && m->seq + m->len + 1 == tp->rcv_nxt;
	return m->ack == tp->snd_una && tp->snd_una == tp->write_seq;
}

/* Does this transition belong to the moment that has begun? If not, record that moment. */
static __always_inline bool event_continues(struct conn *conn, const struct sock *sk,
					    int from, int to)
{
	const struct moment *m = &conn->moment;
	bool goes_on = false;

	if (!m->kind)
		return false;
	if (likely(m->from == from && m->to == from)) {
		if (m->kind == TCP_TEARDOWN_CALL)
			goes_on = !in_serving_softirq();
		else if (m->kind == TCP_TEARDOWN_RESET)
			goes_on = to == TCP_CLOSE;
		else
			goes_on = segment_did(m, sk, to) ||
				  (to == TCP_CLOSE && conn->late_data);
	}
	if (!goes_on)
		conn_flush(conn);
	return goes_on;
}

/**
 * event_moment() - get the moment of a transition, and update the state of the connection
 * @conn: held
 * @sk: its full socket
 * @from: old state
 * @to: new state
 *
 * Return: the moment that has begun, if the transition belongs to it; otherwise a new one.
 */
static __always_inline struct moment *event_moment(struct conn *conn, const struct sock *sk,
						   int from, int to)
{
	if (is_fin_queued(to) && event_is_by_close(sk, conn))
		event_close_begins(sk, conn);
	else if (!event_continues(conn, sk, from, to))
		moment_of_sock(&conn->moment, sk, sock_clock(), TCP_TEARDOWN_STATE, 0);
	conn_mark(&conn->moment, conn);
	conn->moment.spent = conn_set_state(conn, to, conn->moment.time);
	return &conn->moment;
}

#endif
