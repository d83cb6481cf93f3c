// SPDX-License-Identifier: GPL-2.0
/*
 * Orphans: connections that the application has closed, and the kernel gives up.
 *
 *	kernel				peer
 *	close, FIN u ack v				> (lost)
 *	FIN u ack v, try 1				> (lost)
 *	... tcp_orphan_retries
 *					CLOSE
 *
 * In LAST_ACK and in CLOSING so, too (FIN_WAIT1 is in fin_retransmit); behind a
 * closed window, whose probes nobody answers, the FIN never left. With more
 * orphans than tcp_max_orphans there is a RST: at the end of close(), or when the
 * FIN would be sent again; with more memory than tcp_mem, the same.
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
#define FLIGHT 4824		/* leaves at once, and is more than SOCK_MIN_SNDBUF */

/* Settings of the whole host, which only its first namespace shows. */
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

/* So much that no CPU keeps it to itself: the limit is compared with the sum. */
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

static void last_ack(struct stage *stage)
{
	struct net_end end;
	uint32_t w, u;

	net_sysctl("ipv4/tcp_orphan_retries", "4");
	peer_connect(&stage->peer, &end);
	w = end.snd_nxt;
	u = end.rcv_nxt;
	peer_send(&stage->peer, FIN | ACK, u, w, 0);
	peer_expect(&stage->peer, ACK, w, u + 1, 0);
	close(end.fd);
	stage_verdict(stage, &end, VERDICT(TIMED_OUT, PEER, RETRIES));
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

	tries_expect(stage, &end, &tries, 4);
}

static void closing(struct stage *stage)
{
	struct net_end end;
	uint32_t u, v;

	net_sysctl("ipv4/tcp_orphan_retries", "4");
	peer_connect(&stage->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	close(end.fd);
	peer_expect(&stage->peer, FIN | ACK, u, v, 0);
	peer_send(&stage->peer, FIN | ACK, v, u, 0);
	stage_verdict(stage, &end, VERDICT(TIMED_OUT, BOTH, RETRIES));
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

	tries_expect(stage, &end, &tries, 4);
}

static void fin_unsent(struct stage *stage)
{
	struct net_end end;
	uint32_t u, v;

	net_sysctl("ipv4/tcp_orphan_retries", "4");
	stage->peer.window = 0;
	peer_connect(&stage->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	net_send(&end, DATA);
	close(end.fd);
	stage_verdict(stage, &end, VERDICT(TIMED_OUT, LOCAL, RETRIES,
					   .flags = TCP_TEARDOWN_F_FIN_UNSENT));
	EXPECT_ROWS(stage, &end,
		    WANT_CALL(CLOSE, ESTABLISHED, u, v, .unsent = DATA),
		    WANT_STATE(ESTABLISHED, FIN_WAIT1, u, v),
		    WANT_SEGMENT(QUEUE, FIN | ACK, FIN_WAIT1, u + DATA, v, .unsent = DATA),
		    WANT_STATE(FIN_WAIT1, CLOSE, u, v));
}

/* The kernel counts orphans every 100 ms, so one that is there that long counts. */
static void make_orphan(struct stage *stage, struct net_end *end)
{
	peer_connect(&stage->peer, end);
	close(end->fd);
	peer_expect(&stage->peer, FIN | ACK, end->snd_nxt, end->rcv_nxt, 0);
	usleep(200000);
	usleep(200000);
}

/* The second orphan is one too many, and told so at the end of its close(). */
static void too_many(struct stage *stage)
{
	struct net_end first, end;
	uint32_t u, v;

	peer_connect(&stage->peer, &end);
	make_orphan(stage, &first);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	setting_set(&max_orphans, "0");
	close(end.fd);
	setting_restore(&max_orphans);
	EXPECT_ROWS(stage, &end,
		    ROWS_CLOSE(u, v),
		    WANT_STATE(FIN_WAIT1, CLOSE, u + 1, v),
		    WANT_RESET(SENT, RST | ACK, CLOSE, u + 1, v,
			       REASON(TCP_ABORT_ON_MEMORY)));
	stage_verdict(stage, &end, VERDICT(ORPHAN_KILLED, LOCAL, MEMORY));
}

static void too_many_to_resend(struct stage *stage)
{
	struct net_end end;
	uint32_t u, v;

	make_orphan(stage, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	setting_set(&max_orphans, "0");
	stage_verdict(stage, &end, VERDICT(ORPHAN_KILLED, LOCAL, MEMORY));
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

	tries_expect(stage, &end, &tries, 0);
}

/* More than tcp_mem allows, and the orphan has its share of it. */
static void memory(struct stage *stage)
{
	struct net_end end;
	uint32_t u, v;

	stage->peer.window = WINDOW;
	peer_connect(&stage->peer, &end);
	net_send(&end, FLIGHT);
	net_learn_numbers(&end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	setting_set(&tcp_mem, "1 1 1");
	close(end.fd);
	setting_restore(&tcp_mem);
	EXPECT_ROWS(stage, &end,
		    ROWS_CLOSE(u, v),
		    WANT_STATE(FIN_WAIT1, CLOSE, u + 1, v),
		    WANT_RESET(SENT, RST | ACK, CLOSE, u + 1, v,
			       REASON(TCP_ABORT_ON_MEMORY)));
	stage_verdict(stage, &end, VERDICT(ORPHAN_KILLED, LOCAL, MEMORY));
}

/* It keeps its namespace until it is given up. */
static void netns_left(struct stage *stage)
{
	struct net_end end;
	uint32_t u, v;

	net_sysctl("ipv4/tcp_orphan_retries", "4");
	peer_connect(&stage->peer, &end);
	u = end.snd_nxt;
	v = end.rcv_nxt;
	close(end.fd);
	stage_await(stage, &end, 3);
	stage_leave(stage);
	stage_verdict(stage, &end, VERDICT(TIMED_OUT, LOCAL, RETRIES));
	EXPECT_ROWS(stage, &end,
		    ROWS_CLOSE(u, v),
		    WANT_STATE(FIN_WAIT1, CLOSE, u + 1, v));
}

static const struct scene scenes[] = {
	SCENE_WITH_PEER("the peer never answers the FIN, in LAST_ACK", last_ack),
	SCENE_WITH_PEER("the peer never answers the FIN, in CLOSING", closing),
	SCENE_WITH_PEER("the peer never opens its window for the FIN", fin_unsent),
	SCENE_WITH_PEER("tcp_max_orphans, at the end of close()", too_many),
	SCENE_WITH_PEER("tcp_max_orphans, when the FIN is due again", too_many_to_resend),
	SCENE_WITH_PEER("tcp_mem, at the end of close()", memory),
	SCENE_WITH_PEER("an orphan whose namespace everybody has left", netns_left),
};

int main(void)
{
	stage_needs_icount();
	setting_open(&max_orphans);
	setting_open(&tcp_mem);
	atexit(restore_all);
	use_memory();
	return stage_run(scenes, ARRAY_SIZE(scenes));
}
