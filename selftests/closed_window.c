// SPDX-License-Identifier: GPL-2.0
/*
 * A peer that lives, and takes nothing: its window is closed, and it answers each probe.
 *
 *	kernel				peer
 *	close; the FIN can't leave
 *	probe						>
 *						<	ACK, window 0
 *	... for minutes
 *	CLOSE
 *
 * An orphan is given up, not for want of answers. Who still has its application waits
 * for ever, or as long as TCP_USER_TIMEOUT lets it. Where no answer comes, the number of
 * probes is what ends it. The window may also be closed over what is in flight.
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW; a TUN device; time that is
 * skipped while nothing happens.
 */
#include <errno.h>
#include <unistd.h>

#include "lib/stage.h"

#define DATA 100
#define HOUR_MS 3600000

static void set_user_timeout(const struct net_end *end, int ms)
{
	CHECK(!setsockopt(end->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms)),
	      "TCP_USER_TIMEOUT");
}

/*
 * Answer what comes, acknowledging nothing more, for so many seconds without a segment.
 * Return: how many.
 */
static unsigned int answer(struct stage *stage, const struct net_end *end,
			   unsigned int most)
{
	struct segment segment;
	unsigned int nr;

	for (nr = 0; nr < most && peer_read(&stage->peer, &segment, 150); nr++)
		peer_send(&stage->peer, ACK, end->rcv_nxt, end->snd_nxt, 0);
	return nr;
}

static void connect_closed(struct stage *stage, struct net_end *end)
{
	stage->peer.window = 0;
	peer_connect(&stage->peer, end);
	net_send(end, DATA);
}

static void orphan(struct stage *stage)
{
	struct net_end end;

	connect_closed(stage, &end);
	close(end.fd);
	CHECK(answer(stage, &end, 50) > 3, "too few probes");
	stage_verdict(stage, &end, VERDICT(TIMED_OUT, LOCAL, CLOSED_WINDOW,
					   .flags = TCP_TEARDOWN_F_FIN_UNSENT));
}

static void last_ack(struct stage *stage)
{
	struct net_end end;

	connect_closed(stage, &end);
	peer_send(&stage->peer, FIN | ACK, end.rcv_nxt, end.snd_nxt, 0);
	end.rcv_nxt++;
	net_await_state(&end, TCP_CLOSE_WAIT);
	close(end.fd);
	CHECK(answer(stage, &end, 50) > 3, "too few segments");
	stage_verdict(stage, &end, VERDICT(TIMED_OUT, PEER, CLOSED_WINDOW,
					   .flags = TCP_TEARDOWN_F_FIN_UNSENT));
}

/* Answered for some time, and then no more. */
static void orphan_left_alone(struct stage *stage)
{
	struct net_end end;

	net_sysctl("ipv4/tcp_orphan_retries", "4");
	connect_closed(stage, &end);
	close(end.fd);
	CHECK(answer(stage, &end, 2) == 2, "no probes");
	stage_verdict(stage, &end, VERDICT(TIMED_OUT, LOCAL, RETRIES,
					   .flags = TCP_TEARDOWN_F_FIN_UNSENT));
}

static void orphan_with_limit(struct stage *stage)
{
	struct net_end end;

	connect_closed(stage, &end);
	set_user_timeout(&end, 10000);
	close(end.fd);
	CHECK(answer(stage, &end, 50) > 3, "too few probes");
	stage_verdict(stage, &end, VERDICT(TIMED_OUT, LOCAL, USER_TIMEOUT,
					   .flags = TCP_TEARDOWN_F_FIN_UNSENT));
}

/* Data is in flight when the window closes over what is left of it. */
static void shrunk(struct stage *stage)
{
	struct net_end end;

	peer_connect(&stage->peer, &end);
	net_send(&end, DATA);
	close(end.fd);
	stage->peer.window = 0;
	end.snd_nxt += DATA / 2;
	CHECK(answer(stage, &end, 50) > 3, "too few segments");
	stage_verdict(stage, &end, VERDICT(TIMED_OUT, LOCAL, CLOSED_WINDOW));
}

static void held(struct stage *stage)
{
	struct net_end end;

	net_sysctl("ipv4/tcp_retries2", "3");
	connect_closed(stage, &end);
	CHECK(answer(stage, &end, 20) == 20, "it was given up");
	net_await_state(&end, TCP_ESTABLISHED);
	records_read(&stage->records);
	CHECK(!stage->records.nr_ends, "it has ended");
}

static void held_unanswered(struct stage *stage)
{
	struct net_end end;

	net_sysctl("ipv4/tcp_retries2", "3");
	connect_closed(stage, &end);
	set_user_timeout(&end, HOUR_MS);
	net_await_state(&end, TCP_CLOSE);
	net_expect_error(&end, ETIMEDOUT);
	close(end.fd);
	stage_verdict(stage, &end, VERDICT(TIMED_OUT, NONE, RETRIES, .no_owner = true));
}

static void held_with_limit(struct stage *stage)
{
	struct net_end end;

	connect_closed(stage, &end);
	set_user_timeout(&end, 10000);
	CHECK(answer(stage, &end, 50) > 3, "too few probes");
	net_expect_error(&end, ETIMEDOUT);
	close(end.fd);
	stage_verdict(stage, &end, VERDICT(TIMED_OUT, NONE, USER_TIMEOUT, .no_owner = true));
}

static const struct scene scenes[] = {
	SCENE_WITH_PEER("an orphan's probes are answered", orphan),
	SCENE_WITH_PEER("the same in LAST_ACK", last_ack),
	SCENE_WITH_PEER("an orphan's probes are answered no more", orphan_left_alone),
	SCENE_WITH_PEER("an orphan with TCP_USER_TIMEOUT", orphan_with_limit),
	SCENE_WITH_PEER("the window closes over an orphan's data", shrunk),
	SCENE_WITH_PEER("probes that are answered end nothing else", held),
	SCENE_WITH_PEER("tries before TCP_USER_TIMEOUT", held_unanswered),
	SCENE_WITH_PEER("TCP_USER_TIMEOUT, probes answered", held_with_limit),
};

int main(void)
{
	stage_needs_icount();
	return stage_run(scenes, ARRAY_SIZE(scenes));
}
