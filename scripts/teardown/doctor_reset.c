// SPDX-License-Identifier: GPL-2.0
/* Rules: resets at close. */
#include "doctor.h"

static bool look_unread(const struct doctor *doctor, const struct place *place,
			struct finding *finding)
{
	u64 unread = count_of(place, FACT_UNREAD);

	(void)doctor;
	if (!is_notable(place, FACT_UNREAD)) {
		finding->fine = true;
		print_word(&finding->fact, "resets by close() with unread data: ");
	} else {
		tally_print(&finding->who, &place->who[FACT_UNREAD]);
		print_word(&finding->see, "tcp-teardown list 'end == reset_sent && by == unread'");
		print_word(&finding->fact, "close() with unread data, which resets: ");
	}
	print_count(&finding->fact, unread);
	print_word(&finding->fact, " of ");
	print_count(&finding->fact, ends_of(place));
	print_word(&finding->fact, " ends");
	return ends_of(place);
}

static bool look_race(const struct doctor *doctor, const struct place *place,
		      struct finding *finding)
{
	(void)doctor;
	if (!is_notable(place, FACT_DATA_AFTER_CLOSE))
		return false;
	print_count(&finding->fact, place->seen[FACT_DATA_AFTER_CLOSE]);
	print_word(&finding->fact, " connections were closed here while the peer still sent: RST");
	finding_doubt(finding,
		      "an answer that is sent before the request is read to its end looks alike");
	tally_print(&finding->who, &place->who[FACT_DATA_AFTER_CLOSE]);
	print_word(&finding->see, "tcp-teardown show 'end == reset_sent && by == data'");
	return true;
}

const struct rule reset_rules[] = {
	{
		.name = "reset_unread",
		.word = "RESET",
		.why =
"close() of a socket with unread data sends a RST in place of a FIN, by design (RFC 2525,\n"
"2.17): else the peer would take its data for delivered. The RST may also discard what this\n"
"side sent last, before the peer has read it.",
		.do_this = "shutdown(SHUT_WR), read to the end, and then close().",
		.not_this = "SO_LINGER does not help: unread data is looked at first.",
		.from = "tcp_close(), __tcp_close(): TCPAbortOnClose",
		.needs = "calls",
		.look = look_unread,
	},
	{
		.name = "keepalive_race",
		.word = "RACE",
		.why =
"This side closed first, and data came after that, which nobody can read: it is answered with\n"
"a RST. So it is when a server ends an idle connection at the moment when a client or a\n"
"balancer uses it again, which then sees \"connection reset by peer\".",
		.do_this =
"Let the server's idle time-out be longer than that of who sends to it, so that the client or\n"
"balancer closes first. Clients send again what is safe to repeat.",
		.not_this =
"TCP's keepalive (tcp_keepalive_time) has nothing to do with it, nor has TIME_WAIT.",
		.from = "tcp_rcv_state_process(), tcp_timewait_state_process(): TCPAbortOnData",
		.needs = "segments resets calls",
		.by_records = true,
		.look = look_race,
	},
	{ }
};
