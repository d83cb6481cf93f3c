// SPDX-License-Identifier: GPL-2.0
/*
 * usage: long_make RECORDS
 *
 * Writes a stream of so many raw records to stdout: four for each connection, the last of
 * which has its end. For tests of tcp-teardown with large input.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <tcp_teardown.h>

#define BATCH	4096
#define US	1000ULL

static void fill_common(struct tcp_teardown_record *r)
{
	*r = (struct tcp_teardown_record) {
		.size = sizeof(*r),
		.netns = 1,
		.net_cookie = 1,
		.local_port = 8080,
		.family = AF_INET,
		.spent = TCP_TEARDOWN_UNKNOWN,
		.lifetime = TCP_TEARDOWN_UNKNOWN,
		.comm = "server",
		.thread = "server",
	};
	memcpy(r->local, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\1", 16);
	memcpy(r->peer, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\2", 16);
}

/* The moments of a close, from here. */
static void fill_moment(struct tcp_teardown_record *r, int moment)
{
	static const __u8 states[] = {
		TCP_ESTABLISHED, TCP_FIN_WAIT1, TCP_FIN_WAIT2, TCP_TIME_WAIT, TCP_CLOSE
	};

	r->old_state = states[moment];
	r->new_state = states[moment + 1];
	r->kind = moment == 0 ? TCP_TEARDOWN_CALL :
		  moment == 3 ? TCP_TEARDOWN_TIMEWAIT : TCP_TEARDOWN_SEGMENT;
	r->what = moment == 0 ? TCP_TEARDOWN_CLOSE :
		  moment == 3 ? TCP_TEARDOWN_TW_EXPIRED : TCP_TEARDOWN_SEG_RCV;
	r->tcp_flags = moment == 2 ? 0x11 : moment == 1 ? 0x10 : 0;
	r->flags = moment == 0 ? TCP_TEARDOWN_F_FIN_QUEUED : 0;
	if (moment != 3)
		return;
	r->timewait = TCP_TEARDOWN_TW_EXPIRED;
	r->how = TCP_TEARDOWN_FOUR_WAY;
	r->first = TCP_TEARDOWN_FIRST_LOCAL;
	r->set_off = TCP_TEARDOWN_BY_CLOSE;
	r->in_state[0] = 40 * US;
	r->in_state[1] = 60 * US;
	r->in_state[2] = 60000000 * US;
}

static void number(struct tcp_teardown_record *r, __u64 nr)
{
	r->number = nr + 1;
	r->time = nr * US;
	r->cookie = nr / 4 + 1;
	r->peer_port = 32768 + nr / 4 % 28232;
	r->seq = nr;
}

int main(int argc, char **argv)
{
	static struct tcp_teardown_record batch[BATCH];
	struct tcp_teardown_header header = {
		.size = sizeof(header),
		.version = TCP_TEARDOWN_VERSION,
		.record_size = sizeof(*batch),
		.magic = TCP_TEARDOWN_MAGIC,
		.realtime = 1,
		.host = "long",
	};
	__u64 nr = argc == 2 ? strtoull(argv[1], NULL, 10) : 0;

	if (!nr || fwrite(&header, sizeof(header), 1, stdout) != 1)
		return 2;
	for (int i = 0; i < BATCH; i++) {
		fill_common(&batch[i]);
		fill_moment(&batch[i], i % 4);
	}
	for (__u64 at = 0; at < nr; at += BATCH) {
		size_t len = nr - at < BATCH ? nr - at : BATCH;

		for (size_t i = 0; i < len; i++)
			number(&batch[i], at + i);
		if (fwrite(batch, sizeof(*batch), len, stdout) != len)
			return 1;
	}
	return fflush(stdout) ? 1 : 0;
}
