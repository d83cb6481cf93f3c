// SPDX-License-Identifier: GPL-2.0
#include "stats/stock.h"

#include <linux/atomic.h>
#include <linux/llist.h>
#include <linux/numa.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "stats/stats.h"

/* So many namespaces may have their first event before the worker runs. */
#define STOCK_BLOCKS	32

static struct kmem_cache *stock_cache;
static struct stats *stock[STOCK_BLOCKS];

/* Taken and not needed, linked by their first word. */
static LLIST_HEAD(stock_back);

/**
 * stock_take() - a zeroed block
 *
 * Context: any but NMI.
 *
 * Return: NULL if there is none: then stock_fill() has to run.
 */
struct stats *stock_take(void)
{
	struct stats *block = NULL;
	int i;

	for (i = 0; i < STOCK_BLOCKS && !block; i++)
		if (READ_ONCE(stock[i]))
			block = xchg(&stock[i], NULL);
	return block;
}

/**
 * stock_give_back() - another was quicker
 * @block: from stock_take(), still zeroed
 *
 * Context: any but NMI.
 */
void stock_give_back(struct stats *block)
{
	llist_add((struct llist_node *)block, &stock_back);
}

/**
 * stock_make() - a zeroed block from the slab
 * @node: near to it
 *
 * The OOM killer is not for a tracer to bring on.
 *
 * Context: process, may sleep. Return: NULL if there is no memory.
 */
struct stats *stock_make(int node)
{
	struct stats *block = kmem_cache_alloc_node(stock_cache, GFP_KERNEL | __GFP_NORETRY |
						    __GFP_NOWARN, node);

	if (block)
		memset(block, 0, sizeof(*block));
	return block;
}

/** stock_free() - give a block to the slab; NULL is none */
void stock_free(struct stats *block)
{
	if (block)
		kmem_cache_free(stock_cache, block);
}

static void stock_free_back(void)
{
	struct llist_node *node, *next;

	llist_for_each_safe(node, next, llist_del_all(&stock_back))
		stock_free((struct stats *)node);
}

/**
 * stock_fill() - make what is missing
 *
 * Context: process, may sleep. One at a time.
 */
void stock_fill(void)
{
	struct stats *block;
	int i;

	stock_free_back();
	for (i = 0; i < STOCK_BLOCKS; i++) {
		if (READ_ONCE(stock[i]))
			continue;
		block = stock_make(NUMA_NO_NODE);
		if (!block)
			break;
		/* Who takes it finds zeroes. */
		smp_store_release(&stock[i], block);
	}
}

/* Keeps the slab from merging it with others of its size: see depot.c. */
static void stock_construct(void *block)
{
}

/**
 * stock_start() - make the stock
 *
 * Return: 0 or -ENOMEM.
 */
int stock_start(void)
{
	stock_cache = kmem_cache_create("tcp_teardown_stats", sizeof(struct stats), 0,
					SLAB_HWCACHE_ALIGN, stock_construct);
	if (!stock_cache)
		return -ENOMEM;
	stock_fill();
	return 0;
}

/** stock_stop() - no hook and no worker is left */
void stock_stop(void)
{
	int i;

	stock_free_back();
	for (i = 0; i < STOCK_BLOCKS; i++)
		stock_free(xchg(&stock[i], NULL));
	kmem_cache_destroy(stock_cache);
}
