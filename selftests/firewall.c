// SPDX-License-Identifier: GPL-2.0
/*
 * A RST that this host's own firewall has made in the peer's name, because it rejects
 * what is sent: it is not the peer that ends the connection, nor was it first.
 *
 * As a firewall does, the test sends it from the peer's address to this host, over the
 * loopback device, in each state; and where there is nft, lets it do that. A RST that
 * comes from the peer, and one of a peer on this host, are the peer's.
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW; a TUN device; the segment of a RST in
 * the hook of a RST received (5.12).
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/stage.h"

static const char *lacks_segment(void)
{
	return records_have_rst() ? NULL : "no segment in the hook of a RST";
}

static const char *lacks_nft(void)
{
	if (system("nft -v >/dev/null 2>&1"))
		return "no nft: Debian's nftables";
	return lacks_segment();
}

/* The capture hears all devices: the RST comes by that of loopback. It takes a while. */
static void hear_all(struct stage *stage)
{
	capture_stop(&stage->capture);
	capture_start(&stage->capture, "any");
}

static void begin(struct stage *stage, struct net_end *end)
{
	hear_all(stage);
	peer_connect(&stage->peer, end);
}

static void forge(struct stage *stage, uint8_t flags, uint32_t seq, uint32_t ack)
{
	peer_forge(&stage->peer, flags, seq, ack);
	net_settle();
	stage_excuse(stage, true, RST);
}

static void expect(struct stage *stage, const struct net_end *end, const char *state,
		   const struct verdict *verdict)
{
	CHECK(records_counter("rst_received") == 1, "rst_received: %llu",
	      records_counter("rst_received"));
	CHECK(records_counter(state) == 1, "%s: %llu", state, records_counter(state));
	stage_verdict(stage, end, verdict);
}

static void syn_sent(struct stage *stage)
{
	struct net_end end;

	hear_all(stage);
	peer_await_connect(&stage->peer, &end);
	forge(stage, RST | ACK, 0, end.snd_nxt);
	net_expect_error(&end, ECONNREFUSED);
	close(end.fd);
	expect(stage, &end, "rst_received_in_SYN_SENT",
	       VERDICT(REFUSED, NONE, FIREWALL, .no_owner = true));
}

static void established(struct stage *stage)
{
	struct net_end end;

	begin(stage, &end);
	forge(stage, RST | ACK, end.rcv_nxt, end.snd_nxt);
	net_expect_error(&end, ECONNRESET);
	close(end.fd);
	expect(stage, &end, "rst_received_in_ESTABLISHED",
	       VERDICT(RESET_RECEIVED, NONE, FIREWALL, .no_owner = true));
}

static void fin_wait1(struct stage *stage)
{
	struct net_end end;

	begin(stage, &end);
	close(end.fd);
	peer_expect(&stage->peer, FIN | ACK, end.snd_nxt, end.rcv_nxt, 0);
	forge(stage, RST, end.rcv_nxt, 0);
	expect(stage, &end, "rst_received_in_FIN_WAIT1",
	       VERDICT(RESET_RECEIVED, LOCAL, FIREWALL));
}

static void to_fin_wait2(struct stage *stage, struct net_end *end)
{
	begin(stage, end);
	CHECK(!shutdown(end->fd, SHUT_WR), "shutdown");
	peer_expect(&stage->peer, FIN | ACK, end->snd_nxt, end->rcv_nxt, 0);
	peer_send(&stage->peer, ACK, end->rcv_nxt, end->snd_nxt + 1, 0);
	net_await_state(end, TCP_FIN_WAIT2);
}

static void fin_wait2(struct stage *stage)
{
	struct net_end end;

	to_fin_wait2(stage, &end);
	forge(stage, RST, end.rcv_nxt, 0);
	net_expect_error(&end, ECONNRESET);
	close(end.fd);
	expect(stage, &end, "rst_received_in_FIN_WAIT2",
	       VERDICT(RESET_RECEIVED, LOCAL, FIREWALL));
}

static void to_close_wait(struct stage *stage, struct net_end *end)
{
	begin(stage, end);
	peer_send(&stage->peer, FIN | ACK, end->rcv_nxt, end->snd_nxt, 0);
	peer_expect(&stage->peer, ACK, end->snd_nxt, end->rcv_nxt + 1, 0);
}

static void close_wait(struct stage *stage)
{
	struct net_end end;

	to_close_wait(stage, &end);
	forge(stage, RST, end.rcv_nxt + 1, 0);
	net_await_state(&end, TCP_CLOSE);
	close(end.fd);
	expect(stage, &end, "rst_received_in_CLOSE_WAIT",
	       VERDICT(RESET_RECEIVED, PEER, FIREWALL, .no_owner = true));
}

static void last_ack(struct stage *stage)
{
	struct net_end end;

	to_close_wait(stage, &end);
	close(end.fd);
	peer_expect(&stage->peer, FIN | ACK, end.snd_nxt, end.rcv_nxt + 1, 0);
	forge(stage, RST, end.rcv_nxt + 1, 0);
	expect(stage, &end, "rst_received_in_LAST_ACK",
	       VERDICT(RESET_RECEIVED, PEER, FIREWALL));
}

/* A minisock; that it was reset in TIME_WAIT changes nothing of how it ended. */
static void to_minisock(struct stage *stage, struct net_end *end)
{
	begin(stage, end);
	close(end->fd);
	peer_expect(&stage->peer, FIN | ACK, end->snd_nxt, end->rcv_nxt, 0);
	peer_send(&stage->peer, ACK, end->rcv_nxt, end->snd_nxt + 1, 0);
	net_settle();
	CHECK(records_counter("minisock_born_in_fin_wait2") == 1, "no minisock");
}

static void minisock_in_fin_wait2(struct stage *stage)
{
	struct net_end end;

	to_minisock(stage, &end);
	forge(stage, RST, end.rcv_nxt, 0);
	CHECK(records_counter("minisock_reset") == 1, "it was not reset");
	stage_verdict(stage, &end, VERDICT(RESET_RECEIVED, LOCAL, FIREWALL));
}

static void time_wait(struct stage *stage)
{
	struct net_end end;

	to_minisock(stage, &end);
	peer_send(&stage->peer, FIN | ACK, end.rcv_nxt, end.snd_nxt + 1, 0);
	peer_expect(&stage->peer, ACK, end.snd_nxt + 1, end.rcv_nxt + 1, 0);
	forge(stage, RST, end.rcv_nxt + 1, 0);
	CHECK(records_counter("minisock_reset") == 1, "it was not reset");
	stage_verdict(stage, &end, VERDICT(FOUR_WAY, LOCAL, CLOSE));
}

/* --- that are the peer's ---------------------------------------------------------------- */

static void by_peer(struct stage *stage)
{
	struct net_end end;

	peer_connect(&stage->peer, &end);
	peer_send(&stage->peer, RST, end.rcv_nxt, 0, 0);
	net_expect_error(&end, ECONNRESET);
	close(end.fd);
	expect(stage, &end, "rst_received_in_ESTABLISHED",
	       VERDICT(RESET_RECEIVED, PEER, PEER, .no_owner = true));
}

static void by_peer_to_minisock(struct stage *stage)
{
	struct net_end end;

	to_minisock(stage, &end);
	peer_send(&stage->peer, RST, end.rcv_nxt, 0, 0);
	net_settle();
	stage_verdict(stage, &end, VERDICT(RESET_RECEIVED, LOCAL, PEER));
}

static void by_peer_here(struct stage *stage)
{
	struct net_end end, other;

	net_pair(stage->family, &end, &other);
	net_abort(other.fd);
	net_expect_error(&end, ECONNRESET);
	close(end.fd);
	expect(stage, &end, "rst_received_in_ESTABLISHED",
	       VERDICT(RESET_RECEIVED, PEER, PEER, .no_owner = true));
}

/* --- nft -------------------------------------------------------------------------------- */

static void reject(void)
{
	REQUIRE(!system("nft -f - <<-END\n"
			"table inet t {\n"
			"	chain out {\n"
			"		type filter hook output priority 0;\n"
			"		tcp dport 4000 reject with tcp reset\n"
			"	}\n"
			"}\n"
			"END"), "nft");
}

static void nft_established(struct stage *stage)
{
	struct net_end end;

	begin(stage, &end);
	reject();
	net_send(&end, 10);
	net_expect_error(&end, ECONNRESET);
	close(end.fd);
	stage_excuse(stage, true, RST);
	expect(stage, &end, "rst_received_in_ESTABLISHED",
	       VERDICT(RESET_RECEIVED, NONE, FIREWALL, .no_owner = true));
}

#define SCENE_FORGED(name, play) SCENE_WITH_PEER(name, play, .lacks = lacks_segment)

static const struct scene scenes[] = {
	SCENE_FORGED("a RST of this host's, SYN_SENT", syn_sent),
	SCENE_FORGED("a RST of this host's, ESTABLISHED", established),
	SCENE_FORGED("a RST of this host's, FIN_WAIT1", fin_wait1),
	SCENE_FORGED("a RST of this host's, FIN_WAIT2", fin_wait2),
	SCENE_FORGED("a RST of this host's, CLOSE_WAIT", close_wait),
	SCENE_FORGED("a RST of this host's, LAST_ACK", last_ack),
	SCENE_FORGED("a RST of this host's, a minisock in FIN_WAIT2", minisock_in_fin_wait2),
	SCENE_FORGED("a RST of this host's, TIME_WAIT", time_wait),
	SCENE_WITH_PEER("a RST of the peer's", by_peer),
	SCENE_WITH_PEER("a RST of the peer's, a minisock in FIN_WAIT2", by_peer_to_minisock),
	SCENE("a RST of a peer on this host", by_peer_here),
	SCENE_WITH_PEER("nft rejects what is sent, ESTABLISHED", nft_established,
			.lacks = lacks_nft),
};

int main(void)
{
	return stage_run(scenes, ARRAY_SIZE(scenes));
}
