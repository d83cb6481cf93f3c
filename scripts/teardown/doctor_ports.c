// SPDX-License-Identifier: GPL-2.0
/* Rule: local ports of connect(). */
#include "doctor.h"

#define NEARLY	80	/* % of the range */

static u64 range_of(const struct place *place)
{
	u64 first = place->sysctl[SYSCTL_PORT_FIRST], last = place->sysctl[SYSCTL_PORT_LAST];

	return place->has_sysctl[SYSCTL_PORT_LAST] && last >= first ? last - first + 1 : 0;
}

static bool look_ports(const struct doctor *doctor, const struct place *place,
		       struct finding *finding)
{
	u64 failed = count_of(place, FACT_NO_LOCAL_PORT), range = range_of(place);
	bool nearly = range && place->busiest_ports * 100 >= range * NEARLY;

	(void)doctor;
	if (!failed && !nearly)
		return false;
	if (failed) {
		print_count(&finding->fact, failed);
		print_word(&finding->fact, " times connect() found no local port");
	}
	if (nearly) {
		print_word(&finding->fact, failed ? "; " : "");
		print_count(&finding->fact, place->busiest_ports);
		print_word(&finding->fact, " of ");
		print_count(&finding->fact, range);
		print_format(&finding->fact, " ports are in use to %s", place->busiest);
	}
	tally_print(&finding->who, &place->who[FACT_NO_LOCAL_PORT]);
	if (range)
		finding_note(finding,
			     "The range has %llu ports: so many closes by this side\n"
			     "within a minute, to one destination, use up all of them.", range);
	if (place->has_sysctl[SYSCTL_TW_REUSE])
		finding_note(finding, "tcp_tw_reuse is %llu%s.",
			     place->sysctl[SYSCTL_TW_REUSE],
			     place->sysctl[SYSCTL_TW_REUSE] == 2 ? ": over loopback alone" : "");
	print_word(&finding->see, "tcp-teardown export json | grep no_local_port");
	return true;
}

const struct rule port_rules[] = {
	{
		.name = "no_local_port",
		.word = "PORTS",
		.why =
"connect() takes a port of ip_local_port_range that no connection to the same address and\n"
"port uses, TIME_WAIT included. Where there is none it fails with EADDRNOTAVAIL.",
		.do_this =
"Keep connections open and use them again; let the other side close first; connect to more\n"
"addresses, or from more; widen ip_local_port_range. Who binds an address before connect()\n"
"sets IP_BIND_ADDRESS_NO_PORT; IP_LOCAL_PORT_RANGE (6.3) gives a socket a range of its own.",
		.not_this =
"tcp_fin_timeout does not shorten TIME_WAIT, and tcp_tw_recycle is gone. tcp_tw_reuse=1 helps\n"
"connect() alone, with timestamps, and after a second. Never lower tcp_max_tw_buckets for\n"
"this.",
		.from =
"__inet_hash_connect(), tcp_twsk_unique(); ip-sysctl: ip_local_port_range, tcp_tw_reuse",
		.needs = "calls",
		.look = look_ports,
	},
	{ }
};
