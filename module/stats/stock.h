/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Blocks of counters, zeroed and ready: a hook can't allocate, and a namespace has its
 * first block from the first event on.
 */
#ifndef TCP_TEARDOWN_STOCK_H
#define TCP_TEARDOWN_STOCK_H

struct stats;

struct stats *stock_take(void);
void stock_give_back(struct stats *block);

struct stats *stock_make(int node);
void stock_free(struct stats *block);
void stock_fill(void);

int stock_start(void);
void stock_stop(void);

#endif
