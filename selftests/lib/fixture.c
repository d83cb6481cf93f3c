// SPDX-License-Identifier: GPL-2.0
#include "fixture.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "crosscheck.h"
#include "files.h"
#include "module.h"

static void begin(struct fixture *self, bool peer)
{
	net_new();
	if (peer)
		peer_open(&self->peer, self->family);
	capture_start(&self->capture, peer ? PEER_INTERFACE : "lo");
	records_start(&self->records);
}

static void run(const struct testcase *testcase, enum net_family family)
{
	const char *lacking = testcase->lacks ? testcase->lacks() : NULL;
	static struct fixture self;

	if (lacking) {
		ktap_skip(lacking, "%s, %s", testcase->name, net_family_names[family]);
		return;
	}
	memset(&self, 0, sizeof(self));
	self.family = family;
	self.peer.fd = -1;
	begin(&self, testcase->peer);
	testcase->run(&self);
	net_settle();
	records_read(&self.records);
	if (!self.left) {
		files_check_reconcile(net_inode());
		fixture_leave(&self);
	}
	records_stop(&self.records);
	crosscheck(&self.capture, &self.records);
	verdict_all(&self.records);
	ktap_result("%s, %s", testcase->name, net_family_names[family]);
}

static void forget_half_closed(void)
{
	files_set("half_closed_data", 0);
}

/* Each segment is recorded and CHECKed. */
static void record_half_closed(void)
{
	files_set("half_closed_data", 1);
	atexit(forget_half_closed);
}

int testcases_run(const struct testcase *testcases, unsigned int nr)
{
	enum net_family family;
	unsigned int i;

	module_need();
	for (i = 0; i < nr; i++)
		if (testcases[i].peer && !peer_possible())
			ktap_skip_all("no TUN device");
	record_half_closed();
	/* Reading a page from disk in the middle of a case lets its timers run. */
	mlockall(MCL_CURRENT | MCL_FUTURE);
	ktap_plan(nr * NET_FAMILIES);
	for (i = 0; i < nr; i++)
		for (family = 0; family < NET_FAMILIES; family++)
			run(&testcases[i], family);
	return ktap_exit();
}

void fixture_leave(struct fixture *self)
{
	capture_stop(&self->capture);
	if (self->peer.fd >= 0)
		peer_close(&self->peer);
	net_new();
	self->left = true;
}

void fixture_again(struct fixture *self)
{
	capture_stop(&self->capture);
	records_stop(&self->records);
	begin(self, false);
}

void fixture_needs_icount(void)
{
	if (!net_time_is_skipped())
		ktap_skip_all("only where idle time is skipped: scripts/vm -m icount");
}

void fixture_await(struct fixture *self, const struct net_end *end, unsigned int nr)
{
	records_await(&self->records, end->cookie, nr, 0);
}

void fixture_excuse(struct fixture *self, bool out, uint8_t flags)
{
	struct segment *s;

	capture_read(&self->capture);
	for (s = self->capture.segments; s < self->capture.segments + self->capture.nr; s++)
		if (s->out == out && (s->flags & flags) == flags)
			s->claimed = UINT8_MAX;
}

void fixture_expect(struct fixture *self, const struct net_end *end,
		    const struct want *want, unsigned int nr)
{
	records_expect(&self->records, end, want, nr);
}

void fixture_verdict(struct fixture *self, const struct net_end *end,
		     const struct verdict *verdict)
{
	verdict_expect(&self->records, end, verdict);
}

void fixture_four_waves(struct fixture *self, const struct net_end *closer,
			const struct net_end *other)
{
	close(closer->fd);
	net_expect_eof(other);
	/* Wait until the ACK of the FIN has made it a minisock. */
	fixture_await(self, closer, 6);
	close(other->fd);
	EXPECT_ROWS(self, closer, ROWS_ACTIVE_CLOSE(closer->snd_nxt, closer->rcv_nxt));
	EXPECT_ROWS(self, other, ROWS_PASSIVE_CLOSE(other->snd_nxt, other->rcv_nxt));
	fixture_leave(self);
	fixture_verdict(self, closer, VERDICT(FOUR_WAY, LOCAL, CLOSE));
	fixture_verdict(self, other, VERDICT(FOUR_WAY, PEER, PEER));
}
