// SPDX-License-Identifier: GPL-2.0
/*
 * Orphans, connections that the application has closed, that the kernel gives up.
 *
 *	kernel				peer
 *	close, FIN u ack v				> (lost)
 *	FIN u ack v, try 1				> (lost)
 *	... tcp_orphan_retries
 *					CLOSE
 *
 * The same in LAST_ACK and CLOSING (for FIN_WAIT1 see fin_retransmit). Behind a closed
 * window, with unanswered probes, the FIN is never sent. With more orphans than
 * tcp_max_orphans there is a RST, at the end of close() or instead of the next
 * retransmission; the same with more memory than tcp_mem.
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW; a TUN device; time that is
 * skipped while nothing happens. tcp_max_orphans and tcp_mem are the whole host's.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/tries.h"

#define DATA 300
#define WINDOW 65535
#define FLIGHT 4824		/* fits the first flight; more than SOCK_MIN_SNDBUF */

/* Settings of the whole host, present only in the initial namespace. */
struct setting {
	const char *path;
	int fd;
	char was[64];
};

static struct setting max_orphans = { .path = "/proc/sys/net/ipv4/tcp_max_orphans" };
static struct setting tcp_mem = { .path = "/proc/sys/net/ipv4/tcp_mem" };

static void setting_set(const struct setting *setting, const char *value)
{
	REQUIRE(pwrite(setting->fd, value, strlen(value), 0) > 0, "%s", setting->path);
}

static void setting_restore(const struct setting *setting)
{
	setting_set(setting, setting->was);
}

static void restore_all(void)
{
	setting_restore(&max_orphans);
	setting_restore(&tcp_mem);
}

static void setting_open(struct setting *setting)
{
	setting->fd = open(setting->path, O_RDWR | O_CLOEXEC);
	REQUIRE(setting->fd >= 0 &&
		pread(setting->fd, setting->was, sizeof(setting->was) - 1, 0) > 0, "%s",
		setting->path);
}

/* More than a CPU caches: the limit is compared with the global sum. */
static void use_memory(void)
{
	struct net_end from, to;
	int room = 4 << 20, i;

	net_new();
	net_pair(NET_IPV4, &from, &to);
	REQUIRE(!setsockopt(from.fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)),
		"SO_SNDBUFFORCE");
	for (i = 0; i < 48; i++)
		net_send(&from, 65536);
}

static void last_ack(struct fixture *self)
{
	struct net_end end;
	uint32_t w, u;

	net_sysctl("ipv4/tcp_orphan_retries", "4");
	peer_connect(&self->peer, &end);
	w = end.snd_nxt;
	u = end.rcv_nxt;
	peer_send(&self->peer, FIN | ACK, u, w, 0);
	peer_expect(&self->peer, ACK, w, u + 1, 0);
	close(end.fd);
	fixture_verdict(self, &end, VERDICT(TIMED_OUT, PEER, RETRIES));
	const struct want first[] = {
		ROWS_PEER_FIN(w, u),
		ROWS_CLOSE_AFTER_PEER(w, u),
	}, last[] = {
		WANT_STATE(LAST_ACK, CLOSE, w + 1, u + 1),
	};
	const struct tries tries = {
		first, ARRAY_SIZE(first),
		WANT_SEGMENT(RESEND, FIN | ACK, LAST_ACK, w, u + 1),
		last, ARRAY_SIZE(last),
	};

	tries_expect(self, &end, &tries, 4);
}

static void closing(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	net_sysctl("ipv4/tcp_orphan_retries", "4");
	peer_connect(&self->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	close(end.fd);
	peer_expect(&self->peer, FIN | ACK, u, v, 0);
	peer_send(&self->peer, FIN | ACK, v, u, 0);
	fixture_verdict(self, &end, VERDICT(TIMED_OUT, BOTH, RETRIES));
	const struct want first[] = {
		ROWS_CLOSE(u, v),
		WANT_SEGMENT(RCV, FIN | ACK, FIN_WAIT1, v, u),
		WANT_STATE(FIN_WAIT1, CLOSING, u + 1, v + 1),
	}, last[] = {
		WANT_STATE(CLOSING, CLOSE, u + 1, v + 1),
	};
	const struct tries tries = {
		first, ARRAY_SIZE(first),
		WANT_SEGMENT(RESEND, FIN | ACK, CLOSING, u, v + 1),
		last, ARRAY_SIZE(last),
	};

	tries_expect(self, &end, &tries, 4);
}

static void fin_unsent(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	net_sysctl("ipv4/tcp_orphan_retries", "4");
	self->peer.window = 0;
	peer_connect(&self->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	net_send(&end, DATA);
	close(end.fd);
	fixture_verdict(self, &end, VERDICT(TIMED_OUT, LOCAL, RETRIES,
					    .flags = TCP_TEARDOWN_F_FIN_UNSENT));
	EXPECT_ROWS(self, &end,
		    WANT_CALL(CLOSE, ESTABLISHED, u, v, .unsent = DATA),
		    WANT_STATE(ESTABLISHED, FIN_WAIT1, u, v),
		    WANT_SEGMENT(QUEUE, FIN | ACK, FIN_WAIT1, u + DATA, v, .unsent = DATA),
		    WANT_STATE(FIN_WAIT1, CLOSE, u, v));
}

/* The kernel counts orphans every 100 ms, so one that is there that long counts. */
static void make_orphan(struct fixture *self, struct net_end *end)
{
	peer_connect(&self->peer, end);
	close(end->fd);
	peer_expect(&self->peer, FIN | ACK, end->snd_nxt, end->rcv_nxt, 0);
	usleep(200000);
	usleep(200000);
}

/* The second orphan is one too many: it is reset at the end of its close(). */
static void too_many(struct fixture *self)
{
	struct net_end first, end;
	uint32_t u, v;

	peer_connect(&self->peer, &end);
	make_orphan(self, &first);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	setting_set(&max_orphans, "0");
	close(end.fd);
	setting_restore(&max_orphans);
	EXPECT_ROWS(self, &end,
		    ROWS_CLOSE(u, v),
		    WANT_STATE(FIN_WAIT1, CLOSE, u + 1, v),
		    WANT_RESET(SENT, RST | ACK, CLOSE, u + 1, v,
			       REASON(TCP_ABORT_ON_MEMORY)));
	fixture_verdict(self, &end, VERDICT(ORPHAN_KILLED, LOCAL, MEMORY));
}

static void too_many_to_resend(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	make_orphan(self, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	setting_set(&max_orphans, "0");
	fixture_verdict(self, &end, VERDICT(ORPHAN_KILLED, LOCAL, MEMORY));
	setting_restore(&max_orphans);
	const struct want first[] = {
		ROWS_CLOSE(u, v),
	}, last[] = {
		WANT_RESET(SENT, RST | ACK, FIN_WAIT1, u + 1, v,
			   REASON(TCP_ABORT_ON_MEMORY)),
		WANT_STATE(FIN_WAIT1, CLOSE, u + 1, v),
	};
	const struct tries tries = {
		first, ARRAY_SIZE(first), WANT_SEGMENT(RESEND, FIN | ACK, FIN_WAIT1, u, v),
		last, ARRAY_SIZE(last),
	};

	tries_expect(self, &end, &tries, 0);
}

/* More than tcp_mem allows, and the orphan holds part of it. */
static void memory(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	self->peer.window = WINDOW;
	peer_connect(&self->peer, &end);
	net_send(&end, FLIGHT);
	net_learn_numbers(&end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	setting_set(&tcp_mem, "1 1 1");
	close(end.fd);
	setting_restore(&tcp_mem);
	EXPECT_ROWS(self, &end,
		    ROWS_CLOSE(u, v),
		    WANT_STATE(FIN_WAIT1, CLOSE, u + 1, v),
		    WANT_RESET(SENT, RST | ACK, CLOSE, u + 1, v,
			       REASON(TCP_ABORT_ON_MEMORY)));
	fixture_verdict(self, &end, VERDICT(ORPHAN_KILLED, LOCAL, MEMORY));
}

/* It keeps its namespace until it is given up. */
static void netns_left(struct fixture *self)
{
	struct net_end end;
	uint32_t u, v;

	net_sysctl("ipv4/tcp_orphan_retries", "4");
	peer_connect(&self->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	close(end.fd);
	fixture_await(self, &end, 3);
	fixture_leave(self);
	fixture_verdict(self, &end, VERDICT(TIMED_OUT, LOCAL, RETRIES));
	EXPECT_ROWS(self, &end,
		    ROWS_CLOSE(u, v),
		    WANT_STATE(FIN_WAIT1, CLOSE, u + 1, v));
}

static const struct testcase testcases[] = {
	TESTCASE_WITH_PEER("the peer never answers the FIN, in LAST_ACK", last_ack),
	TESTCASE_WITH_PEER("the peer never answers the FIN, in CLOSING", closing),
	TESTCASE_WITH_PEER("the peer never opens its window for the FIN", fin_unsent),
	TESTCASE_WITH_PEER("tcp_max_orphans, at the end of close()", too_many),
	TESTCASE_WITH_PEER("tcp_max_orphans, when the FIN is due again", too_many_to_resend),
	TESTCASE_WITH_PEER("tcp_mem, at the end of close()", memory),
	TESTCASE_WITH_PEER("an orphan whose namespace everybody has left", netns_left),
};

int main(void)
{
	fixture_needs_icount();
	setting_open(&max_orphans);
	setting_open(&tcp_mem);
	atexit(restore_all);
	use_memory();
	return testcases_run(testcases, ARRAY_SIZE(testcases));
}
