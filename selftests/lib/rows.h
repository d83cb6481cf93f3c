/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Presets: the records that many tests expect, for an array of struct want or
 * for EXPECT_ROWS(). u is the next sequence number of the end that makes the
 * records, v that of its peer; both before their FINs.
 */
#ifndef SELFTESTS_ROWS_H
#define SELFTESTS_ROWS_H

#include "records.h"

/* close() in ESTABLISHED queues FIN u. */
#define ROWS_CLOSE(u, v)						\
	WANT_CALL(CLOSE, ESTABLISHED, u, v),				\
	WANT_STATE(ESTABLISHED, FIN_WAIT1, u, v),			\
	WANT_SEGMENT(QUEUE, FIN | ACK, FIN_WAIT1, u, v)

/* shutdown(SHUT_WR) in ESTABLISHED queues FIN u. */
#define ROWS_SHUT_WR(u, v)						\
	WANT_CALL(SHUT_WR, ESTABLISHED, u, v),				\
	WANT_STATE(ESTABLISHED, FIN_WAIT1, u, v),			\
	WANT_SEGMENT(QUEUE, FIN | ACK, FIN_WAIT1, u, v)

/* The peer acknowledges FIN u. */
#define ROWS_FIN_ACKED(u, v)						\
	WANT_SEGMENT(RCV, ACK, FIN_WAIT1, v, (u) + 1),			\
	WANT_STATE(FIN_WAIT1, FIN_WAIT2, (u) + 1, v)

/* A full socket leaves FIN_WAIT2 for a minisock in TIME_WAIT. */
#define ROWS_TIME_WAIT(u, v)						\
	WANT_STATE(FIN_WAIT2, TIME_WAIT, (u) + 1, (v) + 1, BY_MINISOCK),	\
	WANT_TIMEWAIT(BORN, TIME_WAIT, (u) + 1, (v) + 1)

/* A full socket in FIN_WAIT2 receives FIN v. */
#define ROWS_FIN_IN_FIN_WAIT2(u, v)					\
	WANT_SEGMENT(RCV, FIN | ACK, FIN_WAIT2, v, (u) + 1),		\
	ROWS_TIME_WAIT(u, v)

/* A minisock in FIN_WAIT2 receives FIN v. */
#define ROWS_MINISOCK_FIN(u, v)						\
	WANT_SEGMENT(RCV, FIN | ACK, FIN_WAIT2, v, (u) + 1, BY_MINISOCK),	\
	WANT_STATE(FIN_WAIT2, TIME_WAIT, (u) + 1, (v) + 1, BY_MINISOCK)

/* close(), and the peer acknowledges the FIN: a minisock waits in FIN_WAIT2. */
#define ROWS_CLOSE_TO_MINISOCK(u, v)					\
	ROWS_CLOSE(u, v),						\
	ROWS_FIN_ACKED(u, v),						\
	WANT_TIMEWAIT(BORN, FIN_WAIT2, (u) + 1, v)

/* The end that closes first, in four waves: FIN u, ACK, FIN v. */
#define ROWS_ACTIVE_CLOSE(u, v)						\
	ROWS_CLOSE_TO_MINISOCK(u, v),					\
	ROWS_MINISOCK_FIN(u, v)

/* The peer's ACK of FIN u is FIN v. */
#define ROWS_FIN_ACKED_BY_FIN(u, v)					\
	WANT_SEGMENT(RCV, FIN | ACK, FIN_WAIT1, v, (u) + 1),		\
	WANT_STATE(FIN_WAIT1, FIN_WAIT2, (u) + 1, v),			\
	ROWS_TIME_WAIT(u, v)

/* The end that closes first, in three waves: FIN u, FIN v. */
#define ROWS_ACTIVE_CLOSE_THREE(u, v)					\
	ROWS_CLOSE(u, v),						\
	ROWS_FIN_ACKED_BY_FIN(u, v)

/* FIN v in ESTABLISHED. */
#define ROWS_PEER_FIN(u, v)						\
	WANT_SEGMENT(RCV, FIN | ACK, ESTABLISHED, v, u),		\
	WANT_STATE(ESTABLISHED, CLOSE_WAIT, u, (v) + 1)

/* close() in CLOSE_WAIT queues FIN u. */
#define ROWS_CLOSE_AFTER_PEER(u, v)					\
	WANT_CALL(CLOSE, CLOSE_WAIT, u, (v) + 1),			\
	WANT_STATE(CLOSE_WAIT, LAST_ACK, u, (v) + 1),			\
	WANT_SEGMENT(QUEUE, FIN | ACK, LAST_ACK, u, (v) + 1)

/* The last ACK. */
#define ROWS_LAST_ACK(u, v)						\
	WANT_SEGMENT(RCV, ACK, LAST_ACK, (v) + 1, (u) + 1),		\
	WANT_STATE(LAST_ACK, CLOSE, (u) + 1, (v) + 1)

/* The end that closes second: FIN v, FIN u, ACK. */
#define ROWS_PASSIVE_CLOSE(u, v)					\
	ROWS_PEER_FIN(u, v),						\
	ROWS_CLOSE_AFTER_PEER(u, v),					\
	ROWS_LAST_ACK(u, v)

/* A RST in ESTABLISHED; then the application closes its socket. */
#define ROWS_RESET_RECEIVED(u, v)					\
	WANT_RESET(RECEIVED, RST | ACK, ESTABLISHED, v, u),		\
	WANT_STATE(ESTABLISHED, CLOSE, u, v),				\
	WANT_CALL(CLOSE, CLOSE, u, v)

#endif
