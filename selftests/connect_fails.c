// SPDX-License-Identifier: GPL-2.0
/*
 * A connect() that fails without a RST. For a refused one see refused.
 *
 *	kernel				peer
 *	SYN s				SYN_SENT	>
 *	nothing, and SYN s again, tcp_syn_retries times
 *					CLOSE
 *
 * Also: the peer's host answers with ICMP; or the kernel's side gives up: close(),
 * AF_UNSPEC, SOCK_DESTROY. None sends a RST, and none has a FIN.
 *
 * Modes: icount
 * Needs: the module; CAP_NET_ADMIN, CAP_NET_RAW; a TUN device; tcp_diag; time
 * that is skipped while nothing happens.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/diag.h"
#include "lib/fixture.h"

static void to_peer(struct fixture *self, struct sockaddr_storage *addr, socklen_t *len)
{
	struct sockaddr_in6 *in6 = (void *)addr;
	struct sockaddr_in *in = (void *)addr;

	*len = net_loopback(self->family, self->peer.self.port, addr);
	if (addr->ss_family == AF_INET)
		memcpy(&in->sin_addr, self->peer.self.addr + 12, 4);
	else
		memcpy(&in6->sin6_addr, self->peer.self.addr, 16);
}

/* Connect without waiting. The SYN s has been read; end->snd_nxt is s + 1. */
static void begin(struct fixture *self, struct net_end *end, struct segment *syn)
{
	int fd = socket(net_domain(self->family), SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct sockaddr_storage addr;
	socklen_t len;

	*end = (struct net_end){ .fd = fd, .domain = net_domain(self->family) };
	to_peer(self, &addr, &len);
	end->peer = net_place_of(&addr);
	REQUIRE(connect(fd, (void *)&addr, len) < 0 && errno == EINPROGRESS, "connect");
	len = sizeof(addr);
	REQUIRE(!getsockname(fd, (void *)&addr, &len), "no own address");
	end->local = net_place_of(&addr);
	self->peer.kernel.port = end->local.port;
	len = sizeof(end->cookie);
	REQUIRE(!getsockopt(fd, SOL_SOCKET, SO_COOKIE, &end->cookie, &len), "no cookie");
	REQUIRE(peer_read(&self->peer, syn, 0) && syn->flags == SYN, "no SYN");
	end->snd_nxt = syn->seq + 1;
}

static void expect_over(struct fixture *self, const struct net_end *end,
			const struct verdict *verdict)
{
	EXPECT_ROWS(self, end,
		    WANT_STATE(SYN_SENT, CLOSE, end->snd_nxt, 0),
		    WANT_CALL(CLOSE, CLOSE, end->snd_nxt, 0));
	fixture_verdict(self, end, verdict);
}

static void expect_called(struct fixture *self, const struct net_end *end, uint8_t what,
			  const struct verdict *verdict)
{
	struct want want[] = {
		WANT_CALL(CLOSE, SYN_SENT, end->snd_nxt, 0),
		WANT_STATE(SYN_SENT, CLOSE, end->snd_nxt, 0),
	};

	want[0].what = what;
	fixture_expect(self, end, want, ARRAY_SIZE(want));
	fixture_verdict(self, end, verdict);
}

static void timed_out(struct fixture *self)
{
	struct segment syn;
	struct net_end end;

	net_sysctl("ipv4/tcp_syn_retries", "2");
	begin(self, &end, &syn);
	net_await_state(&end, TCP_CLOSE);
	close(end.fd);
	expect_over(self, &end, VERDICT(TIMED_OUT, NONE, RETRIES, .no_owner = true));
}

static void unreachable(struct fixture *self)
{
	struct segment syn;
	struct net_end end;

	begin(self, &end, &syn);
	peer_send_unreachable(&self->peer, &syn);
	net_await_state(&end, TCP_CLOSE);
	close(end.fd);
	expect_over(self, &end, VERDICT(REFUSED, PEER, ICMP, .no_owner = true));
}

static void closed(struct fixture *self)
{
	struct segment syn;
	struct net_end end;

	begin(self, &end, &syn);
	close(end.fd);
	expect_called(self, &end, TCP_TEARDOWN_CLOSE, VERDICT(ABORTED, LOCAL, CLOSE));
}

static void disconnected(struct fixture *self)
{
	const struct sockaddr none = { .sa_family = AF_UNSPEC };
	struct segment syn;
	struct net_end end;

	begin(self, &end, &syn);
	CHECK(!connect(end.fd, &none, sizeof(none)), "disconnect");
	close(end.fd);
	expect_called(self, &end, TCP_TEARDOWN_DISCONNECT,
		      VERDICT(ABORTED, LOCAL, DISCONNECT));
}

static void killed(struct fixture *self)
{
	struct segment syn;
	struct net_end end;

	begin(self, &end, &syn);
	diag_destroy(self->family, &end);
	close(end.fd);
	EXPECT_ROWS(self, &end,
		    WANT_CALL(ABORT, SYN_SENT, end.snd_nxt, 0),
		    WANT_STATE(SYN_SENT, CLOSE, end.snd_nxt, 0),
		    WANT_CALL(CLOSE, CLOSE, end.snd_nxt, 0));
	fixture_verdict(self, &end, VERDICT(ABORTED, LOCAL, KILL, .no_owner = true));
}

static const struct testcase testcases[] = {
	TESTCASE_WITH_PEER("connect times out", timed_out),
	TESTCASE_WITH_PEER("connect is refused by ICMP", unreachable),
	TESTCASE_WITH_PEER("close in SYN_SENT", closed),
	TESTCASE_WITH_PEER("disconnect in SYN_SENT", disconnected),
	TESTCASE_WITH_PEER("SOCK_DESTROY in SYN_SENT", killed),
};

int main(void)
{
	fixture_needs_icount();
	if (!diag_possible())
		ktap_skip_all("no tcp_diag that can kill");
	return testcases_run(testcases, ARRAY_SIZE(testcases));
}
