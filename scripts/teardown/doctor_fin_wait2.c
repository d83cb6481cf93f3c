// SPDX-License-Identifier: GPL-2.0
/* Rules: FIN_WAIT2 that stays, or ends without the peer's FIN; orphans. */
#include <stdlib.h>

#include "doctor.h"

/* With a descriptor: no minisock and no orphan. */
static bool is_held(const struct sock *sock)
{
	return sock->state == TCP_FIN_WAIT2 && !sock->minisock && sock->inode &&
	       (sock->age == TCP_TEARDOWN_UNKNOWN || sock->age >= LONG_AGE || sock->at_least);
}

static void add_held(const struct doctor *doctor, struct tally *tally, const struct sock *sock)
{
	struct print key = { };

	print_owner(&key, doctor, sock);
	print_format(&key, ", to %s", sock->peer);
	print_char(&key, '\0');
	tally_add(tally, key.text, 1);
	free(key.text);
}

static bool look_held(const struct doctor *doctor, const struct place *place,
		      struct finding *finding)
{
	const struct socks *socks = closing_of(place);
	struct tally tally = { };
	u64 held = 0, oldest = 0;

	for (u64 i = 0; i < socks->nr; i++) {
		const struct sock *sock = &socks->sock[i];

		if (!is_held(sock))
			continue;
		held++;
		if (sock->age != TCP_TEARDOWN_UNKNOWN && sock->age > oldest)
			oldest = sock->age;
		add_held(doctor, &tally, sock);
	}
	if (!held)
		return false;
	print_format(&finding->fact, "FIN_WAIT2 with a descriptor: %llu", held);
	if (oldest) {
		print_word(&finding->fact, ", oldest ");
		print_age(&finding->fact, oldest);
	}
	if (place->has_closing)
		finding_doubt(finding, "a peer that sends a long answer looks alike");
	else
		finding_doubt(finding,
			      "how long they are in FIN_WAIT2 is not known without the module");
	tally_print(&finding->who, &tally);
	free(tally.count);
	print_word(&finding->see, "ss -tnpeo state fin-wait-2");
	return true;
}

static bool look_expired(const struct doctor *doctor, const struct place *place,
			 struct finding *finding)
{
	(void)doctor;
	if (!is_notable(place, FACT_FIN_WAIT2_EXPIRED))
		return false;
	print_count(&finding->fact, count_of(place, FACT_FIN_WAIT2_EXPIRED));
	print_word(&finding->fact, " connections whose peer never sent its FIN");
	if (place->has_sysctl[SYSCTL_FIN_TIMEOUT])
		finding_note(finding, "tcp_fin_timeout is %llu s.",
			     place->sysctl[SYSCTL_FIN_TIMEOUT]);
	tally_print(&finding->who, &place->who[FACT_FIN_WAIT2_EXPIRED]);
	print_word(&finding->see, "tcp-teardown list 'end == fin_wait2_expired'");
	return true;
}

/* Without those that tcp_max_tw_buckets refused a minisock: that is another finding. */
static u64 count_killed(const struct place *place)
{
	u64 killed = count_of(place, FACT_ORPHAN_KILLED);
	u64 refused = count_of(place, FACT_TW_REFUSED_ORPHAN);

	return killed > refused ? killed - refused : 0;
}

static bool look_orphans(const struct doctor *doctor, const struct place *place,
			 struct finding *finding)
{
	u64 killed = count_killed(place);
	u64 aborted = place->kernel[KERNEL_ABORT_ON_MEMORY];
	u64 orphans = place->kernel[KERNEL_ORPHANS], max = place->sysctl[SYSCTL_MAX_ORPHANS];
	bool near = place->has_sysctl[SYSCTL_MAX_ORPHANS] && orphans * 4 > max;

	if (!place->has_kernel[KERNEL_ORPHANS] && !killed)
		return false;
	if (!killed && aborted && !doctor->options->since)
		finding_doubt(finding,
			      "TCPAbortOnMemory counts since boot; since the module was loaded\n"
			      "none was seen");
	finding->fine = !killed && !aborted && !near;
	print_word(&finding->fact, "orphans ");
	print_count(&finding->fact, orphans);
	if (place->has_sysctl[SYSCTL_MAX_ORPHANS]) {
		print_word(&finding->fact, " of ");
		print_count(&finding->fact, max);
	}
	/* They are those of all namespaces. */
	if (finding->fine)
		return ends_of(place);
	if (killed || aborted) {
		print_word(&finding->fact, "; ");
		print_count(&finding->fact, killed > aborted ? killed : aborted);
		print_word(&finding->fact, " were killed");
	}
	tally_print(&finding->who, &place->who[FACT_ORPHAN_KILLED]);
	print_word(&finding->see, "tcp-teardown list 'end == orphan_killed'");
	return true;
}

const struct rule fin_wait2_rules[] = {
	{
		.name = "fin_wait2_held",
		.word = "HELD",
		.why =
"shutdown() was called and the peer has acknowledged; as long as the process holds the\n"
"descriptor such a socket waits for the peer's FIN, without a time limit.",
		.do_this =
"close() when nothing more is wanted; a time limit for the last read (SO_RCVTIMEO, poll());\n"
"keepalive for a peer that is gone.",
		.not_this =
"tcp_fin_timeout is for orphans alone: sockets that no process holds any more.",
		.from = "tcp_shutdown(), tcp_rcv_state_process(); ip-sysctl: tcp_fin_timeout",
		.needs = "segments",
		.look = look_held,
	},
	{
		.name = "fin_wait2_expired",
		.word = "PEER",
		.why =
"This side closed and the peer has acknowledged, but its FIN did not come within\n"
"tcp_fin_timeout: its process has not closed. It has the connection in CLOSE_WAIT.",
		.do_this = "Look at the peer's process: run tcp-teardown doctor there.",
		.not_this = "A longer tcp_fin_timeout only keeps more of them.",
		.from = "tcp_rcv_state_process(), tcp_time_wait(); ip-sysctl: tcp_fin_timeout",
		.needs = "segments timewait",
		.look = look_expired,
	},
	{
		.name = "orphans",
		.word = "ORPHAN",
		.why =
"An orphan is closed by its process and not yet by TCP: FIN_WAIT1, LAST_ACK, CLOSING. Beyond\n"
"tcp_max_orphans, or without memory (tcp_mem), it is reset. One that has not sent for four\n"
"minutes, or that an ICMP error came for, counts double, with both four times: a quarter of\n"
"the limit may be in effect.",
		.do_this =
"Find out why they stay: peers that are gone or do not read. Raise tcp_max_orphans if there\n"
"is memory for it (up to 64 KB each).",
		.not_this =
"Do not lower tcp_max_orphans: that resets connections of peers that live.",
		.from =
"tcp_check_oom(), tcp_too_many_orphans(), tcp_out_of_resources(); ip-sysctl: tcp_max_orphans",
		.needs = "transitions resets",
		.look = look_orphans,
	},
	{ }
};
