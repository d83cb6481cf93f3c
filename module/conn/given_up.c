// SPDX-License-Identifier: GPL-2.0
/*
 * tcp_write_err() ends a connection that timed out. Any of four timers may call it, and it does not
 * say which. The socket still shows that: tcp_write_err() empties the queues, but leaves the
 * sequence numbers as they are.
 */
#include "conn/given_up.h"

#include <net/tcp.h>

#include "uapi/tcp_teardown.h"

/* The default of tcp_orphan_retries() while the peer may be alive. */
#define ORPHAN_RETRIES 8

/* tcp_keepalive_timer(): if TCP_USER_TIMEOUT is set, it replaces the limit on probes. */
static u8 keepalive_by(const struct sock *sk)
{
	return READ_ONCE(inet_csk(sk)->icsk_user_timeout) ? TCP_TEARDOWN_BY_USER_TIMEOUT :
							    TCP_TEARDOWN_BY_KEEPALIVE;
}

/*
 * Has the peer answered the zero window probes of an orphan? tcp_probe_timer() may end an orphan
 * even then, by the time that it has waited.
 */
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

/* Has the peer of an orphan closed its window over what was sent, and answered since? */
static bool is_window_closed(const struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	return sock_flag(sk, SOCK_DEAD) && !tp->snd_wnd &&
	       jiffies_to_msecs(tcp_jiffies32 - tp->rcv_tstamp) < tcp_retrans_age_ms(tp);
}

/* tcp_retransmit_timer(). For a SYN, the retries may run out before TCP_USER_TIMEOUT. */
static u8 retransmits_by(const struct sock *sk)
{
	u32 limit = READ_ONCE(inet_csk(sk)->icsk_user_timeout);

	/* The timer may have fired a jiffy early. */
	if (limit && tcp_retrans_age_ms(tcp_sk(sk)) + jiffies_to_msecs(1) >= limit)
		return TCP_TEARDOWN_BY_USER_TIMEOUT;
	return is_window_closed(sk) ? TCP_TEARDOWN_BY_CLOSED_WINDOW : TCP_TEARDOWN_BY_RETRIES;
}

/**
 * given_up_by() - find out why the kernel has given up a connection
 * @sk: the socket, about to go to CLOSE
 * @reset_sent: the socket has sent a RST; of the timers, only that of keepalive does
 *
 * Return: enum tcp_teardown_set_off.
 */
u8 given_up_by(const struct sock *sk, bool reset_sent)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	if (reset_sent)
		return keepalive_by(sk);
	/* tcp_fastopen_synack_timer() ignores TCP_USER_TIMEOUT. */
	if (rcu_access_pointer(tp->fastopen_rsk))
		return TCP_TEARDOWN_BY_RETRIES;
	if (tp->snd_una == tp->write_seq)
		return keepalive_by(sk);
	return tp->snd_una == tp->snd_nxt ? probes_by(sk) : retransmits_by(sk);
}
