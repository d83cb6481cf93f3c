/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A stock of zeroed blocks of counters. The first event of a namespace needs a block, and a hook
 * cannot allocate one.
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
