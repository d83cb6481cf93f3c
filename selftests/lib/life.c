// SPDX-License-Identifier: GPL-2.0
#include "life.h"

#include <string.h>
#include <unistd.h>

static void life_add(struct life *life, const struct want *want, unsigned int nr)
{
	REQUIRE(life->nr + nr <= LIFE_MAX, "too many");
	memcpy(life->want + life->nr, want, nr * sizeof(*want));
	life->nr += nr;
}

void life_expect(struct fixture *self, const struct net_end *end, struct life *life,
		 const struct want *want, unsigned int nr)
{
	life_add(life, want, nr);
	fixture_expect(self, end, life->want, life->nr);
}

void life_counted(uint8_t what)
{
	static const char * const names[TCP_TEARDOWN_TIMEWAITS] = {
		[TCP_TEARDOWN_TW_REFUSED] = "minisock_refused",
		[TCP_TEARDOWN_TW_EXPIRED] = "minisock_expired",
		[TCP_TEARDOWN_TW_RESET] = "minisock_reset",
		[TCP_TEARDOWN_TW_REOPENED] = "minisock_reopened_by_syn",
		[TCP_TEARDOWN_TW_ANSWERED] = "minisock_answered_with_rst",
		[TCP_TEARDOWN_TW_REUSED] = "minisock_reused_by_connect",
		[TCP_TEARDOWN_TW_KILLED] = "minisock_killed",
		[TCP_TEARDOWN_TW_NETNS] = "minisock_netns_gone",
	};
	unsigned long long count;
	int i;

	for (i = TCP_TEARDOWN_TW_REFUSED; i < TCP_TEARDOWN_TIMEWAITS; i++) {
		count = records_counter(names[i]);
		CHECK(count == (i == what), "%s is %llu", names[i], count);
	}
}

struct life life_fin_wait1(struct fixture *self, struct net_end *end, int linger2)
{
	struct life life = { };
	uint32_t u, v;

	peer_connect(&self->peer, end);
	u = end->snd_nxt;
	v = end->rcv_nxt;
	REQUIRE(!setsockopt(end->fd, IPPROTO_TCP, TCP_LINGER2, &linger2, sizeof(linger2)),
		"TCP_LINGER2");
	close(end->fd);
	peer_expect(&self->peer, FIN | ACK, u, v, 0);
	const struct want want[] = {
		ROWS_CLOSE(u, v),
	};

	life_add(&life, want, ARRAY_SIZE(want));
	return life;
}

struct life life_fin_wait2(struct fixture *self, struct net_end *end)
{
	struct life life = { };
	uint32_t u, v;

	peer_connect(&self->peer, end);
	u = end->snd_nxt;
	v = end->rcv_nxt;
	close(end->fd);
	peer_expect(&self->peer, FIN | ACK, u, v, 0);
	peer_send(&self->peer, ACK, v, u + 1, 0);
	const struct want want[] = {
		ROWS_CLOSE_TO_MINISOCK(u, v),
	};

	life_add(&life, want, ARRAY_SIZE(want));
	fixture_await(self, end, life.nr);
	return life;
}

struct life life_time_wait(struct fixture *self, struct net_end *end)
{
	struct life life = { };
	uint32_t u, v;

	peer_connect(&self->peer, end);
	u = end->snd_nxt;
	v = end->rcv_nxt;
	close(end->fd);
	peer_expect(&self->peer, FIN | ACK, u, v, 0);
	peer_send(&self->peer, FIN | ACK, v, u + 1, 0);
	peer_expect(&self->peer, ACK, u + 1, v + 1, 0);
	const struct want want[] = {
		ROWS_ACTIVE_CLOSE_THREE(u, v),
	};

	life_add(&life, want, ARRAY_SIZE(want));
	fixture_await(self, end, life.nr);
	return life;
}

struct life life_of_pair(struct fixture *self, struct net_end *end)
{
	struct life life = { };
	struct net_end server;
	uint32_t u, v;
	int on = 1;

	net_pair(self->family, end, &server);
	setsockopt(end->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	u = end->snd_nxt;
	v = end->rcv_nxt;
	close(end->fd);
	net_expect_eof(&server);
	fixture_await(self, end, 6);
	close(server.fd);
	const struct want want[] = {
		ROWS_ACTIVE_CLOSE(u, v),
	};

	life_add(&life, want, ARRAY_SIZE(want));
	fixture_await(self, end, life.nr);
	return life;
}
