// SPDX-License-Identifier: GPL-2.0
/*
 * tcp_write_err() ends a connection for one of four timers, and says not for which. What
 * it leaves of the socket does: it has emptied the queues, but not moved the numbers.
 */
#include "conn/given_up.h"

#include <net/tcp.h>

#include "uapi/tcp_teardown.h"

/* As tcp_orphan_retries() has it, as long as the peer may be alive. */
#define ORPHAN_RETRIES 8

/* tcp_keepalive_timer(): with TCP_USER_TIMEOUT, that alone limits it. */
static u8 keepalive_by(const struct sock *sk)
{
	return READ_ONCE(inet_csk(sk)->icsk_user_timeout) ? TCP_TEARDOWN_BY_USER_TIMEOUT :
							    TCP_TEARDOWN_BY_KEEPALIVE;
}

/* An orphan goes by the time that it has waited, too, while its probes are answered. */
static bool are_probes_answered(const struct sock *sk)
{
	const struct inet_connection_sock *icsk = inet_csk(sk);
	int retries = READ_ONCE(sock_net(sk)->ipv4.sysctl_tcp_orphan_retries);

	return (s32)(tcp_sk(sk)->rcv_tstamp - icsk->icsk_probes_tstamp) >= 0 &&
	       icsk->icsk_probes_out < (retries ?: ORPHAN_RETRIES);
}

/* tcp_probe_timer() */
static u8 probes_by(const struct sock *sk)
{
	u32 limit = READ_ONCE(inet_csk(sk)->icsk_user_timeout);
	s32 age = tcp_jiffies32 - inet_csk(sk)->icsk_probes_tstamp;

	if (limit && age >= (s32)msecs_to_jiffies(limit))
		return TCP_TEARDOWN_BY_USER_TIMEOUT;
	return sock_flag(sk, SOCK_DEAD) && are_probes_answered(sk) ?
	       TCP_TEARDOWN_BY_CLOSED_WINDOW : TCP_TEARDOWN_BY_RETRIES;
}

/* The peer has closed its window over what was sent, and has answered since. */
static bool is_window_closed(const struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	return sock_flag(sk, SOCK_DEAD) && !tp->snd_wnd &&
	       jiffies_to_msecs(tcp_jiffies32 - tp->rcv_tstamp) < tcp_retrans_age_ms(tp);
}

/* tcp_retransmit_timer(): a SYN may be sent for the last time before that. */
static u8 retransmits_by(const struct sock *sk)
{
	u32 limit = READ_ONCE(inet_csk(sk)->icsk_user_timeout);

	/* The timer may have fired a jiffy early. */
	if (limit && tcp_retrans_age_ms(tcp_sk(sk)) + jiffies_to_msecs(1) >= limit)
		return TCP_TEARDOWN_BY_USER_TIMEOUT;
	return is_window_closed(sk) ? TCP_TEARDOWN_BY_CLOSED_WINDOW : TCP_TEARDOWN_BY_RETRIES;
}

/**
 * given_up_by() - why the kernel has given up a connection
 * @sk: the socket, about to leave for CLOSE
 * @reset_sent: by keepalive, as it alone does
 *
 * Return: enum tcp_teardown_set_off.
 */
u8 given_up_by(const struct sock *sk, bool reset_sent)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	if (reset_sent)
		return keepalive_by(sk);
	/* tcp_fastopen_synack_timer() knows no TCP_USER_TIMEOUT. */
	if (rcu_access_pointer(tp->fastopen_rsk))
		return TCP_TEARDOWN_BY_RETRIES;
	if (tp->snd_una == tp->write_seq)
		return keepalive_by(sk);
	return tp->snd_una == tp->snd_nxt ? probes_by(sk) : retransmits_by(sk);
}
