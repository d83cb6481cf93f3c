/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Zeroed blocks of counters, ready for hooks: a hook can't allocate, and the first event of a
 * namespace needs a block.
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
