// SPDX-License-Identifier: GPL-2.0
/* Rules: FINs that are lost, that wait, that are given up, and the last ACK. */
#include "doctor.h"

static u64 minus(u64 a, u64 b)
{
	return a > b ? a - b : 0;
}

/* At least three, and one in a hundred. */
static bool is_share(u64 count, u64 of)
{
	return count >= 3 && count * 100 >= of;
}

static void print_share(struct print *print, u64 count, u64 of)
{
	print_count(print, count);
	if (!of)
		return;
	print_word(print, " of ");
	print_count(print, of);
}

static bool look_lost(const struct doctor *doctor, const struct place *place,
		      struct finding *finding)
{
	u64 resent = minus(count_of(place, FACT_FIN_RESENT), place->seen[FACT_LAST_ACK_RESENT]);
	u64 seen = minus(place->seen[FACT_FIN_RESENT], place->seen[FACT_LAST_ACK_RESENT]);
	u64 fins = count_of(place, FACT_FIN_QUEUED);

	(void)doctor;
	if (!fins)
		return false;
	if (!is_share(resent, fins) && !is_share(seen, place->seen[FACT_FIN_QUEUED])) {
		finding->fine = true;
		print_word(&finding->fact, "FINs sent again by who closed first: ");
		print_share(&finding->fact, resent, fins);
		return true;
	}
	print_word(&finding->fact, "FINs sent again by who closed first: ");
	print_count(&finding->fact, resent);
	print_word(&finding->fact, " times; FINs in all: ");
	print_count(&finding->fact, fins);
	if (!place->records)
		finding_doubt(finding,
			      "without records it is not known from which state they were sent\n"
			      "again");
	if (count_of(place, FACT_FIN_AGAIN))
		finding_note(finding,
			     "FINs that came here again: %llu. If the peers are on this host, so\n"
			     "often it was the ACK that was lost.",
			     count_of(place, FACT_FIN_AGAIN));
	else
		finding_doubt(finding,
			      "with the records of one host a lost FIN and a lost ACK of it\n"
			      "look alike: tcp-teardown merge tells them apart");
	tally_print(&finding->who, &place->who[FACT_FIN_RESENT]);
	print_word(&finding->see, "tcp-teardown show 'event == resend'");
	return true;
}

static bool is_waiting(const struct sock *sock)
{
	return sock->probes && (sock->state == TCP_FIN_WAIT1 || sock->state == TCP_CLOSING ||
				sock->state == TCP_LAST_ACK);
}

static bool look_waits(const struct doctor *doctor, const struct place *place,
		       struct finding *finding)
{
	u64 now = 0, bytes = 0, gone = place->seen[FACT_CLOSED_WINDOW];

	(void)doctor;
	for (u64 i = 0; i < place->socks.nr; i++) {
		const struct sock *sock = &place->socks.sock[i];

		if (!is_waiting(sock))
			continue;
		if (now++ < 4)
			print_format(&finding->who, "%s to %s: %llu bytes are not acknowledged\n",
				     sock->local, sock->peer, sock->unsent);
		bytes += sock->unsent;
	}
	if (!now && !gone)
		return false;
	print_format(&finding->fact, "FINs that wait for the peer's window: %llu now, %llu bytes",
		     now, bytes);
	if (gone)
		print_format(&finding->fact, "; %llu given up", gone);
	if (now)
		finding_doubt(finding,
			      "where this host's own firewall or queue drops what is sent, it\n"
			      "looks alike");
	tally_print(&finding->who, &place->who[FACT_CLOSED_WINDOW]);
	print_word(&finding->see, "ss -tnoi state fin-wait-1 state last-ack state closing");
	return true;
}

static bool look_given_up(const struct doctor *doctor, const struct place *place,
			  struct finding *finding)
{
	u64 retries = place->seen[FACT_RETRIES], timeout = place->seen[FACT_USER_TIMEOUT];

	(void)doctor;
	if (!is_notable(place, FACT_RETRIES) && !is_notable(place, FACT_USER_TIMEOUT))
		return false;
	print_format(&finding->fact,
		     "FINs given up: %llu after all retries, %llu by TCP_USER_TIMEOUT",
		     retries, timeout);
	if (place->has_sysctl[SYSCTL_ORPHAN_RETRIES])
		finding_note(finding, "tcp_orphan_retries is %llu%s: for sockets that were closed.",
			     place->sysctl[SYSCTL_ORPHAN_RETRIES],
			     place->sysctl[SYSCTL_ORPHAN_RETRIES] ? "" : ", which means 8");
	if (place->has_sysctl[SYSCTL_RETRIES2])
		finding_note(finding,
			     "tcp_retries2 is %llu: for sockets that a process still holds.",
			     place->sysctl[SYSCTL_RETRIES2]);
	tally_print(&finding->who, &place->who[retries ? FACT_RETRIES : FACT_USER_TIMEOUT]);
	print_word(&finding->see, "tcp-teardown show 'end == timed_out'");
	return true;
}

/*
 * FINs that came again, if they are many; not those that came to a socket in CLOSE_WAIT: each
 * in TIME_WAIT sets its timer again, as do some other segments.
 */
static u64 came_to_time_wait(const struct place *place)
{
	u64 again = count_of(place, FACT_FIN_AGAIN), rearmed = count_of(place, FACT_TW_REARMED);

	if (!is_notable(place, FACT_FIN_AGAIN) || !is_notable(place, FACT_TW_REARMED))
		return 0;
	return again < rearmed ? again : rearmed;
}

static bool look_last_ack(const struct doctor *doctor, const struct place *place,
			  struct finding *finding)
{
	u64 again = came_to_time_wait(place), resent = place->seen[FACT_LAST_ACK_RESENT];
	u64 reset = count_of(place, FACT_LAST_ACK_RESET);

	(void)doctor;
	if (!again && !is_notable(place, FACT_LAST_ACK_RESENT) &&
	    !is_notable(place, FACT_LAST_ACK_RESET))
		return false;
	print_format(&finding->fact,
		     "last ACK: %llu FINs came again, %llu were sent again, %llu reset",
		     again, resent, reset);
	if (again)
		finding_note(finding,
			     "FINs came here again: TIME_WAIT was there, and answered each with\n"
			     "the ACK; it began its minute again %llu times. That is what it is\n"
			     "for.",
			     count_of(place, FACT_TW_REARMED));
	if (resent)
		finding_note(finding,
			     "FINs were sent again from LAST_ACK: the FIN or its ACK was lost.");
	if (reset)
		finding_note(finding,
			     "FINs from LAST_ACK were answered with a RST: the peer's TIME_WAIT\n"
			     "was missing, refused or killed; or the peer had reset, as data\n"
			     "came after its close (RACE); or something between had forgotten\n"
			     "the connection: conntrack forgets LAST_ACK after 30 s\n"
			     "(nf_conntrack_tcp_timeout_last_ack), sooner than TCP gives up.");
	if (resent && !again)
		finding_doubt(finding,
			      "with the records of one host a lost FIN and a lost last ACK look\n"
			      "alike: tcp-teardown merge tells them apart");
	tally_print(&finding->who, &place->who[again ? FACT_FIN_AGAIN : FACT_LAST_ACK_RESENT]);
	print_word(&finding->see, "tcp-teardown show 'state == LAST_ACK && event == resend'");
	return true;
}

const struct rule fin_rules[] = {
	{
		.name = "fin_lost",
		.word = "FINS",
		.why =
"A FIN that is not acknowledged in time is sent again, each time after twice the wait. Until\n"
"then the connection stays in FIN_WAIT1, and the peer does not know of the end.",
		.do_this =
"Look for loss on the way to these peers (tc -s qdisc, ethtool -S, nstat TcpRetransSegs), and\n"
"for a firewall that drops the last segments of a connection.",
		.not_this =
"Fewer retries (tcp_orphan_retries) free the socket sooner, but the peer's end then stays\n"
"open.",
		.from = "tcp_send_fin(), tcp_retransmit_timer(); ip-sysctl: tcp_orphan_retries",
		.needs = "segments",
		.by_records = true,
		.look = look_lost,
	},
	{
		.name = "fin_waits",
		.word = "WAIT",
		.why =
"The FIN stands behind data that the peer does not take: its window is closed. That is not\n"
"loss: the peer answers probes, and its process does not read.",
		.do_this = "Look at the peer's process. TCP_USER_TIMEOUT limits the wait.",
		.not_this = NULL,
		.from = "tcp_send_fin(), tcp_probe_timer()",
		.look = look_waits,
	},
	{
		.name = "fin_given_up",
		.word = "GONE",
		.why =
"The FIN was sent again as often as is allowed, and nothing came back: the peer is gone or\n"
"can't be reached. If it lives, it still has the connection.",
		.do_this =
"Look for the peer, the route, and firewalls that forgot the connection. Applications that\n"
"must know soon set TCP_USER_TIMEOUT, and keepalive on the other side.",
		.not_this = "tcp_retries2 does not count once the socket is closed.",
		.from =
"tcp_write_timeout(), tcp_orphan_retries(); ip-sysctl: tcp_orphan_retries, tcp_retries2",
		.needs = "segments",
		.by_records = true,
		.look = look_given_up,
	},
	{
		.name = "last_ack",
		.word = "ACK",
		.why =
"Who closes last waits in LAST_ACK for the ACK of its FIN, and sends the FIN again until it\n"
"comes. Who closed first answers from TIME_WAIT, for a minute.",
		.do_this =
"Look for loss on the way, and that TIME_WAIT is left in peace: no full tcp_max_tw_buckets,\n"
"no firewall that resets.",
		.not_this =
"Do not shorten or avoid TIME_WAIT: without it a FIN that comes again gets a RST.",
		.from =
"tcp_timewait_state_process(), tcp_rcv_state_process(); nf_conntrack_proto_tcp.c",
		.needs = "segments timewait",
		.by_records = true,
		.look = look_last_ack,
	},
	{ }
};
