// SPDX-License-Identifier: GPL-2.0
/*
 * This host's own firewall rejects what is sent with a RST in the peer's name. The
 * verdict must not say that the peer reset the connection or closed first.
 *
 * As a firewall does, the test sends such a RST from the peer's address to this host,
 * over the loopback device, in each state. If there is nft, a rule of nft does it as
 * well. A RST from the peer's interface, or from a peer on this host, is the peer's.
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW; a TUN device; the segment of a RST in
 * the hook of a RST received (5.12).
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/fixture.h"

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

/* The capture hears all devices: the RST arrives on loopback, after a while. */
static void hear_all(struct fixture *self)
{
	capture_stop(&self->capture);
	capture_start(&self->capture, "any");
}

static void begin(struct fixture *self, struct net_end *end)
{
	hear_all(self);
	peer_connect(&self->peer, end);
}

static void forge(struct fixture *self, uint8_t flags, uint32_t seq, uint32_t ack)
{
	peer_forge(&self->peer, flags, seq, ack);
	net_settle();
	fixture_excuse(self, true, RST);
}

static void expect(struct fixture *self, const struct net_end *end, const char *state,
		   const struct verdict *verdict)
{
	CHECK(records_counter("rst_received") == 1, "rst_received: %llu",
	      records_counter("rst_received"));
	CHECK(records_counter(state) == 1, "%s: %llu", state, records_counter(state));
	fixture_verdict(self, end, verdict);
}

static void syn_sent(struct fixture *self)
{
	struct net_end end;

	hear_all(self);
	peer_await_connect(&self->peer, &end);
	forge(self, RST | ACK, 0, end.snd_nxt);
	net_expect_error(&end, ECONNREFUSED);
	close(end.fd);
	expect(self, &end, "rst_received_in_SYN_SENT",
	       VERDICT(REFUSED, NONE, FIREWALL, .no_owner = true));
}

static void established(struct fixture *self)
{
	struct net_end end;

	begin(self, &end);
	forge(self, RST | ACK, end.rcv_nxt, end.snd_nxt);
	net_expect_error(&end, ECONNRESET);
	close(end.fd);
	expect(self, &end, "rst_received_in_ESTABLISHED",
	       VERDICT(RESET_RECEIVED, NONE, FIREWALL, .no_owner = true));
}

static void fin_wait1(struct fixture *self)
{
	struct net_end end;

	begin(self, &end);
	close(end.fd);
	peer_expect(&self->peer, FIN | ACK, end.snd_nxt, end.rcv_nxt, 0);
	forge(self, RST, end.rcv_nxt, 0);
	expect(self, &end, "rst_received_in_FIN_WAIT1",
	       VERDICT(RESET_RECEIVED, LOCAL, FIREWALL));
}

static void to_fin_wait2(struct fixture *self, struct net_end *end)
{
	begin(self, end);
	peer_half_close(&self->peer, end);
	net_await_state(end, TCP_FIN_WAIT2);
}

static void fin_wait2(struct fixture *self)
{
	struct net_end end;

	to_fin_wait2(self, &end);
	forge(self, RST, end.rcv_nxt, 0);
	net_expect_error(&end, ECONNRESET);
	close(end.fd);
	expect(self, &end, "rst_received_in_FIN_WAIT2",
	       VERDICT(RESET_RECEIVED, LOCAL, FIREWALL));
}

static void to_close_wait(struct fixture *self, struct net_end *end)
{
	begin(self, end);
	peer_send(&self->peer, FIN | ACK, end->rcv_nxt, end->snd_nxt, 0);
	peer_expect(&self->peer, ACK, end->snd_nxt, end->rcv_nxt + 1, 0);
}

static void close_wait(struct fixture *self)
{
	struct net_end end;

	to_close_wait(self, &end);
	forge(self, RST, end.rcv_nxt + 1, 0);
	net_await_state(&end, TCP_CLOSE);
	close(end.fd);
	expect(self, &end, "rst_received_in_CLOSE_WAIT",
	       VERDICT(RESET_RECEIVED, PEER, FIREWALL, .no_owner = true));
}

static void last_ack(struct fixture *self)
{
	struct net_end end;

	to_close_wait(self, &end);
	close(end.fd);
	peer_expect(&self->peer, FIN | ACK, end.snd_nxt, end.rcv_nxt + 1, 0);
	forge(self, RST, end.rcv_nxt + 1, 0);
	expect(self, &end, "rst_received_in_LAST_ACK",
	       VERDICT(RESET_RECEIVED, PEER, FIREWALL));
}

/* A minisock: a RST in TIME_WAIT does not change how the connection ended. */
static void to_minisock(struct fixture *self, struct net_end *end)
{
	begin(self, end);
	close(end->fd);
	peer_expect(&self->peer, FIN | ACK, end->snd_nxt, end->rcv_nxt, 0);
	peer_send(&self->peer, ACK, end->rcv_nxt, end->snd_nxt + 1, 0);
	net_settle();
	CHECK(records_counter("minisock_born_in_fin_wait2") == 1, "no minisock");
}

static void minisock_in_fin_wait2(struct fixture *self)
{
	struct net_end end;

	to_minisock(self, &end);
	forge(self, RST, end.rcv_nxt, 0);
	CHECK(records_counter("minisock_reset") == 1, "it was not reset");
	fixture_verdict(self, &end, VERDICT(RESET_RECEIVED, LOCAL, FIREWALL));
}

static void time_wait(struct fixture *self)
{
	struct net_end end;

	to_minisock(self, &end);
	peer_send(&self->peer, FIN | ACK, end.rcv_nxt, end.snd_nxt + 1, 0);
	peer_expect(&self->peer, ACK, end.snd_nxt + 1, end.rcv_nxt + 1, 0);
	forge(self, RST, end.rcv_nxt + 1, 0);
	CHECK(records_counter("minisock_reset") == 1, "it was not reset");
	fixture_verdict(self, &end, VERDICT(FOUR_WAY, LOCAL, CLOSE));
}

/*
 * --- RSTs of the peer ----------------------------------------------------------------
 */

static void by_peer(struct fixture *self)
{
	struct net_end end;

	peer_connect(&self->peer, &end);
	peer_send(&self->peer, RST, end.rcv_nxt, 0, 0);
	net_expect_error(&end, ECONNRESET);
	close(end.fd);
	expect(self, &end, "rst_received_in_ESTABLISHED",
	       VERDICT(RESET_RECEIVED, PEER, PEER, .no_owner = true));
}

static void by_peer_to_minisock(struct fixture *self)
{
	struct net_end end;

	to_minisock(self, &end);
	peer_send(&self->peer, RST, end.rcv_nxt, 0, 0);
	net_settle();
	fixture_verdict(self, &end, VERDICT(RESET_RECEIVED, LOCAL, PEER));
}

static void by_peer_here(struct fixture *self)
{
	struct net_end end, other;

	net_pair(self->family, &end, &other);
	net_abort(other.fd);
	net_expect_error(&end, ECONNRESET);
	close(end.fd);
	expect(self, &end, "rst_received_in_ESTABLISHED",
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

static void nft_established(struct fixture *self)
{
	struct net_end end;

	begin(self, &end);
	reject();
	net_send(&end, 10);
	net_expect_error(&end, ECONNRESET);
	close(end.fd);
	fixture_excuse(self, true, RST);
	expect(self, &end, "rst_received_in_ESTABLISHED",
	       VERDICT(RESET_RECEIVED, NONE, FIREWALL, .no_owner = true));
}

#define TESTCASE_FORGED(name, run) TESTCASE_WITH_PEER(name, run, .lacks = lacks_segment)

static const struct testcase testcases[] = {
	TESTCASE_FORGED("a RST of this host's, SYN_SENT", syn_sent),
	TESTCASE_FORGED("a RST of this host's, ESTABLISHED", established),
	TESTCASE_FORGED("a RST of this host's, FIN_WAIT1", fin_wait1),
	TESTCASE_FORGED("a RST of this host's, FIN_WAIT2", fin_wait2),
	TESTCASE_FORGED("a RST of this host's, CLOSE_WAIT", close_wait),
	TESTCASE_FORGED("a RST of this host's, LAST_ACK", last_ack),
	TESTCASE_FORGED("a RST of this host's, a minisock in FIN_WAIT2", minisock_in_fin_wait2),
	TESTCASE_FORGED("a RST of this host's, TIME_WAIT", time_wait),
	TESTCASE_WITH_PEER("a RST of the peer's", by_peer),
	TESTCASE_WITH_PEER("a RST of the peer's, a minisock in FIN_WAIT2", by_peer_to_minisock),
	TESTCASE("a RST of a peer on this host", by_peer_here),
	TESTCASE_WITH_PEER("nft rejects what is sent, ESTABLISHED", nft_established,
			   .lacks = lacks_nft),
};

int main(void)
{
	return testcases_run(testcases, ARRAY_SIZE(testcases));
}
