// SPDX-License-Identifier: GPL-2.0
/* Rules: TIME_WAIT, its bound, and SYNs that it refuses. */
#include "doctor.h"

/* So many are explained, though they are no trouble. */
#define MANY	100

static u64 time_waits(const struct place *place)
{
	return place->has_kernel[KERNEL_TIME_WAITS] ? place->kernel[KERNEL_TIME_WAITS] :
						      count_state(place, TCP_TIME_WAIT);
}

static bool is_near_bound(const struct place *place)
{
	return place->has_sysctl[SYSCTL_MAX_TW_BUCKETS] &&
	       time_waits(place) * 10 >= place->sysctl[SYSCTL_MAX_TW_BUCKETS] * 9;
}

static bool is_full(const struct place *place)
{
	return count_of(place, FACT_TW_REFUSED) || place->kernel[KERNEL_TW_OVERFLOW] ||
	       is_near_bound(place);
}

/* Orphans in FIN_WAIT2 are minisocks, too, and count. */
static void print_time_waits(struct print *fact, const struct place *place)
{
	u64 orphans = 0;

	print_word(fact, "TIME_WAIT ");
	print_count(fact, time_waits(place));
	if (place->has_sysctl[SYSCTL_MAX_TW_BUCKETS]) {
		print_word(fact, " of ");
		print_count(fact, place->sysctl[SYSCTL_MAX_TW_BUCKETS]);
	}
	for (u64 i = 0; i < place->socks.nr; i++)
		orphans += place->socks.sock[i].minisock;
	if (orphans)
		print_format(fact, " (%llu in FIN_WAIT2)", orphans);
}

static bool look_refused(const struct doctor *doctor, const struct place *place,
			 struct finding *finding)
{
	u64 refused = count_of(place, FACT_TW_REFUSED);

	if (!is_full(place))
		return false;
	if (place->kernel[KERNEL_TW_OVERFLOW] > refused) {
		if (!doctor->options->since && place->has_summary)
			finding_doubt(finding,
				      "TCPTimeWaitOverflow (%llu) counts since boot, the module\n"
				      "%llu since it was loaded",
				      place->kernel[KERNEL_TW_OVERFLOW], refused);
		refused = place->kernel[KERNEL_TW_OVERFLOW];
	}
	print_time_waits(&finding->fact, place);
	if (refused) {
		print_word(&finding->fact, "; ");
		print_count(&finding->fact, refused);
		print_word(&finding->fact, " were refused");
	}
	tally_print(&finding->who, &place->who[FACT_TW_REFUSED]);
	print_word(&finding->see, "tcp-teardown show 'timewait == refused'");
	return true;
}

static void print_first(struct finding *finding, const struct place *place)
{
	u64 local = count_of(place, FACT_LOCAL_FIRST), peer = count_of(place, FACT_PEER_FIRST);

	if (!local && !peer)
		return;
	print_word(&finding->note, "Who closes first has the TIME_WAIT: this side did ");
	print_count(&finding->note, local);
	print_word(&finding->note, " times, the peer ");
	print_count(&finding->note, peer);
	finding_note(finding, ".");
}

static bool look_time_wait(const struct doctor *doctor, const struct place *place,
			   struct finding *finding)
{
	u64 first = place->sysctl[SYSCTL_PORT_FIRST], last = place->sysctl[SYSCTL_PORT_LAST];

	bool known = place->has_socks || place->has_closing;

	if (is_full(place) || !known ||
	    (!time_waits(place) && !ends_of(place) && doctor->nr > 1 && !doctor->only))
		return false;
	finding->fine = true;
	print_time_waits(&finding->fact, place);
	if (place->busiest_ports && last >= first)
		print_format(&finding->fact, "; the busiest destination holds %llu %% of its ports",
			     place->busiest_ports * 100 / (last - first + 1));
	if (time_waits(place) < MANY)
		return true;
	print_first(finding, place);
	finding_note(finding,
		     "TIME_WAIT lasts 60 s, not 4 minutes, and no sysctl changes that.\n"
		     "tcp_fin_timeout is for orphans in FIN_WAIT2; tcp_tw_recycle was removed\n"
		     "in 4.12, as it broke connections through NAT.");
	return true;
}

static bool look_syn(const struct doctor *doctor, const struct place *place,
		     struct finding *finding)
{
	u64 paws = place->seen[FACT_SYN_REFUSED_PAWS], seq = place->seen[FACT_SYN_REFUSED_SEQ];
	u64 reopened = count_of(place, FACT_TW_REOPENED);

	(void)doctor;
	if (!paws && !seq) {
		finding->fine = true;
		print_format(&finding->fact, "%llu TIME_WAITs were reopened by a newer SYN",
			     reopened);
		return reopened;
	}
	print_format(&finding->fact, "%llu SYNs came to a TIME_WAIT that did not take them",
		     paws + seq);
	finding_note(finding,
		     "Refused by PAWS (an older timestamp): %llu; by its sequence number, which\n"
		     "is not newer: %llu. Taken: %llu.",
		     paws, seq, reopened);
	tally_print(&finding->who, &place->who[paws ? FACT_SYN_REFUSED_PAWS :
						      FACT_SYN_REFUSED_SEQ]);
	print_word(&finding->see, "tcp-teardown show 'state == TIME_WAIT && event == rcv'");
	return true;
}

const struct rule time_wait_rules[] = {
	{
		.name = "time_wait_refused",
		.word = "FULL",
		.why =
"At tcp_max_tw_buckets a connection that should go to TIME_WAIT is closed at once. If its\n"
"last ACK is lost, the peer's FIN that comes again is answered with a RST, and an old segment\n"
"may reach a new connection. The kernel logs nothing.",
		.do_this =
"Raise tcp_max_tw_buckets: each takes a few hundred bytes. Keep connections open and use them\n"
"again.",
		.not_this =
"Do not lower tcp_max_tw_buckets to have fewer: it takes away the protection, and no memory\n"
"to speak of is won. tcp_fin_timeout does not change TIME_WAIT.",
		.from = "tcp_time_wait(), inet_twsk_alloc(); ip-sysctl: tcp_max_tw_buckets",
		.needs = "timewait",
		.look = look_refused,
	},
	{
		.name = "time_wait",
		.word = "FINE",
		.from = "tcp_time_wait(), TCP_TIMEWAIT_LEN; ip-sysctl: tcp_fin_timeout",
		.needs = "timewait",
		.look = look_time_wait,
	},
	{
		.name = "syn_in_time_wait",
		.word = "SYN",
		.why =
"A client used a port again within the minute. TIME_WAIT takes a SYN whose sequence number or\n"
"timestamp is newer; any other is answered with the old ACK. The client sends a RST to that,\n"
"and its SYN again a second later.",
		.do_this =
"Let clients keep connections open, or close first. Hosts behind one NAT do not share a clock\n"
"of timestamps: give the NAT more addresses or a wider range of ports.",
		.not_this =
"tcp_tw_recycle refused such hosts altogether, and was removed in 4.12.",
		.from = "tcp_timewait_state_process(), tcp_rcv_synsent_state_process()",
		.needs = "timewait segments",
		.by_records = true,
		.look = look_syn,
	},
	{ }
};
