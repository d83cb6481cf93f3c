/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where a scene is played: a namespace of its own, for each family anew, with a
 * capture, the module's records, and perhaps a peer of the test's own making. At the end
 * of each, the records are held against the capture, and reconcile's "=" is checked.
 */
#ifndef SELFTESTS_STAGE_H
#define SELFTESTS_STAGE_H

#include "capture.h"
#include "ktap.h"
#include "net.h"
#include "peer.h"
#include "records.h"
#include "rows.h"
#include "verdict.h"

struct stage {
	enum net_family family;
	struct records records;
	struct capture capture;
	struct peer peer;
	bool left;
};

/**
 * struct scene - one case of a test, in all families
 * @name: what it shows
 * @play: does it, and CHECKs
 * @peer: it needs stage.peer; without, it is played over loopback
 * @lacks: what this kernel cannot do, so that the case is skipped; it returns NULL if
 *	it can
 */
struct scene {
	const char *name;
	void (*play)(struct stage *stage);
	bool peer;
	const char *(*lacks)(void);
};

#define SCENE(name_, play_, ...) { .name = (name_), .play = (play_), ##__VA_ARGS__ }
#define SCENE_WITH_PEER(name_, play_, ...) \
	{ .name = (name_), .play = (play_), .peer = true, ##__VA_ARGS__ }

/* Play all; main()'s return value. */
int stage_run(const struct scene *scenes, unsigned int nr);

/* For tests that wait for long timers: skip where time passes as it does. */
void stage_needs_icount(void);

/* records_expect() */
void stage_expect(struct stage *stage, const struct net_end *end,
		  const struct want *want, unsigned int nr);

/* The same, with the rows as arguments: see rows.h. */
#define EXPECT_ROWS(stage, end, ...) do {				\
	const struct want want_[] = { __VA_ARGS__ };			\
									\
	stage_expect(stage, end, want_, ARRAY_SIZE(want_));		\
} while (0)

/* verdict_expect() */
void stage_verdict(struct stage *stage, const struct net_end *end,
		   const struct verdict *verdict);

/*
 * The closer closes, then the other: four waves. CHECK the records and the verdicts of
 * both, and leave the namespace.
 */
void stage_four_waves(struct stage *stage, const struct net_end *closer,
		      const struct net_end *other);

/*
 * Out of its namespace, which goes when its last socket is closed. The capture
 * ends here, the records go on.
 */
void stage_leave(struct stage *stage);

/* Begin anew, over loopback, in another namespace: what has been is not looked at. */
void stage_again(struct stage *stage);

/*
 * Segments until now, of that direction and with all of the flags, that no record
 * has to tell of: TCP did not heed them.
 */
void stage_excuse(struct stage *stage, bool out, uint8_t flags);

/* Until there are so many records of that connection. */
void stage_await(struct stage *stage, const struct net_end *end, unsigned int nr);

#endif
