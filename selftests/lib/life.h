/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Connections that end as a minisock: the setup that many tests begin with, and a check
 * of how the minisock ended.
 */
#ifndef SELFTESTS_LIFE_H
#define SELFTESTS_LIFE_H

#include "fixture.h"

#define LIFE_MAX 16
/*
 * The distance of the initial sequence number from a minisock's SND.NXT, for a new
 * connection with its ports.
 */
#define LIFE_ISN_STEP (65535 + 2)

/* The records so far. */
struct life {
	struct want want[LIFE_MAX];
	unsigned int nr;
};

/* An orphan in FIN_WAIT1, against the peer: FIN u ack v; with TCP_LINGER2. */
struct life life_fin_wait1(struct fixture *self, struct net_end *end, int linger2);

/* An orphan in FIN_WAIT2, against the peer: FIN u ack v, ACK v ack u+1. */
struct life life_fin_wait2(struct fixture *self, struct net_end *end);

/* TIME_WAIT against the peer: FIN u ack v, FIN v ack u+1, ACK. */
struct life life_time_wait(struct fixture *self, struct net_end *end);

/* TIME_WAIT over loopback, with timestamps and SO_REUSEADDR, in four waves. */
struct life life_of_pair(struct fixture *self, struct net_end *end);

/* CHECK that these records followed, and no others. */
void life_expect(struct fixture *self, const struct net_end *end, struct life *life,
		 const struct want *want, unsigned int nr);

/*
 * CHECK that in the namespace one minisock ended, for that cause; 0: none.
 */
void life_counted(uint8_t what);

#endif
