// SPDX-License-Identifier: GPL-2.0
/* The verbs. */
#include "options.h"

const struct verb verbs[] = {
	{
		.name = "show",
		.args = "[FILE...] [FILTER]",
		.what = "Shows how connections ended, as ladders: both ends side by side",
		.letters = "wnft{",
		.reads = true,
		.more = "\n"
"A is the end that acted first. With a FILTER, the connections of which some record is\n"
"wanted by it, whole. From a pipe a connection is shown when all its ends have ended, and\n"
"at ^C what else is there.\n"
"\n"
"Relative numbers: u counts from the FIN of A (or what A would send next), v from what B\n"
"would send next, w from the FIN of B. A window marked ~ was inferred: the segment itself\n"
"was gone when the hook ran. \"Not received\": both ends were recorded, and it is in the\n"
"sender's records alone. \"Not whole\": records were lost, or left out by a filter of\n"
"the module, or the connection was closing before the first one.",
		.example = "ssh web1 cat /sys/kernel/debug/tcp_teardown/trace | tcp-teardown show",
		.run = show,
	},
	{
		.name = "merge",
		.args = "FILE FILE... [FILTER]",
		.what = "Shows the records of two hosts as ladders, in the time of the first",
		.letters = "wnt{",
		.reads = true,
		.more = "\n"
"Ends are paired by their addresses and sequence numbers, never by time. How far the clocks\n"
"are apart is found from segments that both have recorded, and printed with its uncertainty.\n"
"Where the bounds contradict each other that is said, and a connection's own are taken, or none.",
		.example = "tcp-teardown merge web1.tdr balancer.tdr 'port == 8080'",
		.run = merge,
	},
	{
		.name = "list",
		.args = "[FILE...] [FILTER]",
		.what = "Lists the ends of connections that ended, one a line",
		.letters = "njsf{",
		.reads = true,
		.more = " Over loopback each connection has two.\n"
"The columns are those of docs/records.md; slowest is the state that took longest, without\n"
"TIME_WAIT, which takes its minute whatever happens.",
		.example = "tcp-teardown list -s slowest -n 10 recording 'end != four_way'",
		.run = list,
	},
	{
		.name = "top",
		.args = "[FILE...] [FILTER]",
		.what = "Sums up how connections ended, by port, peer, process, cgroup or netns",
		.letters = "bnj{",
		.reads = true,
		.more = "\n"
"Most ends first. Over loopback each connection has two. time_wait are those that were in\n"
"TIME_WAIT to the last, fins_resent how often FINs were sent again.",
		.example = "tcp-teardown top --by comm recording 'end != four_way'",
		.run = top,
	},
	{
		.name = "live",
		.args = "[FILE...] [FILTER]",
		.what = "Shows the diagram of states with counts and rates, as they change",
		.letters = "id}~f",
		.reads = true,
		.counts = true,
		.more = "\n"
"q and ^C end it. Without a FILE, from the module's counters, which consumes no record:\n"
"counts are since the load, rates of the last interval, the number in a box is that of the\n"
"connections in that state now. From records, the same of these: of a FILE at once, of a\n"
"pipe or with -f as they come, and at its end the picture stays, as text. In less than 80\n"
"by 24 it is a table. --once takes COLUMNS and LINES where stdout is no terminal.\n"
"\n"
"Below are the findings of doctor, which looks at this host all the while, though in a tenth\n"
"of the time at most: tcp-teardown doctor says what to do about each. Not with -d DIR, a copy\n"
"of the module's files alone, nor from records.",
		.example = "tcp-teardown live; tcp-teardown live --once web1.tdr",
		.run = live,
	},
	{
		.name = "record",
		.args = "-o FILE [FILTER]",
		.what = "Writes the raw records of all CPUs to a file, by time, until ^C",
		.letters = "od",
		.more = "\n"
"All other verbs read it, on another host, too. It has the clocks, the host, its kernel and\n"
"sysctls, the module's hooks, and at the end its stats. A record that was read here is not\n"
"read by others. At ^C, and where the disk is full, the file is whole.",
		.example = "tcp-teardown record -o web1.tdr; tcp-teardown list web1.tdr",
		.run = record,
	},
	{
		.name = "metrics",
		.args = "",
		.what = "Gives the module's counters to Prometheus: once, into a file, by HTTP",
		.letters = "dpo|",
		.more = "\n"
"Those of the whole host, for root; else of this network namespace. To stdout they are\n"
"OpenMetrics. -o is for node_exporter's textfile collector: the file is written beside,\n"
"then renamed, and is -p. --serve answers with what the client accepts, GET and HEAD of\n"
"/metrics alone, 16 clients at a time, 5 seconds for each step; port 0 is any that is\n"
"free. alerts.yml and dashboard.json beside the tool's source are for Prometheus and Grafana.",
		.example = "tcp-teardown metrics --serve 10.0.0.1:9435",
		.run = metrics,
	},
	{
		.name = "doctor",
		.args = "[FILE...] [FILTER]",
		.what = "Says what is wrong with how connections end, and what to do",
		.letters = "jdN\177~{",
		.reads = true,
		.host = true,
		.more = "\n"
"Without a FILE it looks at this host: the module's files, and /proc; as root at all network\n"
"namespaces and whose sockets they are. Of a recording it says what the records show.\n"
"\n"
"Each finding says what is so, and how certain that is (and why it is less); who, why, what\n"
"to do, what not to do, a command that shows more, and where in the kernel it is written.\n"
"FINE: that was looked at, and is no trouble. Nothing is changed: no sysctl is written.\n"
"Exit status: 0 all is fine, 1 something was found, 2 something could not be read.",
		.example = "tcp-teardown doctor; tcp-teardown doctor web1.tdr",
		.run = doctor,
	},
	{
		.name = "export json",
		.args = "[FILE...] [FILTER]",
		.what = "Prints each record as a JSON object, one a line",
		.letters = "f",
		.reads = true,
		.more = "\n"
"The keys are the words of docs/records.md; times are in seconds, null where not known,\n"
"and id is hexadecimal. Where records are missing, an object has \"lost\" alone.",
		.example = "tcp-teardown export json -f | jq 'select(.end)'",
		.run = export_json,
	},
	{
		.name = "export dot",
		.args = "[FILE...] [FILTER]",
		.what = "Draws the diagram of states, with how often each arrow was taken",
		.letters = "",
		.reads = true,
		.more = "\n"
"Arrows of RFC 9293 that nobody took are dotted; others that were taken are dashed. \"After\"\n"
"is the mean time in the state that the arrow leaves, where it is known.",
		.example = "tcp-teardown export dot recording | dot -Tsvg >states.svg",
		.run = export_dot,
	},
	{
		.name = "export pcapng",
		.args = "[FILE...] [FILTER]",
		.what = "Makes a capture of the segments, for Wireshark",
		.letters = "f",
		.reads = true,
		.more = "\n"
"Headers are made from the records, with true lengths and no payload. Each segment is there\n"
"once, where both ends are recorded, too. Comments have the events and states of both ends.\n"
"A FIN is there when it is queued, unless something unsent is before it: when it leaves in\n"
"truth is seen later. Data of half-closed streams, SYNs and, without the module's group\n"
"acks, the ACKs that only this host sent were not recorded, and are not there.",
		.example = "tcp-teardown export pcapng -f | wireshark -k -i -",
		.run = export_pcapng,
	},
	{ }
};
