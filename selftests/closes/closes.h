/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The setups of closes, the records that they share, and the kinds of close.
 */
#ifndef CHECK_KERNEL_CLOSES_H
#define CHECK_KERNEL_CLOSES_H

#include "run.h"

/* An orphan's minisock in FIN_WAIT2; adds its expected records. */
void close_fin_wait2(struct run *run, struct net_end *end);

/* TIME_WAIT, in three waves; the same. */
void close_time_wait(struct run *run, struct net_end *end);

/*
 * Over loopback, the client closes first: a TIME_WAIT with timestamps; adds the expected
 * records and verdicts of both ends.
 */
void close_pair(struct run *run, struct net_end *client, struct net_end *server);

/*
 * Expected records that many closes share, of an end whose numbers were read while it was
 * open.
 */
/* close(), FIN. */
void expect_active_close(struct run *run, const struct net_end *end);
/* The same; the FIN is acknowledged, and a minisock replaces the orphan. */
void expect_fin_wait2(struct run *run, const struct net_end *end);
/* The peer's FIN reaches that minisock. */
void expect_fin_in_fin_wait2(struct run *run, const struct net_end *end);
/* The peer's FIN acknowledges ours. */
void expect_fin_in_fin_wait1(struct run *run, const struct net_end *end);
/* A minisock is created in TIME_WAIT. */
void expect_born(struct run *run, const struct net_end *end, uint8_t from);
/* All of these: three waves. */
void expect_time_wait(struct run *run, const struct net_end *end);
/* The peer's FIN comes first, and is acknowledged. */
void expect_passive(struct run *run, const struct net_end *end);
/* The same; close(), FIN, ACK. */
void expect_passive_close(struct run *run, const struct net_end *end);
/* close() with SO_LINGER 0 in ESTABLISHED: records and verdict. */
void expect_abort(struct run *run, const struct net_end *end);
/* The minisock ends with its namespace, in that state. */
void expect_netns_gone(struct run *run, const struct net_end *end, uint8_t state,
		       uint32_t seq, uint32_t ack);

void reset_unread(struct run *run);
void reset_linger0(struct run *run);
void reset_disconnect(struct run *run);
void reset_listener(struct run *run);
void reset_received(struct run *run);
void reset_in_close_wait(struct run *run);
void connect_refused(struct run *run);
void reset_nobody(struct run *run);
void reset_data_after_close(struct run *run);
void reset_killed(struct run *run);

void fin_wait2_expired(struct run *run);
void fin_wait2_reset(struct run *run);
void fin_wait2_answered(struct run *run);
void fin_wait2_netns(struct run *run);
void time_wait_expired(struct run *run);
void time_wait_rearmed(struct run *run);
void time_wait_reset(struct run *run);
void time_wait_reopened(struct run *run);
void time_wait_reused(struct run *run);
void time_wait_killed(struct run *run);
void time_wait_refused(struct run *run);

#endif
