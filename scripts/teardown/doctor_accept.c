// SPDX-License-Identifier: GPL-2.0
/* Rule: the accept queue. */
#include "doctor.h"

#define SHOWN	4

static u64 print_listeners(struct print *who, const struct doctor *doctor,
			   const struct place *place)
{
	u64 waiting = 0;

	for (u64 i = 0, shown = 0; i < place->socks.nr; i++) {
		const struct sock *sock = &place->socks.sock[i];

		if (sock->state != TCP_LISTEN || !sock->unread)
			continue;
		waiting += sock->unread;
		if (shown++ >= SHOWN)
			continue;
		print_owner(who, doctor, sock);
		print_format(who, ", port %u: %llu wait for accept() now\n", sock->local_port,
			     sock->unread);
	}
	return waiting;
}

/* In CLOSE_WAIT before anybody has accepted them. */
static u64 count_closed(const struct place *place)
{
	u64 closed = 0;

	for (u64 i = 0; i < place->closing.nr; i++) {
		const struct sock *sock = &place->closing.sock[i];

		closed += sock->state == TCP_CLOSE_WAIT && !sock->inode &&
			  sock->age != TCP_TEARDOWN_UNKNOWN && sock->age >= LONG_AGE;
	}
	return closed;
}

static bool look_queue(const struct doctor *doctor, const struct place *place,
		       struct finding *finding)
{
	u64 overflows = place->kernel[KERNEL_LISTEN_OVERFLOWS];
	u64 resets = count_of(place, FACT_QUEUE_RESET), closed = count_closed(place), waiting;

	if (!overflows && !resets && !closed) {
		finding->fine = true;
		print_word(&finding->fact, "no accept queue was full");
		return place->has_kernel[KERNEL_LISTEN_OVERFLOWS] && ends_of(place);
	}
	waiting = print_listeners(&finding->who, doctor, place);
	tally_print(&finding->who, &place->who[FACT_QUEUE_RESET]);
	if (overflows || resets)
		print_format(&finding->fact, "an accept queue was full %llu times",
			     overflows > resets ? overflows : resets);
	if (resets)
		print_format(&finding->fact, ", %llu answered with a RST", resets);
	if (closed)
		print_format(&finding->fact, "%s%llu peers closed before accept()",
			     finding->fact.len ? "; " : "", closed);
	if (place->has_sysctl[SYSCTL_SOMAXCONN])
		finding_note(finding, "somaxconn is %llu, tcp_abort_on_overflow %llu.",
			     place->sysctl[SYSCTL_SOMAXCONN],
			     place->sysctl[SYSCTL_ABORT_ON_OVERFLOW]);
	if (overflows && !waiting && !resets && !closed && !doctor->options->since)
		finding_doubt(finding,
			      "ListenOverflows counts since boot: it may be long ago (see\n"
			      "--since)");
	print_word(&finding->see, "ss -tnlp; nstat -az TcpExtListenOverflows TcpExtListenDrops");
	return true;
}

const struct rule accept_rules[] = {
	{
		.name = "accept_queue",
		.word = "QUEUE",
		.why =
"A connection waits in its listener's queue until accept(). Where that is full the client's\n"
"last ACK is dropped, or answered with a RST if tcp_abort_on_overflow is 1, and new SYNs are\n"
"dropped: clients wait a second and more, and try again.",
		.do_this =
"Call accept() sooner, from more threads or processes; give listen() a larger backlog, and\n"
"raise somaxconn, which bounds it.",
		.not_this =
"tcp_abort_on_overflow=1 makes errors of what would recover: only where the program can't be\n"
"made faster.",
		.from =
"sk_acceptq_is_full(), tcp_v4_syn_recv_sock(), tcp_check_req(), tcp_conn_request();\n"
"ip-sysctl: tcp_abort_on_overflow, somaxconn",
		.look = look_queue,
	},
	{ }
};
