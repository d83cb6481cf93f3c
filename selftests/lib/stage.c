// SPDX-License-Identifier: GPL-2.0
#include "stage.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "files.h"
#include "witness.h"

static void begin(struct stage *stage, bool peer)
{
	net_new();
	if (peer)
		peer_open(&stage->peer, stage->family);
	capture_start(&stage->capture, peer ? PEER_INTERFACE : "lo");
	records_start(&stage->records);
}

static void play(const struct scene *scene, enum net_family family)
{
	const char *lacking = scene->lacks ? scene->lacks() : NULL;
	static struct stage stage;

	if (lacking) {
		ktap_skip(lacking, "%s, %s", scene->name, net_family_names[family]);
		return;
	}
	memset(&stage, 0, sizeof(stage));
	stage.family = family;
	stage.peer.fd = -1;
	begin(&stage, scene->peer);
	scene->play(&stage);
	net_settle();
	records_read(&stage.records);
	if (!stage.left) {
		files_check_reconcile(net_inode());
		stage_leave(&stage);
	}
	records_stop(&stage.records);
	witness(&stage.capture, &stage.records);
	verdict_all(&stage.records);
	ktap_result("%s, %s", scene->name, net_family_names[family]);
}

static void forget_half_closed(void)
{
	files_set("half_closed_data", 0);
}

/* Each segment is wanted, and CHECKed. */
static void record_half_closed(void)
{
	files_set("half_closed_data", 1);
	atexit(forget_half_closed);
}

int stage_run(const struct scene *scenes, unsigned int nr)
{
	enum net_family family;
	unsigned int i;

	if (access(DEBUGFS_DIR, R_OK))
		ktap_skip_all("tcp_teardown is not loaded");
	for (i = 0; i < nr; i++)
		if (scenes[i].peer && !peer_possible())
			ktap_skip_all("no TUN device");
	record_half_closed();
	/* A page that is read in the midst of a scene lets its timers run. */
	mlockall(MCL_CURRENT | MCL_FUTURE);
	ktap_plan(nr * NET_FAMILIES);
	for (i = 0; i < nr; i++)
		for (family = 0; family < NET_FAMILIES; family++)
			play(&scenes[i], family);
	return ktap_exit();
}

void stage_leave(struct stage *stage)
{
	capture_stop(&stage->capture);
	if (stage->peer.fd >= 0)
		peer_close(&stage->peer);
	net_new();
	stage->left = true;
}

void stage_again(struct stage *stage)
{
	capture_stop(&stage->capture);
	records_stop(&stage->records);
	begin(stage, false);
}

void stage_needs_icount(void)
{
	if (!net_time_is_skipped())
		ktap_skip_all("only where idle time is skipped: scripts/vm -m icount");
}

void stage_await(struct stage *stage, const struct net_end *end, unsigned int nr)
{
	records_await(&stage->records, end->cookie, nr, 0);
}

void stage_excuse(struct stage *stage, bool out, uint8_t flags)
{
	struct segment *s;

	capture_read(&stage->capture);
	for (s = stage->capture.segments; s < stage->capture.segments + stage->capture.nr; s++)
		if (s->out == out && (s->flags & flags) == flags)
			s->claimed = UINT8_MAX;
}

void stage_expect(struct stage *stage, const struct net_end *end,
		  const struct want *want, unsigned int nr)
{
	records_expect(&stage->records, end, want, nr);
}

void stage_verdict(struct stage *stage, const struct net_end *end,
		   const struct verdict *verdict)
{
	verdict_expect(&stage->records, end, verdict);
}

void stage_four_waves(struct stage *stage, const struct net_end *closer,
		      const struct net_end *other)
{
	close(closer->fd);
	net_expect_eof(other);
	/* Until the ACK of the FIN has made it a minisock. */
	stage_await(stage, closer, 6);
	close(other->fd);
	EXPECT_ROWS(stage, closer, ROWS_ACTIVE_CLOSE(closer->snd_nxt, closer->rcv_nxt));
	EXPECT_ROWS(stage, other, ROWS_PASSIVE_CLOSE(other->snd_nxt, other->rcv_nxt));
	stage_leave(stage);
	stage_verdict(stage, closer, VERDICT(FOUR_WAY, LOCAL, CLOSE));
	stage_verdict(stage, other, VERDICT(FOUR_WAY, PEER, PEER));
}
